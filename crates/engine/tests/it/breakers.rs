//! The pages of breakers, from what was sent.

use crate::common::{House, START, scope};
use engine::PageError;
use protocol::State;
use protocol::view::{BreakerPage, BreakerRow, Breakers, CallsAround, LimitReplays};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A transition of `breaker` on `instance`, so long ago.
fn change(breaker: &str, instance: &str, age: i64, to: &str, fields: &str) -> String {
    let time = START - age;
    format!(
        r#"{{"type":"breaker","time":{time},"breaker":"{breaker}","provider":"anthropic","service":"chat","instance":"{instance}","to":"{to}"{fields}}}"#
    )
}

fn guarded(breaker: &str, instance: &str, age: i64, outcome: &str) -> String {
    let time = START - age;
    format!(
        r#"{{"type":"call","time":{time},"provider":"anthropic","model":"m","service":"chat","breaker":"{breaker}","instance":"{instance}","outcome":"{outcome}","duration_ms":900}}"#
    )
}

async fn push(house: &House, events: &[String]) {
    for part in events.chunks(500) {
        let reply = house.push(&format!("[{}]", part.join(","))).await;
        assert_eq!(reply.accepted as usize, part.len());
    }
}

async fn list(house: &House, from: &str, to: &str) -> Breakers {
    house
        .engine
        .breakers(&scope(), from, to, None)
        .await
        .expect("an answer")
}

fn row<'a>(page: &'a Breakers, name: &str) -> &'a BreakerRow {
    page.rows
        .iter()
        .find(|row| row.breaker.breaker == name)
        .expect("a row")
}

async fn id(house: &House, name: &str) -> String {
    row(&list(house, "now-7d", "now").await, name).breaker.id.clone()
}

async fn page(house: &House, name: &str, from: &str, to: &str) -> BreakerPage {
    let id = id(house, name).await;
    let page = house.engine.breaker_page(&scope(), &id, from, to).await;
    page.expect("a page")
}

