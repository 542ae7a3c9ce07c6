//! How long to wait before the next try.

use std::time::Duration;

use crate::outside::Random;

/// The longest `Retry-After` that is honoured; a server (or a proxy) that asks for more is asked again after this.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// Exponential back-off with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015):
/// the wait is uniform between zero and a bound that doubles from `first` up to `most`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

impl Backoff {
    /// The wait after `failures` failures in a row (1, 2, …). What the server asked for is a lower bound, with the
    /// jitter of a first failure on top, so that senders that were told the same do not come back together.
    pub fn wait(&self, failures: u32, asked: Option<Duration>, random: &mut Random) -> Duration {
        match asked {
            Some(asked) => asked.min(LONGEST_ASKED) + self.first.mul_f64(random.fraction()),
            None => {
                let doublings = failures.saturating_sub(1).min(31);
                let bound = self.first.saturating_mul(1 << doublings).min(self.most);
                bound.mul_f64(random.fraction())
            }
        }
    }
}

/// The seconds of a `Retry-After` header; the date form is not used by Fuseboard and counts as absent.
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    let seconds: f64 = header.trim().parse().ok()?;
    (seconds >= 0.0 && seconds.is_finite())
        .then(|| Duration::from_secs_f64(seconds.min(LONGEST_ASKED.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(250),
        most: Duration::from_secs(30),
    };

    #[test]
    fn the_bound_doubles_up_to_the_most() {
        let mut random = Random::seeded(7);
        for (failures, bound_ms) in [
            (1, 250),
            (2, 500),
            (4, 2_000),
            (8, 30_000),
            (40, 30_000),
            (u32::MAX, 30_000),
        ] {
            let waits: Vec<Duration> = (0..2_000)
                .map(|_| BACKOFF.wait(failures, None, &mut random))
                .collect();
            let bound = Duration::from_millis(bound_ms);
            let longest = waits.iter().max().unwrap();
            assert!(
                *longest <= bound && *longest > bound.mul_f64(0.98),
                "{failures}: {longest:?}"
            );
            let shortest = waits.iter().min().unwrap();
            assert!(
                *shortest < bound.mul_f64(0.02),
                "full jitter starts at zero: {shortest:?}"
            );
        }
    }

    #[test]
    fn what_the_server_asks_is_a_lower_bound_with_a_cap() {
        let mut random = Random::seeded(7);
        for _ in 0..100 {
            let wait = BACKOFF.wait(1, Some(Duration::from_secs(3)), &mut random);
            assert!(
                wait >= Duration::from_secs(3) && wait <= Duration::from_millis(3_250),
                "{wait:?}"
            );
        }
        assert!(BACKOFF.wait(1, Some(Duration::from_secs(86_400)), &mut random) <= Duration::from_secs(301));
    }

    #[test]
    fn retry_after_reads_seconds_only() {
        assert_eq!(retry_after(" 2 "), Some(Duration::from_secs(2)));
        assert_eq!(retry_after("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(retry_after("1e300"), Some(LONGEST_ASKED));
        assert_eq!(retry_after("-1"), None);
        assert_eq!(retry_after("NaN"), None);
        assert_eq!(retry_after("Fri, 20 Nov 2026 10:00:00 GMT"), None);
    }
}
