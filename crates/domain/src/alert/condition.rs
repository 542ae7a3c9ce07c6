//! What a rule watches for. Each kind says what its value is and on which side of it trouble lies.
//!
//! Windows end where a bucket ends and are whole multiples of 10 s, so that a live evaluation and a backtest look at the
//! same buckets.

use super::error::{RuleError, must, text};
use super::{DAY, HOUR, MINUTE, SECOND};
use crate::Millis;
use crate::breaker::State;

/// The most dimensions that a rule tells groups apart by.
const MAX_GROUP_BY: usize = 4;
/// The most characters of a filter.
const MAX_FILTER: usize = 1_024;
/// The shortest window: one bucket.
const BUCKET: Millis = 10 * SECOND;
/// A burn rate clears below this share of its factor.
pub const BURN_CLEARS: f64 = 0.9;

/// Figures of calls, told apart by dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// A metric of calls.
    pub metric: String,
    /// Dimensions; each combination of their values is a group with an alert of its own.
    pub group_by: Vec<String>,
    /// In the filter grammar.
    pub filter: String,
}

/// On which side of a limit trouble lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// High values are bad.
    Above,
    /// Low values are bad.
    Below,
}

/// A limit with hysteresis: beyond `limit` is bad, back at `clear` is good, between them nothing changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Where trouble lies.
    pub side: Side,
    /// Beyond this it is bad; at it, not yet.
    pub limit: f64,
    /// At this and beyond it is good again.
    pub clear: f64,
}

/// How many of a breaker's live instances must be in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// One.
    Any,
    /// At least half, as the verdict counts.
    Half,
    /// Every one.
    All,
}

/// A breaker is in one of these states. Each breaker is a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerState {
    /// The states, [`State::Unknown`] aside.
    pub states: Vec<State>,
    /// On how many instances.
    pub quorum: Quorum,
    /// Which breakers, in the filter grammar.
    pub filter: String,
}

/// A figure is beyond a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The figure.
    pub query: Query,
    /// Over the last so many milliseconds.
    pub window: Millis,
    /// The limit.
    pub bound: Bound,
}

/// A group that sent calls sends none. The rule's minimum of samples is what it must have sent in the hour that ended
/// with its last call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Dimensions of the groups.
    pub group_by: Vec<String>,
    /// Which calls, in the filter grammar.
    pub filter: String,
    /// For so long.
    pub after: Millis,
}

/// A figure differs from what it was before: value = now ÷ before − 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The figure.
    pub query: Query,
    /// Now: the last so many milliseconds.
    pub window: Millis,
    /// Before: so many milliseconds …
    pub baseline: Millis,
    /// … that ended so long before the window's end.
    pub lag: Millis,
    /// The limit of the relative change; 0.5 is "half again as much".
    pub bound: Bound,
}

/// One pair of windows of a burn rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnWindow {
    /// Says that it matters.
    pub long: Millis,
    /// Says that it goes on.
    pub short: Millis,
    /// Budget is used so many times faster than it may be, in both.
    pub factor: f64,
}

/// An error budget is used up too fast.
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRate {
    /// A fraction of which 1 is perfect: `answered`, `attempt_success`, `availability`.
    pub query: Query,
    /// The share that is promised, 0.995.
    pub objective: f64,
    /// Any of these pairs fires.
    pub windows: Vec<BurnWindow>,
}

/// A breaker opens again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flapping {
    /// Which breakers, in the filter grammar.
    pub filter: String,
    /// So many openings …
    pub times: u32,
    /// … within so long.
    pub within: Millis,
    /// It is good again at so many or fewer.
    pub clear: u32,
}

/// What a rule watches for.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The state of breakers; evaluated at once when one changes.
    BreakerState(BreakerState),
    /// A figure beyond a limit.
    Threshold(Threshold),
    /// Calls that stay away.
    Absence(Absence),
    /// A figure unlike before.
    Change(Change),
    /// A budget that runs out.
    BurnRate(BurnRate),
    /// A breaker that opens again and again.
    Flapping(Flapping),
}

