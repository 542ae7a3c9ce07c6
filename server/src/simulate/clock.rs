//! Time in the simulator: one look at the wall clock at the start, a monotonic clock from then on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Millis;
use tokio::time::Instant;

/// Tells scenario time and epoch time; both move together and never back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    started_ms: Millis,
}

impl Clock {
    /// Starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator is an outside process, not part of the engine"
    )]
    pub fn start() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock {
            started: Instant::now(),
            started_ms: Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX),
        }
    }

    /// Scenario time.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> Millis {
        self.started_ms
            .saturating_add(Millis::try_from(self.elapsed().as_millis()).unwrap_or(Millis::MAX))
    }
}
