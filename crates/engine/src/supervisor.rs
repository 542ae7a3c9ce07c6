//! Where tasks start, so that they can be named, counted and stopped.

use std::future::Future;
use std::time::Duration;

use store::SystemScope;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts and stops the process's tasks.
#[derive(Debug, Clone, Default)]
pub struct Supervisor {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Supervisor {
    /// One per process.
    pub fn new() -> Supervisor {
        Supervisor::default()
    }

    /// Starts a task. It should end soon after [`Supervisor::token`] is cancelled.
    #[expect(clippy::disallowed_methods, reason = "this is the place where tasks start")]
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(self.tracker.track_future(async move {
            task.await;
            tracing::debug!(task = name, "task ended");
        }));
    }

    /// Cancelled when the process is to stop.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// How many tasks run.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Asks all tasks to stop and waits for them; false when some did not in time.
    pub async fn shutdown(&self, patience: Duration) -> bool {
        self.token.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }

    /// The right to act for the system itself.
    #[expect(
        clippy::disallowed_methods,
        reason = "the supervisor is who starts the system's own work"
    )]
    pub fn system(&self) -> SystemScope {
        SystemScope::assume()
    }
}
