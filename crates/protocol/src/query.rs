//! Questions over any range, and their answers: what `GET /api/v1/query` speaks and the pages of history use.
//!
//! The names of metrics and dimensions are here once, for the REST interface, the pickers and the documentation. What a
//! metric computes is defined in the engine; its words are here.
//!
//! Deliberately absent: formatting (the page's), and any arithmetic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the numbers of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A count per step.
    Count,
    /// 0 to 1.
    Fraction,
    /// A length of time in milliseconds.
    Milliseconds,
    /// Tokens per step.
    Tokens,
    /// Tokens per second.
    TokensPerSecond,
    /// US dollars.
    Usd,
}

/// A metric as pickers and documentation show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricInfo {
    /// In queries. For quantiles the part before `_p`.
    pub name: &'static str,
    /// On screen.
    pub title: &'static str,
    /// What its numbers are.
    pub unit: Unit,
    /// One sentence: how it is computed.
    pub about: &'static str,
}

/// What metrics are grouped by in a picker, in its order.
pub const KINDS: [&str; 6] = ["Traffic", "Success", "Speed", "Tokens", "Cost", "Breakers"];

impl MetricInfo {
    /// Which of [`KINDS`] it belongs to.
    pub fn kind(&self) -> &'static str {
        match (self.name, self.unit) {
            ("open_time" | "openings" | "transitions", _) => "Breakers",
            ("unpriced", _) | (_, Unit::Usd) => "Cost",
            (_, Unit::Count) => "Traffic",
            (_, Unit::Fraction) => "Success",
            (_, Unit::Milliseconds | Unit::TokensPerSecond) => "Speed",
            (_, Unit::Tokens) => "Tokens",
        }
    }

    /// The values of steps, and of groups, may be added up: they can be stacked, have a total, and shares of it.
    pub fn adds_up(&self) -> bool {
        match self.unit {
            Unit::Count | Unit::Tokens => true,
            Unit::Usd => self.name != "cost_per_answer",
            Unit::Milliseconds => self.name == "open_time",
            Unit::Fraction | Unit::TokensPerSecond => false,
        }
    }

    /// A low value is the bad one.
    pub fn low_is_bad(&self) -> bool {
        matches!(
            self.name,
            "answered" | "attempt_success" | "availability" | "tokens_per_second"
        )
    }
}

const fn metric(name: &'static str, title: &'static str, unit: Unit, about: &'static str) -> MetricInfo {
    MetricInfo {
        name,
        title,
        unit,
        about,
    }
}

