//! The rules of a new tenant. Eight, each with a reason to wake or to look: more would teach people to look away.

use super::{
    Absence, Bound, BreakerState, BurnRate, BurnWindow, Change, Condition, Flapping, HOUR, Labels, MINUTE,
    Query, Quorum, Rule, Severity, Side, Threshold,
};
use crate::Millis;
use crate::breaker::State;

/// A rule and the key by which a tenant that deleted it is remembered.
pub type DefaultRule = (&'static str, Rule);

/// The rules, in the order they are shown.
pub fn defaults() -> [DefaultRule; 8] {
    let by_provider = || strings(&["provider", "environment"]);
    [
        (
            "breaker_open",
            rule(
                "Breaker open",
                "Half or more of a breaker's instances refuse calls. Calls go to the fallback, or fail.",
                Severity::Critical,
                Condition::BreakerState(BreakerState {
                    states: vec![State::Open],
                    quorum: Quorum::Half,
                    filter: String::new(),
                }),
                (0, 0),
            ),
        ),
        (
            "breaker_flapping",
            rule(
                "Breaker flapping",
                "A breaker opens again and again. Its threshold or its wait may be too tight, or the provider is half \
                 down.",
                Severity::Warning,
                Condition::Flapping(Flapping {
                    filter: String::new(),
                    times: 5,
                    within: 15 * MINUTE,
                    clear: 1,
                }),
                (0, 0),
            ),
        ),
        (
            "attempts_failing",
            rule(
                "Attempts failing",
                "More than one in ten attempts at a provider fails.",
                Severity::Critical,
                Condition::Threshold(Threshold {
                    query: query("attempt_success", by_provider()),
                    window: 5 * MINUTE,
                    bound: below(0.90, 0.95),
                }),
                (2 * MINUTE, 50),
            ),
        ),
        (
            "slower_than_usual",
            rule(
                "Slower than usual",
                "Answers take at least twice as long as in the hour before, at the 95th percentile.",
                Severity::Warning,
                Condition::Change(Change {
                    query: query("latency_p95", strings(&["provider", "model", "environment"])),
                    window: 5 * MINUTE,
                    baseline: HOUR,
                    lag: 10 * MINUTE,
                    bound: above(1.0, 0.5),
                }),
                (5 * MINUTE, 100),
            ),
        ),
        (
            "budget_burning",
            rule(
                "Error budget burning",
                "At this rate the month's budget for unanswered requests (0.5%) is used up in two days, or in five.",
                Severity::Warning,
                Condition::BurnRate(BurnRate {
                    query: query("answered", strings(&["environment"])),
                    objective: 0.995,
                    windows: vec![burn(HOUR, 5 * MINUTE, 14.4), burn(6 * HOUR, 30 * MINUTE, 6.0)],
                }),
                (MINUTE, 100),
            ),
        ),
        (
            "access_refused",
            rule(
                "Key refused or quota used up",
                "A provider refuses our key or says that the quota is used up. Retrying does not help.",
                Severity::Critical,
                Condition::Threshold(Threshold {
                    query: Query {
                        metric: "outcomes".into(),
                        group_by: by_provider(),
                        filter: "outcome:auth outcome:quota".into(),
                    },
                    window: 5 * MINUTE,
                    bound: above(4.0, 0.0),
                }),
                (0, 0),
            ),
        ),
        (
            "service_silent",
            rule(
                "Service silent",
                "A service that made calls all the time makes none. It is down, or what reports its calls is.",
                Severity::Warning,
                Condition::Absence(Absence {
                    group_by: strings(&["service", "environment"]),
                    filter: String::new(),
                    after: 15 * MINUTE,
                }),
                (0, 500),
            ),
        ),
        (
            "spending_more",
            rule(
                "Spending more than yesterday",
                "The last hour cost at least twice as much as the same hour yesterday.",
                Severity::Warning,
                Condition::Change(Change {
                    query: query("cost", by_provider()),
                    window: HOUR,
                    baseline: HOUR,
                    lag: 24 * HOUR,
                    bound: above(1.0, 0.5),
                }),
                (10 * MINUTE, 200),
            ),
        ),
    ]
}

fn rule(
    name: &str,
    about: &str,
    severity: Severity,
    condition: Condition,
    (hold, min_samples): (Millis, u64),
) -> Rule {
    Rule {
        name: name.into(),
        about: about.into(),
        condition,
        hold,
        min_samples,
        severity,
        labels: Labels::new(),
        runbook: None,
        enabled: true,
        quiet_until: None,
    }
}

fn query(metric: &str, group_by: Vec<String>) -> Query {
    Query {
        metric: metric.into(),
        group_by,
        filter: String::new(),
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn above(limit: f64, clear: f64) -> Bound {
    Bound {
        side: Side::Above,
        limit,
        clear,
    }
}

fn below(limit: f64, clear: f64) -> Bound {
    Bound {
        side: Side::Below,
        limit,
        clear,
    }
}

fn burn(long: Millis, short: Millis, factor: f64) -> BurnWindow {
    BurnWindow { long, short, factor }
}
