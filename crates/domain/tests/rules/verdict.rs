//! The sentences, word for word.

use domain::breaker::State;
use domain::verdict::{BreakerVerdict, Level, VerdictInput, verdict};

const TARGET: f64 = 0.995;

fn normal() -> VerdictInput<'static> {
    VerdictInput {
        stale: false,
        has_data: true,
        silent_for: None,
        breakers: breakers(&[("gpt-5", State::Closed)]),
        failing_over: None,
        answered: Some(0.9998),
        target: TARGET,
    }
}

fn breakers(states: &[(&'static str, State)]) -> Vec<BreakerVerdict<'static>> {
    let breaker = |(name, state): &(&'static str, State)| BreakerVerdict {
        name,
        provider: "openai",
        state: *state,
        partly: false,
    };
    states.iter().map(breaker).collect()
}

fn partly(mut breakers: Vec<BreakerVerdict<'static>>) -> Vec<BreakerVerdict<'static>> {
    for breaker in breakers.iter_mut().filter(|breaker| breaker.state == State::Open) {
        breaker.partly = true;
    }
    breakers
}

#[test]
fn golden() {
    use State::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open, Unknown};
    let open_and_recovering = breakers(&[("a", Open), ("b", HalfOpen), ("c", Closed)]);
    let over = Some(("anthropic", "openai"));
    let cases = [
        (
            VerdictInput {
                has_data: false,
                stale: true,
                ..normal()
            },
            Level::Unknown,
            "Waiting for the first event.",
            "",
        ),
        (
            VerdictInput {
                stale: true,
                silent_for: Some(1),
                ..normal()
            },
            Level::Unknown,
            "Figures are out of date.",
            "",
        ),
        (
            VerdictInput {
                silent_for: Some(42_999),
                breakers: open_and_recovering.clone(),
                ..normal()
            },
            Level::Unknown,
            "No events for 42 s.",
            "Last known: 1 breaker open, 1 recovering.",
        ),
        (
            VerdictInput {
                silent_for: Some(120_000),
                ..normal()
            },
            Level::Unknown,
            "No events for 2 min.",
            "",
        ),
        (
            VerdictInput {
                silent_for: Some(7_200_000),
                ..normal()
            },
            Level::Unknown,
            "No events for 2 h.",
            "",
        ),
        (
            VerdictInput {
                breakers: open_and_recovering.clone(),
                failing_over: over,
                answered: Some(0.992),
                ..normal()
            },
            Level::Act,
            "1 breaker open, 1 recovering.",
            "anthropic is failing over to openai; users see 99.2% success.",
        ),
        (
            VerdictInput {
                breakers: open_and_recovering.clone(),
                failing_over: over,
                ..normal()
            },
            Level::Act,
            "1 breaker open, 1 recovering.",
            "anthropic is failing over to openai.",
        ),
        (
            VerdictInput {
                breakers: open_and_recovering.clone(),
                answered: Some(0.99499),
                ..normal()
            },
            Level::Act,
            "1 breaker open, 1 recovering.",
            "Users see 99.4% success.",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", Open), ("b", Open)]),
                ..normal()
            },
            Level::Act,
            "2 breakers open.",
            "",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", HalfOpen), ("b", Closed)]),
                ..normal()
            },
            Level::Attention,
            "1 breaker recovering.",
            "",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", ForcedOpen), ("b", HalfOpen), ("c", HalfOpen)]),
                ..normal()
            },
            Level::Attention,
            "1 breaker forced open, 2 recovering.",
            "",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", HalfOpen), ("b", ForcedOpen), ("c", Open)]),
                ..normal()
            },
            Level::Act,
            "1 breaker open, 1 forced open.",
            "",
        ),
        (
            VerdictInput {
                breakers: partly(breakers(&[("claude-sonnet", Open), ("b", Closed)])),
                ..normal()
            },
            Level::Attention,
            "claude-sonnet partly open.",
            "",
        ),
        (
            VerdictInput {
                breakers: partly(breakers(&[("a", Open), ("b", Open), ("c", HalfOpen)])),
                ..normal()
            },
            Level::Attention,
            "2 breakers partly open, 1 recovering.",
            "",
        ),
        (
            VerdictInput {
                breakers: [partly(breakers(&[("a", Open)])), breakers(&[("b", Open)])].concat(),
                ..normal()
            },
            Level::Act,
            "1 breaker open, 1 partly open.",
            "",
        ),
        (
            VerdictInput {
                failing_over: over,
                answered: Some(0.98),
                ..normal()
            },
            Level::Attention,
            "anthropic is failing over to openai.",
            "Users see 98.0% success.",
        ),
        (
            VerdictInput {
                answered: Some(0.98),
                ..normal()
            },
            Level::Attention,
            "Users see 98.0% success.",
            "",
        ),
        (
            VerdictInput {
                answered: Some(0.2),
                ..normal()
            },
            Level::Act,
            "Users see 20.0% success.",
            "",
        ),
        (
            VerdictInput {
                answered: Some(0.9996),
                target: 0.9999,
                ..normal()
            },
            Level::Attention,
            "Users see 99.9% success.",
            "",
        ),
        (normal(), Level::Ok, "All breakers closed, answers normal.", ""),
        (
            VerdictInput {
                answered: None,
                ..normal()
            },
            Level::Ok,
            "All breakers closed, no requests.",
            "",
        ),
        (
            VerdictInput {
                breakers: vec![],
                ..normal()
            },
            Level::Ok,
            "Answers normal.",
            "No breaker has reported yet.",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", Disabled), ("b", MetricsOnly), ("c", Closed)]),
                ..normal()
            },
            Level::Ok,
            "No breaker open, answers normal.",
            "",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", Unknown)]),
                answered: None,
                ..normal()
            },
            Level::Unknown,
            "All breakers silent.",
            "No requests.",
        ),
        (
            VerdictInput {
                breakers: breakers(&[("a", Unknown), ("b", Closed)]),
                ..normal()
            },
            Level::Unknown,
            "1 breaker silent.",
            "Answers normal.",
        ),
    ];
    for (input, level, lead, rest) in cases {
        let told = verdict(&input);
        assert_eq!(
            (told.level, told.lead.as_str(), told.rest.as_str()),
            (level, lead, rest),
            "{input:?}"
        );
    }
}
