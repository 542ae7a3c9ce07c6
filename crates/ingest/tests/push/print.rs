//! Events as a sender would write them: the way back, to test the way in.

use domain::breaker::State;
use domain::event::{BreakerFigures, BreakerKind, BreakerRef, Operation, Tier};
use domain::{Event, EventBody};
use serde_json::{Map, Value, json};

use crate::common;

/// A number with its decimals, from an integer in smaller units.
fn decimal(value: u64, decimals: u32) -> Value {
    let unit = 10_u64.pow(decimals);
    serde_json::from_str(&format!(
        "{}.{:0width$}",
        value / unit,
        value % unit,
        width = decimals as usize
    ))
    .unwrap()
}

fn pairs<T: Clone + Into<Value>>(pairs: &[(String, T)]) -> Value {
    Value::Object(
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect(),
    )
}

fn print_subject(subject: &BreakerRef) -> Value {
    json!({
        "breaker": subject.breaker, "environment": subject.environment, "service": subject.service,
        "deployment": subject.deployment, "provider": subject.provider, "model": subject.model,
        "kind": subject.kind.map(BreakerKind::as_str), "instance": subject.instance,
    })
}

fn print_figures(figures: &BreakerFigures) -> Value {
    json!({
        "failure_rate": figures.failure_rate, "failure_threshold": figures.failure_threshold,
        "slow_rate": figures.slow_rate, "slow_threshold": figures.slow_threshold,
        "window_calls": figures.window_calls, "window_failures": figures.window_failures,
        "not_permitted": figures.not_permitted, "retry_at": figures.retry_at, "trials_done": figures.trials_done,
        "trials_needed": figures.trials_needed, "degraded": figures.degraded,
    })
}

fn print_body(body: &EventBody) -> Value {
    match body {
        EventBody::Call(call) => {
            let first = json!({
                "type": "call", "provider": call.provider, "model": call.model, "outcome": call.outcome().as_str(),
                "duration_ms": call.duration.map(|micros| decimal(micros, 3)),
                "ttft_ms": call.ttft.map(|micros| decimal(micros, 3)),
                "environment": call.environment, "service": call.service, "deployment": call.deployment,
                "instance": call.instance, "operation": call.operation.map(Operation::as_str), "status": call.status,
                "error": call.error, "trace_id": call.trace_id, "request_id": call.request_id,
            });
            let fallback = call
                .fallback_from
                .as_ref()
                .map(|f| json!({"provider": f.provider, "model": f.model}));
            let second = json!({
                "response_model": call.response_model, "breaker": call.breaker, "input_tokens": call.input_tokens,
                "cached_tokens": call.cached_tokens, "cache_write_tokens": call.cache_write_tokens,
                "output_tokens": call.output_tokens, "reasoning_tokens": call.reasoning_tokens,
                "tier": call.tier.map(Tier::as_str), "cost_usd": call.cost.map(|nano| decimal(nano as u64, 9)),
                "attempt": call.attempt, "fallback_from": fallback, "weight": call.weight,
                "labels": pairs(&call.labels),
            });
            common::with(&first, &second)
        }
        EventBody::Transition(transition) => {
            let own = json!({
                "type": "breaker", "from": transition.from.map(State::as_str), "to": transition.to.as_str(),
                "seq": transition.seq, "reason": transition.reason, "causes": pairs(&transition.causes),
                "labels": pairs(&transition.labels),
            });
            let figures = print_figures(&transition.figures);
            common::with(&common::with(&print_subject(&transition.subject), &figures), &own)
        }
        EventBody::Stats(stats) => {
            let own = json!({"type": "breaker_stats", "state": stats.state.as_str(), "labels": pairs(&stats.labels)});
            common::with(
                &common::with(&print_subject(&stats.subject), &print_figures(&stats.figures)),
                &own,
            )
        }
        EventBody::Headroom(headroom) => {
            let mut object: Map<String, Value> = Map::new();
            object.insert("type".to_owned(), json!("headroom"));
            object.insert("provider".to_owned(), json!(headroom.provider));
            for (name, text) in [
                ("model", &headroom.model),
                ("key", &headroom.key),
                ("service", &headroom.service),
                ("deployment", &headroom.deployment),
            ] {
                object.insert(name.to_owned(), json!(text));
            }
            for (name, quota) in [
                ("requests", headroom.requests),
                ("tokens", headroom.tokens),
                ("input_tokens", headroom.input_tokens),
                ("output_tokens", headroom.output_tokens),
            ] {
                object.insert(format!("{name}_limit"), json!(quota.limit));
                object.insert(format!("{name}_remaining"), json!(quota.remaining));
                object.insert(format!("{name}_reset_at"), json!(quota.reset_at));
            }
            Value::Object(object)
        }
        EventBody::Marker(marker) => json!({
            "type": "marker", "title": marker.title, "kind": marker.kind.as_str(), "url": marker.url,
            "service": marker.service, "environment": marker.environment,
        }),
    }
}

pub fn print(event: &Event) -> Value {
    let time = event.reported.unwrap_or(event.time);
    common::with(&print_body(&event.body), &json!({"id": event.id, "time": time}))
}
