//! Objectives (SLOs): what share of events is promised to be good over a window, and what of that promise is left.
//!
//! Whole sentences are made by the engine, so that the page, the API and a report say the same. Deliberately absent: any
//! arithmetic, and the rule that watches an objective (it is a rule like any other, [`crate::alerts`]).

use serde::{Deserialize, Serialize};

use crate::view::Working;

/// What can be promised: name, title, what one event is, and whether it has a limit.
pub const INDICATORS: [SloIndicator; 6] = [
    indicator("answered", "Answered", "requests", ""),
    indicator("attempt_success", "Attempt success", "attempts", ""),
    indicator("availability", "Availability", "attempts", ""),
    indicator("ttft", "First token in time", "streams", "ms"),
    indicator("tokens_per_second", "Fast enough", "minutes", "tokens/s"),
    indicator("fallback_rate", "Few stand-ins", "minutes", "of answers"),
];

/// Something that can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SloIndicator {
    /// In documents.
    pub name: &'static str,
    /// On screen.
    pub title: &'static str,
    /// What is good or bad: `requests`, `attempts`, `streams`, `minutes`.
    pub events: &'static str,
    /// The unit of its limit; empty where it has none, as it is a share by itself.
    pub limit: &'static str,
}

const fn indicator(
    name: &'static str,
    title: &'static str,
    events: &'static str,
    limit: &'static str,
) -> SloIndicator {
    SloIndicator {
        name,
        title,
        events,
        limit,
    }
}

impl SloIndicator {
    /// The indicator of a name.
    pub fn of(name: &str) -> Option<SloIndicator> {
        INDICATORS.into_iter().find(|known| known.name == name)
    }

    /// It is a share of calls, which a rule can watch: it has no limit.
    pub fn is_ratio(&self) -> bool {
        self.limit.is_empty()
    }
}

/// An objective as people write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloDoc {
    /// Unique among the tenant's objectives.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// One of [`INDICATORS`], by name.
    pub indicator: String,
    /// What an event must keep to be good: milliseconds for `ttft` (below), tokens per second for `tokens_per_second`
    /// (above), a share for `fallback_rate` (below). None for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Of which calls, in the filter grammar; empty for all.
    #[serde(default)]
    pub filter: String,
    /// The share that is promised to be good, above 0 and below 1.
    pub objective: f64,
    /// Over what it is promised.
    pub window: SloWindow,
    /// Who looks after it.
    #[serde(default)]
    pub owner: String,
}

/// Over what something is promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SloWindow {
    /// The last days, always.
    Rolling {
        /// 1 to 90.
        days: u16,
    },
    /// A period of the calendar, from whose beginning all of the budget is there again.
    Calendar {
        /// `week`, `month` or `quarter`.
        unit: String,
        /// Whose calendar: `Europe/Berlin`.
        zone: String,
    },
}

/// How fast a budget was used up over the last hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloBurn {
    /// Over so many milliseconds.
    pub over_ms: i64,
    /// On screen: "1 hour".
    pub words: String,
    /// 1 uses the budget up exactly at the window's end, 2 in half of the time; none where nothing was sent.
    pub rate: Option<f64>,
}

/// Whose failures used up the budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloEater {
    /// The provider; empty for calls that name none.
    pub provider: String,
    /// Its bad events.
    pub bad: u64,
    /// Of all bad events, 0 to 1.
    pub share: f64,
}

/// The rule that watches an objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SloRule {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// It is evaluated.
    pub enabled: bool,
    /// It watches for what is promised now; false after either of them was changed.
    pub follows: bool,
    /// Its alerts that are open.
    pub open: usize,
}

/// How an objective stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloStatus {
    /// When it was computed, epoch milliseconds.
    pub as_of: i64,
    /// On screen: "30 days rolling, 99.5%".
    pub about: String,
    /// What is good, as one says it: "first token below 800 ms".
    pub good_words: String,
    /// What is counted: `requests`, `attempts`, `streams`, `minutes`.
    pub events: String,
    /// The window begins then, epoch milliseconds.
    pub from: i64,
    /// And ends then; of a calendar it may lie ahead.
    pub to: i64,
    /// Good ones.
    pub good: u64,
    /// All that count.
    pub valid: u64,
    /// The share that was good; none where nothing was sent.
    pub now: Option<f64>,
    /// So many may be bad: (1 − objective) × valid.
    pub allowed: f64,
    /// So many were.
    pub bad: u64,
    /// The share of the budget that is left: 1 all, 0 none, below it overspent.
    pub left: Option<f64>,
    /// Over 1, 6, 24 and 72 hours.
    pub burn: Vec<SloBurn>,
    /// Since when the budget is used up.
    pub used_up: Option<i64>,
    /// When it will be used up if it goes on as in the last 3 days.
    pub exhausted: Option<i64>,
    /// The working of that, one sentence; what else there is to say of the course where there is none.
    pub projection: String,
    /// Ends of steps and the share of the budget that was left then; none where nothing was sent in the step.
    pub left_over_time: Vec<(i64, Option<f64>)>,
    /// Steps are `hour` or `day`.
    pub step: String,
    /// Whose failures used the budget up, most first; of one objective only, and empty where it cannot be told.
    pub ate: Vec<SloEater>,
    /// The rule that watches it.
    pub rule: Option<SloRule>,
    /// A part of the window is older than anything that is kept.
    pub partial: bool,
    /// Why its figures cannot be had at the moment.
    pub problem: Option<String>,
    /// How it is computed.
    pub working: Working,
}

/// Whether a promise would have been kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloPreview {
    /// One sentence: "It would have held on 81 of 92 days; the lowest was 99.12%, on 3 Nov."
    pub words: String,
    /// Windows of the last three months: days for a rolling one (each the window that ended then), else periods.
    pub windows: Vec<SloPast>,
    /// It held over all of them of which something is known; none where nothing is.
    pub held: Option<bool>,
}

/// A window that has passed, or the one that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloPast {
    /// On screen: "October", "3 Nov".
    pub words: String,
    /// It began then, epoch milliseconds.
    pub from: i64,
    /// And ended then.
    pub to: i64,
    /// The share that was good.
    pub share: Option<f64>,
    /// The share of the budget that was left at its end.
    pub left: Option<f64>,
}
