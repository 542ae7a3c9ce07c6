//! Rules: what is accepted, what a reading means, and the rules of a new tenant.

use std::collections::BTreeSet;

use domain::alert::{
    Absence, Bound, BreakerState, BurnRate, BurnWindow, Change, Condition, Flapping, Judgement, Labels, Part,
    Query, Quorum, Reading, Rule, Severity, Side, Threshold, defaults, fingerprint,
};
use domain::breaker::State;
use proptest::prelude::*;

const MINUTE: i64 = 60_000;

/// A rule with this condition, without `for` and minimum.
pub fn rule(condition: Condition) -> Rule {
    Rule {
        name: "A rule".into(),
        about: String::new(),
        condition,
        hold: 0,
        min_samples: 0,
        severity: Severity::Warning,
        labels: Labels::new(),
        runbook: None,
        enabled: true,
        quiet_until: None,
    }
}

/// A figure beyond a limit.
pub fn threshold(side: Side, limit: f64, clear: f64) -> Condition {
    Condition::Threshold(Threshold {
        query: Query {
            metric: "latency_p95".into(),
            ..Query::default()
        },
        window: 5 * MINUTE,
        bound: Bound { side, limit, clear },
    })
}

/// A value at a time, of many calls.
pub fn reading(at: i64, value: impl Into<Option<f64>>) -> Reading {
    Reading {
        at,
        value: value.into(),
        samples: 1_000,
        since: None,
    }
}

fn refused(rule: &Rule) -> String {
    rule.check().expect_err("it is refused").to_string()
}

#[test]
fn the_rules_of_a_new_tenant_are_good() {
    let rules = defaults();
    assert_eq!(rules.len(), 8);
    let names: BTreeSet<&str> = rules.iter().map(|(_, rule)| rule.name.as_str()).collect();
    let keys: BTreeSet<&str> = rules.iter().map(|(key, _)| *key).collect();
    assert_eq!((names.len(), keys.len()), (8, 8), "each name and key once");
    for (key, rule) in &rules {
        assert_eq!(rule.check(), Ok(()), "{key}");
        assert!(rule.enabled && !rule.about.is_empty(), "{key}");
        let judges_calls = !rule.condition.is_about_breakers();
        let counts = matches!(&rule.condition, Condition::Threshold(t) if t.query.metric == "outcomes");
        assert_eq!(
            rule.min_samples > 0,
            judges_calls && !counts,
            "{key} judges no handful"
        );
        if let Condition::Threshold(Threshold { bound, .. }) | Condition::Change(Change { bound, .. }) =
            &rule.condition
        {
            assert_ne!(bound.limit, bound.clear, "{key} has hysteresis");
        }
    }
    let parts: Vec<Part> = rules.iter().map(|(_, rule)| rule.part()).collect();
    let count = |part| parts.iter().filter(|found| **found == part).count();
    assert_eq!(
        (count(Part::Cause), count(Part::Symptom), count(Part::Alone)),
        (1, 4, 3)
    );
}

