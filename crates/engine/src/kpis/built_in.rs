//! The figures that come with every tenant: which metrics they are made of, and their words.
//!
//! Deliberately absent: times of people, which come from alerts.

use protocol::query::Unit;
use protocol::view::Good;

/// A figure that comes with every tenant.
pub(super) struct BuiltIn {
    pub key: &'static str,
    pub title: &'static str,
    pub unit: Unit,
    pub good: Good,
    /// The value is their sum.
    pub metrics: &'static [&'static str],
    /// What it rests on; empty for requests that are not neutral.
    pub samples: &'static str,
    pub formula: &'static str,
    pub words: &'static str,
}

/// The first three stand before the times of people, the others behind.
pub(super) const BUILT_IN: [BuiltIn; 9] = [
    BuiltIn {
        key: "answered",
        title: "Answered",
        unit: Unit::Fraction,
        good: Good::High,
        metrics: &["answered"],
        samples: "",
        formula: "answers / (requests - neutral)",
        words: "The share of requests that got an answer, from whomever and at whichever attempt. Neutral are cancelled, \
                content filtered and bad requests.",
    },
    BuiltIn {
        key: "ttft",
        title: "Typical wait, first token",
        unit: Unit::Milliseconds,
        good: Good::Low,
        metrics: &["ttft_p50"],
        samples: "answers",
        formula: "ttft_p50",
        words: "Half of the answers that streamed sent their first token no later; within 1%.",
    },
    BuiltIn {
        key: "cost_per_answer",
        title: "Cost per answer",
        unit: Unit::Usd,
        good: Good::Low,
        metrics: &["cost_per_answer"],
        samples: "answers",
        formula: "cost / answers",
        words: "Known costs of all calls, failed ones too, per answer.",
    },
    BuiltIn {
        key: "saved_by_fallback",
        title: "Saved by fallback",
        unit: Unit::Count,
        good: Good::High,
        metrics: &["saved_by_fallback"],
        samples: "answers",
        formula: "saved_by_fallback",
        words: "Answers that came from a stand-in.",
    },
    BuiltIn {
        key: "spend",
        title: "Spend",
        unit: Unit::Usd,
        good: Good::Low,
        metrics: &["cost"],
        samples: "attempts",
        formula: "cost",
        words: "The sum of known costs: what the sender said, else list price times tokens.",
    },
    BuiltIn {
        key: "tokens",
        title: "Tokens",
        unit: Unit::Tokens,
        good: Good::Low,
        metrics: &["input_tokens", "output_tokens"],
        samples: "attempts",
        formula: "input_tokens + output_tokens",
        words: "Tokens in and out, from caches and for reasoning included.",
    },
    BuiltIn {
        key: "fallback_rate",
        title: "Fallback rate",
        unit: Unit::Fraction,
        good: Good::Low,
        metrics: &["fallback_rate"],
        samples: "answers",
        formula: "saved_by_fallback / answers",
        words: "The share of answers that came from a stand-in.",
    },
    BuiltIn {
        key: "tokens_per_second",
        title: "Tokens per second",
        unit: Unit::TokensPerSecond,
        good: Good::High,
        metrics: &["tokens_per_second"],
        samples: "answers",
        formula: "tokens_per_second",
        words: "Output tokens per second after the first token, streams only.",
    },
    BuiltIn {
        key: "latency_p95",
        title: "Slow answers, p95",
        unit: Unit::Milliseconds,
        good: Good::Low,
        metrics: &["latency_p95"],
        samples: "answers",
        formula: "latency_p95",
        words: "95% of the answers took no longer; within 1%.",
    },
];

/// How many of them stand first.
pub(super) const FIRST: usize = 3;
