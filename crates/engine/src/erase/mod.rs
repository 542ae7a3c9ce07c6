//! Erasing: what was asked for is taken out of everything that is kept, then the room it took is written over.
//!
//! ```text
//! asked ─ one transaction with its audit entry ─→ running ─→ journal, chunks │ gate closed: what came meanwhile, rows and
//! live state │ keyframes ─→ cleaning ─→ files and tables written anew ─→ done
//! ```
//!
//! Every step can be done again, so whoever starts goes on with what is not done. While the gate is closed nothing is committed
//! (senders wait), so that live state, which is put back from what is stored, misses nothing (ADR 0034).
//!
//! Deliberately absent: who may ask, and copies that were made before: backups hold what they hold.

mod chunks;
mod live;
mod work;

use std::sync::Arc;
use std::time::Duration;

use domain::Millis;
use store::SystemScope;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Stores;
use crate::evaluate::Evaluator;
use crate::flush::Flusher;
use crate::pipeline::describe;
use crate::tenants::Tenants;

/// What could not be done is tried again so long after.
const AGAIN: Duration = Duration::from_secs(30);

/// Works through erasures, one at a time.
pub(crate) struct Eraser {
    pub stores: Stores,
    pub system: SystemScope,
    pub tenants: Arc<Tenants>,
    pub clock: Clock,
    pub flusher: Arc<Flusher>,
    pub evaluator: Arc<Evaluator>,
    /// The tenants' zone, ahead of UTC.
    pub offset: Millis,
    /// There is something to do.
    pub woken: Notify,
}

impl Eraser {
    /// The task. What a process left undone is gone on with at once.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.work_through(&stop).await {
                tracing::error!(error = %describe(&error), "erasures cannot be looked up yet");
            }
            tokio::select! {
                () = self.woken.notified() => {}
                () = tokio::time::sleep(AGAIN) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}
