//! The breaker core against a model that keeps every call and counts anew each time.

use domain::breaker::{Core, ForceState, Input, Settings, State, WindowKind, step};
use domain::{Millis, Outcome};
use proptest::prelude::*;

use crate::outcome;

/// A call as the model keeps it.
#[derive(Debug, Clone, Copy)]
struct Kept {
    at: Millis,
    failed: bool,
    slow: bool,
}

/// What the breaker should be, written down as naively as possible.
struct Model {
    state: State,
    since: Millis,
    window: Vec<Kept>,
    streak: u32,
    admitted: usize,
    trials: Vec<Kept>,
    refused: u64,
}

impl Model {
    fn new(now: Millis) -> Model {
        Model {
            state: State::Closed,
            since: now,
            window: vec![],
            streak: 0,
            admitted: 0,
            trials: vec![],
            refused: 0,
        }
    }

    fn enter(&mut self, state: State, now: Millis) {
        *self = Model {
            state,
            ..Model::new(now)
        };
    }

    /// Calls that still count: the last N, or those of the last N steps of a second or a tenth of the window.
    fn inside(&self, settings: &Settings, now: Millis) -> Vec<Kept> {
        match settings.window {
            WindowKind::Count(size) => {
                self.window[self.window.len().saturating_sub(size as usize)..].to_vec()
            }
            WindowKind::Time { ms } => {
                let width = if ms >= 10_000 { 1_000 } else { (ms / 10).max(1) };
                let steps = (ms as f64 / width as f64).ceil() as i64;
                let recent = |kept: &&Kept| kept.at.div_euclid(width) > now.div_euclid(width) - steps;
                self.window.iter().filter(recent).copied().collect()
            }
        }
    }

    fn bad(calls: &[Kept], settings: &Settings) -> bool {
        let share = |count: usize| count as f64 / calls.len() as f64;
        let failed = share(calls.iter().filter(|kept| kept.failed).count());
        let slow = share(calls.iter().filter(|kept| kept.slow).count());
        failed >= settings.failure_threshold || settings.slow_threshold.is_some_and(|limit| slow >= limit)
    }

    fn apply(&mut self, settings: &Settings, input: Input, now: Millis) -> Option<bool> {
        if matches!(input, Input::Acquire | Input::Tick)
            && self.state == State::Open
            && now >= self.since + settings.open_for
        {
            self.enter(State::HalfOpen, now);
        }
        match input {
            Input::Acquire => {
                let permitted = match self.state {
                    State::Open | State::ForcedOpen => false,
                    State::HalfOpen => self.admitted < settings.half_open_trials as usize,
                    _ => true,
                };
                self.admitted += usize::from(permitted && self.state == State::HalfOpen);
                self.refused += u64::from(!permitted);
                return Some(permitted);
            }
            Input::Record { outcome, duration } => self.record(settings, outcome, duration, now),
            Input::Release => self.give_back(),
            Input::Force(force) if State::from(force) == self.state => {
                self.window.clear();
                self.streak = 0;
            }
            Input::Force(force) => self.enter(force.into(), now),
            Input::Tick => {}
        }
        None
    }

    fn give_back(&mut self) {
        if self.state == State::HalfOpen && self.admitted > self.trials.len() {
            self.admitted -= 1;
        }
    }

    fn record(&mut self, settings: &Settings, outcome: Outcome, duration: u64, now: Millis) {
        let failed = match outcome {
            Outcome::Ok => false,
            Outcome::Overloaded | Outcome::ServerError | Outcome::Timeout | Outcome::Network => true,
            Outcome::RateLimited if settings.rate_limits_count => true,
            _ => return self.give_back(),
        };
        let kept = Kept {
            at: now,
            failed,
            slow: settings.slow_after.is_some_and(|limit| duration > limit),
        };
        match self.state {
            State::Closed => {
                self.window.push(kept);
                self.streak = if failed { self.streak + 1 } else { 0 };
                let calls = self.inside(settings, now);
                let enough = match settings.window {
                    WindowKind::Count(size) => settings.minimum_calls.min(size),
                    WindowKind::Time { .. } => settings.minimum_calls,
                };
                let in_a_row = settings.consecutive.is_some_and(|limit| self.streak >= limit);
                if in_a_row || calls.len() >= enough as usize && Self::bad(&calls, settings) {
                    self.enter(State::Open, now);
                }
            }
            State::MetricsOnly => self.window.push(kept),
            State::HalfOpen if self.trials.len() < self.admitted => {
                self.trials.push(kept);
                if self.trials.len() == settings.half_open_trials as usize {
                    let to = if Self::bad(&self.trials, settings) {
                        State::Open
                    } else {
                        State::Closed
                    };
                    self.enter(to, now);
                }
            }
            _ => {}
        }
    }
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let window = prop_oneof![
        (1u32..20).prop_map(WindowKind::Count),
        (10i64..30_000).prop_map(|ms| WindowKind::Time { ms }),
    ];
    let slow = proptest::option::of((0.05f64..=1.0, 1u64..1_000));
    let rest = (1i64..20_000, 1u32..6, any::<bool>());
    (
        window,
        1u32..15,
        0.05f64..=1.0,
        slow,
        proptest::option::of(1u32..8),
        rest,
    )
        .prop_map(
            |(
                window,
                minimum_calls,
                failure_threshold,
                slow,
                consecutive,
                (open_for, trials, rate_limits),
            )| {
                Settings {
                    window,
                    minimum_calls,
                    failure_threshold,
                    slow_threshold: slow.map(|(threshold, _)| threshold),
                    slow_after: slow.map(|(_, after)| after),
                    consecutive,
                    open_for,
                    half_open_trials: trials,
                    rate_limits_count: rate_limits,
                }
            },
        )
}

