//! The rules, held against simple models and against what must always be true.

mod alert_incident;
mod alert_life;
mod alert_matcher;
mod alert_repeat;
mod alert_rule;
mod alert_watch;
mod bucket;
mod core;
mod core_cases;
mod duty;
mod history;
mod registry;
mod registry_always;
mod sketch;
mod standing;
mod verdict;
mod whatif;
mod window;

use domain::Outcome;
use domain::event::{Call, CallOutcome, FallbackFrom};
use proptest::prelude::*;

/// Any outcome.
fn outcome() -> impl Strategy<Value = Outcome> {
    proptest::sample::select(Outcome::ALL.to_vec())
}

/// Any call as intake lets it through, as far as a bucket looks at it.
fn call() -> impl Strategy<Value = Call> {
    let times = proptest::option::of((0u64..=86_400_000_000, 0.0f64..=1.0));
    let tokens = || proptest::option::of(0u32..=100_000);
    let kind = (outcome(), 1u8..4, any::<bool>(), 1u32..50);
    (
        kind,
        times,
        any::<bool>(),
        (tokens(), tokens(), tokens()),
        money(),
    )
        .prop_map(
            |((outcome, attempt, fallback, weight), times, stream, (input, cached, output), money)| Call {
                provider: "openai".into(),
                model: "gpt-5".into(),
                outcome: CallOutcome(outcome),
                duration: times.map(|(duration, _)| duration),
                ttft: times
                    .filter(|_| stream)
                    .map(|(duration, share)| (duration as f64 * share) as u64),
                attempt,
                weight,
                fallback_from: fallback.then(|| FallbackFrom {
                    provider: "anthropic".into(),
                    model: None,
                }),
                input_tokens: input,
                cached_tokens: cached,
                output_tokens: output,
                cost: money.0,
                cost_estimated: money.1,
                usual_cost: money.2,
                ..Call::default()
            },
        )
}

/// What a call cost, whether that is an estimate, and what it would have cost elsewhere.
fn money() -> impl Strategy<Value = (Option<i64>, bool, Option<i64>)> {
    let amount = || proptest::option::of(0i64..1_000_000_000);
    (amount(), any::<bool>(), amount())
}

/// Several calls.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    proptest::collection::vec(call(), 0..40)
}
