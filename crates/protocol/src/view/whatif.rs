//! "If the limit were": what a breaker would have done with the calls on record at other failure limits.
//!
//! Every figure is a range: calls that were refused in reality have no outcome, and may have gone either way.

use serde::{Deserialize, Serialize};

/// The replays of one breaker over a range.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LimitReplays {
    /// Of which breaker, by its `b_…` id.
    pub id: String,
    /// The beginning of the range as it was asked for: `now-7d`.
    pub asked_from: String,
    /// Its end as it was asked for: `now`.
    pub asked_to: String,
    /// The range in words: "Last 7 days".
    pub words: String,
    /// The first moment of the range, epoch milliseconds.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// When it was asked.
    pub as_of: i64,
    /// The oldest call that was replayed ended then; `None` without calls.
    pub oldest: Option<i64>,
    /// There are older calls in the range that were not replayed: too many, or too far to go back.
    pub cut: bool,
    /// Calls that were replayed, sampled ones counted in full.
    pub calls: u64,
    /// Those of them that a breaker refused in reality: their outcome is not known.
    pub unknown: u64,
    /// Instances that made them; each was replayed by itself, and the figures are added up.
    pub instances: u32,
    /// The limit in force, a fraction, where it is told.
    pub limit: Option<f64>,
    /// Which of `replays` is nearest to it.
    pub current: Option<u32>,
    /// The rules that were replayed.
    pub rules: ReplayRules,
    /// By limit, rising.
    pub replays: Vec<LimitReplay>,
}

/// By which rules calls were replayed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplayRules {
    /// Calls in the window; rates are judged when it is full.
    pub window_calls: u32,
    /// The breaker reported it; otherwise it is the usual one.
    pub window_told: bool,
    /// How long it stays open before trial calls, milliseconds.
    pub open_for_ms: i64,
    /// Its transitions tell it; otherwise it is the usual one.
    pub open_for_told: bool,
    /// Trial calls that decide.
    pub trials: u32,
    /// The breaker reported it; otherwise it is the usual one.
    pub trials_told: bool,
    /// `rate_limited` counts as a failure, as it did when it opened.
    pub rate_limits_count: bool,
}

/// What would have been at one limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitReplay {
    /// The share of failures at which it trips, a fraction.
    pub limit: f64,
    /// How often it would have tripped.
    pub opened: Counts,
    /// Time open, milliseconds.
    pub open_ms: Counts,
    /// Failing calls that it would have let through.
    pub failures_let_through: Counts,
    /// Good calls that it would have refused.
    pub good_turned_away: Counts,
}

/// The least and the most that a figure may be; equal where nothing is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// At least.
    pub min: u64,
    /// At most.
    pub max: u64,
}
