//! What is promised and what of it is left: shares, error budgets, how fast they are used up, when they will be.
//!
//! A budget is what may be bad: (1 − objective) × valid events. Counts are integers to the last step, so what is left can be
//! worked out again from the calls. Deliberately absent: where counts come from, and words.

mod window;

pub use window::{Unit, Window};

use crate::Millis;

const HOUR: Millis = 3_600_000;

/// How many events there were that count, and how many of them were good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Good ones.
    pub good: u64,
    /// All that count.
    pub valid: u64,
}

/// A stretch of time with what was counted in it; nothing counted is a gap, never a good time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// From then.
    pub from: Millis,
    /// Until then.
    pub to: Millis,
    /// What was counted.
    pub tally: Tally,
}

impl Tally {
    /// Those that were not good. An answer may be counted in a later step than its request: more good ones than valid
    /// ones are no credit.
    pub fn bad(self) -> u64 {
        self.valid.saturating_sub(self.good)
    }

    /// The share that was good; none of nothing.
    pub fn share(self) -> Option<f64> {
        (self.valid > 0).then(|| 1.0 - self.bad() as f64 / self.valid as f64)
    }

    /// Both together.
    pub fn and(self, other: Tally) -> Tally {
        Tally {
            good: self.good.saturating_add(other.good),
            valid: self.valid.saturating_add(other.valid),
        }
    }

    /// So many may be bad.
    pub fn allowed(self, objective: f64) -> f64 {
        (1.0 - objective) * self.valid as f64
    }

    /// The share of the budget that is left: 1 all, 0 none, below it overspent. None of nothing.
    pub fn left(self, objective: f64) -> Option<f64> {
        (self.valid > 0).then(|| 1.0 - self.bad() as f64 / self.allowed(objective))
    }

    /// How fast the budget is used up: at 1 it lasts exactly as long as it must. None of nothing.
    pub fn burn(self, objective: f64) -> Option<f64> {
        Some((1.0 - self.share()?) / (1.0 - objective))
    }
}

/// All of some steps.
pub fn total(steps: &[Step]) -> Tally {
    steps
        .iter()
        .fold(Tally::default(), |sum, step| sum.and(step.tally))
}

/// The share of the budget of all steps that was left at the end of each. Steps in which nothing was counted have none.
pub fn burn_down(objective: f64, steps: &[Step]) -> Vec<(Millis, Option<f64>)> {
    let allowed = total(steps).allowed(objective);
    let mut so_far = Tally::default();
    let mut left = Vec::with_capacity(steps.len());
    for step in steps {
        so_far = so_far.and(step.tally);
        let value = (step.tally.valid > 0).then(|| 1.0 - so_far.bad() as f64 / allowed);
        left.push((step.to, value));
    }
    left
}

/// The end of the first step after which nothing of the budget was left, as it has been since. None while some is.
pub fn used_up_since(objective: f64, steps: &[Step]) -> Option<Millis> {
    let left = burn_down(objective, steps);
    let known = || left.iter().filter_map(|(at, value)| Some((*at, (*value)?)));
    let (_, last) = known().next_back()?;
    if last > 0.0 {
        return None;
    }
    let still = known().rfind(|(_, value)| *value > 0.0);
    known()
        .map(|(at, _)| at)
        .find(|at| still.is_none_or(|(some, _)| *at > some))
}

/// What was counted lately: what comes is taken to be like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// What was counted.
    pub tally: Tally,
    /// Over so many milliseconds.
    pub over: Millis,
}

impl Pace {
    fn bad(self, during: Millis) -> f64 {
        self.tally.bad() as f64 * during as f64 / self.over.max(1) as f64
    }

    fn allowed(self, objective: f64, during: Millis) -> f64 {
        self.tally.allowed(objective) * during as f64 / self.over.max(1) as f64
    }

    /// The share of a window's budget that a day at this pace uses up.
    pub fn a_day(self, objective: f64, window: Tally) -> Option<f64> {
        (window.valid > 0).then(|| self.bad(24 * HOUR) / window.allowed(objective))
    }
}

/// When the budget of a window that rolls is used up at this pace. What was bad falls out of it as time goes on, and so do
/// the calls that made the budget. None where some is always left within the next `length`, or nothing is known.
pub fn runs_out_rolling(
    objective: f64,
    steps: &[Step],
    pace: Pace,
    (now, length): (Millis, Millis),
) -> Option<Millis> {
    let window = total(steps);
    if window.valid == 0 || pace.tally.valid == 0 {
        return None;
    }
    let mut falling = steps.iter().peekable();
    let mut gone = Tally::default();
    let mut ahead = 0;
    while ahead < length {
        ahead += HOUR;
        while let Some(step) = falling.next_if(|step| step.to <= now + ahead - length) {
            gone = gone.and(step.tally);
        }
        let kept = Tally {
            good: window.good.saturating_sub(gone.good),
            valid: window.valid.saturating_sub(gone.valid),
        };
        let bad = kept.bad() as f64 + pace.bad(ahead);
        if bad >= kept.allowed(objective) + pace.allowed(objective, ahead) {
            return Some(now + ahead);
        }
    }
    None
}

