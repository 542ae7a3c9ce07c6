//! Each limit of each field: below, at, above, and of the wrong type.

use domain::Outcome;
use domain::breaker::State;
use domain::event::{BreakerKind, MarkerKind, Operation, Tier};
use ingest::RefusalCode;
use serde_json::{Value, json};

use crate::common::{NOW, accepted, as_call, breaker, call, headroom, marker, refused, stats, with, without};

/// Accepts the good values of a field and refuses the others with this code.
fn limits(base: &Value, field: &str, good: &[Value], bad: &[(Value, RefusalCode)]) {
    for value in good {
        accepted(&with(base, &json!({field: value})));
    }
    for (value, code) in bad {
        let refusal = refused(&with(base, &json!({field: value})));
        assert_eq!(
            (refusal.code, refusal.field.as_str()),
            (*code, field),
            "{value}: {}",
            refusal.reason
        );
    }
}

fn text_limit(base: &Value, field: &str, limit: usize) {
    let of = |count: usize| Value::from("é".repeat(count));
    limits(
        base,
        field,
        &[of(1), of(limit - 1), of(limit)],
        &[
            (of(limit + 1), RefusalCode::TooLong),
            (of(100_000), RefusalCode::TooLong),
            (json!("a\u{0}"), RefusalCode::BadCharacter),
            (json!("a\nb"), RefusalCode::BadCharacter),
            (json!("a\u{7f}"), RefusalCode::BadCharacter),
            (json!(7), RefusalCode::WrongType),
            (json!(true), RefusalCode::WrongType),
            (json!(["a"]), RefusalCode::WrongType),
            (json!({"a": "b"}), RefusalCode::WrongType),
        ],
    );
}

fn whole_limit(base: &Value, field: &str, min: u64, max: u64) {
    let mut good = vec![json!(min), json!(min + 1), json!(max - 1), json!(max)];
    if max < 1 << 50 {
        good.push(json!(max as f64));
    }
    limits(
        base,
        field,
        &good,
        &[
            (json!(max + 1), RefusalCode::OutOfRange),
            (json!(u64::MAX), RefusalCode::OutOfRange),
            (json!(i64::MIN), RefusalCode::OutOfRange),
            (json!(1e308), RefusalCode::OutOfRange),
            (json!(-1), RefusalCode::OutOfRange),
            (json!(min as f64 + 0.5), RefusalCode::WrongType),
            (json!(min.to_string()), RefusalCode::WrongType),
            (json!(true), RefusalCode::WrongType),
            (json!([1]), RefusalCode::WrongType),
        ],
    );
    if min > 0 {
        assert_eq!(
            refused(&with(base, &json!({field: min - 1}))).code,
            RefusalCode::OutOfRange
        );
    }
}

#[test]
fn texts() {
    for field in [
        "model",
        "environment",
        "service",
        "deployment",
        "instance",
        "trace_id",
        "request_id",
        "response_model",
        "breaker",
        "provider",
        "id",
    ] {
        text_limit(&call(), field, 128);
    }
    text_limit(&call(), "error", 256);
    for field in [
        "breaker",
        "environment",
        "service",
        "provider",
        "model",
        "deployment",
        "instance",
    ] {
        text_limit(&breaker(), field, 128);
        text_limit(&stats(), field, 128);
    }
    text_limit(&breaker(), "reason", 256);
    for field in ["provider", "model", "key", "service", "deployment"] {
        text_limit(&headroom(), field, 128);
    }
    text_limit(&marker(), "title", 256);
    for field in ["service", "environment"] {
        text_limit(&marker(), field, 128);
    }
}

#[test]
fn numbers_of_calls() {
    for field in [
        "input_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
    ] {
        whole_limit(&call(), field, 0, 100_000_000);
    }
    whole_limit(&call(), "attempt", 1, 100);
    whole_limit(&call(), "status", 100, 599);
    whole_limit(&call(), "weight", 1, 1_000_000);
    limits(
        &call(),
        "cost_usd",
        &[
            json!(0),
            json!(0.000_000_001),
            json!(99_999.999_999_999),
            json!(100_000),
            json!(-0.0),
        ],
        &[
            (json!(100_000.000_001), RefusalCode::OutOfRange),
            (json!(-0.000_000_001), RefusalCode::OutOfRange),
            (json!(1e308), RefusalCode::OutOfRange),
            (json!("0.01"), RefusalCode::WrongType),
        ],
    );
    limits(
        &call(),
        "duration_ms",
        &[
            json!(0),
            json!(0.001),
            json!(86_399_999.999),
            json!(86_400_000),
            json!(8.64e7),
            json!(-0.0),
        ],
        &[
            (json!(86_400_000.1), RefusalCode::OutOfRange),
            (json!(86_400_001), RefusalCode::OutOfRange),
            (json!(-0.001), RefusalCode::OutOfRange),
            (json!(i64::MAX), RefusalCode::OutOfRange),
            (json!(9e18), RefusalCode::OutOfRange),
            (json!("812"), RefusalCode::WrongType),
            (json!("NaN"), RefusalCode::WrongType),
        ],
    );
    assert_eq!(
        refused(&with(&call(), &json!({"attempt": 0}))).reason,
        "must be ≥ 1, got 0; the first attempt is 1"
    );
}

