//! A breaker, as a pure function: (state, settings, input, now) → permission and transition.
//!
//! It behaves as users of resilience4j expect: it trips when enough calls are in its window and the share of failures
//! or of slow calls reaches its threshold; it stays open for a while; then a fixed number of trial calls decide. What no
//! breaker should judge (`auth`, `quota`, `bad_request`, `cancelled`, `content_filtered`) never counts, neither as a
//! failure nor as a success; as a trial it gives its place back.
//!
//! Deliberately absent: permits. A call that was let through while closed and ends while half-open counts as a trial, as
//! it does in resilience4j; one that ends while open counts for nothing, so that the figures of an open breaker stay
//! those that tripped it. And no time limit on half-open: who acquires must record or release.

use super::settings::Settings;
use super::state::State;
use super::window::{Judged, Tally, Window};
use crate::event::BreakerFigures;
use crate::{Micros, Millis, Outcome};

/// What happens to a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A call asks whether it may go.
    Acquire,
    /// A call that was let through has ended.
    Record {
        /// How.
        outcome: Outcome,
        /// How long it took, microseconds.
        duration: Micros,
    },
    /// Time has passed.
    Tick,
    /// Somebody sets the state.
    Force(ForceState),
    /// A call that was let through did not happen after all; nothing is recorded.
    Release,
}

/// States that can be set from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForceState {
    /// Refuse every call until told otherwise.
    Open,
    /// Back to work, with an empty window. Ends the other three.
    Closed,
    /// Let every call through, count nothing.
    Disabled,
    /// Let every call through, count, never trip.
    MetricsOnly,
}

impl From<ForceState> for State {
    fn from(force: ForceState) -> State {
        match force {
            ForceState::Open => State::ForcedOpen,
            ForceState::Closed => State::Closed,
            ForceState::Disabled => State::Disabled,
            ForceState::MetricsOnly => State::MetricsOnly,
        }
    }
}

/// Why a breaker core changed state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The share of failures reached its threshold.
    FailureRate,
    /// The share of slow calls reached its threshold.
    SlowRate,
    /// Too many failures in a row.
    Consecutive,
    /// It was open for long enough.
    Waited,
    /// The trial calls went well.
    TrialsPassed,
    /// The trial calls went badly.
    TrialsFailed,
    /// Somebody set the state.
    Forced,
}

/// A change of state, with what the breaker saw.
#[derive(Debug, Clone, PartialEq)]
pub struct CoreTransition {
    /// The state it left.
    pub from: State,
    /// The state it is in.
    pub to: State,
    /// When.
    pub at: Millis,
    /// How long the state it left had lasted.
    pub lasted: Millis,
    /// Why.
    pub why: Why,
    /// When it opened by itself: failures in the window by outcome, most first.
    pub causes: Vec<(Outcome, u32)>,
    /// Share of failures in the window (in half-open: of the trials).
    pub failure_rate: Option<f64>,
    /// Share of slow calls there, where calls can be slow.
    pub slow_rate: Option<f64>,
    /// Judged calls there.
    pub window_calls: u32,
    /// Failures there.
    pub window_failures: u32,
    /// Slow calls there.
    pub window_slow: u32,
    /// Calls refused in the state it left.
    pub not_permitted: u64,
    /// When it opened by itself: when it will let trial calls through.
    pub retry_at: Option<Millis>,
    /// Trial calls done, when it enters or leaves half-open.
    pub trials_done: Option<u32>,
    /// Trial calls that decide, when it enters or leaves half-open.
    pub trials_needed: Option<u32>,
}

impl CoreTransition {
    /// The same figures as a report carries them.
    pub fn figures(&self, settings: &Settings) -> BreakerFigures {
        BreakerFigures {
            failure_rate: self.failure_rate,
            failure_threshold: Some(settings.failure_threshold),
            slow_rate: self.slow_rate,
            slow_threshold: settings.slow_threshold,
            window_calls: Some(self.window_calls),
            window_failures: Some(self.window_failures),
            not_permitted: Some(self.not_permitted),
            retry_at: self.retry_at,
            trials_done: self.trials_done,
            trials_needed: self.trials_needed,
            degraded: None,
        }
    }
}