fn input() -> impl Strategy<Value = Input> {
    let forces = [
        ForceState::Open,
        ForceState::Closed,
        ForceState::Disabled,
        ForceState::MetricsOnly,
    ];
    let record = |outcome, duration| Input::Record { outcome, duration };
    let provider = proptest::sample::select(vec![Outcome::Ok, Outcome::Overloaded, Outcome::Timeout]);
    prop_oneof![
        10 => Just(Input::Acquire),
        8 => (provider, 0u64..1_500).prop_map(move |(outcome, duration)| record(outcome, duration)),
        4 => (outcome(), 0u64..1_500).prop_map(move |(outcome, duration)| record(outcome, duration)),
        3 => Just(Input::Tick),
        1 => Just(Input::Release),
        1 => proptest::sample::select(forces.to_vec()).prop_map(Input::Force),
    ]
}

fn inputs() -> impl Strategy<Value = Vec<(Input, Millis)>> {
    let pause = prop_oneof![8 => 0i64..200, 2 => 0i64..10_000, 1 => 0i64..60_000];
    proptest::collection::vec((input(), pause), 1..200)
}

proptest! {
    #[test]
    fn behaves_as_the_model(settings in settings(), inputs in inputs()) {
        prop_assert_eq!(settings.validate(), Ok(()));
        let mut now = 1_000_000;
        let (mut core, mut model) = (Core::new(&settings, now), Model::new(now));
        for (input, pause) in inputs {
            now += pause;
            let before = core.state();
            let did = step(&mut core, &settings, input, now);
            let permitted = model.apply(&settings, input, now);
            prop_assert_eq!(did.permitted, permitted, "{:?} at {}", input, now);
            prop_assert_eq!(core.state(), model.state, "{:?} at {}", input, now);
            prop_assert_eq!(core.since(), model.since);
            prop_assert_eq!(did.transition.is_some(), before != core.state());
            if let Some(transition) = &did.transition {
                prop_assert_eq!((transition.from, transition.to, transition.at), (before, core.state(), now));
                let caused: u32 = transition.causes.iter().map(|(_, count)| count).sum();
                let expected = if transition.to == State::Open { transition.window_failures } else { 0 };
                prop_assert_eq!(caused, expected);
                prop_assert_eq!(transition.retry_at.is_some(), transition.to == State::Open);
            }
            let figures = core.figures(&settings, now);
            prop_assert_eq!(figures.not_permitted, Some(model.refused));
            if matches!(core.state(), State::Closed | State::MetricsOnly) {
                let calls = model.inside(&settings, now);
                let failures = calls.iter().filter(|kept| kept.failed).count();
                prop_assert_eq!(figures.window_calls, Some(calls.len() as u32));
                prop_assert_eq!(figures.window_failures, Some(failures as u32));
            }
        }
    }

    #[test]
    fn what_must_always_be_true(settings in settings(), inputs in inputs()) {
        let mut now = 0;
        let mut core = Core::new(&settings, now);
        let (mut admitted, mut given_back) = (0u32, 0u32);
        for (input, pause) in inputs {
            now += pause;
            let did = step(&mut core, &settings, input, now);
            if did.transition.is_some() {
                (admitted, given_back) = (0, 0);
            }
            let state = core.state();
            match did.permitted {
                Some(true) => {
                    prop_assert!(!matches!(state, State::Open | State::ForcedOpen), "open never permits");
                    admitted += u32::from(state == State::HalfOpen);
                }
                Some(false) => prop_assert!(
                    matches!(state, State::Open | State::ForcedOpen | State::HalfOpen),
                    "{state:?} never refuses"
                ),
                None => {}
            }
            let judged = |outcome| settings.judge(outcome).is_some();
            given_back += match input {
                Input::Release => 1,
                Input::Record { outcome, .. } if !judged(outcome) => 1,
                _ => 0,
            };
            if let (Input::Record { outcome, .. }, Some(transition)) = (input, &did.transition) {
                prop_assert!(judged(outcome), "{outcome:?} moves nothing");
                prop_assert!(transition.from != State::Disabled && transition.from != State::MetricsOnly);
            }
            prop_assert!(admitted <= settings.half_open_trials + given_back, "too many trials");
            prop_assert!(core.state() != State::Unknown);
        }
    }
}
