//! Single calls from the journal: order, filters, range, and paging that meets every call once.
#![expect(clippy::disallowed_methods, reason = "a test stands in for the supervisor")]

use crate::common::{House, START, scope, transition};
use engine::{CallsError, CallsRequest};
use protocol::Span;
use protocol::calls::{CallItem, CallsAnswer};
use store::contract::samples::{event, full_events};
use store::{Journal, NewBatch, SystemScope, TenantId};

const MINUTE: i64 = 60_000;

fn request(filter: &str, limit: usize) -> CallsRequest {
    CallsRequest {
        filter: filter.into(),
        span: Span {
            from: START - 60 * MINUTE,
            to: START + 60 * MINUTE,
        },
        limit,
        cursor: None,
    }
}

async fn ask(house: &House, request: &CallsRequest) -> CallsAnswer {
    let answer = house.engine.calls(&scope(), request).await;
    answer.expect("it is answered")
}

/// The ids on all pages, and how many pages there were.
async fn walk(house: &House, mut request: CallsRequest) -> (Vec<String>, usize) {
    let mut ids = Vec::new();
    for pages in 1.. {
        let answer = ask(house, &request).await;
        assert!(answer.items.len() <= request.limit);
        ids.extend(answer.items.into_iter().map(|call| call.id.unwrap_or_default()));
        match answer.next {
            Some(next) => request.cursor = Some(next),
            None => {
                assert_eq!(answer.scanned_to, request.span.from);
                return (ids, pages);
            }
        }
    }
    unreachable!("the walk ends")
}

fn call(id: &str, time: i64, provider: &str, rest: &str) -> String {
    format!(
        r#"{{"type":"call","id":"{id}","time":{time},"provider":"{provider}","model":"m","duration_ms":5{rest}}}"#
    )
}

const OK: &str = r#","outcome":"ok""#;

/// Three requests: (a1, a2), (b1, a transition, b2), (c1), of which b1 is late.
async fn filled() -> House {
    let house = House::new().await;
    let timeout = r#","outcome":"timeout","status":504,"service":"chat","breaker":"main","trace_id":"t-1""#;
    let first = [
        call("a1", START, "openai", OK),
        call("a2", START - 1, "mistral", OK),
    ];
    house.push(&format!("[{}]", first.join(","))).await;
    house.clock.advance(1_000);
    let second = [
        call("b1", START - 40 * MINUTE, "openai", timeout),
        transition("main", "pod-1", "open"),
        call("b2", START + 900, "anthropic", OK),
    ];
    house.push(&format!("[{}]", second.join(","))).await;
    house.clock.advance(1_000);
    house
        .push(&format!("[{}]", call("c1", START + 2_000, "openai", OK)))
        .await;
    house
}

#[tokio::test]
async fn calls_come_in_the_journals_order_newest_first() {
    let house = filled().await;
    let answer = ask(&house, &request("", 100)).await;
    let times: Vec<(&str, i64, i64)> = answer
        .items
        .iter()
        .map(|call| (call.id.as_deref().unwrap_or_default(), call.time, call.received))
        .collect();
    assert_eq!(
        times,
        [
            ("c1", START + 2_000, START + 2_000),
            ("b2", START + 900, START + 1_000),
            ("b1", START - 40 * MINUTE, START + 1_000),
            ("a2", START - 1, START),
            ("a1", START, START),
        ]
    );
    assert_eq!((answer.next, answer.scanned_to), (None, START - 60 * MINUTE));
}

#[tokio::test]
async fn pages_meet_every_call_once() {
    let house = filled().await;
    for limit in [1, 2, 3, 4, 5, 6] {
        let (ids, _) = walk(&house, request("", limit)).await;
        assert_eq!(ids, ["c1", "b2", "b1", "a2", "a1"], "{limit}");
    }
    // What arrives meanwhile does not disturb who is on the way back.
    let first = ask(&house, &request("", 2)).await;
    assert_eq!(first.scanned_to, START + 1_000);
    house
        .push(&format!("[{}]", call("d1", START + 2_000, "openai", OK)))
        .await;
    let rest = CallsRequest {
        cursor: first.next,
        ..request("", 100)
    };
    assert_eq!(walk(&house, rest).await.0, ["b1", "a2", "a1"]);
}