/// What came of an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// The answer to [`Input::Acquire`]; `None` for every other input.
    pub permitted: Option<bool>,
    /// The change of state, if there was one.
    pub transition: Option<CoreTransition>,
}

/// The state of a breaker core.
#[derive(Debug, Clone, PartialEq)]
pub struct Core {
    state: State,
    since: Millis,
    window: Window,
    /// Failures in a row.
    streak: u32,
    /// Trial calls let through and not given back.
    admitted: u32,
    /// Trial calls done.
    trials: Tally,
    /// What tripped it, while open.
    tripped: Tally,
    not_permitted: u64,
}

impl Core {
    /// A closed breaker with an empty window.
    pub fn new(settings: &Settings, now: Millis) -> Core {
        Core {
            state: State::Closed,
            since: now,
            window: Window::new(settings.window),
            streak: 0,
            admitted: 0,
            trials: Tally::default(),
            tripped: Tally::default(),
            not_permitted: 0,
        }
    }

    /// The state it is in. An open one whose time is over is open until somebody asks.
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when.
    pub fn since(&self) -> Millis {
        self.since
    }

    /// What it would report now. Rates are `None` below the minimum of calls and while trials run.
    pub fn figures(&self, settings: &Settings, now: Millis) -> BreakerFigures {
        let tally = match self.state {
            State::HalfOpen => self.trials,
            State::Open => self.tripped,
            _ => self.window.tally(now),
        };
        let trials = self.state == State::HalfOpen;
        // What tripped it was enough to judge, even if a few failures in a row or a few trials were.
        let judged = !trials && (self.state == State::Open || tally.calls >= settings.effective_minimum());
        BreakerFigures {
            failure_rate: tally.failure_rate().filter(|_| judged),
            failure_threshold: Some(settings.failure_threshold),
            slow_rate: tally
                .slow_rate()
                .filter(|_| judged && settings.slow_after.is_some()),
            slow_threshold: settings.slow_threshold,
            window_calls: Some(tally.calls),
            window_failures: Some(tally.failures),
            not_permitted: Some(self.not_permitted),
            retry_at: (self.state == State::Open).then(|| self.retry_at(settings)),
            trials_done: trials.then_some(self.trials.calls),
            trials_needed: trials.then_some(settings.half_open_trials),
            degraded: None,
        }
    }

    fn retry_at(&self, settings: &Settings) -> Millis {
        self.since.saturating_add(settings.open_for)
    }

    fn wake(&mut self, settings: &Settings, now: Millis) -> Option<CoreTransition> {
        let waited = self.state == State::Open && now >= self.retry_at(settings);
        waited.then(|| self.enter(State::HalfOpen, Why::Waited, Tally::default(), settings, now))
    }

    fn admit(&mut self, settings: &Settings) -> bool {
        let permitted = match self.state {
            State::Open | State::ForcedOpen => false,
            State::HalfOpen => self.admitted < settings.half_open_trials,
            _ => true,
        };
        match (permitted, self.state) {
            (true, State::HalfOpen) => self.admitted += 1,
            (false, _) => self.not_permitted = self.not_permitted.saturating_add(1),
            _ => {}
        }
        permitted
    }

    fn release(&mut self) {
        // Places of trials that are done are not given back.
        if self.state == State::HalfOpen && self.admitted > self.trials.calls {
            self.admitted -= 1;
        }
    }

