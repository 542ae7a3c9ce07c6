//! When to come back after a socket closed: exponential back-off with full jitter, so that a server that restarts is
//! not met by every tab at once. Never gives up.

/// The first upper bound, milliseconds.
const FIRST_MS: f64 = 500.0;
/// The last one.
const CAP_MS: f64 = 30_000.0;
/// A socket that lived so long was a good one: the next failure starts from the beginning.
const STABLE_MS: f64 = 10_000.0;
/// After these close codes trying sooner makes no sense: forbidden, too many sockets.
const PATIENT_CODES: [u16; 2] = [4403, 4009];

/// The state of coming back.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    failures: u32,
    opened_at: Option<f64>,
    floor_ms: f64,
    /// The server does not want to see us before this time.
    not_before: f64,
}

impl Backoff {
    /// A socket opened; the time is monotonic, in milliseconds.
    pub fn opened(&mut self, at: f64) {
        self.opened_at = Some(at);
    }

    /// The server asked not to come back sooner.
    pub fn asked_to_wait(&mut self, ms: u32) {
        self.floor_ms = f64::from(ms);
    }

    /// The socket closed, or never opened: how long to wait, milliseconds. `random` is from 0 to 1.
    pub fn closed(&mut self, at: f64, code: u16, random: f64) -> i32 {
        if self
            .opened_at
            .take()
            .is_some_and(|opened| at - opened >= STABLE_MS)
        {
            self.failures = 0;
        }
        if PATIENT_CODES.contains(&code) {
            self.floor_ms = self.floor_ms.max(CAP_MS / 2.0);
        }
        let bound = (FIRST_MS * 2_f64.powi(self.failures.min(16) as i32)).min(CAP_MS);
        self.failures = self.failures.saturating_add(1);
        // What the server asked for is a floor with the jitter on top.
        let floor = std::mem::take(&mut self.floor_ms);
        self.not_before = at + floor;
        (floor + random.clamp(0.0, 1.0) * bound) as i32
    }

    /// The network is back or the visitor returned: no reason to wait any longer, if the server has named none.
    pub fn may_hurry(&mut self, at: f64) -> bool {
        let may = at >= self.not_before;
        if may {
            self.failures = 0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let waits: Vec<i32> = (0..9).map(|_| backoff.closed(0.0, 1006, 1.0)).collect();
        assert_eq!(
            waits,
            [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        );
        for _ in 0..100_000 {
            assert_eq!(backoff.closed(0.0, 1006, 1.0), 30_000);
        }
    }

    #[test]
    fn jitter_covers_the_whole_span() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.closed(0.0, 1006, 0.0), 0);
        assert_eq!(backoff.closed(0.0, 1006, 0.5), 500);
    }

    #[test]
    fn only_a_stable_socket_starts_over() {
        let mut backoff = Backoff::default();
        backoff.closed(0.0, 1006, 1.0);
        backoff.opened(100.0);
        assert_eq!(backoff.closed(9_000.0, 1006, 1.0), 1_000, "9 s is not stable");
        backoff.opened(20_000.0);
        assert_eq!(backoff.closed(30_000.0, 1006, 1.0), 500);
    }

    #[test]
    fn the_servers_wish_is_a_floor_for_one_time() {
        let mut backoff = Backoff::default();
        backoff.asked_to_wait(2_000);
        assert_eq!(backoff.closed(0.0, 1001, 0.5), 2_250);
        assert_eq!(backoff.closed(0.0, 1006, 0.0), 0);
    }

    #[test]
    fn hurry_respects_the_servers_wish() {
        let mut backoff = Backoff::default();
        backoff.closed(0.0, 1006, 1.0);
        backoff.closed(500.0, 1006, 1.0);
        assert!(backoff.may_hurry(501.0));
        assert_eq!(backoff.closed(600.0, 1006, 1.0), 500);
        backoff.asked_to_wait(5_000);
        backoff.closed(1_000.0, 1001, 1.0);
        assert!(!backoff.may_hurry(5_999.0));
        assert!(backoff.may_hurry(6_000.0));
    }

    #[test]
    fn refusals_are_met_with_patience() {
        assert!(Backoff::default().closed(0.0, 4009, 0.0) >= 15_000);
    }
}