impl Condition {
    /// Its name in the API and in files.
    pub const fn kind(&self) -> &'static str {
        match self {
            Condition::BreakerState(_) => "breaker_state",
            Condition::Threshold(_) => "threshold",
            Condition::Absence(_) => "absence",
            Condition::Change(_) => "change",
            Condition::BurnRate(_) => "burn_rate",
            Condition::Flapping(_) => "flapping",
        }
    }

    /// It looks at breakers, not at calls.
    pub const fn is_about_breakers(&self) -> bool {
        matches!(self, Condition::BreakerState(_) | Condition::Flapping(_))
    }

    /// The metric of calls that it looks at.
    pub fn metric(&self) -> Option<&str> {
        match self {
            Condition::Threshold(threshold) => Some(&threshold.query.metric),
            Condition::Change(change) => Some(&change.query.metric),
            Condition::BurnRate(burn) => Some(&burn.query.metric),
            Condition::BreakerState(_) | Condition::Absence(_) | Condition::Flapping(_) => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), RuleError> {
        match self {
            Condition::BreakerState(breaker) => breaker.check(),
            Condition::Threshold(threshold) => {
                threshold.query.check()?;
                window(threshold.window, "condition.window_ms", DAY)?;
                threshold.bound.check()
            }
            Condition::Absence(absence) => {
                group_by(&absence.group_by)?;
                filter(&absence.filter)?;
                range(absence.after, "condition.after_ms", MINUTE, DAY)?;
                window(absence.after, "condition.after_ms", DAY)
            }
            Condition::Change(change) => change.check(),
            Condition::BurnRate(burn) => burn.check(),
            Condition::Flapping(flapping) => flapping.check(),
        }
    }
}

impl Query {
    fn check(&self) -> Result<(), RuleError> {
        text(&self.metric, "condition.metric", 1, 64)?;
        group_by(&self.group_by)?;
        filter(&self.filter)
    }
}

impl Bound {
    /// It is bad.
    pub fn is_bad(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.limit,
            Side::Below => value < self.limit,
        }
    }

    /// It is good again. Never together with [`Bound::is_bad`].
    pub fn is_good(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value <= self.clear,
            Side::Below => value >= self.clear,
        }
    }

    fn check(&self) -> Result<(), RuleError> {
        for (value, field) in [(self.limit, "condition.limit"), (self.clear, "condition.clear")] {
            must(value.is_finite() && value.abs() <= 1e15, field, || {
                format!("must be a number within ±1e15, got {value}")
            })?;
        }
        let (limit, clear) = (self.limit, self.clear);
        match self.side {
            Side::Above => must(clear <= limit, "condition.clear", || {
                format!("must be at most the limit {limit}, got {clear}")
            }),
            Side::Below => must(clear >= limit, "condition.clear", || {
                format!("must be at least the limit {limit}, got {clear}")
            }),
        }
    }
}

impl BreakerState {
    /// Whether so many of so many live instances are enough.
    pub fn holds(&self, instances: u64, live: u64) -> bool {
        match self.quorum {
            Quorum::Any => instances > 0,
            Quorum::Half => instances > 0 && instances.saturating_mul(2) >= live,
            Quorum::All => instances > 0 && instances >= live,
        }
    }

    fn check(&self) -> Result<(), RuleError> {
        filter(&self.filter)?;
        let known = State::ALL.len() - 1;
        must(
            (1..=known).contains(&self.states.len()),
            "condition.states",
            || format!("must name 1 to {known} states, got {}", self.states.len()),
        )?;
        must(!self.states.contains(&State::Unknown), "condition.states", || {
            "unknown is not a state that can be watched for; use a rule about absence".into()
        })
    }
}

impl Change {
    /// The relative change; `None` when there is nothing to compare with.
    pub fn value(&self, now: Option<f64>, before: Option<f64>) -> Option<f64> {
        let (now, before) = (now?, before?);
        (before > 0.0).then(|| now / before - 1.0)
    }

    fn check(&self) -> Result<(), RuleError> {
        self.query.check()?;
        window(self.window, "condition.window_ms", DAY)?;
        window(self.baseline, "condition.baseline_ms", 7 * DAY)?;
        window(self.lag, "condition.lag_ms", 30 * DAY)?;
        must(self.lag >= self.window, "condition.lag_ms", || {
            format!(
                "must be at least window_ms, so that now and before do not overlap; got {} for {}",
                self.lag, self.window
            )
        })?;
        self.bound.check()
    }
}

