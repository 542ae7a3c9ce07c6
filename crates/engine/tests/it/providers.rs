//! The Providers page, from what was sent.

use crate::common::{House, START, scope, transition};
use engine::PageError;
use protocol::Level;
use protocol::view::{MAX_ROWS, ProviderRow, Providers};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn call(provider: &str, age: i64, outcome: &str, fields: &str) -> String {
    let time = START - age;
    format!(
        r#"{{"type":"call","time":{time},"provider":"{provider}","model":"m","outcome":"{outcome}","duration_ms":1000{fields}}}"#
    )
}

/// `count` calls, one every second up to `age` ago.
fn calls(provider: &str, count: i64, age: i64, outcome: &str, fields: &str) -> Vec<String> {
    (0..count)
        .map(|nth| call(provider, age + nth * 1_000, outcome, fields))
        .collect()
}

async fn push(house: &House, events: &[String]) {
    let reply = house.push(&format!("[{}]", events.join(","))).await;
    assert_eq!(reply.accepted as usize, events.len());
}

async fn page(house: &House, from: &str) -> Providers {
    house
        .engine
        .providers(&scope(), from, "now")
        .await
        .expect("an answer")
}

fn row<'a>(page: &'a Providers, name: &str) -> &'a ProviderRow {
    page.rows.iter().find(|row| row.name == name).expect("a row")
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_follow_from_calls_and_the_worst_is_first() {
    let house = House::new().await;
    let mut events = calls(
        "openai",
        100,
        10_000,
        "ok",
        r#","ttft_ms":200,"output_tokens":80,"cost_usd":0.002"#,
    );
    events.extend(calls(
        "openai",
        60,
        3 * HOUR - 2 * MINUTE,
        "ok",
        r#","ttft_ms":200,"output_tokens":80,"cost_usd":0.002"#,
    ));
    events.extend(calls("anthropic", 30, 5_000, "ok", r#","output_tokens":5"#));
    events.extend(calls("anthropic", 70, 8_000, "overloaded", ""));
    events.extend(calls("mistral", 4, 5_000, "ok", ""));
    events.extend(calls("asleep", 50, 2 * HOUR, "ok", ""));
    events.extend(calls("locked", 30, 5_000, "auth", ""));
    events.push(call("openai", 1_000, "cancelled", "").replace("\"m\"", "\"other\""));
    events.push(transition("claude", "api-1", "open"));
    events.push(transition("claude-2", "api-1", "closed"));
    events.push(transition("lonely", "api-1", "closed").replace("anthropic", "unused"));
    push(&house, &events).await;

    let page = page(&house, "now-24h").await;
    let names: Vec<&str> = page.rows.iter().map(|row| row.name.as_str()).collect();
    // Act by success, then the rest by success and name, and what has no attempt at the end.
    assert_eq!(
        names,
        ["anthropic", "locked", "asleep", "mistral", "openai", "unused"]
    );

    let anthropic = row(&page, "anthropic");
    assert_eq!(
        (anthropic.said.level, anthropic.said.words.as_str()),
        (Level::Act, "30% ok")
    );
    assert_eq!(anthropic.success, Some(0.3));
    assert_eq!(anthropic.success_level, Some(Level::Act));
    assert_eq!((anthropic.breakers_open, anthropic.breakers), (1, 2));
    assert_eq!((anthropic.cost_per_1k, anthropic.unpriced), (None, Some(1.0)));
    assert_eq!(anthropic.ttft_p95_ms, None);
    assert!(anthropic.strip.ends_with('x') && anthropic.strip.starts_with('-'));
    assert_eq!(anthropic.strip.len(), 48);

    assert_eq!(row(&page, "locked").said.words, "auth or quota");
    assert_eq!(row(&page, "locked").success, None);
    let mistral = row(&page, "mistral");
    assert_eq!(
        (mistral.said.level, mistral.said.words.as_str()),
        (Level::Unknown, "few calls")
    );
    assert_eq!(row(&page, "asleep").said.words, "no calls");

    let openai = row(&page, "openai");
    assert_eq!((openai.said.level, openai.said.words.as_str()), (Level::Ok, "ok"));
    assert_eq!(
        (openai.attempts, openai.models, openai.success),
        (161, Some(2), Some(1.0))
    );
    assert_eq!(openai.strip.matches('k').count(), 2, "{}", openai.strip);
    let cost = openai.cost_per_1k.expect("a cost");
    assert!((cost - 2.0).abs() < 1e-9, "{cost}");
    let speed = openai.tokens_per_second.expect("streams");
    assert!((speed - 100.0).abs() < 1e-9, "{speed}");
    let first = openai.ttft_p95_ms.expect("streams");
    assert!((first - 200.0).abs() <= 2.0, "{first}");
    // Since the first event, not since yesterday.
    let rate = openai.rate.expect("a rate");
    let seconds = (3 * HOUR - 2 * MINUTE + 59_000) as f64 / 1e3;
    assert!((rate - 161.0 / seconds).abs() < 1e-6, "{rate}");

    let unused = row(&page, "unused");
    assert_eq!(
        (unused.attempts, unused.breakers, unused.said.words.as_str()),
        (0, 1, "no calls")
    );
    assert_eq!((unused.success, unused.rate), (None, Some(0.0)));

    assert_eq!(
        (page.asked_from.as_str(), page.words.as_str()),
        ("now-24h", "Last 24 hours")
    );
    assert_eq!(
        (page.from, page.to, page.as_of),
        (START - 24 * HOUR, START, START)
    );
    let lines: Vec<&str> = page.lines.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(lines, ["anthropic", "asleep", "locked", "mistral", "openai"]);
    assert_eq!(page.lines.left_out, 0);
    for line in &page.lines.lines {
        assert_eq!(line.success.len(), line.ttft_p95_ms.len());
        assert!((90..=122).contains(&line.success.len()), "{}", line.success.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_range_has_its_own_numbers_and_the_same_verdict() {
    let house = House::new().await;
    let mut events = calls("openai", 50, 10_000, "ok", "");
    events.extend(calls("openai", 50, 2 * HOUR, "timeout", ""));
    push(&house, &events).await;
    let (day, hour) = (page(&house, "now-24h").await, page(&house, "now-1h").await);
    assert_eq!(
        (row(&day, "openai").success, row(&hour, "openai").success),
        (Some(0.5), Some(1.0))
    );
    assert_eq!(row(&day, "openai").said, row(&hour, "openai").said);
    assert_eq!(row(&hour, "openai").said.words, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_is_against_the_day_before() {
    let house = House::new().await;
    let mut events = calls("google", 50, 10_000, "ok", r#","ttft_ms":900"#);
    events.extend(calls("google", 50, 2 * HOUR, "ok", r#","ttft_ms":300"#));
    push(&house, &events).await;
    let page = page(&house, "now-1h").await;
    let said = &row(&page, "google").said;
    assert_eq!((said.level, said.words.as_str()), (Level::Attention, "slow"));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_eight_lines_and_the_rest_is_counted() {
    let house = House::new().await;
    let events: Vec<String> = (0..11)
        .flat_map(|nth| calls(&format!("p{nth:02}"), 1 + nth, 10_000, "ok", ""))
        .collect();
    push(&house, &events).await;
    let page = page(&house, "now-1h").await;
    assert_eq!(page.rows.len(), 11);
    let lines: Vec<&str> = page.lines.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(lines, ["p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10"]);
    assert_eq!(page.lines.left_out, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_providers_are_a_page_and_the_best_are_left_out() {
    let house = House::new().await;
    let mut events: Vec<String> = (0..MAX_ROWS + 3)
        .map(|nth| call(&format!("p{nth:03}"), 10_000, "ok", ""))
        .collect();
    events.extend(calls("worst", 30, 5_000, "server_error", ""));
    push(&house, &events).await;
    let page = page(&house, "now-1h").await;
    assert_eq!((page.rows.len(), page.rows_left_out), (MAX_ROWS, 4));
    assert_eq!(page.rows[0].name, "worst");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_sent_is_an_empty_page_and_nonsense_is_refused() {
    let house = House::new().await;
    let empty = page(&house, "now-7d").await;
    assert!(empty.rows.is_empty() && empty.lines.lines.is_empty());
    let refused = house.engine.providers(&scope(), "soon", "now").await;
    assert!(matches!(refused, Err(PageError::Span(_))));
}
