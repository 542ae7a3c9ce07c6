//! Single calls, as the journal keeps them: what `GET /api/v1/calls` answers and the table of calls shows.
//!
//! Deliberately absent: events of other kinds, and the prompt or the answer of a call: those never reach us.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// By what calls can be filtered. Text without a key is looked for in all of these. `kind` is empty for real calls. `label.` stands for every label, kept
/// as a dimension of history or not.
pub const CALL_KEYS: &[&str] = &[
    "provider",
    "model",
    "deployment",
    "service",
    "environment",
    "operation",
    "outcome",
    "breaker",
    "instance",
    "status",
    "trace_id",
    "request_id",
    "kind",
    "label.",
];

/// The most calls of one answer.
pub const MAX_CALLS: usize = 1_000;

/// One attempt at a provider. What the sender left out is null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallItem {
    /// The sender's id for the event.
    pub id: Option<String>,
    /// When it ended, epoch milliseconds.
    pub time: i64,
    /// When it reached us.
    pub received: i64,
    /// Lower case.
    pub provider: String,
    /// As sent.
    pub model: String,
    /// The model that really answered.
    pub response_model: Option<String>,
    /// How it ended, by its API name.
    pub outcome: String,
    /// How long it took; may be null when a breaker refused it.
    pub duration_ms: Option<f64>,
    /// Time to first token, for streams.
    pub ttft_ms: Option<f64>,
    /// HTTP status.
    pub status: Option<u16>,
    /// What went wrong, in the sender's words.
    pub error: Option<String>,
    /// The calling service.
    pub service: Option<String>,
    /// `prod`, `staging`, …
    pub environment: Option<String>,
    /// The model at an endpoint or region.
    pub deployment: Option<String>,
    /// The process that made the call.
    pub instance: Option<String>,
    /// `chat`, `embedding`, …
    pub operation: Option<String>,
    /// The breaker that guarded it.
    pub breaker: Option<String>,
    /// 1, or 2.. for a retry.
    pub attempt: u8,
    /// What it stands in for.
    pub fallback_from: Option<CallFallback>,
    /// It stands for so many calls.
    pub weight: u32,
    /// Cache reads and writes included.
    pub input_tokens: Option<u32>,
    /// Read from a prompt cache.
    pub cached_tokens: Option<u32>,
    /// Written to a prompt cache.
    pub cache_write_tokens: Option<u32>,
    /// Reasoning included.
    pub output_tokens: Option<u32>,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: Option<u32>,
    /// US dollars; null when no price is known.
    pub cost_usd: Option<f64>,
    /// The cost is from a price table, not from the sender.
    pub cost_estimated: bool,
    /// `standard`, `batch`, `flex`, `priority`.
    pub tier: Option<String>,
    /// For finding it in traces.
    pub trace_id: Option<String>,
    /// The provider's id for the request.
    pub request_id: Option<String>,
    /// Further names and values.
    pub labels: BTreeMap<String, String>,
}

/// What a fallback stands in for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFallback {
    /// The provider that was tried first.
    pub provider: String,
    /// Its model, where given.
    pub model: Option<String>,
}

/// A page of calls, the newest arrival first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallsAnswer {
    /// May be empty although there is a next page: a rare match is searched for page by page.
    pub items: Vec<CallItem>,
    /// The cursor of the next page; null when all of the range was searched.
    pub next: Option<String>,
    /// The search has come back to what arrived at this time, epoch milliseconds; the start of the range when all of
    /// it was searched.
    pub scanned_to: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_null() {
        let item = CallItem {
            id: None,
            time: 2,
            received: 3,
            provider: "openai".into(),
            model: "gpt-5".into(),
            response_model: None,
            outcome: "ok".into(),
            duration_ms: Some(420.5),
            ttft_ms: None,
            status: None,
            error: None,
            service: None,
            environment: None,
            deployment: None,
            instance: None,
            operation: None,
            breaker: None,
            attempt: 1,
            fallback_from: None,
            weight: 1,
            input_tokens: None,
            cached_tokens: None,
            cache_write_tokens: None,
            output_tokens: None,
            reasoning_tokens: None,
            cost_usd: None,
            cost_estimated: false,
            tier: None,
            trace_id: None,
            request_id: None,
            labels: BTreeMap::from([("team".into(), "a".into())]),
        };
        let answer = CallsAnswer {
            items: vec![item],
            next: None,
            scanned_to: 1,
        };
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"items":[{"id":null,"time":2,"received":3,"provider":"openai","model":"gpt-5","#,
                r#""response_model":null,"outcome":"ok","duration_ms":420.5,"ttft_ms":null,"status":null,"#,
                r#""error":null,"service":null,"environment":null,"deployment":null,"instance":null,"#,
                r#""operation":null,"breaker":null,"attempt":1,"fallback_from":null,"weight":1,"#,
                r#""input_tokens":null,"cached_tokens":null,"cache_write_tokens":null,"output_tokens":null,"#,
                r#""reasoning_tokens":null,"cost_usd":null,"cost_estimated":false,"tier":null,"#,
                r#""trace_id":null,"request_id":null,"labels":{"team":"a"}}],"next":null,"scanned_to":1}"#
            )
        );
        assert_eq!(serde_json::from_str::<CallsAnswer>(&text).unwrap(), answer);
    }
}
