//! The fake provider's rate limits: token buckets, and the headers that tell what is left in them.

use axum::http::{HeaderMap, HeaderValue};
use domain::Millis;

use crate::simulate::fleet::LimitHeaders;

/// A bucket refills continuously; its capacity is ten seconds of its rate.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    level: f64,
    at: Millis,
}

/// What is left after a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// The most that the bucket holds.
    pub limit: u64,
    /// What it holds.
    pub remaining: u64,
    /// Until it is full, milliseconds.
    pub reset_ms: u64,
}

const CAPACITY_S: f64 = 10.0;

impl Bucket {
    /// A full one.
    pub fn full(rate: f64, now: Millis) -> Bucket {
        Bucket {
            level: rate * CAPACITY_S,
            at: now,
        }
    }

    /// Takes `amount` at this rate per second, or nothing when there is not enough. A rate that has shrunk since takes
    /// the surplus away.
    pub fn take(&mut self, amount: f64, rate: f64, now: Millis) -> (bool, Left) {
        let capacity = rate * CAPACITY_S;
        let refill = (now - self.at).max(0) as f64 / 1_000.0 * rate;
        self.level = (self.level + refill).min(capacity);
        self.at = self.at.max(now);
        let enough = self.level >= amount;
        if enough {
            self.level -= amount;
        }
        let left = Left {
            limit: capacity.round() as u64,
            remaining: self.level as u64,
            reset_ms: ((capacity - self.level) / rate * 1_000.0).ceil() as u64,
        };
        (enough, left)
    }
}

/// Writes what is left the way this provider does.
pub fn write(headers: &mut HeaderMap, style: LimitHeaders, requests: Left, tokens: Left, now: Millis) {
    for (what, left) in [("requests", requests), ("tokens", tokens)] {
        let figures = match style {
            LimitHeaders::Silent => return,
            LimitHeaders::OpenAi => [
                (format!("x-ratelimit-limit-{what}"), left.limit.to_string()),
                (
                    format!("x-ratelimit-remaining-{what}"),
                    left.remaining.to_string(),
                ),
                (format!("x-ratelimit-reset-{what}"), go_duration(left.reset_ms)),
            ],
            LimitHeaders::Anthropic => [
                (
                    format!("anthropic-ratelimit-{what}-limit"),
                    left.limit.to_string(),
                ),
                (
                    format!("anthropic-ratelimit-{what}-remaining"),
                    left.remaining.to_string(),
                ),
                (
                    format!("anthropic-ratelimit-{what}-reset"),
                    rfc3339(now, left.reset_ms),
                ),
            ],
        };
        for (name, value) in figures {
            if let (Ok(name), Ok(value)) = (
                name.parse::<axum::http::HeaderName>(),
                HeaderValue::from_str(&value),
            ) {
                headers.insert(name, value);
            }
        }
    }
}

/// As Go prints durations: `250ms`, `1.5s`, `6m0s`.
fn go_duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..60_000 => format!("{}s", ms as f64 / 1_000.0),
        _ => format!("{}m{}s", ms / 60_000, (ms % 60_000) as f64 / 1_000.0),
    }
}

fn rfc3339(now: Millis, in_ms: u64) -> String {
    let then = now.saturating_add(i64::try_from(in_ms).unwrap_or(i64::MAX));
    jiff::Timestamp::from_millisecond(then)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_refuses_and_refills() {
        let mut bucket = Bucket::full(2.0, 0);
        let taken = (0..30).filter(|_| bucket.take(1.0, 2.0, 0).0).count();
        assert_eq!(taken, 20, "ten seconds of two per second");
        let (enough, left) = bucket.take(1.0, 2.0, 0);
        assert_eq!(
            (enough, left),
            (
                false,
                Left {
                    limit: 20,
                    remaining: 0,
                    reset_ms: 10_000
                }
            )
        );
        let (enough, left) = bucket.take(1.0, 2.0, 1_000);
        assert_eq!((enough, left.remaining, left.reset_ms), (true, 1, 9_500));
        assert!(
            bucket.take(1.0, 2.0, 500).0,
            "a clock that goes back gives nothing and takes nothing"
        );
        assert!(!bucket.take(1.0, 2.0, 1_000).0);
    }

    #[test]
    fn a_squeezed_bucket_loses_its_surplus() {
        let mut bucket = Bucket::full(10.0, 0);
        assert_eq!(
            bucket.take(1.0, 1.0, 0).1,
            Left {
                limit: 10,
                remaining: 9,
                reset_ms: 1_000
            }
        );
    }

    #[test]
    fn each_provider_has_its_own_headers() {
        let left = Left {
            limit: 20,
            remaining: 5,
            reset_ms: 7_500,
        };
        let tokens = Left {
            limit: 9_000,
            remaining: 100,
            reset_ms: 250,
        };
        let mut openai = HeaderMap::new();
        write(&mut openai, LimitHeaders::OpenAi, left, tokens, 0);
        assert_eq!(openai["x-ratelimit-remaining-requests"], "5");
        assert_eq!(openai["x-ratelimit-reset-requests"], "7.5s");
        assert_eq!(openai["x-ratelimit-reset-tokens"], "250ms");
        let mut anthropic = HeaderMap::new();
        write(
            &mut anthropic,
            LimitHeaders::Anthropic,
            left,
            tokens,
            1_790_000_000_000,
        );
        assert_eq!(anthropic["anthropic-ratelimit-tokens-limit"], "9000");
        assert_eq!(
            anthropic["anthropic-ratelimit-requests-reset"],
            "2026-09-21T14:13:27.5Z"
        );
        let mut silent = HeaderMap::new();
        write(&mut silent, LimitHeaders::Silent, left, tokens, 0);
        assert!(silent.is_empty());
        assert_eq!(go_duration(360_000), "6m0s");
    }
}