#[test]
fn a_refusal_names_the_field_and_the_limit() {
    let good = rule(threshold(Side::Above, 2_000.0, 1_600.0));
    assert_eq!(good.check(), Ok(()));
    let with = |change: &dyn Fn(&mut Rule)| {
        let mut rule = good.clone();
        change(&mut rule);
        refused(&rule)
    };
    let condition = |condition: Condition| with(&|rule| rule.condition = condition.clone());
    let query = Query {
        metric: "answered".into(),
        ..Query::default()
    };
    let burn = |objective: f64, windows: Vec<BurnWindow>| {
        condition(Condition::BurnRate(BurnRate {
            query: query.clone(),
            objective,
            windows,
        }))
    };
    let pair = |long, short, factor| vec![BurnWindow { long, short, factor }];
    let change = |lag, baseline| {
        condition(Condition::Change(Change {
            query: query.clone(),
            window: 10 * MINUTE,
            baseline,
            lag,
            bound: Bound {
                side: Side::Above,
                limit: 1.0,
                clear: 0.5,
            },
        }))
    };
    let flapping = |times, clear, within| {
        condition(Condition::Flapping(Flapping {
            filter: String::new(),
            times,
            within,
            clear,
        }))
    };
    let window = |window| {
        with(&|rule| {
            if let Condition::Threshold(threshold) = &mut rule.condition {
                threshold.window = window;
            }
        })
    };
    for (told, expected) in [
        (
            with(&|rule| rule.name.clear()),
            "name: must have 1 to 80 characters, got 0",
        ),
        (
            with(&|rule| rule.name = "x".repeat(81)),
            "name: must have 1 to 80 characters, got 81",
        ),
        (
            with(&|rule| rule.name = " x".into()),
            "name: must not begin or end with a blank",
        ),
        (
            with(&|rule| rule.name = "x\u{7}".into()),
            "name: must have no control characters",
        ),
        (
            with(&|rule| rule.hold = -1),
            "for_ms: must be 0 to 86400000 milliseconds, got -1",
        ),
        (
            with(&|rule| rule.min_samples = 1_000_000_001),
            "min_samples: must be at most 1,000,000,000, got 1000000001",
        ),
        (
            with(&|rule| rule.runbook = Some("javascript:alert(1)".into())),
            "runbook: must be an http(s) address without blanks",
        ),
        (
            with(&|rule| {
                rule.labels.insert("9x".into(), String::new());
            }),
            "labels: `9x` must be 1 to 128 of a-z, A-Z, 0-9, _ and ., not starting with a digit",
        ),
        (
            with(&|rule| {
                rule.labels.insert("severity".into(), "none".into());
            }),
            "labels: `severity` is set by the rule itself",
        ),
        (
            condition(threshold(Side::Above, 2.0, 2.1)),
            "condition.clear: must be at most the limit 2, got 2.1",
        ),
        (
            condition(threshold(Side::Below, 0.9, 0.8)),
            "condition.clear: must be at least the limit 0.9, got 0.8",
        ),
        (
            condition(threshold(Side::Above, f64::NAN, 0.0)),
            "condition.limit: must be a number within ±1e15, got NaN",
        ),
        (
            window(15_000),
            "condition.window_ms: must be a multiple of 10000 milliseconds, got 15000",
        ),
        (
            window(0),
            "condition.window_ms: must be 10000 to 86400000 milliseconds, got 0",
        ),
        (
            burn(1.0, pair(60 * MINUTE, 5 * MINUTE, 14.4)),
            "condition.objective: is a fraction, 0.5 to 0.99999, got 1",
        ),
        (
            burn(0.99, pair(5 * MINUTE, 60 * MINUTE, 14.4)),
            "condition.windows.0.short_ms: must be shorter than long_ms 300000, got 3600000",
        ),
        (
            burn(0.99, vec![]),
            "condition.windows: must be 1 to 4 pairs, got 0",
        ),
        (
            burn(0.99, pair(60 * MINUTE, 5 * MINUTE, 0.0)),
            "condition.windows.0.factor: must be above 0 and at most 10,000, got 0",
        ),
        (
            change(5 * MINUTE, 60 * MINUTE),
            "condition.lag_ms: must be at least window_ms, so that now and before do not overlap; got 300000 for 600000",
        ),
        (
            change(60 * MINUTE, 8 * 24 * 60 * MINUTE),
            "condition.baseline_ms: must be 10000 to 604800000 milliseconds, got 691200000",
        ),
        (
            flapping(1, 0, MINUTE),
            "condition.times: must be 2 to 1,000, got 1",
        ),
        (
            flapping(3, 3, MINUTE),
            "condition.clear: must be below times 3, got 3",
        ),
        (
            condition(Condition::BreakerState(BreakerState {
                states: vec![State::Unknown],
                quorum: Quorum::Any,
                filter: String::new(),
            })),
            "condition.states: unknown is not a state that can be watched for; use a rule about absence",
        ),
        (
            condition(Condition::Absence(Absence {
                group_by: vec!["service".into(), "service".into()],
                filter: String::new(),
                after: 15 * MINUTE,
            })),
            "condition.group_by: `service` is named twice",
        ),
    ] {
        assert_eq!(told, expected);
    }
    let mut breaker = defaults()[0].1.clone();
    breaker.min_samples = 1;
    assert!(refused(&breaker).starts_with("min_samples: a rule about breakers judges no calls"));
}

#[test]
fn too_few_calls_say_nothing() {
    let mut rule = rule(threshold(Side::Above, 2_000.0, 1_600.0));
    rule.min_samples = 30;
    let few = Reading {
        samples: 29,
        ..reading(0, 9_000.0)
    };
    assert_eq!(rule.judge(&few), Judgement::Unknown);
    assert_eq!(rule.judge(&Reading { samples: 30, ..few }), Judgement::Bad);
    assert_eq!(rule.judge(&reading(0, None)), Judgement::Unknown);
    assert_eq!(rule.judge(&reading(0, f64::NAN)), Judgement::Unknown);
}

