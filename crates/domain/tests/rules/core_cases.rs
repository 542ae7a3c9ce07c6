//! The breaker core in full, step by step.

use domain::Outcome;
use domain::breaker::{Core, ForceState, Input, Settings, State, Why, WindowKind, step};

fn record(outcome: Outcome) -> Input {
    Input::Record {
        outcome,
        duration: 1_000,
    }
}

#[test]
fn a_trip_and_its_recovery_in_full() {
    let settings = Settings {
        window: WindowKind::Count(50),
        minimum_calls: 10,
        open_for: 30_000,
        half_open_trials: 2,
        ..Settings::default()
    };
    let mut core = Core::new(&settings, 0);
    for number in 0..10 {
        let outcome = [Outcome::Ok, Outcome::Overloaded, Outcome::Auth][number % 3];
        assert_eq!(
            step(&mut core, &settings, record(outcome), 1_000).transition,
            None,
            "too few"
        );
    }
    for outcome in [Outcome::Ok, Outcome::Timeout] {
        assert_eq!(
            step(&mut core, &settings, record(outcome), 1_500).transition,
            None,
            "too few"
        );
    }
    let tripped = step(&mut core, &settings, record(Outcome::Overloaded), 2_000)
        .transition
        .unwrap();
    assert_eq!(
        (tripped.from, tripped.to, tripped.lasted),
        (State::Closed, State::Open, 2_000)
    );
    assert_eq!(tripped.causes, [(Outcome::Overloaded, 4), (Outcome::Timeout, 1)]);
    assert_eq!((tripped.window_calls, tripped.window_failures), (10, 5));
    assert_eq!(
        (tripped.failure_rate, tripped.retry_at),
        (Some(0.5), Some(32_000))
    );

    assert_eq!(
        step(&mut core, &settings, Input::Acquire, 31_999).permitted,
        Some(false)
    );
    let figures = core.figures(&settings, 31_999);
    assert_eq!(
        (figures.window_calls, figures.failure_rate),
        (Some(10), Some(0.5))
    );
    assert_eq!((figures.not_permitted, figures.retry_at), (Some(1), Some(32_000)));

    let woken = step(&mut core, &settings, Input::Acquire, 32_000);
    assert_eq!(woken.permitted, Some(true));
    let half_open = woken.transition.unwrap();
    assert_eq!(
        (half_open.to, half_open.trials_done, half_open.trials_needed),
        (State::HalfOpen, Some(0), Some(2))
    );
    assert_eq!((half_open.not_permitted, half_open.lasted), (1, 30_000));
    assert_eq!(
        step(&mut core, &settings, Input::Acquire, 32_000).permitted,
        Some(true)
    );
    assert_eq!(
        step(&mut core, &settings, Input::Acquire, 32_000).permitted,
        Some(false)
    );
    assert_eq!(
        step(&mut core, &settings, record(Outcome::Cancelled), 32_100),
        Default::default()
    );
    assert_eq!(
        step(&mut core, &settings, Input::Acquire, 32_100).permitted,
        Some(true),
        "given back"
    );
    step(&mut core, &settings, record(Outcome::Ok), 32_200);
    assert_eq!(core.figures(&settings, 32_200).trials_done, Some(1));
    let closed = step(&mut core, &settings, record(Outcome::Ok), 32_300)
        .transition
        .unwrap();
    assert_eq!((closed.to, closed.trials_done), (State::Closed, Some(2)));
    assert_eq!(core.figures(&settings, 32_300).window_calls, Some(0));
}

#[test]
fn failures_in_a_row_need_no_minimum() {
    let settings = Settings {
        consecutive: Some(3),
        ..Settings::default()
    };
    let mut core = Core::new(&settings, 0);
    for outcome in [
        Outcome::Network,
        Outcome::Network,
        Outcome::Ok,
        Outcome::Network,
        Outcome::Network,
    ] {
        assert_eq!(step(&mut core, &settings, record(outcome), 0).transition, None);
    }
    let tripped = step(&mut core, &settings, record(Outcome::Network), 0)
        .transition
        .unwrap();
    assert_eq!((tripped.why, tripped.window_calls), (Why::Consecutive, 6));
}

#[test]
fn slow_answers_trip_too() {
    let settings = Settings {
        slow_after: Some(999),
        slow_threshold: Some(1.0),
        minimum_calls: 2,
        ..Settings::default()
    };
    let mut core = Core::new(&settings, 0);
    step(&mut core, &settings, record(Outcome::Ok), 0);
    let tripped = step(&mut core, &settings, record(Outcome::Ok), 0)
        .transition
        .unwrap();
    assert_eq!(
        (tripped.why, tripped.slow_rate, tripped.window_slow),
        (Why::SlowRate, Some(1.0), 2)
    );
    assert!(tripped.causes.is_empty());
}

#[test]
fn a_forced_state_ignores_everything_but_its_end() {
    let settings = Settings {
        minimum_calls: 1,
        open_for: 1,
        ..Settings::default()
    };
    let mut core = Core::new(&settings, 0);
    let forced = step(&mut core, &settings, Input::Force(ForceState::Open), 5)
        .transition
        .unwrap();
    assert_eq!(
        (forced.to, forced.why, forced.retry_at),
        (State::ForcedOpen, Why::Forced, None)
    );
    assert_eq!(
        step(&mut core, &settings, Input::Acquire, 1_000_000).permitted,
        Some(false),
        "no time ends it"
    );
    step(
        &mut core,
        &settings,
        Input::Force(ForceState::MetricsOnly),
        1_000_001,
    );
    assert_eq!(
        step(&mut core, &settings, record(Outcome::Timeout), 1_000_002).transition,
        None
    );
    assert_eq!(
        core.figures(&settings, 1_000_002).failure_rate,
        Some(1.0),
        "counted, never tripped"
    );
    step(
        &mut core,
        &settings,
        Input::Force(ForceState::Disabled),
        1_000_003,
    );
    assert_eq!(
        step(&mut core, &settings, record(Outcome::Timeout), 1_000_004).transition,
        None
    );
    assert_eq!(core.figures(&settings, 1_000_004).window_calls, Some(0));
    step(&mut core, &settings, Input::Force(ForceState::Closed), 1_000_005);
    assert_eq!(
        step(&mut core, &settings, Input::Force(ForceState::Closed), 1_000_006).transition,
        None
    );
    assert!(
        step(&mut core, &settings, record(Outcome::Timeout), 1_000_007)
            .transition
            .is_some()
    );
}

#[test]
fn failed_trials_open_it_again_with_their_own_causes() {
    let settings = Settings {
        minimum_calls: 1,
        open_for: 10,
        half_open_trials: 1,
        ..Settings::default()
    };
    let mut core = Core::new(&settings, 0);
    step(&mut core, &settings, record(Outcome::Overloaded), 0);
    assert_eq!(
        step(&mut core, &settings, Input::Tick, 10).transition.unwrap().to,
        State::HalfOpen
    );
    assert_eq!(
        step(&mut core, &settings, record(Outcome::Ok), 10).transition,
        None,
        "no trial was let through"
    );
    step(&mut core, &settings, Input::Acquire, 11);
    let again = step(&mut core, &settings, record(Outcome::Timeout), 12)
        .transition
        .unwrap();
    assert_eq!(
        (again.to, again.why, again.retry_at),
        (State::Open, Why::TrialsFailed, Some(22))
    );
    assert_eq!(again.causes, [(Outcome::Timeout, 1)]);
    assert_eq!(core.figures(&settings, 13).window_failures, Some(1));
}
