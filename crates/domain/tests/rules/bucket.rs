use domain::Outcome;
use domain::event::{Call, CallOutcome, FallbackFrom};
use domain::rollup::{Bucket, CallClass};
use proptest::prelude::*;

use crate::calls;

fn of<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Bucket {
    let mut bucket = Bucket::default();
    for call in calls {
        bucket.add(call);
    }
    bucket
}

fn merged(parts: &[&Bucket]) -> Bucket {
    let mut all = Bucket::default();
    for part in parts {
        all.merge(part);
    }
    all
}

/// The attempts of one request, as a caller that follows the contract reports them: failures, and at most one answer,
/// which is the last; a neutral outcome ends it.
fn request() -> impl Strategy<Value = Vec<Call>> {
    proptest::collection::vec(crate::call(), 1..5).prop_map(|mut attempts| {
        let weight = attempts[0].weight;
        for (number, call) in attempts.iter_mut().enumerate() {
            call.weight = weight;
            if number == 0 {
                (call.attempt, call.fallback_from) = (1, None);
            } else if call.fallback_from.is_none() {
                call.attempt = call.attempt.max(2);
            }
        }
        let ends = |call: &Call| call.outcome() == Outcome::Ok || call.outcome().is_neutral();
        let end = attempts
            .iter()
            .position(ends)
            .map_or(attempts.len(), |last| last + 1);
        attempts.truncate(end);
        attempts
    })
}

proptest! {
    #[test]
    fn merging_is_adding_in_any_order(a in calls(), b in calls(), c in calls()) {
        let (ba, bb, bc) = (of(&a), of(&b), of(&c));
        let whole = of(a.iter().chain(&b).chain(&c));
        prop_assert_eq!(&merged(&[&ba, &bb, &bc]), &whole);
        prop_assert_eq!(&merged(&[&bc, &ba, &bb]), &whole);
        prop_assert_eq!(&merged(&[&ba, &merged(&[&bb, &bc])]), &whole);
    }

    #[test]
    fn subtracting_undoes_merging(a in calls(), b in calls()) {
        let mut bucket = merged(&[&of(&a), &of(&b)]);
        bucket.subtract(&of(&b));
        prop_assert_eq!(&bucket, &of(&a));
        bucket.subtract(&merged(&[&of(&a), &of(&b)]));
        prop_assert_eq!(&bucket, &Bucket::default());
    }

    #[test]
    fn every_call_is_counted_once(calls in calls()) {
        let bucket = of(&calls);
        let sum = |counts: &dyn Fn(&Call) -> bool| -> u64 {
            calls.iter().filter(|call| counts(call)).map(|call| u64::from(call.weight)).sum()
        };
        prop_assert_eq!(bucket.requests(), sum(&|call| call.is_first()));
        prop_assert_eq!(bucket.attempts(), sum(&|call| call.outcome() != Outcome::Rejected));
        prop_assert_eq!(bucket.retries(), sum(&|call| call.attempt >= 2));
        prop_assert_eq!(
            bucket.saved_by_fallback(),
            sum(&|call| call.outcome() == Outcome::Ok && call.fallback_from.is_some())
        );
        for outcome in Outcome::ALL {
            prop_assert_eq!(bucket.of_outcome(outcome), sum(&|call| call.outcome() == outcome));
            for class in CallClass::ALL {
                let exactly = sum(&|call| call.outcome() == outcome && CallClass::of(call) == class);
                prop_assert_eq!(bucket.count(outcome, class), exactly);
            }
        }
        prop_assert_eq!(bucket.nonzero().map(|(_, _, count)| count).sum::<u64>(), sum(&|_| true));
        prop_assert_eq!(bucket.is_empty(), calls.is_empty());
        prop_assert_eq!(bucket.latency.count(), sum(&|c| c.outcome() == Outcome::Ok && c.duration.is_some()));
        prop_assert_eq!(bucket.ttft.count(), sum(&|c| c.outcome() == Outcome::Ok && c.ttft.is_some()));
        prop_assert_eq!(bucket.priced, sum(&|call| call.cost.is_some()));
    }

    /// Every cent is where it belongs, and nowhere twice.
    #[test]
    fn what_the_cost_went_to_is_exact(calls in calls()) {
        let bucket = of(&calls);
        let sum = |amount: &dyn Fn(&Call) -> Option<i64>| -> i64 {
            calls.iter().filter_map(|call| Some(amount(call)? * i64::from(call.weight))).sum()
        };
        let ok = |call: &Call| call.outcome() == Outcome::Ok;
        let stands_in = |call: &Call| call.fallback_from.is_some();
        let both = |call: &Call| (ok(call) && stands_in(call)).then(|| call.cost.zip(call.usual_cost)).flatten();
        prop_assert_eq!(bucket.cost, sum(&|call| call.cost));
        prop_assert_eq!(bucket.failed_cost, sum(&|call| call.cost.filter(|_| !ok(call))));
        prop_assert_eq!(
            bucket.retry_cost,
            sum(&|call| call.cost.filter(|_| ok(call) && !stands_in(call) && call.attempt >= 2))
        );
        prop_assert_eq!(bucket.fallback_cost, sum(&|call| both(call).map(|(cost, _)| cost)));
        prop_assert_eq!(bucket.fallback_usual, sum(&|call| both(call).map(|(_, usual)| usual)));
        prop_assert_eq!(bucket.estimated_cost, sum(&|call| call.cost.filter(|_| call.cost_estimated)));
        prop_assert!(bucket.failed_cost + bucket.retry_cost + bucket.fallback_cost <= bucket.cost);
        prop_assert!(bucket.estimated_cost <= bucket.cost);
    }

    #[test]
    fn shares_are_shares(calls in calls()) {
        let bucket = of(&calls);
        let shares = [
            bucket.answered(59_999),
            bucket.attempt_success(),
            bucket.availability(false),
            bucket.availability(true),
            bucket.fallback_share(),
        ];
        for share in shares.into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&share), "{shares:?}");
        }
        prop_assert!(bucket.tokens_per_second().is_none_or(|speed| speed.is_finite() && speed >= 0.0));
    }

    #[test]
    fn complete_requests_are_answered_at_most_once(requests in proptest::collection::vec(request(), 0..20)) {
        let bucket = of(requests.iter().flatten());
        let weight = |request: &Vec<Call>| u64::from(request[0].weight);
        prop_assert_eq!(bucket.requests(), requests.iter().map(weight).sum::<u64>());
        let last = |request: &Vec<Call>| request.last().map(Call::outcome);
        let answered: u64 = requests.iter().filter(|r| last(r) == Some(Outcome::Ok)).map(weight).sum();
        let counted: u64 = requests.iter().filter(|r| !r[0].outcome().is_neutral()).map(weight).sum();
        let expected = (counted > 0).then(|| answered as f64 / counted as f64);
        prop_assert_eq!(bucket.answered(60_000), expected);
        prop_assert!(expected.is_none_or(|share| share <= 1.0));
    }

    #[test]
    fn a_decoder_can_rebuild_the_counts(calls in calls()) {
        let bucket = of(&calls);
        let mut rebuilt = Bucket::default();
        for (outcome, class, count) in bucket.nonzero() {
            rebuilt.set_count(outcome, class, count);
        }
        prop_assert!(rebuilt.nonzero().eq(bucket.nonzero()));
    }
}

