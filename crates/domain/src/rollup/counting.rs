//! The *Counting* rules of the public contract: every figure of the product that counts calls is defined here, once.
//!
//! They need no join between the attempts of one request, so they are exact only when every attempt is reported once:
//!
//! - *Requests* are first events (attempt 1, no fallback), whatever came of them, also those a breaker refused.
//! - *Answers* are `ok` events of any class. A request has at most one.
//! - *Neutral* in *answered* are the **first** events that are neutral, because the denominator counts requests, and a
//!   request is one first event. Subtracting neutral retries and fallbacks as well would take away requests that are
//!   not in the denominator a second time: a first event that was `overloaded` and a retry that was `cancelled` would
//!   leave 1 − 1 = 0 requests, and a burst of cancelled retries would make the denominator negative. The price, known
//!   and accepted: a user who gives up during a retry counts as not answered, and a first event withheld by a content
//!   filter that a fallback then answers adds an answer without a request, so *answered* can pass 1 by that much.
//! - A retry can fall into another bucket than its first event. Under one minute that shifts the ratio visibly, hence
//!   the cap at 1 there and only there: over longer ranges a ratio above 1 says that somebody's reports are wrong, and
//!   is not hidden.

use super::{Bucket, CallClass};
use crate::{Millis, Outcome};

/// Ranges shorter than this cap *answered* at 1.
const CAPPED_BELOW: Millis = 60_000;

impl Bucket {
    /// First events: requests of users.
    pub fn requests(&self) -> u64 {
        self.sum(|_, class| class == CallClass::First)
    }

    /// Events that reached a provider: all but `rejected`.
    pub fn attempts(&self) -> u64 {
        self.sum(|outcome, _| outcome != Outcome::Rejected)
    }

    /// Events that ended `ok`.
    pub fn answers(&self) -> u64 {
        self.of_outcome(Outcome::Ok)
    }

    /// First events that are neither a success nor a failure of anybody.
    pub fn neutral_requests(&self) -> u64 {
        self.sum(|outcome, class| class == CallClass::First && outcome.is_neutral())
    }

    /// What users felt: answers ÷ (requests − neutral requests), capped at 1 when the range is under one minute.
    /// `None` without such requests.
    pub fn answered(&self, range_ms: Millis) -> Option<f64> {
        let ratio = ratio(
            self.answers(),
            self.requests().saturating_sub(self.neutral_requests()),
        )?;
        Some(if range_ms < CAPPED_BELOW {
            ratio.min(1.0)
        } else {
            ratio
        })
    }

    /// ok ÷ (attempts − neutral − auth − quota); `None` without such attempts.
    pub fn attempt_success(&self) -> Option<f64> {
        ratio(self.answers(), self.judged())
    }

    /// 1 − provider failures ÷ (attempts − neutral − auth − quota); `None` without such attempts.
    ///
    /// Failures are `overloaded`, `server_error`, `timeout`, `network`, and `rate_limited` where `rate_limits_count`.
    pub fn availability(&self, rate_limits_count: bool) -> Option<f64> {
        let failures = self.sum(|outcome, _| outcome.is_provider_failure(rate_limits_count));
        ratio(failures, self.judged()).map(|share| 1.0 - share)
    }

    /// Answers that came from a stand-in.
    pub fn saved_by_fallback(&self) -> u64 {
        self.sum(|outcome, class| outcome == Outcome::Ok && class.is_fallback())
    }

    /// Events with attempt 2 or later.
    pub fn retries(&self) -> u64 {
        self.sum(|_, class| class.is_retry())
    }

    /// Events with this outcome.
    pub fn of_outcome(&self, outcome: Outcome) -> u64 {
        self.sum(|other, _| other == outcome)
    }

    /// The share of answers that came from a stand-in; `None` without answers.
    pub fn fallback_share(&self) -> Option<f64> {
        ratio(self.saved_by_fallback(), self.answers())
    }

    /// How fast streams came: output tokens ÷ (duration − time to first token), per second; `None` without streams.
    pub fn tokens_per_second(&self) -> Option<f64> {
        ratio(self.stream_tokens, self.stream_us).map(|per_microsecond| per_microsecond * 1e6)
    }

    /// Mean duration of `ok` attempts in microseconds; `None` without one.
    pub fn mean_duration_us(&self) -> Option<f64> {
        ratio(self.duration_us, self.latency.count())
    }

    /// Attempts that say something about the provider.
    fn judged(&self) -> u64 {
        self.sum(|outcome, _| {
            !outcome.is_neutral() && !matches!(outcome, Outcome::Rejected | Outcome::Auth | Outcome::Quota)
        })
    }

