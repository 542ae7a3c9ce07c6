//! A group over time: pending, firing, clearing, coming and going.

use domain::alert::{
    Cleared, Condition, Crossing, FLAP_QUIET, FLAP_STEADY, FLAP_TIMES, Rule, STALE, Side, Watch,
};
use proptest::prelude::*;

use crate::alert_rule::{reading, rule, threshold};

const STEP: i64 = 10_000;
const BAD: Option<f64> = Some(3.0);
const BETWEEN: Option<f64> = Some(1.8);
const GOOD: Option<f64> = Some(1.0);

/// Above 2, clears at 1.6.
fn watched(hold: i64) -> Rule {
    Rule {
        hold,
        ..rule(threshold(Side::Above, 2.0, 1.6))
    }
}

/// What happens at each of these values, 10 s apart from 0 on.
fn run(watch: &mut Watch, rule: &Rule, from: i64, values: &[Option<f64>]) -> Vec<(i64, Crossing)> {
    let mut seen = Vec::new();
    for (nth, value) in values.iter().enumerate() {
        let at = from + nth as i64 * STEP;
        seen.extend(
            watch
                .step(rule, &reading(at, *value))
                .map(|crossing| (at, crossing)),
        );
    }
    seen
}

fn fired(at: i64) -> (i64, Crossing) {
    (
        at,
        Crossing::Fired {
            since: at,
            flaps: None,
        },
    )
}

fn cleared(at: i64) -> (i64, Crossing) {
    (at, Crossing::Cleared(Cleared::Good))
}

#[test]
fn without_for_it_fires_at_once_and_clears_beyond_the_band() {
    let values = [GOOD, BAD, BETWEEN, BETWEEN, BAD, GOOD, BETWEEN, GOOD];
    let seen = run(&mut Watch::default(), &watched(0), 0, &values);
    assert_eq!(seen, [fired(STEP), cleared(5 * STEP)]);
}

