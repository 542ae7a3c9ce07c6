//! What every field of every type of event becomes, and what is said when a required one is absent.

use domain::breaker::State;
use domain::event::{BreakerKind, FallbackFrom, MarkerKind, Operation, Quota, Tier};
use domain::{Event, EventBody};
use ingest::RefusalCode;
use serde_json::json;

use crate::common::{
    self, NOW, accepted, as_call, breaker, call, headroom, marker, refused, stats, with, without,
};

#[test]
fn required_fields() {
    for (base, names) in [
        (
            call(),
            &["type", "provider", "model", "outcome", "duration_ms"][..],
        ),
        (breaker(), &["type", "breaker", "to"]),
        (stats(), &["type", "breaker", "state"]),
        (headroom(), &["type", "provider"]),
        (marker(), &["type", "title"]),
    ] {
        accepted(&base);
        for name in names {
            for object in [without(&base, name), with(&base, &json!({*name: null}))] {
                let refusal = refused(&object);
                assert_eq!(
                    (refusal.code, refusal.field.as_str()),
                    (RefusalCode::Missing, *name)
                );
                assert!(refusal.reason.starts_with("is required"), "{}", refusal.reason);
            }
        }
    }
    for (base, name) in [
        (call(), "provider"),
        (call(), "model"),
        (breaker(), "breaker"),
        (marker(), "title"),
    ] {
        for blank in ["", " ", "\u{a0} "] {
            let refusal = refused(&with(&base, &json!({name: blank})));
            assert_eq!(
                (refusal.code, refusal.field.as_str()),
                (RefusalCode::Missing, name)
            );
            assert_eq!(refusal.reason, "must not be blank");
        }
    }
}

#[test]
fn resembling_names_are_pointed_out() {
    for (base, name, instead) in [
        (call(), "duration_ms", "latency_ms"),
        (call(), "duration_ms", "Duration_MS"),
        (call(), "provider", "vendor"),
        (call(), "outcome", "result"),
        (breaker(), "to", "state"),
        (breaker(), "breaker", "name"),
        (stats(), "state", "to"),
        (marker(), "title", "text"),
    ] {
        let value = base.get(name).cloned().unwrap();
        let refusal = refused(&with(&without(&base, name), &json!({instead: value})));
        assert!(
            refusal
                .reason
                .ends_with(&format!("; did you mean it by \"{instead}\"?")),
            "{}",
            refusal.reason
        );
    }
}

#[test]
fn a_call_with_everything() {
    let event = accepted(&json!({
        "type": "call", "id": "7f3a", "time": NOW - 5, "provider": " Azure.AI.OpenAI ", "model": "GPT-4o ",
        "outcome": "ok", "duration_ms": 1812.3456, "ttft_ms": 240.5, "environment": "prod", "service": "chat",
        "deployment": "eu-west", "instance": "host-1:42", "operation": "chat", "status": 200, "error": "",
        "trace_id": "t", "request_id": "r", "response_model": "gpt-4o-2024", "breaker": "azure-chat",
        "input_tokens": 1200, "cached_tokens": 1000.0, "cache_write_tokens": 0, "output_tokens": 3e2,
        "reasoning_tokens": 100, "tier": "flex", "cost_usd": 0.0123, "attempt": 2,
        "fallback_from": {"provider": "OpenAI", "model": "gpt-4o"}, "weight": 10,
        "labels": {"b": 1, "a": "x"},
    }));
    assert_eq!(
        (event.id.as_deref(), event.time, event.reported),
        (Some("7f3a"), NOW - 5, None)
    );
    let call = as_call(&event);
    assert_eq!(
        (call.provider.as_str(), call.model.as_str()),
        ("azure", "GPT-4o ")
    );
    assert_eq!((call.duration, call.ttft), (Some(1_812_346), Some(240_500)));
    assert_eq!(
        (call.environment.as_deref(), call.service.as_deref()),
        (Some("prod"), Some("chat"))
    );
    assert_eq!(
        (call.deployment.as_deref(), call.instance.as_deref()),
        (Some("eu-west"), Some("host-1:42"))
    );
    assert_eq!(
        (call.operation, call.status, call.error.as_deref()),
        (Some(Operation::Chat), Some(200), None)
    );
    assert_eq!(
        (call.trace_id.as_deref(), call.request_id.as_deref()),
        (Some("t"), Some("r"))
    );
    assert_eq!(
        (call.response_model.as_deref(), call.breaker.as_deref()),
        (Some("gpt-4o-2024"), Some("azure-chat"))
    );
    assert_eq!(
        (call.input_tokens, call.cached_tokens, call.cache_write_tokens),
        (Some(1200), Some(1000), Some(0))
    );
    assert_eq!(
        (call.output_tokens, call.reasoning_tokens),
        (Some(300), Some(100))
    );
    assert_eq!(
        (call.tier, call.cost, call.cost_estimated),
        (Some(Tier::Flex), Some(12_300_000), false)
    );
    assert_eq!((call.attempt, call.weight, call.is_first()), (2, 10, false));
    let from = FallbackFrom {
        provider: "openai".to_owned(),
        model: Some("gpt-4o".to_owned()),
    };
    assert_eq!(call.fallback_from, Some(from));
    assert_eq!(
        call.labels,
        [("a".to_owned(), "x".to_owned()), ("b".to_owned(), "1".to_owned())]
    );
}

