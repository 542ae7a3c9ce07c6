//! "If the limit were": what a breaker would have done with the calls on record at other failure thresholds.
//!
//! One pass answers for all limits: each has breaker cores of its own, and every call is put to all of them. A call
//! asks and ends at the moment of its end, because that is the order of the record.
//!
//! A call that was refused in reality has no outcome, so every figure is a range between two worlds: in one, each such
//! call that a replayed core lets through goes well, in the other it fails. What a replayed core refuses leaves no
//! trace in it; a refused call of unknown outcome may therefore have been a good one in either world, and the most
//! counts it so. The worlds are two extremes, not a proof: a breaker that opens sooner also closes sooner, so a mixture
//! may lie outside.
//!
//! What no breaker judges ([`Settings::judge`]) is not put to the cores: it neither passes nor is turned away. The other
//! rules of the settings (slow calls, failures in a row) hold at every limit.
//!
//! Deliberately absent: the state at the start. A replay begins closed with an empty window, and knows nothing of
//! forced states: it tells what the rules would have done, not what people did.
//!
//! Memory does not grow with the calls: it is that of two cores per limit, half a kilobyte each and its window, which
//! takes 3 bytes per call of a count window, 72 per step of a time window, at most twice that while it grows. With 19
//! limits that is 40 kB for 100 calls and 200 kB for a minute; the largest settings that are allowed take 120 MB
//! (1,000,000 calls) and 360 MB (a day). Time is that of one step per core, call and unit of weight.

mod together;
mod told;
mod world;

pub use together::together;
pub use told::Told;
use world::{Nature, Put, World};

use super::core::Input;
use super::settings::Settings;
use crate::event::Call;
use crate::{Micros, Millis, Outcome};

/// How many limits there are: 5%, 10% … 95%.
pub const LIMITS: usize = 19;
/// The distance between two of them.
const STEP: f64 = 0.05;
/// A call that stands for more is put to the cores so often; the rest fares as the last of them left things.
///
/// A count window holds nothing else after so many alike as it is long, so that more change nothing; it and the trials
/// before it are fed no more than that. In a time window more would weigh more. But a weight may be a million, and a
/// million steps of every core for one call are too dear.
pub const MOST_FED: u32 = 1_000;

/// A call on record, as far as a breaker looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedCall {
    /// When it ended.
    pub at: Millis,
    /// How; [`Outcome::Rejected`] is the unknown.
    pub outcome: Outcome,
    /// How long it took. One without is not slow.
    pub duration: Option<Micros>,
    /// It stands for so many.
    pub weight: u32,
}

impl RecordedCall {
    /// A call that was reported.
    pub fn of(at: Millis, call: &Call) -> RecordedCall {
        RecordedCall {
            at,
            outcome: call.outcome(),
            duration: call.duration,
            weight: call.weight,
        }
    }
}

/// The least and the most that a figure may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Between<T> {
    /// At least.
    pub min: T,
    /// At most; the same as the least where nothing is unknown.
    pub max: T,
}

impl<T: Copy + Ord> Between<T> {
    fn of(values: impl Iterator<Item = T> + Clone, otherwise: T) -> Between<T> {
        Between {
            min: values.clone().min().unwrap_or(otherwise),
            max: values.max().unwrap_or(otherwise),
        }
    }
}

/// What would have been at one limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The share of failures at which it trips.
    pub limit: f64,
    /// How often it tripped. A trial that fails is no new opening.
    pub opened: Between<u32>,
    /// How often failed trials opened it again.
    pub reopened: Between<u32>,
    /// How long it was open, half-open not counted. An open breaker that nobody asks stays open.
    pub open_ms: Between<Millis>,
    /// Calls that failed, and that it let through.
    pub failures_let_through: Between<u64>,
    /// Calls that went well, and that it would have refused.
    pub good_turned_away: Between<u64>,
    /// Calls whose outcome nobody knows; the same at every limit.
    pub unknown: u64,
}

/// What would have been at all limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdicts {
    /// One for each limit, in the order given.
    pub verdicts: Vec<Verdict>,
    /// Which of them is nearest to the limit in force; `None` when that is not known, or more than half a step away.
    pub current: Option<usize>,
}

/// A replay under way. Calls go in one by one, in the order of their ends.
#[derive(Debug, Clone)]
pub struct WhatIf {
    current: Option<f64>,
    base: Settings,
    /// Where calls of unknown outcome go well.
    well: Vec<World>,
    /// Where they fail. Empty until there is one: without, both worlds are the same.
    badly: Vec<World>,
    unknown: u64,
    latest: Millis,
}

