//! The board: verdict, key figures, providers, breakers, the feed of transitions.

use serde::{Deserialize, Serialize};

use super::{ChartPoint, Level, Range, State};

/// Everything the board shows, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// Server time, epoch milliseconds.
    pub now: i64,
    /// The range the figures cover.
    pub range: Range,
    /// The sentence on top.
    pub verdict: Verdict,
    /// The six key figures, in drawn order.
    pub kpis: Vec<Kpi>,
    /// By name.
    pub providers: Vec<Provider>,
    /// By (provider, name, environment, service, deployment).
    pub breakers: Vec<Breaker>,
    /// Newest first, at most 60.
    pub feed: Vec<Feed>,
    /// Chart points, oldest first; empty in the server-rendered page, filled in socket snapshots.
    pub points: Vec<ChartPoint>,
    /// When the newest event was received, epoch milliseconds; `None` when there never was one.
    pub last_event: Option<i64>,
    /// Simulated traffic is part of what is shown.
    pub simulated: bool,
}

/// What changed on the board since the frame before. Every entry is the full current value of its entity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BoardDelta {
    /// The new verdict.
    pub verdict: Option<Verdict>,
    /// Changed figures.
    pub kpis: Vec<Kpi>,
    /// Changed or new providers.
    pub providers: Vec<Provider>,
    /// Ids of providers that are gone.
    pub providers_gone: Vec<u64>,
    /// Changed or new breakers.
    pub breakers: Vec<Breaker>,
    /// Ids of breakers that are gone.
    pub breakers_gone: Vec<u64>,
    /// New or changed feed entries, newest first.
    pub feed: Vec<Feed>,
    /// Changed or new chart points, by `t`.
    pub points: Vec<ChartPoint>,
    /// Chart points before this time have left the range; set when some did.
    pub points_from: Option<i64>,
    /// New value, when it changed.
    pub last_event: Option<i64>,
    /// New value, when it changed.
    pub simulated: Option<bool>,
}

/// The sentence on top of every page: at most two clauses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its shape and colour.
    pub level: Level,
    /// The bold part: "1 breaker open, 1 recovering."
    pub lead: String,
    /// The rest: "anthropic is failing over to openai; users see 99.2% success." May be empty.
    pub rest: String,
}

/// Which key figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KpiId {
    /// First events per second.
    Requests,
    /// *Answered*: answers ÷ (requests − neutral), a fraction.
    Success,
    /// 95th percentile of the duration of answers, milliseconds.
    LatencyP95,
    /// 95th percentile of the time to first token of answers, milliseconds.
    TtftP95,
    /// Output tokens per second.
    TokensOut,
    /// US dollars since midnight in the tenant's time zone.
    SpendToday,
}

/// One key figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kpi {
    /// Which one.
    pub id: KpiId,
    /// Its value over the range, in the unit named at [`KpiId`]; `None` when there is nothing to tell.
    pub value: Option<f64>,
    /// Against the same length of time one hour earlier: relative (0.03 = +3%), for `Success` the difference of the
    /// fractions. `None` when there is no history. For `SpendToday`: dollars per hour over the range.
    pub change: Option<f64>,
    /// Its shape and colour.
    pub level: Level,
    /// About 40 points over the range, oldest first, for the sparkline; `None` before the first event.
    pub spark: Vec<Option<f32>>,
    /// For `SpendToday`: the share of today's calls with tokens that have no price, when above zero.
    pub unpriced: Option<f64>,
}

/// A rail of the fuse panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// Stable while the server runs and across restarts.
    pub id: u64,
    /// `openai`.
    pub name: String,
    /// The worst of its breakers and its availability.
    pub level: Level,
    /// Attempts per second over the range.
    pub rate: f64,
    /// 95th percentile of the duration of answers over the range, milliseconds.
    pub p95_ms: Option<f64>,
    /// Mean cost of an attempt over the range, US dollars.
    pub cost_per_call: Option<f64>,
    /// Attempt success over the range, a fraction.
    pub success: Option<f64>,
}

/// One fuse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breaker {
    /// The id as a number; `id` is its shown form.
    pub key: u64,
    /// `b_` and 16 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub breaker: String,
    /// May be empty.
    pub environment: String,
    /// May be empty.
    pub service: String,
    /// May be empty.
    pub deployment: String,
    /// The rail it sits on; empty when nobody said.
    pub provider: String,
    /// May be empty.
    pub model: String,
    /// The worst state over live instances: where the lever stands.
    pub state: State,
    /// When the shown state began, epoch milliseconds.
    pub since: i64,
    /// Live instances by state, worst first.
    pub counts: Vec<(State, u32)>,
    /// All live instances are in the same state.
    pub agree: bool,
    /// Up to five instances that are not in the worst state.
    pub dissent: Vec<String>,
    /// Share of failing calls: as reported by the worst instance, else computed from calls of the last minute.
    pub failure_rate: Option<f64>,
    /// Where it trips.
    pub failure_threshold: Option<f64>,
    /// Calls guarded by it in the last minute, where calls name their breaker.
    pub calls: u32,
    /// When it will let trial calls through, epoch milliseconds.
    pub retry_at: Option<i64>,
    /// Trial calls done in half-open.
    pub trials_done: Option<u32>,
    /// Trial calls needed to close.
    pub trials_needed: Option<u32>,
    /// Why it is in this state, as told by the last transition; at most 256 characters.
    pub reason: String,
    /// Several processes may report under one instance name.
    pub shared: bool,
    /// Some of its backends are out.
    pub degraded: bool,
    /// 30 cells of 30 s, oldest first, worst state in each: `c` closed, `o` open, `h` half-open, `f` forced open,
    /// `d` disabled, `m` metrics only, `-` no live instance.
    pub strip: String,
}

/// One entry of the feed: a transition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// Rising; unique within the tenant.
    pub id: u64,
    /// When it happened, epoch milliseconds.
    pub at: i64,
    /// The breaker's id as a number.
    pub breaker_key: u64,
    /// The breaker's name.
    pub breaker: String,
    /// May be empty.
    pub provider: String,
    /// May be empty.
    pub service: String,
    /// The instance that changed.
    pub instance: String,
    /// The state it left, when known.
    pub from: Option<State>,
    /// The state it is in.
    pub to: State,
    /// In words: "24 × overloaded, 5 × timeout, of 50 calls", or the reported reason. May be empty.
    pub cause: String,
    /// How long the state it left had lasted, milliseconds.
    pub lasted_ms: Option<i64>,
    /// The transition itself never reached us; a later report told of it.
    pub inferred: bool,
}