/// Metrics of calls.
pub const CALL_METRICS: &[MetricInfo] = &[
    metric(
        "requests",
        "Requests",
        Unit::Count,
        "First events: attempt 1 that stands in for nobody, whatever came of it.",
    ),
    metric(
        "attempts",
        "Attempts",
        Unit::Count,
        "Events that reached a provider: all but those a breaker refused.",
    ),
    metric("outcomes", "Outcomes", Unit::Count, "Events by how they ended."),
    metric(
        "neutral",
        "Neutral requests",
        Unit::Count,
        "Requests that ended cancelled, content_filtered or bad_request: nobody's success, and no provider's failure.",
    ),
    metric(
        "answered",
        "Success",
        Unit::Fraction,
        "Answers ÷ requests that are not neutral: what users felt.",
    ),
    metric(
        "attempt_success",
        "Attempt success",
        Unit::Fraction,
        "ok ÷ attempts that are not neutral, auth or quota.",
    ),
    metric(
        "availability",
        "Availability",
        Unit::Fraction,
        "1 − overloaded, server error, timeout and network ÷ attempts that are not neutral, auth or quota.",
    ),
    metric(
        "failures",
        "Provider failures",
        Unit::Count,
        "Attempts that ended overloaded, server error, timeout or network.",
    ),
    metric("answers", "Answers", Unit::Count, "Events that ended ok."),
    metric(
        "rejected",
        "Refused by a breaker",
        Unit::Count,
        "Events that a breaker refused before they reached a provider.",
    ),
    metric(
        "retries",
        "Retries",
        Unit::Count,
        "Events with attempt 2 or later.",
    ),
    metric(
        "saved_by_fallback",
        "Saved by fallback",
        Unit::Count,
        "Answers that came from a stand-in.",
    ),
    metric(
        "fallback_rate",
        "Fallback rate",
        Unit::Fraction,
        "The share of answers that came from a stand-in.",
    ),
    metric(
        "latency_p50",
        "Latency p50",
        Unit::Milliseconds,
        "Half of the ok attempts took no longer; from sketches, within 1%.",
    ),
    metric(
        "latency_p95",
        "Latency p95",
        Unit::Milliseconds,
        "95% of the ok attempts took no longer; from sketches, within 1%.",
    ),
    metric(
        "latency_p99",
        "Latency p99",
        Unit::Milliseconds,
        "99% of the ok attempts took no longer; from sketches, within 1%.",
    ),
    metric(
        "latency_mean",
        "Latency mean",
        Unit::Milliseconds,
        "The mean duration of ok attempts.",
    ),
    metric(
        "ttft_p50",
        "First token p50",
        Unit::Milliseconds,
        "Half of the ok streams sent a first token no later; within 1%.",
    ),
    metric(
        "ttft_p95",
        "First token p95",
        Unit::Milliseconds,
        "95% of the ok streams sent a first token no later; within 1%.",
    ),
    metric(
        "ttft_p99",
        "First token p99",
        Unit::Milliseconds,
        "99% of the ok streams sent a first token no later; within 1%.",
    ),
    metric(
        "tokens_per_second",
        "Tokens per second",
        Unit::TokensPerSecond,
        "Output tokens ÷ (duration − time to first token), streams only.",
    ),
    metric(
        "input_tokens",
        "Tokens in",
        Unit::Tokens,
        "Input tokens, cache reads and writes included.",
    ),
    metric(
        "cached_tokens",
        "Tokens from cache",
        Unit::Tokens,
        "Input tokens read from prompt caches.",
    ),
    metric(
        "output_tokens",
        "Tokens out",
        Unit::Tokens,
        "Output tokens, reasoning included.",
    ),
    metric(
        "reasoning_tokens",
        "Reasoning tokens",
        Unit::Tokens,
        "The part of the output that was reasoning.",
    ),
    metric("cost", "Cost", Unit::Usd, "The sum of known costs."),
    metric(
        "failed_cost",
        "Cost of failures",
        Unit::Usd,
        "The part of the cost that went to attempts that did not end ok.",
    ),
    metric(
        "retry_cost",
        "Cost of retries",
        Unit::Usd,
        "The part of the cost that went to ok attempts 2 and later at the wanted provider.",
    ),
    metric(
        "fallback_cost",
        "Cost of stand-ins",
        Unit::Usd,
        "The part of the cost that went to ok attempts of stand-ins, where it is known what the wanted provider takes.",
    ),
    metric(
        "fallback_usual",
        "Usual cost of what stand-ins did",
        Unit::Usd,
        "What those same attempts would have cost at the provider that was wanted.",
    ),
    metric(
        "estimated_cost",
        "Estimated cost",
        Unit::Usd,
        "The part of the cost that came from the price table.",
    ),
    metric(
        "cost_per_answer",
        "Cost per answer",
        Unit::Usd,
        "Known costs ÷ answers.",
    ),
    metric(
        "unpriced",
        "Without a price",
        Unit::Fraction,
        "The share of calls with tokens whose cost is not known.",
    ),
];

/// Metrics of breakers.
pub const BREAKER_METRICS: &[MetricInfo] = &[
    metric(
        "open_time",
        "Time open",
        Unit::Milliseconds,
        "How long instances were open, added up.",
    ),
    metric(
        "openings",
        "Openings",
        Unit::Count,
        "How often instances opened out of another state.",
    ),
    metric(
        "transitions",
        "Transitions",
        Unit::Count,
        "How often instances changed state.",
    ),
];

/// By what calls can be grouped and filtered. `kind` is `drill`, `probe` or `simulated` (the label `fuseboard.kind`), and
/// empty for real calls.
pub const CALL_DIMENSIONS: &[&str] = &[
    "provider",
    "model",
    "deployment",
    "service",
    "environment",
    "operation",
    "kind",
    "outcome",
];

/// What begins the name of a dimension that is a label: `label.team`. Which labels are dimensions is a setting.
pub const LABEL: &str = "label.";

/// By what transitions of breakers can be grouped and filtered.
pub const BREAKER_DIMENSIONS: &[&str] = &[
    "provider",
    "service",
    "environment",
    "deployment",
    "breaker",
    "instance",
];

/// The most points of a series.
pub const MAX_POINTS: usize = 11_000;
/// The most series of an answer.
pub const MAX_SERIES: usize = 200;

/// The series there are lately, as the values of each dimension: for pickers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownSeries {
    /// How many series there are.
    pub count: usize,
    /// So many there may be before further ones fold into `__other__`.
    pub cap: usize,
    /// The labels that are kept as dimensions, by name.
    pub kept_labels: Vec<String>,
    /// The values of each dimension that has any, sorted.
    pub dimensions: BTreeMap<String, Vec<String>>,
}

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuerySeries {
    /// What it is of: a value per dimension of `group_by`; empty when everything is one group.
    pub group: BTreeMap<String, String>,
    /// (start of the step, value): null where there is no data, 0 only where traffic was possible and none came.
    pub points: Vec<(i64, Option<f64>)>,
}