#[test]
fn the_largest_numbers_saturate() {
    let call = Call {
        duration: Some(u64::MAX),
        output_tokens: Some(u32::MAX),
        cost: Some(i64::MAX),
        weight: u32::MAX,
        ..Call::default()
    };
    let stand_in = Call {
        fallback_from: Some(FallbackFrom {
            provider: "anthropic".into(),
            model: None,
        }),
        usual_cost: Some(i64::MAX),
        cost_estimated: true,
        ..call.clone()
    };
    let most = of(&vec![stand_in; 2]);
    assert_eq!(most.spent(), [0, 0, i64::MAX, i64::MAX, i64::MAX]);
    let mut bucket = of(&vec![call; 100]);
    bucket.merge(&bucket.clone());
    assert_eq!((bucket.duration_us, bucket.cost), (u64::MAX, i64::MAX));
    assert_eq!(bucket.requests(), 200 * u64::from(u32::MAX));
}

/// A price list may be wrong, and a free model costs nothing: neither takes from what others cost.
#[test]
fn nothing_and_less_than_nothing_add_nothing() {
    let call = |cost: i64, usual: i64, outcome: Outcome| Call {
        outcome: CallOutcome(outcome),
        cost: Some(cost),
        usual_cost: Some(usual),
        cost_estimated: true,
        weight: 1,
        fallback_from: Some(FallbackFrom {
            provider: "anthropic".into(),
            model: None,
        }),
        ..Call::default()
    };
    let mut bucket = of(&[call(-5, -7, Outcome::Ok), call(-5, 3, Outcome::Timeout)]);
    assert_eq!((bucket.cost, bucket.spent()), (0, [0; 5]));
    bucket.merge(&of(&[call(0, 9, Outcome::Ok)]));
    assert_eq!(
        (bucket.fallback_cost, bucket.fallback_usual),
        (0, 9),
        "a free stand-in saves"
    );
}