#[test]
fn defaults_and_nulls() {
    let plain = accepted(&call());
    assert_eq!(
        (plain.id.as_deref(), plain.time, plain.reported),
        (None, NOW, None)
    );
    assert_eq!((as_call(&plain).attempt, as_call(&plain).weight), (1, 1));
    let nulls = with(
        &call(),
        &json!({"id": null, "time": null, "attempt": null, "weight": null, "labels": null, "fallback_from": null,
            "ttft_ms": null, "cost_usd": null, "service": null, "operation": null, "status": null}),
    );
    assert_eq!(accepted(&nulls), plain);
    let empty = with(
        &call(),
        &json!({"id": "", "service": "", "labels": {}, "error": ""}),
    );
    assert_eq!(accepted(&empty), plain);
    let Event {
        body: EventBody::Marker(marker),
        ..
    } = accepted(&with(&marker(), &json!({"url": "", "kind": null})))
    else {
        panic!("not a marker");
    };
    assert_eq!((marker.url, marker.kind), (None, MarkerKind::Other));
}

#[test]
fn a_transition_with_everything() {
    let event = accepted(&json!({
        "type": "breaker", "breaker": "openai-chat", "from": "closed", "to": "open", "environment": "prod",
        "service": "chat", "provider": "OpenAI", "model": "gpt-4o", "deployment": "eu", "instance": "h-1",
        "kind": "failure_rate", "degraded": false, "time": "2025-11-20T09:33:53Z", "id": "x", "seq": i64::MAX,
        "reason": "failure rate", "causes": {"overloaded": 24, "timeout": 5}, "failure_rate": 0.625,
        "failure_threshold": 0.5, "slow_rate": 0, "slow_threshold": 1, "window_calls": 40, "window_failures": 25,
        "not_permitted": 7, "retry_at": NOW + 30_000, "trials_done": 0, "trials_needed": 3, "labels": {"a": true},
    }));
    assert_eq!((event.id.as_deref(), event.time), (Some("x"), NOW - 1_000));
    let EventBody::Transition(transition) = event.body else {
        panic!("not a transition")
    };
    assert_eq!(
        (transition.from, transition.to),
        (Some(State::Closed), State::Open)
    );
    let subject = &transition.subject;
    assert_eq!(
        (subject.breaker.as_str(), subject.provider.as_deref()),
        ("openai-chat", Some("openai"))
    );
    assert_eq!(
        (subject.environment.as_deref(), subject.service.as_deref()),
        (Some("prod"), Some("chat"))
    );
    assert_eq!(
        (subject.deployment.as_deref(), subject.model.as_deref()),
        (Some("eu"), Some("gpt-4o"))
    );
    assert_eq!(
        (subject.instance.as_deref(), subject.kind),
        (Some("h-1"), Some(BreakerKind::FailureRate))
    );
    assert_eq!(
        (transition.seq, transition.reason.as_deref()),
        (Some(i64::MAX as u64), Some("failure rate"))
    );
    assert_eq!(
        transition.causes,
        [("overloaded".to_owned(), 24), ("timeout".to_owned(), 5)]
    );
    let figures = &transition.figures;
    assert_eq!(
        (figures.failure_rate, figures.failure_threshold),
        (Some(0.625), Some(0.5))
    );
    assert_eq!(
        (figures.slow_rate, figures.slow_threshold),
        (Some(0.0), Some(1.0))
    );
    assert_eq!(
        (figures.window_calls, figures.window_failures),
        (Some(40), Some(25))
    );
    assert_eq!(
        (figures.not_permitted, figures.retry_at),
        (Some(7), Some(NOW + 30_000))
    );
    assert_eq!(
        (figures.trials_done, figures.trials_needed, figures.degraded),
        (Some(0), Some(3), Some(false))
    );
    assert_eq!(transition.labels, [("a".to_owned(), "true".to_owned())]);
}

