//! What time the server has, told by its frames and carried on by the monotonic clock between them.
//!
//! A frame says what time it was when it left; how long it travelled is not known. The frame that travelled least is
//! believed, so the estimate jumps up at once and is let down slowly, by what two clocks may drift apart. Otherwise a
//! connection that falls behind would look like a clock that runs slow, and the picture would never be called stale.

/// How fast the estimate may go down: milliseconds per millisecond. Clocks drift by a tenth of this.
const DRIFT: f64 = 0.001;

/// The estimate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ServerClock {
    /// Server time minus monotonic time, and when it was last looked at.
    offset: Option<(f64, f64)>,
}

impl ServerClock {
    /// A clock that starts from the time a page was made; a first guess, too early by loading and starting the page.
    pub fn seeded(server_ms: i64, at: f64) -> ServerClock {
        ServerClock {
            offset: Some((server_ms as f64 - at, at)),
        }
    }

    /// A new socket: believe its first frame, whatever was thought before.
    pub fn hello(&mut self, server_ms: i64, at: f64) {
        *self = Self::seeded(server_ms, at);
    }

    /// A frame with this time arrived at this monotonic time.
    pub fn frame(&mut self, server_ms: i64, at: f64) {
        let told = server_ms as f64 - at;
        let offset = match self.offset {
            Some((held, seen)) => told.max(held - (at - seen).max(0.0) * DRIFT),
            None => told,
        };
        self.offset = Some((offset, at));
    }

    /// Server time now, epoch milliseconds; 0 when nothing is known.
    pub fn now(&self, at: f64) -> i64 {
        self.offset.map_or(0, |(offset, _)| (offset + at).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_frame_is_believed() {
        let mut clock = ServerClock::default();
        clock.hello(1_000_000, 50.0);
        clock.frame(1_000_900, 1_000.0);
        // The first frame said 950, less what two clocks may drift apart in 950 ms.
        assert_eq!(
            clock.now(1_000.0),
            1_000_949,
            "the second frame took longer than the first"
        );
        clock.frame(1_002_000, 2_000.0);
        assert_eq!(clock.now(2_000.0), 1_002_000, "the third was quicker than both");
    }

    #[test]
    fn a_connection_that_falls_behind_is_seen() {
        let mut clock = ServerClock::default();
        clock.hello(0, 0.0);
        // From here on each frame is 12 s old when it arrives.
        for second in 1..=60 {
            clock.frame(second * 1_000 - 12_000, second as f64 * 1_000.0);
        }
        let age = clock.now(60_000.0) - (60_000 - 12_000);
        assert!((11_900..=12_000).contains(&age), "{age}");
    }

    #[test]
    fn slow_drift_is_followed() {
        let mut clock = ServerClock::default();
        clock.hello(0, 0.0);
        // The monotonic clock runs 100 ppm fast.
        for second in 1..=3_600_i64 {
            clock.frame(second * 1_000, second as f64 * 1_000.1);
        }
        assert_eq!(clock.now(3_600.0 * 1_000.1), 3_600_000);
    }

    #[test]
    fn sleep_that_the_clock_slept_through_is_made_up_for() {
        let mut clock = ServerClock::default();
        clock.hello(0, 0.0);
        clock.frame(3_600_000, 1_000.0);
        assert_eq!(clock.now(1_000.0), 3_600_000);
    }
}
