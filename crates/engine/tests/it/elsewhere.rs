//! Alerts that others send: raised once, told once, extended by being sent again, over when they are not.

use crate::common::hand::hand;
use crate::common::told::{listen, told};
use crate::common::{House, START, scope, transition};
use domain::alert::{Command, Labels, MAX_ELSEWHERE, MAX_RAISED, SENT_LASTS, Sent, Source, matchers};
use engine::{AlertSearch, Fate, SilenceRequest};
use protocol::alerts::AlertItem;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
}

/// As Prometheus sends it: it is over at `ends` unless it is sent again.
fn sent(name: &str, more: &[(&str, &str)], ends: Option<i64>) -> Sent {
    let mut all = labels(&[("alertname", name), ("severity", "critical")]);
    all.extend(labels(more));
    let annotations = labels(&[("summary", "p99 is 2 s"), ("runbook_url", "https://run/book")]);
    let link = "http://prometheus:9090/graph";
    Sent::new(
        Source::Prometheus,
        (all, annotations),
        (Some(START - MINUTE), ends),
        link,
    )
    .expect("within the limits")
}

async fn take(house: &House, sent: &[Sent]) -> Vec<Fate> {
    let taken = house.engine.take_alerts(&scope(), sent).await;
    taken.expect("the store can be written")
}

async fn alerts(house: &House) -> Vec<AlertItem> {
    let found = house.engine.alerts(&scope(), &AlertSearch::default()).await;
    found.expect("alerts can be read").items
}

/// Lets so much time pass; every due evaluation is made.
async fn pass(house: &House, ms: i64) {
    house.clock.advance(ms);
    assert!(house.engine.evaluate().await, "the evaluation works");
}

async fn act(house: &House, id: u64, command: Command) -> AlertItem {
    let done = house
        .engine
        .handle_alert(&scope(), id, None, command, &hand("ada"))
        .await;
    done.expect("it can be done")
}

