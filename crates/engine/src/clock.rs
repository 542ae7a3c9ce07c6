//! The one place where time enters.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Millis;

/// Tells the time: the system's, or one that a test moves.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's wall clock.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands still until it is moved.
    pub fn manual(start: Millis) -> Clock {
        Clock(Source::Manual(Arc::new(AtomicI64::new(start))))
    }

    /// Milliseconds since the Unix epoch.
    pub fn now(&self) -> Millis {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(time) => time.load(Ordering::Relaxed),
        }
    }

    /// Moves a manual clock; the system's cannot be moved and stays as it is.
    pub fn advance(&self, by: Millis) {
        if let Source::Manual(time) = &self.0 {
            time.fetch_add(by, Ordering::Relaxed);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else uses"
)]
fn system_now() -> Millis {
    // Before 1970 the system clock is unusable anyway; zero makes that visible instead of crashing.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as Millis)
}
