//! `call`: one attempt at a provider.

use std::time::Duration;

use serde::Serialize;

use super::{
    Defaults, Lane, Operation, Outcome, Report, Tier, finite, free_text, micros, millis, object, setters,
};

/// One attempt at a provider, reported when it ends. Report every attempt once, also those that a breaker refused
/// ([`Outcome::Rejected`]).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "call")]
pub struct CallEvent {
    provider: String,
    model: String,
    outcome: Outcome,
    #[serde(
        rename = "duration_ms",
        serialize_with = "millis",
        skip_serializing_if = "Option::is_none"
    )]
    duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<String>,
    #[serde(
        rename = "ttft_ms",
        serialize_with = "millis",
        skip_serializing_if = "Option::is_none"
    )]
    ttft: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_from: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(serialize_with = "object", skip_serializing_if = "Vec::is_empty")]
    labels: Vec<(String, String)>,
}

/// What a fallback stands in for.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Origin {
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

impl CallEvent {
    /// An attempt at `model` of `provider`. A duration is required too, unless the call was rejected.
    pub fn new(provider: impl Into<String>, model: impl Into<String>, outcome: Outcome) -> CallEvent {
        CallEvent {
            provider: provider.into(),
            model: model.into(),
            outcome,
            duration: None,
            time: None,
            id: None,
            environment: None,
            service: None,
            deployment: None,
            instance: None,
            operation: None,
            status: None,
            error: None,
            trace_id: None,
            request_id: None,
            response_model: None,
            breaker: None,
            ttft: None,
            input_tokens: None,
            cached_tokens: None,
            cache_write_tokens: None,
            output_tokens: None,
            reasoning_tokens: None,
            tier: None,
            cost_usd: None,
            attempt: None,
            fallback_from: None,
            weight: None,
            labels: Vec::new(),
        }
    }

    /// How long the attempt took, from the request to its end; kept to the microsecond.
    #[must_use]
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(micros(duration));
        self
    }

    /// Time to first token, for streams; never longer than the duration.
    #[must_use]
    pub fn ttft(mut self, ttft: Duration) -> Self {
        self.ttft = Some(micros(ttft));
        self
    }

    /// What went wrong; cut to 256 characters. Never put a prompt or an answer here.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(free_text(error));
        self
    }

    /// What it cost, in US dollars; kept to nine decimals. Leave it out when it is not known: the server then uses its
    /// price table and marks the figure as estimated.
    #[must_use]
    pub fn cost_usd(mut self, cost: f64) -> Self {
        self.cost_usd = finite((cost * 1e9).round() / 1e9);
        self
    }

    /// This attempt stands in for one at another provider or model that failed or was rejected.
    #[must_use]
    pub fn fallback_from(mut self, provider: impl Into<String>, model: impl Into<String>) -> Self {
        self.fallback_from = Some(Origin {
            provider: provider.into(),
            model: Some(model.into()),
        });
        self
    }

    setters!(time);
    setters!(labels);
    setters!(text {
        /// `prod`, `staging`. Default: the client's.
        environment
        /// The calling service. Default: the client's.
        service
        /// The model at an endpoint or region.
        deployment
        /// The process that made the call. Default: the client's.
        instance
        /// For finding it in traces.
        trace_id
        /// The provider's request id.
        request_id
        /// The model that really answered.
        response_model
        /// The breaker that guarded the call.
        breaker
    });
    setters!(value {
        /// Kind of model call.
        operation: Operation
        /// HTTP status, 100–599.
        status: u16
        /// Input tokens, cached and cache-write ones included.
        input_tokens: u32
        /// Input tokens read from the provider's prompt cache.
        cached_tokens: u32
        /// Input tokens written to the provider's prompt cache.
        cache_write_tokens: u32
        /// Output tokens, reasoning included.
        output_tokens: u32
        /// Reasoning tokens, part of the output.
        reasoning_tokens: u32
        /// Price tier.
        tier: Tier
        /// 1, or 2.. for a retry. Default: 1.
        attempt: u8
        /// This event stands for so many, where calls are sampled. Default: 1.
        weight: u32
    });
}