#[test]
fn stats_read_state_and_figures() {
    let object = with(
        &stats(),
        &json!({"window_calls": 12, "labels": {"a": 1}, "instance": "h", "seq": 3, "to": "open"}),
    );
    let parsed = common::read(&object.to_string());
    assert_eq!(parsed.ignored_fields, ["seq", "to"]);
    let EventBody::Stats(stats) = &parsed.events[0].body else {
        panic!("not stats")
    };
    assert_eq!(
        (stats.state, stats.figures.window_calls),
        (State::Closed, Some(12))
    );
    assert_eq!(
        (stats.subject.instance.as_deref(), stats.labels.len()),
        (Some("h"), 1)
    );
}

#[test]
fn headroom_of_every_kind() {
    let event = accepted(&with(
        &headroom(),
        &json!({"key": "team-a", "model": "gpt-4o", "service": "chat", "deployment": "eu",
            "requests_limit": 500, "requests_remaining": 499, "requests_reset_at": NOW + 60_000,
            "tokens_limit": 1, "input_tokens_remaining": 2, "output_tokens_reset_at": "2025-11-20T09:34:54Z"}),
    ));
    let EventBody::Headroom(headroom) = event.body else {
        panic!("not headroom")
    };
    assert_eq!(
        (headroom.key.as_deref(), headroom.model.as_deref()),
        (Some("team-a"), Some("gpt-4o"))
    );
    assert_eq!(
        (headroom.service.as_deref(), headroom.deployment.as_deref()),
        (Some("chat"), Some("eu"))
    );
    let full = Quota {
        limit: Some(500),
        remaining: Some(499),
        reset_at: Some(NOW + 60_000),
    };
    assert_eq!(headroom.requests, full);
    assert_eq!(
        headroom.tokens,
        Quota {
            limit: Some(1),
            ..Quota::default()
        }
    );
    assert_eq!(
        headroom.input_tokens,
        Quota {
            remaining: Some(2),
            ..Quota::default()
        }
    );
    assert_eq!(
        headroom.output_tokens,
        Quota {
            reset_at: Some(NOW + 60_000),
            ..Quota::default()
        }
    );
}

#[test]
fn markers() {
    let event = accepted(&with(
        &marker(),
        &json!({"kind": "deploy", "url": "https://ci.example/1", "service": "chat", "environment": "prod", "time": NOW + 5}),
    ));
    assert_eq!((event.time, event.reported), (NOW, Some(NOW + 5)));
    let EventBody::Marker(read) = event.body else {
        panic!("not a marker")
    };
    assert_eq!(
        (read.title.as_str(), read.kind, read.url.as_deref()),
        ("router 2.1", MarkerKind::Deploy, Some("https://ci.example/1"))
    );
    assert_eq!(
        (read.service.as_deref(), read.environment.as_deref()),
        (Some("chat"), Some("prod"))
    );
}

#[test]
fn a_field_that_is_read_is_no_misspelling() {
    let object = with(&without(&call(), "outcome"), &json!({"status": 200}));
    assert_eq!(refused(&object).reason, "is required");
}
