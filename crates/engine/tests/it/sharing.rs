//! Shares and pages for the public: kept with their address, judged by what counts, never good without data.

use crate::common::hand::hand;
use crate::common::{House, START, scope};
use engine::AlertError;
use protocol::kpis::share::ShareDoc;
use protocol::kpis::status::{ComponentDoc, NewIncident, NewUpdate, Standing, StatusPageDoc};

const DAY: i64 = 86_400_000;

fn component(name: &str, provider: &str) -> ComponentDoc {
    ComponentDoc {
        name: name.into(),
        filter: format!("provider:{provider}"),
        metric: "answered".into(),
        window_min: 5,
        degraded_below: 0.99,
        down_below: 0.9,
        min_samples: 20,
    }
}

fn page() -> StatusPageDoc {
    StatusPageDoc {
        slug: "chat".into(),
        title: "Chat".into(),
        intro: String::new(),
        published: true,
        components: vec![component("API", "openai"), component("Quiet", "nobody")],
        incidents: Vec::new(),
    }
}

fn calls(outcome: &str, at: i64, count: usize) -> String {
    let one = format!(
        r#"{{"type":"call","time":{at},"provider":"openai","model":"m","outcome":"{outcome}","duration_ms":9}}"#
    );
    format!("[{}]", vec![one; count].join(","))
}

#[tokio::test(flavor = "multi_thread")]
async fn days_and_the_present_are_judged_by_the_limits() {
    let house = House::new().await;
    house.push(&calls("timeout", START - DAY, 30)).await;
    house.push(&calls("ok", START - 60_000, 30)).await;
    house.clock.advance(1_000);
    let engine = &house.engine;
    let made = engine
        .make_status_page(&scope(), &page(), [1; 32], &hand("ada"))
        .await;
    let made = made.expect("it is made");
    let view = engine.status_view(&scope(), &made).await.expect("an answer");
    let api = &view.components[0];
    assert_eq!((api.standing, api.days.len()), (Standing::Operational, 90));
    let last: Vec<Standing> = api.days.iter().rev().take(3).map(|day| day.standing).collect();
    assert_eq!(last, [Standing::Operational, Standing::Down, Standing::Unknown]);
    assert_eq!(api.uptime, Some(0.5));
    let quiet = &view.components[1];
    assert_eq!((quiet.standing, quiet.uptime), (Standing::Unknown, None));
    assert!(
        quiet
            .days
            .iter()
            .all(|day| day.standing == Standing::Unknown && day.value.is_none())
    );
    // Later nobody calls any more: what was good a quarter of an hour ago says nothing.
    house.clock.advance(15 * 60_000);
    let view = engine.status_view(&scope(), &made).await.expect("an answer");
    assert_eq!(view.components[0].standing, Standing::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_numbered_and_told_in_order() {
    let house = House::new().await;
    let engine = &house.engine;
    let ada = hand("ada");
    let made = engine.make_status_page(&scope(), &page(), [1; 32], &ada).await;
    let id = made.expect("it is made").id;
    let new = |impact: &str| NewIncident {
        title: "Slow".into(),
        impact: impact.into(),
        components: vec!["API".into()],
        state: "investigating".into(),
        text: "We look.".into(),
    };
    let wrong = engine.add_incident(&scope(), id, &new("huge"), &ada).await;
    assert!(
        matches!(&wrong, Err(AlertError::Invalid(error)) if error.field == "impact"),
        "{wrong:?}"
    );
    for number in [1, 2] {
        let (told, _) = engine
            .add_incident(&scope(), id, &new("major"), &ada)
            .await
            .expect("it is told");
        assert_eq!(told, number);
        house.clock.advance(1_000);
    }
    let over = NewUpdate {
        state: "resolved".into(),
        text: "Over.".into(),
        impact: None,
    };
    let item = engine
        .update_incident(&scope(), (id, 2), &over, &ada)
        .await
        .expect("it is told");
    let view = engine.status_view(&scope(), &item).await.expect("an answer");
    let open: Vec<u64> = view.open().map(|incident| incident.id).collect();
    assert_eq!(open, [1]);
    assert_eq!(view.incidents[0].id, 2, "the newest first");
    assert_eq!(view.components[0].standing, Standing::Partial);
    let none = engine.update_incident(&scope(), (id, 9), &over, &ada).await;
    assert!(matches!(none, Err(AlertError::Missing)), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_found_by_its_hash_until_it_is_taken_back() {
    let house = House::new().await;
    let (engine, ada) = (&house.engine, hand("ada"));
    let doc = ShareDoc {
        name: "Board".into(),
        page: "kpis".into(),
        period: "month".into(),
        filter: String::new(),
        zone: "UTC".into(),
        expires: START + DAY,
        embed: Vec::new(),
        hide: Vec::new(),
    };
    for expires in [START, START + 401 * DAY] {
        let wrong = ShareDoc {
            expires,
            ..doc.clone()
        };
        let wrong = engine.make_share(&scope(), &wrong, [2; 32], &ada).await;
        assert!(
            matches!(&wrong, Err(AlertError::Invalid(error)) if error.field == "expires"),
            "{wrong:?}"
        );
    }
    let made = engine
        .make_share(&scope(), &doc, [2; 32], &ada)
        .await
        .expect("it is made");
    let twin = ShareDoc {
        name: "Twin".into(),
        ..doc.clone()
    };
    let taken = engine.make_share(&scope(), &twin, [2; 32], &ada).await;
    assert!(matches!(taken, Err(AlertError::Conflict(_))), "{taken:?}");
    let link = engine
        .share_by_hash(&[2; 32])
        .await
        .expect("an answer")
        .expect("it is there");
    assert_eq!(link.document, made.id);
    engine
        .share_opened(&scope(), &link, "192.0.2.1")
        .await
        .expect("it is noted");
    let links = engine.share_links::<ShareDoc>(&scope()).await.expect("an answer");
    assert_eq!(links[0].opened, Some(START));
    engine
        .take_back::<ShareDoc>(&scope(), made.id, &ada)
        .await
        .expect("it is taken back");
    assert_eq!(engine.share_by_hash(&[2; 32]).await.expect("an answer"), None);
}
