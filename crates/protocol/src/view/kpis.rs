//! The KPI page: a period in one sentence, four numbers, what was left of the promise, what unreliability cost, who is to
//! blame, and how much of it is known.
//!
//! Figures come from `engine::query` alone. Each carries how it is computed and the question that gives it, so that a
//! reader can ask it again. What was drilled, probed or simulated, and what somebody marked as not counting, is in none of
//! them. Money is US dollars.

use serde::{Deserialize, Serialize};

use crate::query::Unit;

/// A period and the one that it is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// As it was asked for: `month`, `last-month`, `week`, `quarter`, `year`, or a range in the grammar of ranges.
    pub asked: String,
    /// On screen: "November so far".
    pub words: String,
    /// From then, epoch milliseconds.
    pub from: i64,
    /// Until then: the end of the calendar period, which may lie ahead.
    pub to: i64,
    /// Until then there can be figures: `to`, or now.
    pub until: i64,
    /// On screen: "October".
    pub before_words: String,
    /// What it is compared with: as much of the period before as has passed of this one.
    pub before_from: i64,
    /// Until then.
    pub before_to: i64,
    /// The zone whose calendar it is: `Europe/Berlin`.
    pub zone: String,
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The words, with the spaces around them.
    pub words: String,
    /// It is what the sentence is about.
    pub strong: bool,
}

/// Which side of a target is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Good {
    /// High values are.
    High,
    /// Low values are.
    Low,
}

/// How a figure is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Working {
    /// One or two sentences.
    pub words: String,
    /// The formula over metrics, as a custom figure would be written: `answers / (requests - neutral)`.
    pub formula: String,
    /// Parameters of `GET /api/v1/query` that give the parts, one question each; empty where no question does.
    pub queries: Vec<String>,
}

/// One number with what it is to be and what it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// `answered`, `ttft`, `cost_per_answer`, `time_to_acknowledge` and so on; of a custom one `kpi:3`.
    pub key: String,
    /// On screen.
    pub title: String,
    /// What the numbers are.
    pub unit: Unit,
    /// Which side is good.
    pub good: Good,
    /// In the period; `None` where nothing says it.
    pub value: Option<f64>,
    /// In the period before.
    pub before: Option<f64>,
    /// What it is to be.
    pub target: Option<f64>,
    /// How many calls, alerts or answers it rests on.
    pub samples: u64,
    /// By day of the period, oldest first; `None` where nothing says it. At most 366.
    pub days: Vec<Option<f64>>,
    /// Who looks after it.
    pub owner: String,
    /// How it is computed.
    pub working: Working,
}

/// What is left of a promise, day by day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burndown {
    /// The objective, by number; `None` for the one that follows from the target of *answered*.
    pub slo: Option<u64>,
    /// On screen: "chat".
    pub title: String,
    /// On screen: "30 days rolling, 99.5%".
    pub about: String,
    /// What is promised, 0 to 1.
    pub objective: f64,
    /// Ends of steps (epoch milliseconds) and the share of the budget that was left then: 1 all, 0 none, below it overspent.
    pub left: Vec<(i64, Option<f64>)>,
    /// When it will be used up if it goes on as in the last days; `None` when it will not, or nobody can tell.
    pub exhausted: Option<i64>,
    /// The working of that, one sentence; empty with `None`.
    pub projection: String,
    /// How it is computed.
    pub working: Working,
}

/// One part of what unreliability cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostPart {
    /// `failed`, `fallback`, `retries`, `probes`.
    pub key: String,
    /// On screen.
    pub title: String,
    /// US dollars; `None` where no price says it. Fallback may be below zero: a stand-in may be cheaper.
    pub usd: Option<f64>,
    /// How it is computed.
    pub working: Working,
}

/// What unreliability cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unreliability {
    /// The parts; no call is in two of them.
    pub parts: Vec<CostPart>,
    /// Their sum, of those that are known.
    pub usd: Option<f64>,
    /// The share of the calls concerned whose price is unknown.
    pub unpriced: Option<f64>,
}

/// How long breakers of a provider were open, by hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    /// The provider; empty for breakers of none.
    pub provider: String,
    /// Hours in which some of its breakers was open: which hour from the period's beginning, and for how many milliseconds (of the
    /// longest open breaker).
    pub hours: Vec<(u32, u32)>,
}

/// What a provider did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KpiProvider {
    /// Its name.
    pub name: String,
    /// Its page.
    pub id: String,
    /// Answers.
    pub answers: u64,
    /// Attempt success.
    pub success: Option<f64>,
    /// First token p95, milliseconds.
    pub ttft_p95: Option<f64>,
    /// US dollars.
    pub cost: Option<f64>,
    /// How often its breakers opened.
    pub opened: u64,
    /// For how long in all, milliseconds.
    pub open_ms: i64,
    /// The share of the spent budget that its failures ate.
    pub ate: Option<f64>,
    /// Answers by day, oldest first.
    pub days: Vec<Option<f64>>,
}

/// A stretch of which nothing is known though something should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// From then.
    pub from: i64,
    /// Until then.
    pub to: i64,
    /// "nothing came though about 300 calls an hour are usual", "marked by Ada: load test".
    pub why: String,
    /// Somebody marked it as not counting; it does not lower completeness.
    pub marked: bool,
}

/// How much of the period is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completeness {
    /// Calls that the figures rest on.
    pub calls: u64,
    /// The share of the period's hours that are known, 0 to 1; `None` before the first event.
    pub complete: Option<f64>,
    /// What is missing, longest first; at most 20.
    pub gaps: Vec<Gap>,
    /// Calls of drills, probes and simulations that were left out.
    pub left_out: u64,
    /// The share of calls with tokens that have no price.
    pub unpriced: Option<f64>,
    /// The share of the cost that is list price times tokens, not what the sender said.
    pub estimated: Option<f64>,
    /// The newest invoices against what we counted for the same time, one sentence; empty when there are none.
    pub reconciled: String,
    /// How it is computed.
    pub working: Working,
}

/// The whole page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KpiPage {
    /// The period.
    pub period: Period,
    /// When it was computed, epoch milliseconds.
    pub as_of: i64,
    /// Of which calls, in the filter grammar; empty for all.
    pub filter: String,
    /// The period in one sentence or two.
    pub sentence: Vec<Said>,
    /// The four numbers first, then the others.
    pub figures: Vec<Figure>,
    /// What is left of the promise; `None` where nothing is promised.
    pub budget: Option<Burndown>,
    /// What unreliability cost.
    pub unreliability: Unreliability,
    /// Breakers by hour, one row a provider; those that were never open too.
    pub breakers: Vec<OpenHours>,
    /// Providers, the busiest first.
    pub providers: Vec<KpiProvider>,
    /// How much is known.
    pub completeness: Completeness,
    /// A part of the period is older than anything that is kept.
    pub partial: bool,
}