    fn sum(&self, counts: impl Fn(Outcome, CallClass) -> bool) -> u64 {
        let counted = self
            .nonzero()
            .filter(|(outcome, class, _)| counts(*outcome, *class));
        counted.fold(0, |sum: u64, (_, _, count)| sum.saturating_add(count))
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use crate::Outcome;
    use crate::event::{Call, CallOutcome, FallbackFrom};
    use crate::rollup::{Bucket, CallClass};

    fn call(outcome: Outcome, attempt: u8, fallback: bool) -> Call {
        Call {
            outcome: CallOutcome(outcome),
            attempt,
            weight: 1,
            fallback_from: fallback.then(|| FallbackFrom {
                provider: "anthropic".into(),
                model: None,
            }),
            ..Call::default()
        }
    }

    fn bucket(calls: &[(Outcome, u8, bool)]) -> Bucket {
        let mut bucket = Bucket::default();
        for (outcome, attempt, fallback) in calls {
            bucket.add(&call(*outcome, *attempt, *fallback));
        }
        bucket
    }

    #[test]
    fn nothing_has_no_ratio() {
        let empty = Bucket::default();
        assert!(empty.is_empty());
        assert_eq!(empty.answered(1_000), None);
        assert_eq!(empty.attempt_success(), None);
        assert_eq!(empty.availability(true), None);
        assert_eq!(empty.fallback_share(), None);
        assert_eq!(empty.tokens_per_second(), None);
    }

    #[test]
    fn a_refused_request_that_a_stand_in_answers_is_answered() {
        let bucket = bucket(&[(Outcome::Rejected, 1, false), (Outcome::Ok, 1, true)]);
        assert_eq!(
            (bucket.requests(), bucket.attempts(), bucket.answers()),
            (1, 1, 1)
        );
        assert_eq!(bucket.answered(60_000), Some(1.0));
        assert_eq!(
            (bucket.saved_by_fallback(), bucket.fallback_share()),
            (1, Some(1.0))
        );
        assert_eq!(bucket.attempt_success(), Some(1.0));
    }

    #[test]
    fn a_refused_request_with_no_answer_is_a_failure_felt_but_not_the_providers() {
        let bucket = bucket(&[(Outcome::Ok, 1, false), (Outcome::Rejected, 1, false)]);
        assert_eq!(bucket.answered(60_000), Some(0.5));
        assert_eq!(bucket.availability(true), Some(1.0));
    }

    #[test]
    fn auth_and_quota_are_felt_but_not_the_providers() {
        let bucket = bucket(&[
            (Outcome::Ok, 1, false),
            (Outcome::Auth, 1, false),
            (Outcome::Quota, 1, false),
        ]);
        assert_eq!(bucket.answered(60_000), Some(1.0 / 3.0));
        assert_eq!(bucket.attempt_success(), Some(1.0));
        assert_eq!(bucket.availability(false), Some(1.0));
    }

    #[test]
    fn neutral_requests_are_nobodys() {
        let bucket = bucket(&[
            (Outcome::Ok, 1, false),
            (Outcome::Cancelled, 1, false),
            (Outcome::ContentFiltered, 1, false),
            (Outcome::BadRequest, 1, false),
        ]);
        assert_eq!((bucket.requests(), bucket.neutral_requests()), (4, 3));
        assert_eq!(bucket.answered(60_000), Some(1.0));
        assert_eq!(bucket.attempt_success(), Some(1.0));
    }

    #[test]
    fn a_neutral_retry_takes_no_request_away() {
        let bucket = bucket(&[(Outcome::Overloaded, 1, false), (Outcome::Cancelled, 2, false)]);
        assert_eq!(bucket.neutral_requests(), 0);
        assert_eq!(bucket.answered(60_000), Some(0.0));
        assert_eq!(bucket.availability(false), Some(0.0));
    }

    #[test]
    fn only_short_ranges_are_capped() {
        let bucket = bucket(&[(Outcome::Ok, 1, false), (Outcome::Ok, 2, false)]);
        assert_eq!(bucket.answered(59_999), Some(1.0));
        assert_eq!(bucket.answered(60_000), Some(2.0));
    }

    #[test]
    fn rate_limits_count_only_where_said() {
        let bucket = bucket(&[(Outcome::Ok, 1, false), (Outcome::RateLimited, 1, false)]);
        assert_eq!(bucket.availability(false), Some(1.0));
        assert_eq!(bucket.availability(true), Some(0.5));
        assert_eq!(bucket.attempt_success(), Some(0.5));
    }

    #[test]
    fn classes() {
        let bucket = bucket(&[
            (Outcome::Timeout, 1, false),
            (Outcome::Timeout, 2, false),
            (Outcome::Timeout, 1, true),
            (Outcome::Ok, 2, true),
        ]);
        for class in CallClass::ALL {
            let outcome = if class == CallClass::FallbackRetry {
                Outcome::Ok
            } else {
                Outcome::Timeout
            };
            assert_eq!(bucket.count(outcome, class), 1, "{class:?}");
        }
        assert_eq!(
            (bucket.requests(), bucket.retries(), bucket.saved_by_fallback()),
            (1, 2, 1)
        );
    }

    #[test]
    fn speed_of_streams_and_money() {
        let stream = Call {
            duration: Some(3_000_000),
            ttft: Some(1_000_000),
            output_tokens: Some(100),
            cost: Some(7),
            weight: 2,
            ..call(Outcome::Ok, 1, false)
        };
        let in_one_piece = Call {
            duration: Some(1_000_000),
            cost: None,
            ..stream.clone()
        };
        let mut bucket = Bucket::default();
        bucket.add(&stream);
        bucket.add(&in_one_piece);
        assert_eq!(bucket.tokens_per_second(), Some(50.0));
        assert_eq!((bucket.cost, bucket.priced, bucket.unpriced), (14, 2, 2));
        assert_eq!((bucket.output_tokens, bucket.ttft.count()), (400, 4));
        assert_eq!(bucket.mean_duration_us(), Some(2_000_000.0));
    }
}
