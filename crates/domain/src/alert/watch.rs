//! One group of one rule over time: when it becomes pending, fires, clears, comes and goes.
//!
//! A function of the readings and nothing else, so that a backtest over stored readings gives what was given live.

use std::collections::VecDeque;

use super::{Judgement, MINUTE, Reading, Rule};
use crate::Millis;

/// So many firings …
pub const FLAP_TIMES: usize = 3;
/// … within so long are flapping: the alert of the last stays open until it has been quiet.
pub const FLAP_WITHIN: Millis = 15 * MINUTE;
/// It has been quiet after so long without trouble.
pub const FLAP_QUIET: Millis = 10 * MINUTE;
/// It does not flap any more when it has been bad for so long without a break.
pub const FLAP_STEADY: Millis = 5 * MINUTE;
/// What fires and says nothing for so long is over.
pub const STALE: Millis = 10 * MINUTE;

/// What a watch saw happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Crossing {
    /// It is bad; not for long enough yet.
    Pending {
        /// Since then.
        since: Millis,
    },
    /// It was pending and is so no more.
    Dropped,
    /// It fires.
    Fired {
        /// Since when it is bad.
        since: Millis,
        /// How often it fired lately, when that is flapping.
        flaps: Option<usize>,
    },
    /// It fired as flapping and has been bad for a while: it is not flapping.
    Steady,
    /// It is over.
    Cleared(Cleared),
}

/// Why something is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// It is good again.
    Good,
    /// It came and went, and has been quiet since.
    Quiet,
    /// Nothing was heard of it for [`STALE`].
    Silent,
}

impl Cleared {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Cleared::Good => "it is good again",
            Cleared::Quiet => "it came and went, and has been quiet for 10 minutes",
            Cleared::Silent => "nothing was heard of it for 10 minutes",
        }
    }
}

/// Follows one group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watch {
    state: State,
    /// The newest reading's moment.
    seen: Option<Millis>,
    /// When it fired, oldest first, within [`FLAP_WITHIN`].
    fires: VecDeque<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum State {
    #[default]
    Quiet,
    Pending {
        since: Millis,
    },
    Firing {
        /// Bad without a break since then; `None` while it is not bad.
        bad: Option<Millis>,
        /// Good without a break since then.
        good: Option<Millis>,
        /// Nothing known since then.
        unknown: Option<Millis>,
        flapping: bool,
    },
}

impl Watch {
    /// A watch whose alert is open, after a restart. `recent` are the times at which alerts of its group fired lately.
    pub fn firing(since: Millis, flapping: bool, recent: &[Millis]) -> Watch {
        let mut fires: Vec<Millis> = recent.to_vec();
        fires.sort_unstable();
        Watch {
            state: State::Firing {
                bad: Some(since),
                good: None,
                unknown: None,
                flapping,
            },
            seen: None,
            fires: fires.into(),
        }
    }

    /// A watch that is quiet, after a restart.
    pub fn quiet(recent: &[Millis]) -> Watch {
        let mut fires: Vec<Millis> = recent.to_vec();
        fires.sort_unstable();
        Watch {
            fires: fires.into(),
            ..Watch::default()
        }
    }

    /// It fires.
    pub fn is_firing(&self) -> bool {
        matches!(self.state, State::Firing { .. })
    }

    /// Since when it is pending.
    pub fn pending(&self) -> Option<Millis> {
        match self.state {
            State::Pending { since } => Some(since),
            State::Quiet | State::Firing { .. } => None,
        }
    }

    /// The newest reading's moment.
    pub fn seen(&self) -> Option<Millis> {
        self.seen
    }

    /// Nothing is to be remembered: it is quiet and has not fired lately.
    pub fn is_idle(&self, now: Millis) -> bool {
        self.state == State::Quiet && self.fires.iter().all(|at| *at <= now - FLAP_WITHIN)
    }

    /// Takes the next reading. One that is older than the last is left out.
    pub fn step(&mut self, rule: &Rule, reading: &Reading) -> Option<Crossing> {
        let at = reading.at;
        if self.seen.is_some_and(|seen| at < seen) {
            return None;
        }
        self.seen = Some(at);
        let judgement = rule.judge(reading);
        match self.state {
            State::Quiet if judgement == Judgement::Bad => {
                let since = reading.since.unwrap_or(at).min(at);
                self.bad(rule, since, at, false)
            }
            State::Quiet => None,
            State::Pending { since } if judgement == Judgement::Bad => self.bad(rule, since, at, true),
            State::Pending { .. } => {
                self.state = State::Quiet;
                Some(Crossing::Dropped)
            }
            State::Firing {
                bad,
                good,
                unknown,
                flapping,
            } => self.fires_on(judgement, at, (bad, good, unknown), flapping),
        }
    }

    /// It is bad since then and did not fire yet.
    fn bad(&mut self, rule: &Rule, since: Millis, at: Millis, pending: bool) -> Option<Crossing> {
        if at - since < rule.hold {
            self.state = State::Pending { since };
            return (!pending).then_some(Crossing::Pending { since });
        }
        let flaps = self.count(at);
        self.state = State::Firing {
            bad: Some(at),
            good: None,
            unknown: None,
            flapping: flaps.is_some(),
        };
        Some(Crossing::Fired { since, flaps })
    }

    /// Remembers a firing; how many there were lately when that is flapping.
    fn count(&mut self, at: Millis) -> Option<usize> {
        while self.fires.front().is_some_and(|fired| *fired <= at - FLAP_WITHIN) {
            self.fires.pop_front();
        }
        self.fires.push_back(at);
        (self.fires.len() >= FLAP_TIMES).then_some(self.fires.len())
    }

    fn fires_on(
        &mut self,
        judgement: Judgement,
        at: Millis,
        (bad, good, unknown): (Option<Millis>, Option<Millis>, Option<Millis>),
        flapping: bool,
    ) -> Option<Crossing> {
        let (mut next_good, mut next_bad, mut next_unknown) = (good, bad, None);
        match judgement {
            Judgement::Bad => {
                next_bad = bad.or(Some(at));
                next_good = None;
            }
            Judgement::Good => {
                next_bad = None;
                next_good = good.or(Some(at));
            }
            Judgement::Between => {}
            Judgement::Unknown => next_unknown = unknown.or(Some(at)),
        }
        if next_unknown.is_some_and(|since| at - since >= STALE) {
            return self.clear(Cleared::Silent);
        }
        if let Some(since) = next_good.filter(|_| judgement == Judgement::Good) {
            if !flapping {
                return self.clear(Cleared::Good);
            }
            if at - since >= FLAP_QUIET {
                return self.clear(Cleared::Quiet);
            }
        }
        let steady = flapping && next_bad.is_some_and(|since| at - since >= FLAP_STEADY);
        self.state = State::Firing {
            bad: next_bad,
            good: next_good,
            unknown: next_unknown,
            flapping: flapping && !steady,
        };
        steady.then_some(Crossing::Steady)
    }

    fn clear(&mut self, why: Cleared) -> Option<Crossing> {
        self.state = State::Quiet;
        Some(Crossing::Cleared(why))
    }
}
