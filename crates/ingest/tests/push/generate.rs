//! Bodies and events to test with.

use domain::breaker::State;
use domain::event::{
    BreakerFigures, BreakerKind, BreakerRef, Call, CallOutcome, FallbackFrom, Headroom, Marker, MarkerKind,
    Operation, Quota, Stats, Tier, Transition,
};
use domain::{Event, EventBody, Outcome};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::common::{self, NOW};

/// Names that mean something, and some that do not.
const NAMES: &[&str] = &[
    "type",
    "id",
    "time",
    "provider",
    "model",
    "outcome",
    "duration_ms",
    "ttft_ms",
    "cost_usd",
    "attempt",
    "status",
    "weight",
    "labels",
    "fallback_from",
    "breaker",
    "to",
    "from",
    "state",
    "causes",
    "failure_rate",
    "retry_at",
    "seq",
    "kind",
    "title",
    "url",
    "key",
    "tokens_limit",
    "requests_reset_at",
    "events",
    "operation",
    "error",
    "",
    "durationMs",
    "x\u{0}",
    "__proto__",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |x| serde_json::Number::from_f64(x).map(Value::Number)),
        (NOW - 1_000..NOW + 1_000).prop_map(Value::from),
        (0..200_u32).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec![
            "call",
            "breaker",
            "breaker_stats",
            "headroom",
            "marker",
            "ok",
            "rejected",
            "open",
            "closed"
        ])
        .prop_map(Value::from),
    ]
}

pub fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(
                prop_oneof![select(NAMES).prop_map(str::to_owned), any::<String>()],
                inner,
                0..8
            )
            .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// An object that often is nearly an event.
pub fn nearly() -> impl Strategy<Value = Value> {
    let base = select(vec![
        common::call(),
        common::breaker(),
        common::stats(),
        common::headroom(),
        common::marker(),
        json!({}),
    ]);
    (base, btree_map(select(NAMES), value(), 0..3))
        .prop_map(|(base, other)| common::with(&base, &json!(other)))
}

fn name() -> impl Strategy<Value = String> {
    "[a-zé漢😀\"\\\\][a-zA-Z0-9 ./:é漢😀\"\\\\-]{0,30}"
}

fn provider() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,30}"
}

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    btree_map(name(), name(), 0..5).prop_map(|labels| labels.into_iter().collect())
}

prop_compose! {
    fn subject()(
        breaker in name(), environment in option::of(name()), service in option::of(name()),
        deployment in option::of(name()), provider in option::of(provider()), model in option::of(name()),
        kind in option::of(select(&BreakerKind::ALL[..])), instance in option::of(name()),
    ) -> BreakerRef {
        BreakerRef { breaker, environment, service, deployment, provider, model, kind, instance }
    }
}

prop_compose! {
    fn figures()(
        rates in proptest::array::uniform4(option::of(0.0..=1.0_f64)),
        counts in proptest::array::uniform4(option::of(any::<u32>())),
        not_permitted in option::of(0..1_u64 << 53), retry_at in option::of(NOW..NOW + 86_400_000),
        degraded in option::of(any::<bool>()),
    ) -> BreakerFigures {
        BreakerFigures {
            failure_rate: rates[0], failure_threshold: rates[1], slow_rate: rates[2], slow_threshold: rates[3],
            window_calls: counts[0], window_failures: counts[1], trials_done: counts[2], trials_needed: counts[3],
            not_permitted, retry_at, degraded,
        }
    }
}

fn state() -> impl Strategy<Value = State> {
    select(
        State::ALL
            .into_iter()
            .filter(|state| *state != State::Unknown)
            .collect::<Vec<_>>(),
    )
}

prop_compose! {
    fn any_call()(
        provider in provider(), model in name(), outcome in select(&Outcome::ALL[..]),
        duration in 0..=86_400_000_000_u64, ttft in option::of(0.0..=1.0_f64),
        texts in proptest::array::uniform9(option::of(name())),
        operation in option::of(select(&Operation::ALL[..])), status in option::of(100..=599_u16),
        tokens in proptest::array::uniform5(option::of(0..=100_000_000_u32)),
        tier in option::of(select(&Tier::ALL[..])), cost in option::of(0..=100_000_000_000_000_i64),
        (attempt, weight) in (1..=100_u8, 1..=1_000_000_u32),
        fallback_from in option::of((provider(), option::of(name()))), labels in labels(),
    ) -> EventBody {
        let [environment, service, deployment, instance, error, trace_id, request_id, response_model, breaker] = texts;
        EventBody::Call(Box::new(Call {
            provider, model, outcome: CallOutcome(outcome), duration: Some(duration),
            ttft: ttft.map(|share| (duration as f64 * share) as u64),
            environment, service, deployment, instance, operation, status, error, trace_id, request_id, response_model,
            breaker, input_tokens: tokens[0], cached_tokens: tokens[1], cache_write_tokens: tokens[2],
            output_tokens: tokens[3], reasoning_tokens: tokens[4], tier, cost, cost_estimated: false,
            usual_cost: None, attempt,
            fallback_from: fallback_from.map(|(provider, model)| FallbackFrom { provider, model }), weight, labels,
        }))
    }
}

prop_compose! {
    fn any_transition()(
        subject in subject(), from in option::of(state()), to in state(), seq in option::of(0..=i64::MAX as u64),
        reason in option::of(name()), causes in btree_map(name(), any::<u32>(), 0..4), figures in figures(),
        labels in labels(),
    ) -> EventBody {
        let causes = causes.into_iter().collect();
        EventBody::Transition(Box::new(Transition { subject, from, to, seq, reason, causes, figures, labels }))
    }
}

prop_compose! {
    fn any_stats()(subject in subject(), state in state(), figures in figures(), labels in labels()) -> EventBody {
        EventBody::Stats(Box::new(Stats { subject, state, figures, labels }))
    }
}

fn quota() -> impl Strategy<Value = Quota> {
    (
        option::of(0..1_u64 << 53),
        option::of(0..1_u64 << 53),
        option::of(NOW..NOW + 86_400_000),
    )
        .prop_map(|(limit, remaining, reset_at)| Quota {
            limit,
            remaining,
            reset_at,
        })
}

prop_compose! {
    fn any_headroom()(
        provider in provider(), texts in proptest::array::uniform4(option::of("[a-z]{1,20}")),
        quotas in proptest::array::uniform4(quota()),
    ) -> EventBody {
        let [model, key, service, deployment] = texts;
        let [requests, tokens, input_tokens, output_tokens] = quotas;
        EventBody::Headroom(Box::new(Headroom {
            provider, model, key, service, deployment, requests, tokens, input_tokens, output_tokens,
        }))
    }
}

prop_compose! {
    fn any_marker()(
        title in name(), kind in select(&MarkerKind::ALL[..]), url in option::of("https://[a-z]{1,9}/[a-z?=&#]{0,9}"),
        service in option::of(name()), environment in option::of(name()),
    ) -> EventBody {
        EventBody::Marker(Box::new(Marker { title, kind, url, service, environment }))
    }
}

prop_compose! {
    pub fn event()(
        id in option::of(name()), offset in -7 * 86_400_000..=600_000_i64,
        body in prop_oneof![any_call(), any_transition(), any_stats(), any_headroom(), any_marker()],
    ) -> Event {
        let sent = NOW + offset;
        Event { id, time: sent.min(NOW), reported: (offset > 0).then_some(sent), body }
    }
}
