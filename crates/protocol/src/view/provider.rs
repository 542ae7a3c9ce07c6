//! The page of one provider over a range.
//!
//! Deliberately absent: headroom (it is in the journal only, so it cannot be read over a range yet), and what a vendor
//! or a probe says.

use serde::{Deserialize, Serialize};

use super::{ProviderRow, State};
use crate::markers::MarkerItem;

/// The most models, and the most deployments, that are listed.
pub const MAX_PARTS: usize = 50;

/// Everything the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderPage {
    /// The beginning of the range as it was asked for.
    pub asked_from: String,
    /// Its end as it was asked for.
    pub asked_to: String,
    /// The range in words.
    pub words: String,
    /// The first moment of the range, epoch milliseconds.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// Everything that was durable at this moment is contained.
    pub as_of: i64,
    /// Retention has dropped a part of the range.
    pub partial: bool,
    /// As in the list of providers.
    pub row: ProviderRow,
    /// Answers ÷ requests that are not neutral.
    pub answered: Option<f64>,
    /// Events with attempt 2 or later.
    pub retries: u64,
    /// Events that a breaker refused.
    pub refused: u64,
    /// The share of its answers that stood in for another provider or model.
    pub stand_in: Option<f64>,
    /// Known costs, US dollars; `None` when none is known.
    pub spent: Option<f64>,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Over time.
    pub lines: ProviderHistory,
    /// The busiest first.
    pub models: Vec<ProviderPart>,
    /// Models that are not listed; `None` when they are too many to count.
    pub models_left_out: Option<u32>,
    /// The busiest first; empty when no call names one.
    pub deployments: Vec<ProviderPart>,
    /// Its breakers, now; the worst first.
    pub breakers: Vec<ProviderBreaker>,
    /// What people have marked in the range, oldest first.
    pub markers: Vec<MarkerItem>,
}

/// Values at each step; `None` where there are none.
pub type Steps = Vec<Option<f64>>;

/// The figures of one provider at each step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProviderHistory {
    /// Start of the first step, epoch milliseconds.
    pub from: i64,
    /// Width of a step, milliseconds.
    pub step: i64,
    /// Attempt success, a fraction.
    pub success: Steps,
    /// Quantiles of the duration of answers, milliseconds.
    pub p50_ms: Steps,
    /// See `p50_ms`.
    pub p95_ms: Steps,
    /// See `p50_ms`.
    pub p99_ms: Steps,
    /// Quantiles of the time to first token, milliseconds.
    pub ttft_p50_ms: Steps,
    /// See `ttft_p50_ms`.
    pub ttft_p95_ms: Steps,
    /// Tokens per step.
    pub input_tokens: Steps,
    /// Tokens per step.
    pub output_tokens: Steps,
    /// Known costs per step, US dollars.
    pub cost: Steps,
    /// Events per step by how they ended, the most first.
    pub outcomes: Vec<OutcomeSteps>,
}

/// Events that ended alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeSteps {
    /// `ok`, `rate_limited`, …
    pub outcome: String,
    /// Events per step.
    pub values: Steps,
}

/// A model or a deployment over the range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderPart {
    /// Its name; empty when calls did not say.
    pub name: String,
    /// Attempts.
    pub attempts: u64,
    /// Attempt success, a fraction.
    pub success: Option<f64>,
    /// How urgent that is; `None` without attempts that are judged.
    pub success_level: Option<super::Level>,
    /// 95% of the answers took no longer, milliseconds.
    pub p95_ms: Option<f64>,
    /// 95% of the streams began no later, milliseconds.
    pub ttft_p95_ms: Option<f64>,
    /// Output tokens per second of a stream.
    pub tokens_per_second: Option<f64>,
    /// Known costs, US dollars; `None` when none is known.
    pub cost: Option<f64>,
}

/// A breaker of the provider, now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderBreaker {
    /// `b_` and 16 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// May be empty.
    pub service: String,
    /// May be empty.
    pub environment: String,
    /// May be empty.
    pub model: String,
    /// The worst state over live instances.
    pub state: State,
    /// When the state began, epoch milliseconds.
    pub since: i64,
    /// Share of failing calls.
    pub failure_rate: Option<f64>,
    /// Where it trips.
    pub failure_threshold: Option<f64>,
}
