//! What viewers are told of alerts while they happen, and what stands beside the board.

use crate::common::hand::hand;
use crate::common::{House, Viewer, scope, transition};
use domain::alert::{Command, Severity, matchers};
use engine::SilenceRequest;
use protocol::Range;
use protocol::view::Alerts;

const MINUTE: i64 = 60_000;

async fn act(house: &House, id: u64, command: Command, name: &str) {
    let done = house
        .engine
        .handle_alert(&scope(), id, None, command, &hand(name))
        .await;
    done.expect("it is done");
}

async fn acknowledge(house: &House, id: u64, name: &str) {
    let command = Command::Acknowledge {
        by: hand(name).who,
        note: String::new(),
        until: None,
        take_over: false,
    };
    act(house, id, command, name).await;
}

async fn trip(house: &House, breaker: &str) {
    house.push(&transition(breaker, "a", "open")).await;
    assert!(house.engine.evaluate().await);
}

/// What the viewer is told once the version is another.
async fn news(viewer: &mut Viewer, what: &str, known: &mut u64) -> Alerts {
    let before = *known;
    let other = |alerts: &Alerts| alerts.version > before;
    viewer
        .until(what, |replica| replica.alerts().is_some_and(other))
        .await;
    let told = *viewer.replica.alerts().expect("they were told");
    *known = told.version;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_told_with_another_version() {
    let house = House::new().await;
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("alerts", Range::M15).expect("a view");
    let mut known = 0;
    let told = news(&mut viewer, "the first look", &mut known).await;
    assert_eq!((told.need, told.held, told.rules), (0, 0, 8));

    trip(&house, "sonnet").await;
    let told = news(&mut viewer, "a trip", &mut known).await;
    let fired = house.clock.now();
    assert_eq!((told.need, told.held, told.oldest), (1, 0, Some(fired)));

    acknowledge(&house, 1, "ada").await;
    let told = news(&mut viewer, "an acknowledgement", &mut known).await;
    assert_eq!((told.need, told.held, told.oldest), (0, 1, None));

    let comment = Command::Comment {
        by: hand("bob").who,
        text: "DNS".into(),
    };
    act(&house, 1, comment, "bob").await;
    let told = news(&mut viewer, "a comment, which no count shows", &mut known).await;
    assert_eq!((told.need, told.held), (0, 1));

    let request = SilenceRequest {
        matchers: matchers(r#"provider="nobody""#).expect("matchers"),
        starts: None,
        ends: house.clock.now() + MINUTE,
        repeat: None,
        comment: "a test".into(),
    };
    let made = house.engine.create_silence(&scope(), request, &hand("ada")).await;
    let told = news(&mut viewer, "a silence that hides nothing", &mut known).await;
    assert_eq!(told.silences, 1);
    let id = made.expect("it is made").id;
    let ended = house.engine.end_silence(&scope(), id, &hand("ada")).await;
    ended.expect("it is ended");
    assert_eq!(news(&mut viewer, "its end", &mut known).await.silences, 0);

    let rules = house.engine.rules(&scope()).await.expect("rules");
    let mut rule = rules[1].rule.clone();
    rule.enabled = false;
    let changed = house
        .engine
        .change_rule(&scope(), rules[1].id, None, &rule, &hand("ada"))
        .await;
    changed.expect("it is switched off");
    assert_eq!(news(&mut viewer, "a rule", &mut known).await.rules, 7);

    house.push(&transition("sonnet", "a", "closed")).await;
    assert!(house.engine.evaluate().await);
    let told = news(&mut viewer, "the recovery", &mut known).await;
    assert_eq!((told.need, told.held), (0, 0));
    assert_eq!(house.engine.alert_counts(&scope()).await.expect("counts"), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_is_told_too_and_nothing_is_told_twice() {
    let house = House::new().await;
    trip(&house, "sonnet").await;
    let snooze = Command::Snooze {
        by: hand("ada").who,
        until: house.clock.now() + MINUTE,
    };
    act(&house, 1, snooze, "ada").await;
    let before = house.engine.alert_counts(&scope()).await.expect("counts");
    assert_eq!((before.need, before.held), (0, 1));
    house.clock.advance(10_000);
    assert!(house.engine.evaluate().await);
    let same = house.engine.alert_counts(&scope()).await.expect("counts");
    assert_eq!(same, before, "nothing happened");
    house.clock.advance(MINUTE);
    assert!(house.engine.evaluate().await);
    let after = house.engine.alert_counts(&scope()).await.expect("counts");
    assert_eq!((after.need, after.held), (1, 0));
    assert!(after.version > before.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_rises_over_a_restart() {
    let house = House::new().await;
    trip(&house, "sonnet").await;
    let before = house.engine.alert_counts(&scope()).await.expect("counts");
    let (store, clock) = house.crash().await;
    clock.advance(1_000);
    let house = House::on(store, clock).await;
    let after = house.engine.alert_counts(&scope()).await.expect("counts");
    assert!(after.version > before.version, "{after:?} after {before:?}");
    assert_eq!(after.need, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rail_has_who_needs_somebody_first_and_symptoms_inside() {
    let house = House::new().await;
    let mut rule = house.engine.rules(&scope()).await.expect("rules")[0].rule.clone();
    rule.name = "Half-open".into();
    rule.severity = Severity::Warning.as_str().into();
    let condition = serde_json::json!({"breaker_state": {"states": ["half_open"], "quorum": "any"}});
    rule.condition = serde_json::from_value(condition).expect("a condition");
    let made = house.engine.create_rule(&scope(), &rule, &hand("ada")).await;
    made.expect("a rule");
    house.push(&transition("warm", "a", "half_open")).await;
    assert!(house.engine.evaluate().await);
    for nth in 0..7 {
        house.clock.advance(1_000);
        trip(&house, &format!("b-{nth}")).await;
    }
    acknowledge(&house, 8, "ada").await;
    let rail = house.engine.alert_rail(&scope()).await.expect("a rail");
    let titles: Vec<&str> = rail.rows.iter().map(|row| row.alert.title.as_str()).collect();
    assert_eq!(titles.len(), 6);
    assert_eq!(titles[0], "Breaker open: b-5", "b-6 is in somebody's hands");
    assert_eq!((rail.more, rail.counts.need, rail.counts.held), (2, 7, 1));
    for nth in 1..7 {
        house.push(&transition(&format!("b-{nth}"), "a", "closed")).await;
    }
    assert!(house.engine.evaluate().await);
    let rail = house.engine.alert_rail(&scope()).await.expect("a rail");
    let rows: Vec<(&str, &str)> = rail
        .rows
        .iter()
        .map(|row| (row.alert.severity.as_str(), row.alert.phase.as_str()))
        .collect();
    assert_eq!(rows, [("critical", "firing"), ("warning", "firing")]);
    assert_eq!(rail.recovered.len(), 2, "the newest of six");
    house.push(&transition("warm", "a", "closed")).await;

    // Its calls fail: a symptom, explained by the breaker that is open.
    let condition = serde_json::json!({"threshold": {
        "metric": "attempt_success", "group_by": ["provider"], "window_ms": 60_000,
        "side": "below", "limit": 0.9, "clear": 0.95,
    }});
    rule.name = "Failing now".into();
    rule.condition = serde_json::from_value(condition).expect("a condition");
    let made = house.engine.create_rule(&scope(), &rule, &hand("ada")).await;
    made.expect("a rule");
    let now = house.clock.now();
    let call = |second: i64| {
        let at = now + second * 1_000;
        format!(
            r#"{{"type":"call","time":{at},"provider":"anthropic","model":"m","outcome":"timeout","duration_ms":9}}"#
        )
    };
    house.clock.advance(20_000);
    let calls: Vec<String> = (0..10).map(call).collect();
    house.push(&format!("[{}]", calls.join(","))).await;
    assert!(house.engine.evaluate().await);
    let rail = house.engine.alert_rail(&scope()).await.expect("a rail");
    let rows: Vec<(&str, usize)> = rail
        .rows
        .iter()
        .map(|row| (row.alert.title.as_str(), row.inside))
        .collect();
    assert_eq!(rows[0], ("Breaker open: b-0", 1), "{rows:?}");
    assert_eq!(rows.len(), 1, "the symptom has no row of its own: {rows:?}");
    assert_eq!((rail.counts.need, rail.counts.held), (1, 1));
}