    fn record(
        &mut self,
        outcome: Outcome,
        duration: Micros,
        settings: &Settings,
        now: Millis,
    ) -> Option<CoreTransition> {
        let Some(failed) = settings.judge(outcome) else {
            self.release();
            return None;
        };
        let call = Judged {
            outcome,
            failed,
            slow: settings.is_slow(duration),
        };
        match self.state {
            State::Closed => {
                self.window.add(call, now);
                self.streak = if failed { self.streak.saturating_add(1) } else { 0 };
                let tally = self.window.tally(now);
                let why = self.trips(&tally, settings)?;
                Some(self.enter(State::Open, why, tally, settings, now))
            }
            State::MetricsOnly => {
                self.window.add(call, now);
                None
            }
            // One nobody asked for is no trial.
            State::HalfOpen if self.trials.calls < self.admitted => {
                self.trials.add(call);
                if self.trials.calls < settings.half_open_trials {
                    return None;
                }
                let (to, why) = match exceeds(&self.trials, settings) {
                    Some(_) => (State::Open, Why::TrialsFailed),
                    None => (State::Closed, Why::TrialsPassed),
                };
                Some(self.enter(to, why, self.trials, settings, now))
            }
            _ => None,
        }
    }

    fn trips(&self, tally: &Tally, settings: &Settings) -> Option<Why> {
        if settings
            .consecutive
            .is_some_and(|limit| limit > 0 && self.streak >= limit)
        {
            return Some(Why::Consecutive);
        }
        exceeds(tally, settings).filter(|_| tally.calls >= settings.effective_minimum())
    }

    fn force(&mut self, force: ForceState, settings: &Settings, now: Millis) -> Option<CoreTransition> {
        let to = State::from(force);
        let seen = self.window.tally(now);
        self.window.clear();
        self.streak = 0;
        (self.state != to).then(|| self.enter(to, Why::Forced, seen, settings, now))
    }

    fn enter(
        &mut self,
        to: State,
        why: Why,
        seen: Tally,
        settings: &Settings,
        now: Millis,
    ) -> CoreTransition {
        let trials = [self.state, to].contains(&State::HalfOpen);
        let done = if to == State::HalfOpen {
            0
        } else {
            self.trials.calls
        };
        let transition = CoreTransition {
            from: self.state,
            to,
            at: now,
            lasted: now.saturating_sub(self.since).max(0),
            why,
            causes: if to == State::Open {
                seen.causes()
            } else {
                Vec::new()
            },
            failure_rate: seen.failure_rate(),
            slow_rate: seen.slow_rate().filter(|_| settings.slow_after.is_some()),
            window_calls: seen.calls,
            window_failures: seen.failures,
            window_slow: seen.slow,
            not_permitted: self.not_permitted,
            retry_at: (to == State::Open).then(|| now.saturating_add(settings.open_for)),
            trials_done: trials.then_some(done),
            trials_needed: trials.then_some(settings.half_open_trials),
        };
        self.tripped = if to == State::Open { seen } else { Tally::default() };
        self.window.clear();
        self.state = to;
        self.since = now;
        self.streak = 0;
        self.admitted = 0;
        self.trials = Tally::default();
        self.not_permitted = 0;
        transition
    }
}

/// Which threshold the rates reach.
fn exceeds(tally: &Tally, settings: &Settings) -> Option<Why> {
    if tally.failure_rate()? >= settings.failure_threshold {
        return Some(Why::FailureRate);
    }
    let slow = settings.slow_threshold?;
    (tally.slow_rate()? >= slow).then_some(Why::SlowRate)
}

/// Applies one input. A change of the window's kind in the settings starts an empty window.
pub fn step(core: &mut Core, settings: &Settings, input: Input, now: Millis) -> Step {
    if core.window.kind() != settings.window {
        core.window = Window::new(settings.window);
    }
    match input {
        Input::Acquire => {
            let transition = core.wake(settings, now);
            Step {
                permitted: Some(core.admit(settings)),
                transition,
            }
        }
        Input::Record { outcome, duration } => Step {
            permitted: None,
            transition: core.record(outcome, duration, settings, now),
        },
        Input::Tick => Step {
            permitted: None,
            transition: core.wake(settings, now),
        },
        Input::Force(force) => Step {
            permitted: None,
            transition: core.force(force, settings, now),
        },
        Input::Release => {
            core.release();
            Step::default()
        }
    }
}