#[test]
fn time_to_first_token() {
    limits(
        &call(),
        "ttft_ms",
        &[json!(0), json!(811.999), json!(812)],
        &[
            (json!(812.001), RefusalCode::OutOfRange),
            (json!(-1), RefusalCode::OutOfRange),
            (json!(86_400_001), RefusalCode::OutOfRange),
        ],
    );
    let rejected = json!({"type": "call", "provider": "a", "model": "m", "outcome": "rejected"});
    let event = accepted(&rejected);
    assert_eq!((as_call(&event).duration, as_call(&event).ttft), (None, None));
    assert_eq!(
        as_call(&accepted(&with(&rejected, &json!({"duration_ms": 0.4})))).duration,
        Some(400)
    );
    let refusal = refused(&with(&rejected, &json!({"ttft_ms": 5})));
    assert_eq!(refusal.reason, "must be ≤ duration_ms (nothing), got 5");
    for outcome in Outcome::ALL
        .into_iter()
        .filter(|outcome| *outcome != Outcome::Rejected)
    {
        let object = with(
            &without(&call(), "duration_ms"),
            &json!({"outcome": outcome.as_str()}),
        );
        assert_eq!(refused(&object).field, "duration_ms");
    }
}

#[test]
fn words() {
    let word = RefusalCode::UnknownValue;
    let all = |names: &[&str]| names.iter().map(|name| json!(name)).collect::<Vec<_>>();
    limits(
        &call(),
        "outcome",
        &all(&Outcome::ALL.map(Outcome::as_str)),
        &[(json!("okay"), word), (json!(""), word)],
    );
    limits(
        &call(),
        "operation",
        &all(&Operation::ALL.map(Operation::as_str)),
        &[(json!("chats!"), word)],
    );
    limits(
        &call(),
        "tier",
        &all(&Tier::ALL.map(Tier::as_str)),
        &[(json!("gold"), word), (json!(1), RefusalCode::WrongType)],
    );
    let sent: Vec<&str> = State::ALL
        .into_iter()
        .filter(|state| *state != State::Unknown)
        .map(State::as_str)
        .collect();
    for (base, field) in [(breaker(), "to"), (breaker(), "from"), (stats(), "state")] {
        limits(
            &base,
            field,
            &all(&sent),
            &[
                (json!("unknown"), word),
                (json!("half-open"), word),
                (json!("OPEN"), word),
            ],
        );
    }
    limits(
        &breaker(),
        "kind",
        &all(&BreakerKind::ALL.map(BreakerKind::as_str)),
        &[(json!("deploy"), word)],
    );
    limits(
        &marker(),
        "kind",
        &all(&MarkerKind::ALL.map(MarkerKind::as_str)),
        &[(json!("limit"), word)],
    );
    limits(
        &breaker(),
        "degraded",
        &[json!(true), json!(false)],
        &[
            (json!(1), RefusalCode::WrongType),
            (json!("true"), RefusalCode::WrongType),
        ],
    );
}

#[test]
fn figures_of_breakers() {
    for base in [breaker(), stats()] {
        for field in ["failure_rate", "failure_threshold", "slow_rate", "slow_threshold"] {
            limits(
                &base,
                field,
                &[json!(0), json!(-0.0), json!(0.5), json!(1), json!(1.0)],
                &[
                    (json!(1.000_001), RefusalCode::OutOfRange),
                    (json!(62.5), RefusalCode::OutOfRange),
                    (json!(-1), RefusalCode::OutOfRange),
                    (json!(1e308), RefusalCode::OutOfRange),
                    (json!("0.5"), RefusalCode::WrongType),
                ],
            );
        }
        for field in ["window_calls", "window_failures", "trials_done", "trials_needed"] {
            whole_limit(&base, field, 0, u64::from(u32::MAX));
        }
        whole_limit(&base, "not_permitted", 0, (1 << 53) - 1);
        let day = 86_400_000;
        limits(
            &base,
            "retry_at",
            &[
                json!(NOW - 7 * day),
                json!(NOW),
                json!(NOW + 366 * day),
                json!("2025-11-20T09:34:24Z"),
            ],
            &[
                (json!(NOW - 7 * day - 1), RefusalCode::BadTime),
                (json!(NOW + 366 * day + 1), RefusalCode::BadTime),
                (json!(30_000), RefusalCode::BadTime),
                (json!("30s"), RefusalCode::BadTime),
                (json!(true), RefusalCode::WrongType),
            ],
        );
    }
    whole_limit(&breaker(), "seq", 0, i64::MAX as u64);
}

#[test]
fn headroom_limits() {
    for of in ["requests", "tokens", "input_tokens", "output_tokens"] {
        for what in ["limit", "remaining"] {
            let field = format!("{of}_{what}");
            whole_limit(&headroom(), &field, 0, (1 << 53) - 1);
            let refusal = refused(&with(&headroom(), &json!({field: -1})));
            assert_eq!(
                refusal.reason,
                "must be ≥ 0, got -1; when it is unknown, leave it out"
            );
        }
        let field = format!("{of}_reset_at");
        limits(
            &headroom(),
            &field,
            &[json!(NOW)],
            &[
                (json!(60), RefusalCode::BadTime),
                (json!("6m0s"), RefusalCode::BadTime),
            ],
        );
    }
}

#[test]
fn urls() {
    let url = |length: usize| json!(format!("https://{}", "a".repeat(length - 8)));
    limits(
        &marker(),
        "url",
        &[url(2_047), url(2_048), json!("http://localhost:3000/?a=b#c")],
        &[
            (url(2_049), RefusalCode::TooLong),
            (json!("javascript:alert(1)"), RefusalCode::BadUrl),
            (json!("ci.example/1"), RefusalCode::BadUrl),
            (json!("https://a\nb"), RefusalCode::BadCharacter),
            (json!(1), RefusalCode::WrongType),
        ],
    );
}