#[test]
fn instances_of_a_breaker_are_counted_as_the_quorum_says() {
    let judged = |quorum, open: f64, live| {
        let condition = Condition::BreakerState(BreakerState {
            states: vec![State::Open],
            quorum,
            filter: String::new(),
        });
        let found = Reading {
            samples: live,
            ..reading(0, open)
        };
        rule(condition).judge(&found)
    };
    assert_eq!(judged(Quorum::Any, 1.0, 5), Judgement::Bad);
    assert_eq!(judged(Quorum::Half, 1.0, 3), Judgement::Good);
    assert_eq!(judged(Quorum::Half, 2.0, 4), Judgement::Bad);
    assert_eq!(judged(Quorum::All, 2.0, 3), Judgement::Good);
    assert_eq!(judged(Quorum::All, 3.0, 3), Judgement::Bad);
    assert_eq!(judged(Quorum::All, 0.0, 0), Judgement::Unknown, "nobody is live");
}

#[test]
fn a_group_that_never_sent_enough_is_not_missed() {
    let mut rule = rule(Condition::Absence(Absence {
        group_by: vec!["service".into()],
        filter: String::new(),
        after: 15 * MINUTE,
    }));
    rule.min_samples = 500;
    let gone = |ms: f64, samples| {
        let found = Reading {
            samples,
            ..reading(0, ms)
        };
        rule.judge(&found)
    };
    assert_eq!(gone(900_000.0, 500), Judgement::Bad);
    assert_eq!(gone(899_999.0, 500), Judgement::Good);
    assert_eq!(gone(900_000.0, 499), Judgement::Unknown);
    assert_eq!(
        gone(0.0, 1),
        Judgement::Good,
        "it is there, however little it sends"
    );
}

#[test]
fn a_budget_burns_when_both_windows_of_a_pair_say_so() {
    let burn = BurnRate {
        query: Query::default(),
        objective: 0.99,
        windows: vec![
            BurnWindow {
                long: 60 * MINUTE,
                short: 5 * MINUTE,
                factor: 10.0,
            },
            BurnWindow {
                long: 360 * MINUTE,
                short: 30 * MINUTE,
                factor: 5.0,
            },
        ],
    };
    let value = |shares: [(f64, f64); 2]| {
        let shares = shares.map(|(long, short)| (Some(long), Some(short)));
        (burn.value(&shares).unwrap() * 100.0).round() / 100.0
    };
    assert_eq!(value([(0.88, 0.80), (1.0, 1.0)]), 1.2, "12 times, of 10");
    assert_eq!(value([(0.80, 1.0), (1.0, 1.0)]), 0.0, "over already");
    assert_eq!(value([(1.0, 1.0), (0.94, 0.93)]), 1.2, "6 times, of 5");
    assert_eq!(burn.value(&[(None, Some(0.5)), (Some(0.9), None)]), None);
    let judge = |value| rule(Condition::BurnRate(burn.clone())).judge(&reading(0, value));
    assert_eq!(judge(1.0), Judgement::Bad);
    assert_eq!(judge(0.95), Judgement::Between);
    assert_eq!(judge(0.89), Judgement::Good);
}

#[test]
fn a_fingerprint_tells_rules_and_groups_apart() {
    let labels = |pairs: &[(&str, &str)]| -> Labels {
        pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
    };
    let known = fingerprint(1, &labels(&[("a", "b"), ("c", "d")]));
    assert_eq!(known, fingerprint(1, &labels(&[("c", "d"), ("a", "b")])));
    for other in [
        fingerprint(2, &labels(&[("a", "b"), ("c", "d")])),
        fingerprint(1, &labels(&[("a", "bc"), ("", "d")])),
        fingerprint(1, &labels(&[("a", "b")])),
    ] {
        assert_ne!(known, other);
    }
    // Stored for ever: it may never change.
    assert_eq!(
        fingerprint(7, &labels(&[("provider", "openai")])),
        0x3b01_0b89_66e9_b26d
    );
}

proptest! {
    #[test]
    fn no_value_is_bad_and_good_at_once(limit in -1e6f64..1e6, band in 0.0f64..1e3, value in -2e6f64..2e6) {
        for (side, clear) in [(Side::Above, limit - band), (Side::Below, limit + band)] {
            let bound = Bound { side, limit, clear };
            prop_assert!(!(bound.is_bad(value) && bound.is_good(value)));
            prop_assert!(!bound.is_bad(limit), "at the limit it is not beyond it");
            prop_assert!(bound.is_good(clear));
        }
    }
}