impl Report for CallEvent {
    const LANE: Lane = Lane::Calls;
    const URGENT: bool = false;

    fn complete(&mut self, now_ms: i64, id: String, defaults: &Defaults) {
        self.time.get_or_insert(now_ms);
        self.id.get_or_insert(id);
        self.service = self.service.take().or_else(|| defaults.service.clone());
        self.environment = self.environment.take().or_else(|| defaults.environment.clone());
        self.instance = self.instance.take().or_else(|| defaults.instance.clone());
        defaults.add_labels(&mut self.labels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_call_has_only_what_is_required() {
        let call =
            CallEvent::new("openai", "gpt-5", Outcome::RateLimited).duration(Duration::from_millis(12));
        assert_eq!(
            serde_json::to_string(&call).unwrap(),
            r#"{"type":"call","provider":"openai","model":"gpt-5","outcome":"rate_limited","duration_ms":12}"#
        );
    }

    #[test]
    fn every_field_has_its_public_name() {
        let call = CallEvent::new("anthropic", "claude-sonnet", Outcome::Ok)
            .duration(Duration::from_micros(812_250))
            .ttft(Duration::from_millis(240))
            .at_ms(1_790_000_000_000)
            .id("a-1")
            .environment("prod")
            .service("checkout")
            .deployment("us-east-1")
            .instance("api-3")
            .operation(Operation::Chat)
            .status(200)
            .error("none")
            .trace_id("t")
            .request_id("r")
            .response_model("claude-sonnet-4")
            .breaker("claude-sonnet")
            .input_tokens(10)
            .cached_tokens(4)
            .cache_write_tokens(2)
            .output_tokens(7)
            .reasoning_tokens(3)
            .tier(Tier::Priority)
            .cost_usd(0.001_234_567_891)
            .attempt(2)
            .fallback_from("openai", "gpt-5")
            .weight(10)
            .label("team", "a")
            .label("team", "b");
        assert_eq!(
            serde_json::to_value(&call).unwrap(),
            serde_json::json!({
                "type": "call", "provider": "anthropic", "model": "claude-sonnet", "outcome": "ok",
                "duration_ms": 812.25, "ttft_ms": 240, "time": 1_790_000_000_000_i64, "id": "a-1",
                "environment": "prod", "service": "checkout", "deployment": "us-east-1", "instance": "api-3",
                "operation": "chat", "status": 200, "error": "none", "trace_id": "t", "request_id": "r",
                "response_model": "claude-sonnet-4", "breaker": "claude-sonnet", "input_tokens": 10,
                "cached_tokens": 4, "cache_write_tokens": 2, "output_tokens": 7, "reasoning_tokens": 3,
                "tier": "priority", "cost_usd": 0.001234568, "attempt": 2,
                "fallback_from": {"provider": "openai", "model": "gpt-5"}, "weight": 10, "labels": {"team": "b"}
            })
        );
    }

    #[test]
    fn defaults_fill_gaps_and_overwrite_nothing() {
        let defaults = Defaults {
            service: Some("checkout".into()),
            environment: Some("prod".into()),
            instance: Some("host-1".into()),
            labels: vec![("team".into(), "a".into()), ("zone".into(), "x".into())],
        };
        let mut call = CallEvent::new("p", "m", Outcome::Rejected)
            .service("search")
            .id("mine")
            .label("team", "b");
        call.complete(5, "made".into(), &defaults);
        assert_eq!(
            serde_json::to_value(&call).unwrap(),
            serde_json::json!({
                "type": "call", "provider": "p", "model": "m", "outcome": "rejected", "time": 5, "id": "mine",
                "service": "search", "environment": "prod", "instance": "host-1",
                "labels": {"team": "b", "zone": "x"}
            })
        );
    }

    #[test]
    fn a_cost_that_json_cannot_carry_is_left_out() {
        let call = CallEvent::new("p", "m", Outcome::Rejected).cost_usd(f64::NAN);
        assert!(!serde_json::to_string(&call).unwrap().contains("cost"));
    }
}