#[tokio::test]
async fn filters_and_the_range_hold_together() {
    let house = filled().await;
    for (filter, ids) in [
        ("provider:openai", &["c1", "b1", "a1"][..]),
        ("provider:openai outcome:timeout", &["b1"]),
        ("provider:openai provider:mistral", &["c1", "b1", "a2", "a1"]),
        ("provider:!openai", &["b2", "a2"]),
        ("provider:~m", &["a2"]),
        ("breaker:main", &["b1"]),
        ("breaker:\"\"", &["c1", "b2", "a2", "a1"]),
        ("status:504", &["b1"]),
        ("trace_id:t-1 service:chat", &["b1"]),
        ("TIMEOUT", &["b1"]),
        ("outcome:quota", &[]),
        ("outcome:nonsense", &[]),
    ] {
        assert_eq!(walk(&house, request(filter, 2)).await.0, ids, "{filter}");
    }
    for (from, to, ids) in [
        (START, START + 900, &["a1"][..]),
        (START - 1, START + 901, &["b2", "a2", "a1"]),
        (START - 50 * MINUTE, START - 1, &["b1"]),
        (START + 3_000, START + 4_000, &[]),
    ] {
        let span = Span { from, to };
        let request = CallsRequest {
            span,
            ..request("", 2)
        };
        assert_eq!(walk(&house, request).await.0, ids, "{span:?}");
    }
}

#[tokio::test]
async fn a_call_is_told_with_all_its_fields() {
    let house = House::new().await;
    let batch = NewBatch {
        tenant: TenantId::default_tenant(),
        key_id: "key0000001".into(),
        received: START + 7,
        idempotency: None,
        events: full_events(START),
        refused: 0,
        refusals: Vec::new(),
    };
    let appended = house.store.append(&SystemScope::assume(), vec![batch]).await;
    appended.expect("it is appended");
    let mut items = ask(&house, &request("", 10)).await.items;
    assert_eq!(items.len(), 2, "calls alone are calls");
    let plain = items.remove(0);
    assert_eq!(
        (plain.id, plain.time, plain.duration_ms, plain.cost_usd),
        (None, START - 5, Some(1.0), None)
    );
    let CallItem {
        id,
        time,
        received,
        outcome,
        duration_ms,
        ttft_ms,
        fallback_from,
        cost_usd,
        cost_estimated,
        tier,
        operation,
        labels,
        ..
    } = items.remove(0);
    assert_eq!((id.as_deref(), time, received), (Some("e-1"), START, START + 7));
    assert_eq!(outcome, "overloaded");
    assert_eq!((duration_ms, ttft_ms), (Some(86_400_000.0), Some(312.456)));
    let from = fallback_from.expect("it stands in");
    assert_eq!(
        (from.provider.as_str(), from.model.as_deref()),
        ("anthropic", Some("claude-sonnet-5"))
    );
    assert_eq!((cost_usd, cost_estimated), (Some(0.001_234_567), true));
    assert_eq!(
        (tier.as_deref(), operation.as_deref()),
        (Some("priority"), Some("embedding"))
    );
    assert_eq!(labels["region"], "eu-central-1");
}

/// However long the search, one answer is bounded, and the cursor goes on.
#[tokio::test]
async fn a_rare_call_is_searched_for_page_by_page() {
    let house = House::new().await;
    house
        .push(&format!(
            "[{}]",
            call("rare", START, "openai", r#","outcome":"ok","service":"x""#)
        ))
        .await;
    let common = NewBatch {
        tenant: TenantId::default_tenant(),
        key_id: "key0000001".into(),
        received: START + 1,
        idempotency: None,
        events: vec![event(None, START + 1)],
        refused: 0,
        refusals: Vec::new(),
    };
    let appended = house
        .store
        .append(&SystemScope::assume(), vec![common; 20_000])
        .await;
    appended.expect("they are appended");
    let first = ask(&house, &request("service:x", 10)).await;
    assert_eq!((first.items.len(), first.scanned_to), (0, START + 1));
    assert!(first.next.is_some());
    assert_eq!(
        walk(&house, request("service:x", 10)).await,
        (vec!["rare".to_owned()], 2)
    );
    // The zone map knows providers, so this takes one page.
    assert_eq!(
        walk(&house, request("provider:openai", 10)).await,
        (vec!["rare".to_owned()], 1)
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let house = House::new().await;
    let refused = async |request: CallsRequest| {
        let answer = house.engine.calls(&scope(), &request).await;
        answer.expect_err("it is refused")
    };
    for limit in [0, 1_001] {
        let error = refused(request("", limit)).await;
        assert!(matches!(error, CallsError::Limit(_)), "{error}");
        assert_eq!(
            error.to_string(),
            format!("limit: must be 1 to 1000, got {limit}")
        );
    }
    let error = refused(request("colour:red", 1)).await.to_string();
    assert!(error.contains("unknown key `colour`"), "{error}");
    let cursor = CallsRequest {
        cursor: Some("c_1.x".into()),
        ..request("", 1)
    };
    let error = refused(cursor).await.to_string();
    assert!(
        error.starts_with("cursor: `c_1.x` is not a cursor of ours"),
        "{error}"
    );
}
