//! Replayed limits against a model that replays each limit alone, call by call.

use domain::breaker::whatif::{limits, replay};
use domain::breaker::{Between, Core, Input, RecordedCall, Settings, State, Verdict, WhatIf, step};
use domain::{Millis, Outcome};
use proptest::prelude::*;

use crate::core::settings;
use crate::outcome;

/// What one world says of a limit: openings, failed trials, ms open, failures let through, good calls turned away,
/// unknown ones turned away.
#[derive(Debug, Default)]
struct Alone {
    opened: u32,
    reopened: u32,
    open_ms: Millis,
    failures: u64,
    good: u64,
    unknown: u64,
}

/// Every unit of every call asks and, when let through, ends. No short cut.
fn alone(base: &Settings, limit: f64, calls: &[RecordedCall], end: Millis, fails: bool) -> Alone {
    let settings = Settings {
        failure_threshold: limit,
        ..base.clone()
    };
    let mut alone = Alone::default();
    let mut core = Core::new(&settings, 0);
    let mut opened_at = None;
    for call in calls {
        let unknown = call.outcome == Outcome::Rejected;
        let (outcome, duration) = match (unknown, fails) {
            (false, _) => (call.outcome, call.duration.unwrap_or(0)),
            (true, false) => (Outcome::Ok, 0),
            (true, true) => (Outcome::Timeout, u64::MAX),
        };
        let Some(failed) = settings.judge(outcome) else {
            continue;
        };
        for _ in 0..call.weight {
            let asked = step(&mut core, &settings, Input::Acquire, call.at);
            if asked.transition.is_some() {
                alone.open_ms += call.at - opened_at.take().expect("it was open");
            }
            if asked.permitted == Some(false) {
                alone.good += u64::from(!unknown && !failed);
                alone.unknown += u64::from(unknown);
                continue;
            }
            alone.failures += u64::from(failed);
            let ended = step(&mut core, &settings, Input::Record { outcome, duration }, call.at);
            if let Some(opening) = ended.transition.filter(|change| change.to == State::Open) {
                opened_at = Some(call.at);
                match opening.from {
                    State::HalfOpen => alone.reopened += 1,
                    _ => alone.opened += 1,
                }
            }
        }
    }
    alone.open_ms += opened_at.map_or(0, |since| end - since);
    alone
}

fn between<T: Ord + Copy>(one: T, other: T) -> Between<T> {
    Between {
        min: one.min(other),
        max: one.max(other),
    }
}

fn model(base: &Settings, limit: f64, calls: &[RecordedCall], end: Millis) -> Verdict {
    let [well, badly] = [false, true].map(|fails| alone(base, limit, calls, end, fails));
    Verdict {
        limit,
        opened: between(well.opened, badly.opened),
        reopened: between(well.reopened, badly.reopened),
        open_ms: between(well.open_ms, badly.open_ms),
        failures_let_through: between(well.failures, badly.failures),
        good_turned_away: Between {
            min: well.good.min(badly.good),
            max: (well.good + well.unknown).max(badly.good + badly.unknown),
        },
        unknown: count(calls, |call| call.outcome == Outcome::Rejected),
    }
}

fn count(calls: &[RecordedCall], of: impl Fn(&RecordedCall) -> bool) -> u64 {
    let chosen = calls.iter().filter(|call| of(call));
    chosen.map(|call| u64::from(call.weight)).sum()
}

fn calls() -> impl Strategy<Value = Vec<RecordedCall>> {
    let mostly = proptest::sample::select(vec![
        Outcome::Ok,
        Outcome::Ok,
        Outcome::Overloaded,
        Outcome::Timeout,
        Outcome::Rejected,
    ]);
    let outcome = prop_oneof![4 => mostly, 1 => outcome()];
    let pause = prop_oneof![8 => 0i64..200, 2 => 0i64..10_000, 1 => 0i64..60_000];
    let weight = prop_oneof![6 => Just(1u32), 2 => 1u32..30];
    let call = (outcome, proptest::option::of(0u64..1_500), weight, pause);
    proptest::collection::vec(call, 0..120).prop_map(|calls| {
        let mut now = 1_000_000;
        let mut at = |pause| {
            now += pause;
            now
        };
        calls
            .into_iter()
            .map(|(outcome, duration, weight, pause)| RecordedCall {
                at: at(pause),
                outcome,
                duration,
                weight,
            })
            .collect()
    })
}