/// The same metric over the stretch of the same length just before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviousPeriod {
    /// Start, epoch milliseconds.
    pub from: i64,
    /// End, exclusive.
    pub to: i64,
    /// As in the answer, at its own times.
    pub series: Vec<QuerySeries>,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryAnswer {
    /// The metric's name.
    pub metric: String,
    /// What its numbers are.
    pub unit: Unit,
    /// The dimensions that lines are told apart by, in the order asked for.
    pub group_by: Vec<String>,
    /// Start of the first step, epoch milliseconds.
    pub from: i64,
    /// End of the last step, exclusive.
    pub to: i64,
    /// Width of a step, milliseconds; the whole range when there is one point.
    pub step: i64,
    /// The rung that was read: `10s`, `1m`, `1h`, `1d`; `events` for breakers; several, joined by `+`, for one point.
    pub rung: String,
    /// Everything that was durable at this moment is contained.
    pub as_of: i64,
    /// Retention has dropped a part of the range at every rung that could answer.
    pub partial: bool,
    /// The last step has not ended yet.
    pub open: bool,
    /// Sorted by group.
    pub series: Vec<QuerySeries>,
    /// With `compare=previous`.
    pub previous: Option<PreviousPeriod>,
}

/// The metric of this name; quantiles other than the listed ones (`latency_p90`) give the words of their family.
pub fn info(name: &str) -> Option<MetricInfo> {
    let all = || CALL_METRICS.iter().chain(BREAKER_METRICS);
    if let Some(found) = all().find(|metric| metric.name == name) {
        return Some(*found);
    }
    quantile(name)?;
    Some(match name.starts_with("ttft_p") {
        true => metric(
            "ttft_p",
            "First token",
            Unit::Milliseconds,
            "A quantile of the time to first token; within 1%.",
        ),
        false => metric(
            "latency_p",
            "Latency",
            Unit::Milliseconds,
            "A quantile of the duration of ok attempts; within 1%.",
        ),
    })
}

/// The quantile that a metric's name ends in: `latency_p99` is 0.99, `ttft_p999` is 0.999. `None` for other metrics.
pub fn quantile(name: &str) -> Option<f64> {
    let digits = name
        .strip_prefix("latency_p")
        .or_else(|| name.strip_prefix("ttft_p"))?;
    let fits = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: f64 = digits.parse().ok().filter(|_| fits)?;
    let q = match digits.len() {
        1 | 2 => number / 100.0,
        length => number / 10f64.powi(length as i32),
    };
    (digits == "100").then_some(1.0).or(Some(q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_from_names() {
        for (name, q) in [
            ("latency_p50", 0.5),
            ("ttft_p5", 0.05),
            ("latency_p99", 0.99),
            ("latency_p999", 0.999),
            ("latency_p9999", 0.9999),
            ("ttft_p100", 1.0),
            ("latency_p0", 0.0),
        ] {
            assert_eq!(quantile(name), Some(q), "{name}");
            assert_eq!(info(name).map(|metric| metric.unit), Some(Unit::Milliseconds));
        }
        for name in [
            "latency_p",
            "latency_pxx",
            "latency_p99999",
            "latency_mean",
            "cost_p50",
            "latency_p-1",
        ] {
            assert_eq!(quantile(name), None, "{name}");
        }
        assert_eq!(info("nonsense"), None);
    }

    #[test]
    fn names_are_used_once() {
        let mut names: Vec<_> = CALL_METRICS
            .iter()
            .chain(BREAKER_METRICS)
            .map(|metric| metric.name)
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn every_kind_has_metrics_and_only_sums_add_up() {
        let all = || CALL_METRICS.iter().chain(BREAKER_METRICS);
        for kind in KINDS {
            assert!(all().any(|metric| metric.kind() == kind), "{kind}");
        }
        assert!(all().all(|metric| KINDS.contains(&metric.kind())));
        assert!(
            BREAKER_METRICS
                .iter()
                .all(|metric| metric.kind() == "Breakers" && metric.adds_up())
        );
        let adds_up = |name: &str| info(name).is_some_and(|metric| metric.adds_up());
        for (name, expected) in [
            ("requests", true),
            ("cost", true),
            ("failed_cost", true),
            ("fallback_usual", true),
            ("neutral", true),
            ("cost_per_answer", false),
            ("latency_mean", false),
            ("latency_p90", false),
            ("answered", false),
        ] {
            assert_eq!(adds_up(name), expected, "{name}");
        }
    }

    #[test]
    fn points_are_pairs_on_the_wire() {
        let series = QuerySeries {
            group: BTreeMap::from([("provider".to_owned(), "openai".to_owned())]),
            points: vec![(1_000, Some(0.5)), (2_000, None)],
        };
        let text = serde_json::to_string(&series).unwrap();
        assert_eq!(
            text,
            r#"{"group":{"provider":"openai"},"points":[[1000,0.5],[2000,null]]}"#
        );
    }
}
