//! `headroom`: what rate-limit headers said.

use serde::Serialize;

use super::{Defaults, Lane, Report, setters};

/// What a provider's rate-limit headers said. A negative number in a header means unknown: leave it out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "headroom")]
pub struct HeadroomEvent {
    provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_remaining: Option<u64>,
    #[serde(rename = "requests_reset_at", skip_serializing_if = "Option::is_none")]
    requests_reset_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_remaining: Option<u64>,
    #[serde(rename = "tokens_reset_at", skip_serializing_if = "Option::is_none")]
    tokens_reset_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens_remaining: Option<u64>,
    #[serde(rename = "input_tokens_reset_at", skip_serializing_if = "Option::is_none")]
    input_tokens_reset_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_remaining: Option<u64>,
    #[serde(rename = "output_tokens_reset_at", skip_serializing_if = "Option::is_none")]
    output_tokens_reset_at_ms: Option<i64>,
}

impl HeadroomEvent {
    /// What is left at this provider.
    pub fn new(provider: impl Into<String>) -> HeadroomEvent {
        HeadroomEvent {
            provider: provider.into(),
            model: None,
            key: None,
            service: None,
            deployment: None,
            time: None,
            id: None,
            requests_limit: None,
            requests_remaining: None,
            requests_reset_at_ms: None,
            tokens_limit: None,
            tokens_remaining: None,
            tokens_reset_at_ms: None,
            input_tokens_limit: None,
            input_tokens_remaining: None,
            input_tokens_reset_at_ms: None,
            output_tokens_limit: None,
            output_tokens_remaining: None,
            output_tokens_reset_at_ms: None,
        }
    }

    setters!(time);
    setters!(text {
        /// Where limits are per model.
        model
        /// An alias of the provider key. Never the key.
        key
        /// The calling service. Default: the client's.
        service
        /// The model at an endpoint or region.
        deployment
    });
    setters!(value {
        /// Requests per window.
        requests_limit: u64
        /// Requests left in the window.
        requests_remaining: u64
        /// When the requests are whole again, in milliseconds since the Unix epoch.
        requests_reset_at_ms: i64
        /// Tokens per window, where input and output share one limit.
        tokens_limit: u64
        /// Tokens left in the window.
        tokens_remaining: u64
        /// When the tokens are whole again, in milliseconds since the Unix epoch.
        tokens_reset_at_ms: i64
        /// Input tokens per window.
        input_tokens_limit: u64
        /// Input tokens left in the window.
        input_tokens_remaining: u64
        /// When the input tokens are whole again, in milliseconds since the Unix epoch.
        input_tokens_reset_at_ms: i64
        /// Output tokens per window.
        output_tokens_limit: u64
        /// Output tokens left in the window.
        output_tokens_remaining: u64
        /// When the output tokens are whole again, in milliseconds since the Unix epoch.
        output_tokens_reset_at_ms: i64
    });
}

impl Report for HeadroomEvent {
    const LANE: Lane = Lane::States;
    const URGENT: bool = false;

    fn complete(&mut self, now_ms: i64, id: String, defaults: &Defaults) {
        self.time.get_or_insert(now_ms);
        self.id.get_or_insert(id);
        self.service = self.service.take().or_else(|| defaults.service.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_public_name() {
        let event = HeadroomEvent::new("openai")
            .model("gpt-5")
            .key("main")
            .service("chat-api")
            .deployment("eu")
            .at_ms(1)
            .id("h-1")
            .requests_limit(10)
            .requests_remaining(9)
            .requests_reset_at_ms(2)
            .tokens_limit(100)
            .tokens_remaining(90)
            .tokens_reset_at_ms(3)
            .input_tokens_limit(200)
            .input_tokens_remaining(190)
            .input_tokens_reset_at_ms(4)
            .output_tokens_limit(300)
            .output_tokens_remaining(290)
            .output_tokens_reset_at_ms(5);
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            serde_json::json!({
                "type": "headroom", "provider": "openai", "model": "gpt-5", "key": "main", "service": "chat-api",
                "deployment": "eu", "time": 1, "id": "h-1", "requests_limit": 10, "requests_remaining": 9,
                "requests_reset_at": 2, "tokens_limit": 100, "tokens_remaining": 90, "tokens_reset_at": 3,
                "input_tokens_limit": 200, "input_tokens_remaining": 190, "input_tokens_reset_at": 4,
                "output_tokens_limit": 300, "output_tokens_remaining": 290, "output_tokens_reset_at": 5
            })
        );
    }
}
