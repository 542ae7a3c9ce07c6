//! A stored event as JSON: the fields of the push API, as far as they are set, and where the event lies.

use domain::event::{
    BreakerFigures, BreakerRef, Call, Event, EventBody, Headroom, Labels, Marker, Quota, Stats, Transition,
};
use serde_json::{Map, Value, json};
use store::StoredBatch;

/// One line of the export.
pub fn line(batch: &StoredBatch, index: usize, event: &Event) -> Value {
    let mut line = Fields(Map::new());
    line.set("offset", Some(batch.offset.seq));
    line.set("writer", Some(batch.offset.writer));
    line.set("index", Some(index));
    line.set("tenant", Some(batch.tenant.as_str()));
    line.set("key_id", Some(batch.key_id.as_str()));
    line.set("received", Some(batch.received));
    line.set("id", event.id.as_deref());
    line.set("time", Some(event.time));
    line.set("reported_time", event.reported);
    match &event.body {
        EventBody::Call(call) => line.call(call),
        EventBody::Transition(transition) => line.transition(transition),
        EventBody::Stats(stats) => line.stats(stats),
        EventBody::Headroom(headroom) => line.headroom(headroom),
        EventBody::Marker(marker) => line.marker(marker),
    }
    Value::Object(line.0)
}

struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.into(), value.into());
        }
    }

    fn labels(&mut self, labels: &Labels) {
        if !labels.is_empty() {
            let labels: Map<String, Value> = labels
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            self.set("labels", Some(labels));
        }
    }

    fn call(&mut self, call: &Call) {
        let ms = |micros: u64| micros as f64 / 1_000.0;
        self.set("type", Some("call"));
        self.set("provider", Some(call.provider.as_str()));
        self.set("model", Some(call.model.as_str()));
        self.set("outcome", Some(call.outcome().as_str()));
        self.set("duration_ms", call.duration.map(ms));
        self.set("ttft_ms", call.ttft.map(ms));
        self.set("environment", call.environment.as_deref());
        self.set("service", call.service.as_deref());
        self.set("deployment", call.deployment.as_deref());
        self.set("instance", call.instance.as_deref());
        self.set("operation", call.operation.map(|operation| operation.as_str()));
        self.set("status", call.status);
        self.set("error", call.error.as_deref());
        self.set("trace_id", call.trace_id.as_deref());
        self.set("request_id", call.request_id.as_deref());
        self.set("response_model", call.response_model.as_deref());
        self.set("breaker", call.breaker.as_deref());
        self.set("input_tokens", call.input_tokens);
        self.set("cached_tokens", call.cached_tokens);
        self.set("cache_write_tokens", call.cache_write_tokens);
        self.set("output_tokens", call.output_tokens);
        self.set("reasoning_tokens", call.reasoning_tokens);
        self.set("tier", call.tier.map(|tier| tier.as_str()));
        self.set("cost_nano_usd", call.cost);
        self.set("cost_estimated", call.cost_estimated.then_some(true));
        self.set("usual_cost_nano_usd", call.usual_cost);
        self.set("attempt", Some(call.attempt));
        if let Some(from) = &call.fallback_from {
            self.set(
                "fallback_from",
                Some(json!({ "provider": from.provider, "model": from.model })),
            );
        }
        self.set("weight", Some(call.weight));
        self.labels(&call.labels);
    }

    fn subject(&mut self, subject: &BreakerRef) {
        self.set("breaker", Some(subject.breaker.as_str()));
        self.set("environment", subject.environment.as_deref());
        self.set("service", subject.service.as_deref());
        self.set("deployment", subject.deployment.as_deref());
        self.set("provider", subject.provider.as_deref());
        self.set("model", subject.model.as_deref());
        self.set("kind", subject.kind.map(|kind| kind.as_str()));
        self.set("instance", subject.instance.as_deref());
    }

    fn figures(&mut self, figures: &BreakerFigures) {
        self.set("failure_rate", figures.failure_rate);
        self.set("failure_threshold", figures.failure_threshold);
        self.set("slow_rate", figures.slow_rate);
        self.set("slow_threshold", figures.slow_threshold);
        self.set("window_calls", figures.window_calls);
        self.set("window_failures", figures.window_failures);
        self.set("not_permitted", figures.not_permitted);
        self.set("retry_at", figures.retry_at);
        self.set("trials_done", figures.trials_done);
        self.set("trials_needed", figures.trials_needed);
        self.set("degraded", figures.degraded);
    }

    fn transition(&mut self, transition: &Transition) {
        self.set("type", Some("breaker"));
        self.subject(&transition.subject);
        self.set("from", transition.from.map(|state| state.as_str()));
        self.set("to", Some(transition.to.as_str()));
        self.set("seq", transition.seq);
        self.set("reason", transition.reason.as_deref());
        if !transition.causes.is_empty() {
            let causes: Map<String, Value> = transition
                .causes
                .iter()
                .map(|(name, count)| (name.clone(), (*count).into()))
                .collect();
            self.set("causes", Some(causes));
        }
        self.figures(&transition.figures);
        self.labels(&transition.labels);
    }

    fn stats(&mut self, stats: &Stats) {
        self.set("type", Some("breaker_stats"));
        self.subject(&stats.subject);
        self.set("state", Some(stats.state.as_str()));
        self.figures(&stats.figures);
        self.labels(&stats.labels);
    }

    fn headroom(&mut self, headroom: &Headroom) {
        self.set("type", Some("headroom"));
        self.set("provider", Some(headroom.provider.as_str()));
        self.set("model", headroom.model.as_deref());
        self.set("key", headroom.key.as_deref());
        self.set("service", headroom.service.as_deref());
        self.set("deployment", headroom.deployment.as_deref());
        self.quota("requests", &headroom.requests);
        self.quota("tokens", &headroom.tokens);
        self.quota("input_tokens", &headroom.input_tokens);
        self.quota("output_tokens", &headroom.output_tokens);
    }

    fn quota(&mut self, name: &str, quota: &Quota) {
        self.set(&format!("{name}_limit"), quota.limit);
        self.set(&format!("{name}_remaining"), quota.remaining);
        self.set(&format!("{name}_reset_at"), quota.reset_at);
    }

    fn marker(&mut self, marker: &Marker) {
        self.set("type", Some("marker"));
        self.set("title", Some(marker.title.as_str()));
        self.set("kind", Some(marker.kind.as_str()));
        self.set("url", marker.url.as_deref());
        self.set("service", marker.service.as_deref());
        self.set("environment", marker.environment.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use domain::Outcome;
    use domain::event::CallOutcome;
    use store::{Offset, TenantId};

    use super::*;

    #[test]
    fn a_line_has_the_names_of_the_push_api() {
        let call = Call {
            provider: "openai".into(),
            model: "m".into(),
            outcome: CallOutcome(Outcome::RateLimited),
            duration: Some(1_500),
            weight: 3,
            attempt: 1,
            ..Call::default()
        };
        let event = Event {
            id: Some("e1".into()),
            time: 5,
            reported: None,
            body: EventBody::Call(Box::new(call)),
        };
        let batch = StoredBatch {
            offset: Offset { writer: 1, seq: 9 },
            tenant: TenantId::default_tenant(),
            key_id: "k".into(),
            received: 6,
            events: vec![],
            refused: 0,
            refusals: vec![],
        };
        let line = line(&batch, 2, &event);
        assert_eq!(line["offset"], 9);
        assert_eq!(line["id"], "e1");
        assert_eq!(line["type"], "call");
        assert_eq!(line["outcome"], "rate_limited");
        assert_eq!(line["duration_ms"], 1.5);
        assert_eq!(line["weight"], 3);
        assert!(line.get("status").is_none());
    }
}