#[test]
fn it_must_be_bad_for_so_long_without_a_break() {
    let rule = watched(3 * STEP);
    let values = [BAD, BAD, BETWEEN, BAD, BAD, None, BAD, BAD, BAD, BAD, BAD];
    let seen = run(&mut Watch::default(), &rule, 0, &values);
    let pending = |at: i64| (at, Crossing::Pending { since: at });
    let dropped = |at: i64| (at, Crossing::Dropped);
    let expected = [
        pending(0),
        dropped(2 * STEP),
        pending(3 * STEP),
        dropped(5 * STEP),
        pending(6 * STEP),
        (
            9 * STEP,
            Crossing::Fired {
                since: 6 * STEP,
                flaps: None,
            },
        ),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_source_that_knows_since_when_makes_up_for_a_restart() {
    let rule = watched(60_000);
    let mut told = reading(100_000, BAD);
    told.since = Some(40_000);
    let expected = Crossing::Fired {
        since: 40_000,
        flaps: None,
    };
    assert_eq!(Watch::default().step(&rule, &told), Some(expected));
}

#[test]
fn what_says_nothing_any_more_is_over_after_a_while() {
    let mut watch = Watch::default();
    let rule = watched(0);
    assert_eq!(run(&mut watch, &rule, 0, &[BAD, None, BAD]), [fired(0)]);
    let silent = vec![None; 100];
    let seen = run(&mut watch, &rule, 3 * STEP, &silent);
    let over = (3 * STEP + STALE, Crossing::Cleared(Cleared::Silent));
    assert_eq!(seen, [over]);
}

#[test]
fn the_third_time_it_is_held_until_it_has_been_quiet() {
    let (mut watch, rule) = (Watch::default(), watched(0));
    let values = [BAD, GOOD, BAD, GOOD, BAD, GOOD, BAD, GOOD];
    let seen = run(&mut watch, &rule, 0, &values);
    let flapping = Crossing::Fired {
        since: 4 * STEP,
        flaps: Some(FLAP_TIMES),
    };
    let expected = [
        fired(0),
        cleared(STEP),
        fired(2 * STEP),
        cleared(3 * STEP),
        (4 * STEP, flapping),
    ];
    assert_eq!(seen, expected, "the fourth time is part of the third");
    let quiet = vec![GOOD; 100];
    let seen = run(&mut watch, &rule, 8 * STEP, &quiet);
    let over = 7 * STEP + FLAP_QUIET;
    assert_eq!(seen, [(over, Crossing::Cleared(Cleared::Quiet))]);
    assert!(!watch.is_firing());
}

#[test]
fn what_stays_bad_does_not_flap() {
    let (mut watch, rule) = (Watch::default(), watched(0));
    run(&mut watch, &rule, 0, &[BAD, GOOD, BAD, GOOD, BAD]);
    let seen = run(&mut watch, &rule, 5 * STEP, &[BAD; 40]);
    assert_eq!(seen, [(4 * STEP + FLAP_STEADY, Crossing::Steady)]);
    let seen = run(&mut watch, &rule, 60 * STEP, &[GOOD]);
    assert_eq!(seen, [cleared(60 * STEP)]);
}

#[test]
fn older_readings_are_left_out() {
    let (mut watch, rule) = (Watch::default(), watched(0));
    assert!(watch.step(&rule, &reading(100, BAD)).is_some());
    assert_eq!(watch.step(&rule, &reading(99, GOOD)), None);
    assert!(watch.is_firing());
}

#[test]
fn a_watch_after_a_restart_goes_on() {
    let rule = watched(30_000);
    let mut watch = Watch::firing(1_000, false, &[1_000]);
    assert_eq!(run(&mut watch, &rule, 10_000, &[BAD, BETWEEN, BAD]), []);
    assert_eq!(run(&mut watch, &rule, 40_000, &[GOOD]), [cleared(40_000)]);
    // Two firings that the process before saw count.
    let mut watch = Watch::quiet(&[50_000, 20_000]);
    let seen = run(&mut watch, &watched(0), 60_000, &[BAD]);
    assert!(matches!(
        seen[..],
        [(60_000, Crossing::Fired { flaps: Some(3), .. })]
    ));
}

/// Values around the band, nothing among them.
fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    proptest::collection::vec(proptest::option::weighted(0.9, 0.0f64..4.0), 1..400)
}

fn limits(rule: &Rule) -> (f64, f64) {
    match &rule.condition {
        Condition::Threshold(threshold) => (threshold.bound.limit, threshold.bound.clear),
        other => panic!("no threshold: {other:?}"),
    }
}

proptest! {
    #[test]
    fn within_the_band_nothing_ever_changes(
        hold in 0i64..6, start in any::<bool>(), wobble in proptest::collection::vec(1.6f64..=2.0, 1..200),
    ) {
        let rule = watched(hold * STEP);
        let (limit, clear) = limits(&rule);
        let mut watch = if start { Watch::firing(0, false, &[0]) } else { Watch::default() };
        for (nth, value) in wobble.iter().filter(|value| **value > clear && **value <= limit).enumerate() {
            prop_assert_eq!(watch.step(&rule, &reading(nth as i64 * STEP, *value)), None);
        }
        prop_assert_eq!(watch.is_firing(), start);
    }

    #[test]
    fn crossings_tell_one_story(hold in 0i64..6, values in values()) {
        let rule = watched(hold * STEP);
        let mut watch = Watch::default();
        let (mut pending, mut firing, mut bad_since) = (None, false, None);
        for (nth, value) in values.iter().enumerate() {
            let at = nth as i64 * STEP;
            let bad = value.is_some_and(|value| value > 2.0);
            bad_since = bad.then(|| bad_since.unwrap_or(at));
            match watch.step(&rule, &reading(at, *value)) {
                None => {}
                Some(Crossing::Pending { since }) => {
                    prop_assert!(!firing && pending.is_none() && since == at);
                    pending = Some(since);
                }
                Some(Crossing::Dropped) => {
                    prop_assert!(pending.take().is_some() && !bad);
                }
                Some(Crossing::Fired { since, .. }) => {
                    prop_assert!(!firing && bad);
                    prop_assert_eq!(Some(since), bad_since, "bad without a break");
                    prop_assert_eq!(pending.take().unwrap_or(at), since);
                    prop_assert!(at - since >= rule.hold);
                    firing = true;
                }
                Some(Crossing::Steady) => prop_assert!(firing && bad),
                Some(Crossing::Cleared(why)) => {
                    prop_assert!(std::mem::take(&mut firing));
                    match why {
                        Cleared::Silent => prop_assert!(value.is_none()),
                        _ => prop_assert!(value.is_some_and(|value| value <= 1.6)),
                    }
                }
            }
            prop_assert_eq!((watch.is_firing(), watch.pending()), (firing, pending));
        }
    }

    #[test]
    fn people_are_told_of_no_more_than_flapping_allows(values in values()) {
        let rule = watched(0);
        let seen = run(&mut Watch::default(), &rule, 0, &values);
        let told: Vec<i64> = seen
            .iter()
            .filter(|(_, crossing)| matches!(crossing, Crossing::Fired { flaps: None, .. }))
            .map(|(at, _)| *at)
            .collect();
        for few in told.windows(FLAP_TIMES) {
            prop_assert!(few[FLAP_TIMES - 1] - few[0] >= 15 * 60_000, "{few:?}");
        }
    }

    #[test]
    fn a_restart_while_firing_changes_nothing(values in values(), cut in 0usize..400) {
        let rule = watched(0);
        let mut whole = Watch::default();
        let mut fires: Vec<i64> = Vec::new();
        let mut cut_off: Option<Watch> = None;
        for (nth, value) in values.iter().enumerate() {
            let at = nth as i64 * STEP;
            let seen = whole.step(&rule, &reading(at, *value));
            if matches!(seen, Some(Crossing::Fired { .. })) {
                fires.push(at);
            }
            if let Some(watch) = &mut cut_off {
                // Neither fires again while it is open nor stays when it is over.
                let same = watch.step(&rule, &reading(at, *value));
                prop_assert_eq!(&same, &seen);
            } else if nth >= cut && !whole.is_firing() && whole.pending().is_none() {
                cut_off = Some(Watch::quiet(&fires));
            } else if nth >= cut && *value == Some(3.0) {
                cut_off = Some(whole.clone());
            }
        }
    }
}
