//! How fast a channel is told: services that people read take about one message a second, in short bursts.

use domain::Millis;

/// Messages that may go at once after a pause.
const BURST: f64 = 10.0;
/// Then so many a second.
const PER_SECOND: f64 = 2.0;

/// One channel's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    tokens: f64,
    at: Millis,
    busy: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            tokens: BURST,
            at: 0,
            busy: 0,
        }
    }
}

impl Pace {
    /// How many may be begun now.
    pub fn room(&mut self, now: Millis) -> usize {
        // A clock that was set back gives nothing and takes nothing.
        let passed = (now - self.at).max(0) as f64 / 1_000.0;
        self.tokens = (self.tokens + passed * PER_SECOND).min(BURST);
        self.at = now;
        (self.tokens as usize).saturating_sub(self.busy)
    }

    /// One begins.
    pub fn begin(&mut self) {
        self.tokens -= 1.0;
        self.busy += 1;
    }

    /// One has ended.
    pub fn end(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// How many are under way.
    pub fn busy(&self) -> usize {
        self.busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_two_a_second() {
        let mut pace = Pace::default();
        assert_eq!(pace.room(1_000), 10);
        for _ in 0..10 {
            pace.begin();
            pace.end();
        }
        assert_eq!(pace.room(1_000), 0);
        assert_eq!(pace.room(1_400), 0);
        assert_eq!(pace.room(2_500), 3);
        assert_eq!(pace.room(2_000), 3, "a clock that was set back");
        assert_eq!(pace.room(60_000), 10, "no more than a burst");
    }

    #[test]
    fn what_is_under_way_takes_room() {
        let mut pace = Pace::default();
        pace.room(0);
        pace.begin();
        assert_eq!(pace.room(0), 8);
        pace.end();
        assert_eq!((pace.room(0), pace.busy()), (9, 0));
    }
}