impl WhatIf {
    /// For 5%, 10% … 95%. The threshold in `base` is not used; `current` is the limit in force, where known.
    pub fn new(base: &Settings, current: Option<f64>) -> WhatIf {
        WhatIf::with_limits(base, &limits(), current)
    }

    /// For other limits.
    pub fn with_limits(base: &Settings, limits: &[f64], current: Option<f64>) -> WhatIf {
        WhatIf {
            current,
            base: base.clone(),
            well: limits.iter().map(|limit| World::new(base, *limit)).collect(),
            badly: Vec::new(),
            unknown: 0,
            latest: Millis::MIN,
        }
    }

    /// Puts a call to every core. Time that goes back counts as the newest time seen.
    pub fn push(&mut self, call: &RecordedCall) {
        let at = call.at.max(self.latest);
        let put = |outcome, duration, nature| Put {
            record: Input::Record { outcome, duration },
            nature,
            weight: call.weight,
            at,
        };
        let (well, badly) = if call.outcome == Outcome::Rejected {
            if self.badly.is_empty() {
                self.badly.clone_from(&self.well);
            }
            self.unknown = self.unknown.saturating_add(u64::from(call.weight));
            // The worst that a call can be is slow too.
            let slow = self.base.slow_after.map_or(0, |limit| limit.saturating_add(1));
            (
                put(Outcome::Ok, 0, Nature::Unknown { fails: false }),
                put(Outcome::ServerError, slow, Nature::Unknown { fails: true }),
            )
        } else {
            let Some(failed) = self.base.judge(call.outcome) else {
                return;
            };
            let nature = if failed { Nature::Failure } else { Nature::Good };
            let known = put(call.outcome, call.duration.unwrap_or(0), nature);
            (known, known)
        };
        self.latest = at;
        for world in &mut self.well {
            world.take(&well);
        }
        for world in &mut self.badly {
            world.take(&badly);
        }
    }

    /// The figures, up to `end`: what is open by then has been open until then.
    pub fn finish(&self, end: Millis) -> Verdicts {
        let end = end.max(self.latest);
        let verdicts: Vec<Verdict> = self
            .well
            .iter()
            .enumerate()
            .map(|(index, well)| {
                let worlds = [Some(well), self.badly.get(index)];
                let worlds = worlds.into_iter().flatten();
                let good = Between::of(worlds.clone().map(|w| w.good_turned_away), 0);
                let perhaps = worlds
                    .clone()
                    .map(|w| w.good_turned_away.saturating_add(w.unknown_turned_away));
                Verdict {
                    limit: well.limit(),
                    opened: Between::of(worlds.clone().map(|w| w.opened), 0),
                    reopened: Between::of(worlds.clone().map(|w| w.reopened), 0),
                    open_ms: Between::of(worlds.clone().map(|w| w.open_until(end)), 0),
                    failures_let_through: Between::of(worlds.map(|w| w.failures_let_through), 0),
                    good_turned_away: Between {
                        min: good.min,
                        max: perhaps.max().unwrap_or(good.max),
                    },
                    unknown: self.unknown,
                }
            })
            .collect();
        let current = self.current.and_then(|current| nearest(&verdicts, current));
        Verdicts { verdicts, current }
    }
}

/// Replays calls in time order at 5%, 10% … 95%; see [`WhatIf`].
pub fn replay(
    base: &Settings,
    calls: impl IntoIterator<Item = RecordedCall>,
    current: Option<f64>,
    end: Millis,
) -> Verdicts {
    let mut replay = WhatIf::new(base, current);
    for call in calls {
        replay.push(&call);
    }
    replay.finish(end)
}

/// 5%, 10% … 95%, each the fraction nearest to it, so that 7 of 20 reach 35%.
pub fn limits() -> [f64; LIMITS] {
    std::array::from_fn(|index| (index + 1) as f64 * 5.0 / 100.0)
}

