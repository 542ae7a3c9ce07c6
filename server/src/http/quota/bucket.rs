//! A token bucket of ten seconds: whoever was quiet may burst. What a batch holds is known only after it was read, so it
//! is charged when it was taken in, and who is in debt waits until it is paid off.

use tokio::time::Instant;

/// Seconds of quiet that may be sent at once.
const BURST_S: f64 = 10.0;
/// Events per second are told over so long, seconds.
const TOLD_S: f64 = 10.0;

/// What a tenant has sent lately.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// Events that may be sent; below zero is debt.
    tokens: f64,
    /// Events per second, as an average that forgets in about ten seconds.
    rate: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(per_second: u32, now: Instant) -> Bucket {
        Bucket {
            tokens: f64::from(per_second) * BURST_S,
            rate: 0.0,
            at: now,
        }
    }

    /// Lets time pass until now.
    pub(super) fn turn(&mut self, per_second: u32, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let most = f64::from(per_second) * BURST_S;
        self.tokens = (self.tokens + passed * f64::from(per_second)).min(most);
        self.rate *= (-passed / TOLD_S).exp();
        self.at = now;
    }

    pub(super) fn charge(&mut self, events: f64) {
        self.tokens -= events;
        self.rate += events / TOLD_S;
    }

    /// Events per second lately.
    pub(super) fn rate(&self) -> u64 {
        self.rate.round() as u64
    }

    /// Until something may be sent, whole seconds.
    pub(super) fn wait_s(&self, per_second: u32) -> Option<u32> {
        (self.tokens < 1.0).then(|| {
            let seconds = (1.0 - self.tokens) / f64::from(per_second);
            seconds.ceil().clamp(1.0, 3_600.0) as u32
        })
    }
}
