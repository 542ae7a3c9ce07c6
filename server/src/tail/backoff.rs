//! How long to wait before trying again: exponential with full jitter, so that many clients do not come back at once.

use std::time::Duration;

use rand::Rng;

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// Counts tries.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Somewhere between nothing and the bound of this try; the bound doubles each time, up to half a minute.
    pub fn next(&mut self) -> Duration {
        let bound = self.bound();
        self.tries = self.tries.saturating_add(1);
        bound.mul_f64(rand::rng().random::<f64>())
    }

    /// It worked: start over next time.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    fn bound(&self) -> Duration {
        FIRST
            .saturating_mul(2_u32.saturating_pow(self.tries.min(16)))
            .min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        for expected in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let bound = backoff.bound();
            assert_eq!(bound, Duration::from_millis(expected));
            assert!(backoff.next() <= bound);
        }
        backoff.reset();
        assert_eq!(backoff.bound(), FIRST);
    }
}