impl BurnRate {
    /// How fast budget is used: 1 is exactly as fast as it may be.
    pub fn burn(&self, share: f64) -> f64 {
        (1.0 - share).max(0.0) / (1.0 - self.objective)
    }

    /// The largest multiple of its factor that any pair has in both windows. `shares` are the long and the short window's
    /// figure of each pair, in the rule's order.
    pub fn value(&self, shares: &[(Option<f64>, Option<f64>)]) -> Option<f64> {
        let pair = |(window, (long, short)): (&BurnWindow, &(Option<f64>, Option<f64>))| {
            let slower = self.burn((*long)?).min(self.burn((*short)?));
            Some(slower / window.factor)
        };
        self.windows.iter().zip(shares).filter_map(pair).reduce(f64::max)
    }

    fn check(&self) -> Result<(), RuleError> {
        self.query.check()?;
        let objective = self.objective;
        must(
            (0.5..=0.99999).contains(&objective),
            "condition.objective",
            || format!("is a fraction, 0.5 to 0.99999, got {objective}"),
        )?;
        let pairs = self.windows.len();
        must((1..=4).contains(&pairs), "condition.windows", || {
            format!("must be 1 to 4 pairs, got {pairs}")
        })?;
        for (nth, pair) in self.windows.iter().enumerate() {
            let field = |part: &str| format!("condition.windows.{nth}.{part}");
            window(pair.long, &field("long_ms"), 7 * DAY)?;
            window(pair.short, &field("short_ms"), DAY)?;
            must(pair.short < pair.long, &field("short_ms"), || {
                format!("must be shorter than long_ms {}, got {}", pair.long, pair.short)
            })?;
            let factor = pair.factor;
            must(factor > 0.0 && factor <= 10_000.0, &field("factor"), || {
                format!("must be above 0 and at most 10,000, got {factor}")
            })?;
        }
        Ok(())
    }
}

impl Flapping {
    fn check(&self) -> Result<(), RuleError> {
        filter(&self.filter)?;
        must((2..=1_000).contains(&self.times), "condition.times", || {
            format!("must be 2 to 1,000, got {}", self.times)
        })?;
        must(self.clear < self.times, "condition.clear", || {
            format!("must be below times {}, got {}", self.times, self.clear)
        })?;
        range(self.within, "condition.within_ms", MINUTE, DAY)
    }
}

fn filter(value: &str) -> Result<(), RuleError> {
    text(value, "condition.filter", 0, MAX_FILTER)
}

fn group_by(dimensions: &[String]) -> Result<(), RuleError> {
    let count = dimensions.len();
    must(count <= MAX_GROUP_BY, "condition.group_by", || {
        format!("must name at most {MAX_GROUP_BY} dimensions, got {count}")
    })?;
    for (place, dimension) in dimensions.iter().enumerate() {
        text(dimension, "condition.group_by", 1, 140)?;
        must(
            !dimensions[..place].contains(dimension),
            "condition.group_by",
            || format!("`{dimension}` is named twice"),
        )?;
    }
    Ok(())
}

fn range(value: Millis, field: &str, least: Millis, most: Millis) -> Result<(), RuleError> {
    must((least..=most).contains(&value), field, || {
        format!("must be {least} to {most} milliseconds, got {value}")
    })
}

/// A length of time that buckets fill.
fn window(value: Millis, field: &str, most: Millis) -> Result<(), RuleError> {
    range(value, field, BUCKET, most)?;
    must(value % BUCKET == 0, field, || {
        format!("must be a multiple of {BUCKET} milliseconds, got {value}")
    })
}

impl Condition {
    /// How far back it looks at one moment, milliseconds.
    pub fn looks_back(&self) -> Millis {
        match self {
            Condition::BreakerState(_) => 0,
            Condition::Threshold(threshold) => threshold.window,
            Condition::Absence(absence) => absence.after + HOUR,
            Condition::Change(change) => change.lag + change.baseline,
            Condition::BurnRate(burn) => burn.windows.iter().map(|pair| pair.long).max().unwrap_or(0),
            Condition::Flapping(flapping) => flapping.within,
        }
    }
}