fn ack() -> Command {
    Command::Acknowledge {
        by: hand("ada").who,
        note: String::new(),
        until: None,
        take_over: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_raised_once_however_often_it_is_sent_and_is_over_when_it_is_not() {
    let house = House::new().await;
    listen(&house).await;
    let now = || house.clock.now();
    let fates = take(
        &house,
        &[sent("Slow", &[("instance", "a:1")], Some(now() + 4 * MINUTE))],
    )
    .await;
    assert_eq!(fates, [Fate::Raised]);
    let found = alerts(&house).await;
    let [alert] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (
            alert.title.as_str(),
            alert.summary.as_str(),
            alert.severity.as_str()
        ),
        ("Slow: a:1", "p99 is 2 s", "critical")
    );
    assert_eq!((alert.source.as_str(), alert.rule), ("prometheus", 0));
    assert_eq!(alert.since, START - MINUTE, "as its sender says");
    assert_eq!(alert.runbook.as_deref(), Some("https://run/book"));
    assert_eq!(alert.link.as_deref(), Some("http://prometheus:9090/graph"));
    act(&house, alert.id, ack()).await;
    let version = alerts(&house).await[0].version;
    // Ten minutes of a sender that says the same each minute.
    for _ in 0..10 {
        pass(&house, MINUTE).await;
        let again = sent("Slow", &[("instance", "a:1")], Some(now() + 4 * MINUTE));
        assert_eq!(
            take(&house, &[again.clone(), again]).await,
            [Fate::Kept, Fate::Kept]
        );
    }
    let found = alerts(&house).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].phase, "acknowledged");
    assert_eq!(found[0].version, version, "what says nothing new is not written");
    pass(&house, 3 * MINUTE).await;
    assert_eq!(
        alerts(&house).await[0].phase,
        "acknowledged",
        "it has a minute left"
    );
    pass(&house, MINUTE + 20_000).await;
    let over = &alerts(&house).await[0];
    assert_eq!(over.resolution.as_deref(), Some("it was not sent again"));
    let titles = told(&house).await.len();
    assert_eq!(titles, 3, "fired, acknowledged, resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_sender_ends_it_and_may_begin_anew() {
    let house = House::new().await;
    let now = house.clock.now();
    assert_eq!(take(&house, &[sent("Slow", &[], None)]).await, [Fate::Raised]);
    pass(&house, 24 * HOUR).await;
    assert_eq!(
        alerts(&house).await[0].phase,
        "firing",
        "nobody said that it ends"
    );
    let over = sent("Slow", &[], Some(now + MINUTE));
    assert_eq!(take(&house, std::slice::from_ref(&over)).await, [Fate::Resolved]);
    assert_eq!(take(&house, &[over]).await, [Fate::Unknown], "it is over already");
    let ended = &alerts(&house).await[0];
    assert_eq!(
        ended.resolution.as_deref(),
        Some("its sender says that it is over")
    );
    assert_eq!(take(&house, &[sent("Slow", &[], None)]).await, [Fate::Raised]);
    assert_eq!(alerts(&house).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_start_its_sender_has_time_to_send_again() {
    let house = House::new().await;
    let now = house.clock.now();
    take(
        &house,
        &[
            sent("Kept", &[], Some(now + 4 * MINUTE)),
            sent("Gone", &[], Some(now + 4 * MINUTE)),
        ],
    )
    .await;
    for _ in 0..20 {
        pass(&house, MINUTE).await;
        let ends = Some(house.clock.now() + 4 * MINUTE);
        take(&house, &[sent("Kept", &[], ends), sent("Gone", &[], ends)]).await;
    }
    // Nothing of that was written; what is stored ended a quarter of an hour ago.
    let (store, clock) = house.crash().await;
    clock.advance(MINUTE);
    let house = House::on(store, clock).await;
    assert!(house.engine.evaluate().await);
    let open = |found: &[AlertItem]| found.iter().filter(|alert| alert.phase == "firing").count();
    assert_eq!(open(&alerts(&house).await), 2, "a start ends nothing by itself");
    let ends = house.clock.now() + 4 * MINUTE;
    assert_eq!(take(&house, &[sent("Kept", &[], Some(ends))]).await, [Fate::Kept]);
    pass(&house, SENT_LASTS - 30_000).await;
    assert_eq!(open(&alerts(&house).await), 2);
    take(&house, &[sent("Kept", &[], Some(ends + SENT_LASTS))]).await;
    pass(&house, MINUTE).await;
    let found = alerts(&house).await;
    assert_eq!(open(&found), 1);
    let over = found
        .iter()
        .find(|alert| alert.phase == "resolved")
        .expect("one is over");
    assert_eq!(over.rule_name, "Gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_far_ahead_is_stored() {
    let house = House::new().await;
    let now = house.clock.now();
    take(&house, &[sent("Long", &[], Some(now + MINUTE))]).await;
    take(&house, &[sent("Long", &[], Some(now + 24 * HOUR))]).await;
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    pass(&house, 23 * HOUR).await;
    let open = house
        .engine
        .open_alerts(&scope())
        .await
        .expect("alerts can be read");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].ends, Some(now + 24 * HOUR));
    // An earlier end takes nothing back; the later counts, as with an Alertmanager.
    take(&house, &[sent("Long", &[], Some(house.clock.now() + MINUTE))]).await;
    pass(&house, 30 * MINUTE).await;
    assert_eq!(alerts(&house).await[0].phase, "firing");
    pass(&house, HOUR).await;
    assert_eq!(alerts(&house).await[0].phase, "resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_resolved_is_left_alone_for_an_hour() {
    let house = House::new().await;
    let send = || sent("Slow", &[], Some(house.clock.now() + 4 * MINUTE));
    take(&house, &[send()]).await;
    let id = alerts(&house).await[0].id;
    let resolve = Command::Resolve {
        by: Some(hand("ada").who),
        why: "known".into(),
    };
    act(&house, id, resolve.clone()).await;
    pass(&house, MINUTE).await;
    assert_eq!(take(&house, &[send()]).await, [Fate::LeftAlone]);
    // A start forgets nothing of that.
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    let send = || sent("Slow", &[], Some(house.clock.now() + 4 * MINUTE));
    assert_eq!(take(&house, &[send()]).await, [Fate::LeftAlone]);
    pass(&house, HOUR).await;
    assert_eq!(take(&house, &[send()]).await, [Fate::Raised]);
    let id = alerts(&house).await[0].id;
    act(&house, id, resolve).await;
    // Once it was over, what comes is news.
    let over = sent("Slow", &[], Some(house.clock.now() - 1));
    assert_eq!(take(&house, &[over]).await, [Fate::Unknown]);
    assert_eq!(take(&house, &[send()]).await, [Fate::Raised]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_hides_it_and_its_name_finds_our_own_too() {
    let house = House::new().await;
    listen(&house).await;
    let request = SilenceRequest {
        matchers: matchers("alertname=~\"Slow|Breaker open\"").expect("matchers"),
        starts: None,
        ends: house.clock.now() + HOUR,
        repeat: None,
        comment: "known".into(),
    };
    let made = house.engine.create_silence(&scope(), request, &hand("ada")).await;
    let silence = made.expect("it is made").id;
    take(&house, &[sent("Slow", &[], None)]).await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let found = alerts(&house).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|alert| alert.phase == "suppressed"), "{found:?}");
    assert!(told(&house).await.is_empty());
    let ended = house.engine.end_silence(&scope(), silence, &hand("ada")).await;
    ended.expect("it is ended");
    assert!(alerts(&house).await.iter().all(|alert| alert.phase == "firing"));
    assert_eq!(told(&house).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_joins_the_incident_that_explains_it_and_is_told_all_the_same() {
    let house = House::new().await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let cause = alerts(&house).await[0].id;
    take(
        &house,
        &[
            sent("Failing", &[("provider", "anthropic")], None),
            sent("DiskFull", &[], None),
        ],
    )
    .await;
    let found = alerts(&house).await;
    let of = |name: &str| {
        found
            .iter()
            .find(|alert| alert.rule_name == name)
            .expect("it is there")
    };
    assert_eq!(of("Failing").incident, Some(cause));
    assert_eq!(of("Failing").phase, "firing");
    assert_eq!(
        of("DiskFull").incident,
        None,
        "what names no provider is about something else"
    );
    assert_eq!(of("Breaker open").incident, Some(cause));
    pass(&house, 20_000).await;
    assert!(alerts(&house).await.iter().all(|alert| alert.phase == "firing"));
    let of_rule = AlertSearch {
        sources: vec![Source::Rule],
        ..AlertSearch::default()
    };
    let list = house
        .engine
        .alerts(&scope(), &of_rule)
        .await
        .expect("alerts can be read");
    assert_eq!(list.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_leave_room_for_our_own() {
    let house = House::new().await;
    let all: Vec<Sent> = (0..=MAX_ELSEWHERE)
        .map(|n| sent("Many", &[("instance", &n.to_string())], None))
        .collect();
    for part in all.chunks(2_000) {
        // In a minute of its own.
        house.clock.advance(MINUTE);
        let fates = take(&house, part).await;
        let full = fates.iter().filter(|fate| **fate == Fate::Full).count();
        assert_eq!(full, usize::from(part.len() < 2_000), "the last one of all");
    }
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    assert_eq!(alerts(&house).await[0].rule_name, "Breaker open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_raises_no_more_than_it_may() {
    let house = House::new().await;
    let all: Vec<Sent> = (0..MAX_RAISED + 2)
        .map(|n| sent("Many", &[("instance", &n.to_string())], None))
        .collect();
    let (first, rest) = all.split_at(MAX_RAISED - 1);
    let fates = take(&house, first).await;
    assert!(fates.iter().all(|fate| *fate == Fate::Raised));
    assert_eq!(take(&house, rest).await, [Fate::Raised, Fate::Full, Fate::Full]);
    // What is open goes on, and what ends makes no room in this minute.
    let over = sent("Many", &[("instance", "0")], Some(house.clock.now()));
    let kept = all[1].clone();
    assert_eq!(take(&house, &[over, kept]).await, [Fate::Resolved, Fate::Kept]);
    assert_eq!(take(&house, rest).await, [Fate::Kept, Fate::Full, Fate::Full]);
    house.clock.advance(MINUTE);
    assert_eq!(take(&house, rest).await, [Fate::Kept, Fate::Raised, Fate::Raised]);
}