/// One breaker that opened twice yesterday and is open on one of two instances; one that is calm.
async fn filled() -> House {
    let house = House::new().await;
    let causes = r#","causes":{"rate_limited":24,"timeout":5},"window_calls":50,"failure_rate":0.58,"failure_threshold":0.5"#;
    push(
        &house,
        &[
            change("sonnet", "api-1", 3 * DAY, "closed", ""),
            change("sonnet", "api-2", 3 * DAY, "closed", ""),
            change("calm", "api-1", 3 * DAY, "closed", ""),
            change("sonnet", "api-1", DAY, "open", causes),
            change("sonnet", "api-1", DAY - 12 * MINUTE, "half_open", ""),
            change("sonnet", "api-1", DAY - 13 * MINUTE, "closed", ""),
            change("sonnet", "api-2", DAY - HOUR, "open", causes),
            change("sonnet", "api-2", DAY - HOUR - MINUTE, "half_open", ""),
            change("sonnet", "api-2", DAY - HOUR - 2 * MINUTE, "open", ""),
            change("sonnet", "api-2", DAY - HOUR - 3 * MINUTE, "half_open", ""),
            change("sonnet", "api-2", DAY - HOUR - 4 * MINUTE, "closed", ""),
            change("sonnet", "api-1", 4 * MINUTE, "open", causes),
        ],
    )
    .await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_say_what_breakers_did_and_the_worst_is_first() {
    let house = filled().await;
    let week = list(&house, "now-7d", "now").await;
    let names: Vec<&str> = week.rows.iter().map(|row| row.breaker.breaker.as_str()).collect();
    assert_eq!(names, ["sonnet", "calm"]);
    let sonnet = row(&week, "sonnet");
    assert_eq!(sonnet.breaker.state, State::Open);
    let figures = &sonnet.figures;
    assert_eq!(
        (figures.opened, figures.reopened, figures.still_open),
        (3, 1, true)
    );
    assert_eq!(figures.open_ms, (12 + 1 + 1 + 4) * MINUTE);
    assert_eq!(figures.longest_ms, 12 * MINUTE);
    assert_eq!(
        (figures.top_cause.as_str(), figures.top_cause_count),
        ("rate limited", 3)
    );
    // Half-open counts too: they are not in the same state.
    assert_eq!(figures.disagreed_ms, (13 + 4 + 4) * MINUTE);
    let states: Vec<(&str, State)> = sonnet
        .instances
        .iter()
        .map(|one| (one.instance.as_str(), one.state))
        .collect();
    assert_eq!(states, [("api-1", State::Open), ("api-2", State::Closed)]);
    assert_eq!(sonnet.strip.len(), 48);
    assert!(sonnet.strip.starts_with('-') && sonnet.strip.ends_with('o'));
    assert_eq!(sonnet.strip.matches('o').count(), 2, "{}", sonnet.strip);
    assert_eq!(row(&week, "calm").figures.opened, 0);
    assert_eq!(
        (week.from, week.to, week.read_from),
        (START - 7 * DAY, START, START - 7 * DAY)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_began_before_the_range_is_known_from_what_came_later() {
    let house = filled().await;
    // The first opening of yesterday lasts into this range.
    let (from, to) = (
        (START - DAY + 5 * MINUTE).to_string(),
        (START - DAY + 30 * MINUTE).to_string(),
    );
    let past = list(&house, &from, &to).await;
    let figures = &row(&past, "sonnet").figures;
    assert_eq!(
        (figures.opened, figures.open_ms, figures.still_open),
        (0, 7 * MINUTE, false)
    );
    // Nothing happened in this one; what came after says that it was closed.
    let (from, to) = (
        (START - 2 * DAY).to_string(),
        (START - 2 * DAY + HOUR).to_string(),
    );
    let quiet = list(&house, &from, &to).await;
    assert_eq!(row(&quiet, "sonnet").strip, "c".repeat(48));
    // And a range that lies ahead has no cells.
    let ahead = list(&house, "now+1h", "now+2h").await;
    assert_eq!(row(&ahead, "sonnet").strip, " ".repeat(48));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_selects_and_nobody_of_that_name_is_no_error() {
    let house = filled().await;
    let named = house
        .engine
        .breakers(&scope(), "now-7d", "now", Some("calm"))
        .await
        .unwrap();
    assert_eq!(named.rows.len(), 1);
    let nobody = house.engine.breakers(&scope(), "now-7d", "now", Some("x")).await;
    assert!(nobody.unwrap().rows.is_empty());
    let refused = house.engine.breakers(&scope(), "soon", "now", None).await;
    assert!(matches!(refused, Err(PageError::Span(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_strips_by_day_and_by_instance_and_every_transition() {
    let house = filled().await;
    let week = page(&house, "sonnet", "now-7d", "now").await;
    assert!(week.strips.by_day);
    assert_eq!(
        (week.strips.worst.len(), week.strips.cells),
        (4, 144),
        "since it is known"
    );
    let drawn: String = week.strips.worst.iter().map(|row| row.cells.as_str()).collect();
    assert_eq!(drawn.matches('o').count(), 2 + 1 + 1, "10 minutes each: {drawn}");
    let each: Vec<(&str, u32, i64)> = week
        .strips
        .each
        .iter()
        .map(|one| (one.instance.as_str(), one.opened, one.open_ms))
        .collect();
    assert_eq!(each, [("api-1", 2, 16 * MINUTE), ("api-2", 1, 2 * MINUTE)]);
    assert_eq!(week.transitions.len(), 11);
    assert_eq!(week.more_transitions, 0);
    let newest = &week.transitions[0];
    assert_eq!(
        (newest.instance.as_str(), newest.to, newest.held_ms),
        ("api-1", State::Open, None)
    );
    assert!(newest.cause.contains("24 × rate limited"), "{}", newest.cause);
    let first_open = week
        .transitions
        .iter()
        .find(|change| change.at == START - DAY)
        .unwrap();
    assert_eq!(first_open.held_ms, Some(12 * MINUTE));
    assert_eq!(first_open.lasted_ms, Some(2 * DAY));
    let hours: Vec<(&str, &str)> = week
        .hours
        .iter()
        .map(|hour| (hour.instance.as_str(), hour.cells.as_str()))
        .collect();
    assert_eq!(hours[0].0, "api-1");
    // The minute that has just begun is not over anything yet.
    assert_eq!(hours[0].1, ["c".repeat(55), "o".repeat(4), " ".into()].concat());
    assert_eq!(hours[1].1, ["c".repeat(59), " ".into()].concat());
    assert_eq!(
        week.figures,
        row(&list(&house, "now-7d", "now").await, "sonnet").figures
    );

    let hour = page(&house, "sonnet", "now-1h", "now").await;
    assert!(!hour.strips.by_day);
    assert_eq!((hour.strips.cell_ms, hour.strips.cells), (30_000, 120));
    assert_eq!(
        hour.strips.worst[0].cells,
        ["c".repeat(112), "o".repeat(8)].concat()
    );
    assert_eq!(hour.transitions.len(), 1);
    assert_eq!(hour.hours, week.hours, "whatever the range");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_the_same_after_a_flush_and_a_restart() {
    let house = filled().await;
    let before = page(&house, "sonnet", "now-7d", "now").await;
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    let after = page(&house, "sonnet", "now-7d", "now").await;
    assert_eq!(after.strips, before.strips);
    assert_eq!(after.figures, before.figures);
    assert_eq!(after.transitions, before.transitions);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_that_is_forgotten_keeps_its_page() {
    let house = filled().await;
    let id = id(&house, "calm").await;
    let (store, clock) = house.stop().await;
    clock.advance(3 * DAY);
    let house = House::on(store, clock).await;
    // What turns silent is told by time, and a day of it forgets.
    for _ in 0..40 {
        if list(&house, "now-7d", "now").await.rows.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert!(list(&house, "now-7d", "now").await.rows.is_empty());
    let page = house
        .engine
        .breaker_page(&scope(), &id, "now-7d", "now")
        .await
        .unwrap();
    assert_eq!(
        (page.breaker.breaker.as_str(), page.breaker.state),
        ("calm", State::Unknown)
    );
    assert!(page.instances.is_empty() && !page.transitions.is_empty());
    assert!(page.strips.worst.iter().any(|row| row.cells.contains('c')));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_nobody_is_told_apart_from_a_range_that_is_none() {
    let house = filled().await;
    for id in ["b_00000000000000ff", "b_1", "nonsense", ""] {
        let refused = house.engine.breaker_page(&scope(), id, "now-7d", "now").await;
        assert!(matches!(refused, Err(PageError::NoBreaker(_))), "{id}");
        let refused = house.engine.limit_replays(&scope(), id, "now-7d", "now").await;
        assert!(matches!(refused, Err(PageError::NoBreaker(_))), "{id}");
        let refused = house.engine.calls_around(&scope(), id, "now-1m", "now").await;
        assert!(matches!(refused, Err(PageError::NoBreaker(_))), "{id}");
    }
    let id = id(&house, "sonnet").await;
    let refused = house.engine.breaker_page(&scope(), &id, "now", "now-1h").await;
    assert!(matches!(refused, Err(PageError::Span(_))));
    let refused = house.engine.calls_around(&scope(), &id, "now-1h", "now").await;
    assert!(matches!(refused, Err(PageError::TooWide { minutes: 60 })));
}

async fn replays(house: &House, name: &str, from: &str) -> LimitReplays {
    let id = id(house, name).await;
    let replays = house.engine.limit_replays(&scope(), &id, from, "now").await;
    replays.expect("replays")
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_replayed_by_instance_at_every_limit() {
    let house = filled().await;
    // 50 calls on api-1 of which 20 fail, twice as many good ones on api-2; a neutral one counts nowhere.
    let mut events: Vec<String> = Vec::new();
    for nth in 0..100 {
        let age = HOUR - nth * 1_000;
        let outcome = if nth % 5 < 2 { "timeout" } else { "ok" };
        events.push(guarded("sonnet", "api-1", age, outcome));
        events.push(guarded("sonnet", "api-2", age, "ok"));
        events.push(guarded("other", "api-1", age, "timeout"));
    }
    events.push(guarded("sonnet", "api-1", HOUR, "cancelled"));
    push(&house, &events).await;
    let told = replays(&house, "sonnet", "now-2h").await;
    assert_eq!((told.calls, told.unknown, told.instances), (200, 0, 2));
    assert_eq!((told.oldest, told.cut), (Some(START - HOUR), false));
    assert_eq!((told.limit, told.current), (Some(0.5), Some(9)));
    assert_eq!((told.rules.window_calls, told.rules.window_told), (50, true));
    assert!(told.rules.rate_limits_count, "it opened for them");
    assert_eq!(told.replays.len(), 19);
    let at = |percent: usize| &told.replays[percent / 5 - 1];
    assert_eq!((at(50).opened.min, at(50).opened.max), (0, 0));
    assert_eq!(at(50).failures_let_through.min, 40);
    // Two fifths fail, and the window is judged when it is full: the fiftieth call opens it on one instance.
    assert_eq!((at(40).opened.min, at(40).opened.max), (1, 1));
    assert_eq!(at(40).failures_let_through.min, 20);
    assert_eq!(at(40).good_turned_away.min, 30);
    assert!(at(40).open_ms.min > 0);

    let nothing = replays(&house, "calm", "now-2h").await;
    assert_eq!(
        (nothing.calls, nothing.oldest, nothing.replays.len()),
        (0, None, 19)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_calls_make_figures_ranges() {
    let house = filled().await;
    let mut events: Vec<String> = Vec::new();
    for nth in 0..60 {
        let outcome = if nth < 40 { "ok" } else { "rejected" };
        events.push(guarded("sonnet", "api-1", HOUR - nth * 1_000, outcome));
    }
    push(&house, &events).await;
    let told = replays(&house, "sonnet", "now-2h").await;
    assert_eq!((told.calls, told.unknown), (60, 20));
    let at_30 = &told.replays[5];
    assert_eq!((at_30.opened.min, at_30.opened.max), (0, 1));
    assert!(at_30.failures_let_through.min < at_30.failures_let_through.max);
}

async fn around(house: &House, from: i64, to: i64) -> CallsAround {
    let id = id(house, "sonnet").await;
    let calls = house
        .engine
        .calls_around(&scope(), &id, &from.to_string(), &to.to_string())
        .await;
    calls.expect("calls")
}

#[tokio::test(flavor = "multi_thread")]
async fn around_a_trip_failures_are_kept_first() {
    let house = filled().await;
    let at = 4 * MINUTE;
    let mut events: Vec<String> = (0..100)
        .map(|nth| guarded("sonnet", "api-1", at + nth * 100, "ok"))
        .collect();
    events.extend((0..7).map(|nth| guarded("sonnet", "api-1", at + 20_000 + nth, "overloaded")));
    events.push(guarded("sonnet", "api-1", at + 2 * MINUTE, "timeout"));
    events.push(guarded("calm", "api-1", at + 1, "timeout"));
    push(&house, &events).await;
    let calls = around(&house, START - at - MINUTE, START - at + 1).await;
    assert_eq!((calls.found, calls.failed, calls.cut), (107, 7, false));
    assert_eq!(calls.calls.len(), 40);
    let bad = calls
        .calls
        .iter()
        .filter(|call| call.outcome == "overloaded")
        .count();
    assert_eq!(bad, 7);
    assert!(calls.calls.is_sorted_by_key(|call| std::cmp::Reverse(call.at)));
}