fn without(calls: &[RecordedCall], out: Outcome) -> Vec<RecordedCall> {
    let kept = calls.iter().filter(|call| call.outcome != out);
    kept.copied().collect()
}

proptest! {
    #[test]
    fn one_pass_says_what_each_limit_alone_says(base in settings(), calls in calls(), rest in 0i64..100_000) {
        let end = calls.last().map_or(0, |call| call.at) + rest;
        let all = replay(&base, calls.iter().copied(), None, end).verdicts;
        prop_assert_eq!(all.len(), limits().len());
        for (limit, verdict) in limits().into_iter().zip(&all) {
            prop_assert_eq!(verdict, &model(&base, limit, &calls, end), "{}", limit);
            let mut single = WhatIf::with_limits(&base, &[limit], None);
            calls.iter().for_each(|call| single.push(call));
            prop_assert_eq!(&single.finish(end).verdicts, &vec![*verdict]);
        }
    }

    #[test]
    fn what_must_always_be_true(base in settings(), calls in calls(), rest in 0i64..100_000) {
        let (first, last) = (calls.first().map_or(0, |call| call.at), calls.last().map_or(0, |call| call.at));
        let failures = count(&calls, |call| base.judge(call.outcome) == Some(true));
        let good = count(&calls, |call| call.outcome == Outcome::Ok);
        let all = replay(&base, calls.iter().copied(), None, last + rest).verdicts;
        for verdict in &all {
            prop_assert!(verdict.opened.min <= verdict.opened.max);
            prop_assert!(verdict.reopened.min <= verdict.reopened.max);
            prop_assert!(0 <= verdict.open_ms.min && verdict.open_ms.min <= verdict.open_ms.max);
            prop_assert!(verdict.open_ms.max <= last + rest - first);
            let through = verdict.failures_let_through;
            prop_assert!(through.min <= through.max && through.min <= failures);
            prop_assert!(through.max <= failures + verdict.unknown);
            let away = verdict.good_turned_away;
            prop_assert!(away.min <= away.max && away.min <= good && away.max <= good + verdict.unknown);
            if verdict.opened.max == 0 {
                prop_assert_eq!((verdict.open_ms.max, verdict.reopened.max, away.max), (0, 0, 0));
                prop_assert_eq!(through, Between { min: failures, max: failures + verdict.unknown });
            }
        }
        // A higher limit may open more often, but never before a lower one has.
        for (lower, higher) in all.iter().zip(all.iter().skip(1)) {
            prop_assert!(lower.opened.max > 0 || higher.opened.max == 0);
            prop_assert!(lower.opened.min > 0 || higher.opened.min == 0);
        }
    }

    #[test]
    fn without_unknowns_nothing_is_a_range(base in settings(), calls in calls()) {
        let known = without(&calls, Outcome::Rejected);
        for verdict in replay(&base, known, None, 0).verdicts {
            prop_assert_eq!(verdict.unknown, 0);
            prop_assert_eq!(verdict.opened.min, verdict.opened.max);
            prop_assert_eq!(verdict.open_ms.min, verdict.open_ms.max);
            prop_assert_eq!(verdict.failures_let_through.min, verdict.failures_let_through.max);
            prop_assert_eq!(verdict.good_turned_away.min, verdict.good_turned_away.max);
        }
    }

    #[test]
    fn nothing_opens_by_what_no_breaker_judges(base in settings(), calls in calls()) {
        let mut calls = calls;
        calls.retain(|call| base.judge(call.outcome).is_none());
        for verdict in replay(&base, calls.iter().copied(), None, 0).verdicts {
            prop_assert_eq!(verdict.opened.min, 0);
            prop_assert_eq!((verdict.failures_let_through.min, verdict.good_turned_away.min), (0, 0));
        }
        calls.retain(|call| call.outcome != Outcome::Rejected);
        for verdict in replay(&base, calls, None, 0).verdicts {
            prop_assert_eq!(verdict, Verdict { limit: verdict.limit, ..model(&base, verdict.limit, &[], 0) });
        }
    }

    #[test]
    fn a_weight_is_so_many_calls(base in settings(), calls in calls()) {
        let single = calls.iter().flat_map(|call| {
            (0..call.weight).map(|_| RecordedCall { weight: 1, ..*call })
        });
        prop_assert_eq!(replay(&base, calls.iter().copied(), None, 0), replay(&base, single, None, 0));
    }
}