fn nearest(verdicts: &[Verdict], current: f64) -> Option<usize> {
    let far = |verdict: &Verdict| (verdict.limit - current).abs();
    let nearest = verdicts
        .iter()
        .enumerate()
        .min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b)));
    // A hair more than half: 52.5% lies between two of them.
    nearest
        .filter(|(_, verdict)| far(verdict) <= STEP / 2.0 + 1e-9)
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::{Between, RecordedCall, WhatIf, limits, replay};
    use crate::Outcome;
    use crate::breaker::{Settings, WindowKind};

    fn settings() -> Settings {
        Settings {
            window: WindowKind::Count(10),
            minimum_calls: 10,
            open_for: 1_000,
            half_open_trials: 1,
            ..Settings::default()
        }
    }

    fn call(at: i64, outcome: Outcome, weight: u32) -> RecordedCall {
        RecordedCall {
            at,
            outcome,
            duration: Some(1),
            weight,
        }
    }

    fn exactly<T: Copy>(value: T) -> Between<T> {
        Between {
            min: value,
            max: value,
        }
    }

    #[test]
    fn lower_limits_open_sooner_and_turn_good_calls_away() {
        let calls = [
            call(0, Outcome::Ok, 6),
            call(1, Outcome::Timeout, 3),
            call(2, Outcome::Ok, 1),
            call(500, Outcome::Auth, 1_000),
            call(502, Outcome::Ok, 14),
            call(503, Outcome::Overloaded, 2),
            call(2_002, Outcome::Ok, 1),
        ];
        let all = replay(&settings(), calls, Some(0.3), 5_000);
        assert_eq!(all.verdicts.iter().map(|v| v.limit).collect::<Vec<_>>(), limits());
        assert_eq!(all.current, Some(5));
        let at_30 = all.verdicts[5];
        assert_eq!((at_30.opened, at_30.reopened), (exactly(1), exactly(0)));
        assert_eq!(at_30.open_ms, exactly(2_000));
        assert_eq!(at_30.failures_let_through, exactly(3));
        assert_eq!((at_30.good_turned_away, at_30.unknown), (exactly(14), 0));
        let at_35 = all.verdicts[6];
        assert_eq!((at_35.opened, at_35.open_ms), (exactly(0), exactly(0)));
        assert_eq!(
            (at_35.failures_let_through, at_35.good_turned_away),
            (exactly(5), exactly(0))
        );
    }

    #[test]
    fn what_was_refused_is_unknown() {
        let calls = [
            call(0, Outcome::Timeout, 5),
            call(0, Outcome::Ok, 4),
            call(1, Outcome::Rejected, 1),
            call(2, Outcome::Ok, 2),
            call(3, Outcome::Rejected, 7),
        ];
        let all = replay(&settings(), calls, None, 10);
        assert_eq!(all.current, None);
        // At 50% the tenth call opens it in both worlds; from then on everything is turned away.
        let at_50 = all.verdicts[9];
        assert_eq!((at_50.opened, at_50.open_ms), (exactly(1), exactly(9)));
        assert_eq!(at_50.failures_let_through, Between { min: 5, max: 6 });
        assert_eq!(at_50.good_turned_away, Between { min: 2, max: 9 });
        assert_eq!(at_50.unknown, 8);
        // At 60% only where it fails.
        let at_60 = all.verdicts[11];
        assert_eq!(at_60.opened, Between { min: 0, max: 1 });
        assert_eq!(at_60.open_ms, Between { min: 0, max: 9 });
        assert_eq!(at_60.failures_let_through, Between { min: 5, max: 6 });
        assert_eq!(at_60.good_turned_away, Between { min: 0, max: 9 });
    }

    #[test]
    fn a_failed_trial_is_no_new_opening() {
        let calls = [
            call(0, Outcome::Timeout, 10),
            call(1_500, Outcome::Timeout, 3),
            call(2_600, Outcome::Ok, 1),
        ];
        let verdict = replay(&settings(), calls, None, 9_000).verdicts[18];
        assert_eq!((verdict.opened, verdict.reopened), (exactly(1), exactly(1)));
        assert_eq!(
            (verdict.open_ms, verdict.failures_let_through),
            (exactly(2_600), exactly(11))
        );
    }

    #[test]
    fn a_heavy_call_is_cheap_and_counts_in_full() {
        let calls = [
            call(0, Outcome::Ok, u32::MAX),
            call(1, Outcome::Timeout, u32::MAX),
        ];
        let verdict = replay(&settings(), calls, None, 1).verdicts[9];
        assert_eq!(verdict.failures_let_through, exactly(5));
        let calls = [
            call(0, Outcome::Timeout, 10),
            call(1, Outcome::Ok, u32::MAX),
            call(1_001, Outcome::Ok, u32::MAX),
        ];
        let verdict = replay(&settings(), calls, None, 1).verdicts[9];
        assert_eq!(verdict.good_turned_away, exactly(u64::from(u32::MAX)));
    }

    #[test]
    fn the_limit_in_force_is_the_nearest() {
        let current = |limit| WhatIf::new(&settings(), Some(limit)).finish(0).current;
        assert_eq!(
            [0.05, 0.5, 0.51, 0.625, 0.95].map(current),
            [Some(0), Some(9), Some(9), Some(11), Some(18)]
        );
        assert_eq!([0.01, 1.0, f64::NAN].map(current), [None; 3]);
    }
}