/// When the budget of a period of the calendar is used up at this pace, before its end. Calls that come add to it.
pub fn runs_out_by(
    objective: f64,
    so_far: Tally,
    pace: Pace,
    (now, end): (Millis, Millis),
) -> Option<Millis> {
    if so_far.valid == 0 || pace.tally.valid == 0 {
        return None;
    }
    let spare = so_far.allowed(objective) - so_far.bad() as f64;
    let lost = pace.bad(HOUR) - pace.allowed(objective, HOUR);
    if spare <= 0.0 || lost <= 0.0 {
        return None;
    }
    // The cast saturates: far away is after the end.
    let at = now.saturating_add((spare / lost * HOUR as f64) as Millis);
    (at < end).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = 24 * HOUR;

    fn tally(good: u64, valid: u64) -> Tally {
        Tally { good, valid }
    }

    fn steps(tallies: &[(u64, u64)]) -> Vec<Step> {
        let steps = tallies.iter().enumerate().map(|(nth, (good, valid))| Step {
            from: nth as Millis * HOUR,
            to: (nth as Millis + 1) * HOUR,
            tally: tally(*good, *valid),
        });
        steps.collect()
    }

    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn a_budget_is_what_may_be_bad() {
        let day = tally(9_980, 10_000);
        assert_eq!(day.bad(), 20);
        near(Some(day.allowed(0.995)), 50.0);
        near(day.left(0.995), 0.6);
        near(day.burn(0.995), 0.4);
        near(day.share(), 0.998);
    }

    #[test]
    fn more_than_all_can_be_spent() {
        near(tally(9_900, 10_000).left(0.995), -1.0);
        near(tally(0, 10).left(0.9), -9.0);
        near(tally(10, 10).left(0.9), 1.0);
    }

    #[test]
    fn nothing_says_nothing() {
        let nothing = Tally::default();
        assert_eq!(
            (nothing.share(), nothing.left(0.9), nothing.burn(0.9)),
            (None, None, None)
        );
        assert_eq!(used_up_since(0.9, &steps(&[(0, 0)])), None);
        assert_eq!(burn_down(0.9, &steps(&[(0, 0)])), [(HOUR, None)]);
    }

    #[test]
    fn more_answers_than_requests_are_no_credit() {
        let early = tally(12, 10);
        assert_eq!(early.bad(), 0);
        near(early.share(), 1.0);
        // Over both steps they belong together.
        near(total(&steps(&[(12, 10), (8, 10)])).left(0.9), 1.0);
    }

    #[test]
    fn it_burns_down_with_gaps_that_are_not_good() {
        let found = burn_down(0.9, &steps(&[(10, 10), (0, 0), (9, 10), (8, 10)]));
        assert_eq!(found[1], (2 * HOUR, None));
        near(found[0].1, 1.0);
        near(found[2].1, 2.0 / 3.0);
        near(found[3].1, 0.0);
        assert_eq!(
            used_up_since(0.9, &steps(&[(10, 10), (0, 0), (9, 10), (8, 10)])),
            Some(4 * HOUR)
        );
        assert_eq!(used_up_since(0.9, &steps(&[(10, 10), (9, 10)])), None);
    }

    #[test]
    fn a_period_runs_out_where_more_is_lost_than_comes() {
        // 100 of 10,000 may be bad, 50 were; a day brings 1,000 calls of which 30 are bad and 10 may be.
        let (so_far, pace) = (
            tally(9_950, 10_000),
            Pace {
                tally: tally(2_910, 3_000),
                over: 3 * DAY,
            },
        );
        assert_eq!(runs_out_by(0.99, so_far, pace, (0, 10 * DAY)), Some(5 * DAY / 2));
        assert_eq!(
            runs_out_by(0.99, so_far, pace, (0, 2 * DAY)),
            None,
            "the period ends before"
        );
        near(pace.a_day(0.99, so_far), 0.3);
        let good = Pace {
            tally: tally(2_990, 3_000),
            over: 3 * DAY,
        };
        assert_eq!(runs_out_by(0.99, so_far, good, (0, 100 * DAY)), None);
        assert_eq!(
            runs_out_by(0.99, tally(9_000, 10_000), pace, (0, 9 * DAY)),
            None,
            "it is gone already"
        );
        assert_eq!(runs_out_by(0.99, Tally::default(), pace, (0, 9 * DAY)), None);
    }

    #[test]
    fn what_falls_out_of_a_rolling_window_is_given_back() {
        let length = 10 * HOUR;
        // Ten hours of 100 calls, 20 bad ones in the first: 100 may be.
        let mut hours = vec![(100, 100); 10];
        hours[0] = (80, 100);
        let steps = steps(&hours);
        let now = 10 * HOUR;
        let pace = |bad: u64| Pace {
            tally: tally(100 - bad, 100),
            over: HOUR,
        };
        // 10 an hour is what may be: with the first hour gone there is room for ever.
        assert_eq!(runs_out_rolling(0.9, &steps, pace(9), (now, length)), None);
        // 30 an hour: after h hours 30 h are bad of the 100 that may be.
        assert_eq!(
            runs_out_rolling(0.9, &steps, pace(30), (now, length)),
            Some(now + 4 * HOUR)
        );
        assert_eq!(runs_out_rolling(0.9, &[], pace(30), (now, length)), None);
    }
}
