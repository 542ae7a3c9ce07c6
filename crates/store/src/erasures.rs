//! Erasing: what a store does so that data is gone, and not only out of sight.
//!
//! An erasure is many small transactions, each of which can be done again: whoever was interrupted begins anew and ends with
//! the same. Chunks are rewritten through [`Rollups`](crate::Rollups); here is the rest. Removing a row leaves its bytes in
//! the file until somebody writes over them, so the last act is [`Erasures::clean`].
//!
//! What stays on purpose: the log of who did what, hashes of event ids (so that what is sent again within its hour is a repeat
//! all the same), and what was answered for idempotency keys, which holds no event.

use async_trait::async_trait;
use domain::Millis;
use domain::erasure::Selection;

use crate::{Checkpoint, Keyframe, Offset, SecondRow, StoreError, SystemScope, TenantId};

/// Batches of the tenant that one page looks at.
pub const ERASE_BATCHES: usize = 256;

/// What a page of the journal held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErasedEvents {
    /// Events that were taken.
    pub events: u64,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Offset>,
}

/// What was taken besides events and buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ErasedRows {
    /// Transitions of breakers.
    pub transitions: u64,
    /// Alerts, with all that happened to them.
    pub alerts: u64,
    /// Messages about them, told or not.
    pub deliveries: u64,
    /// Series that are known by name.
    pub series: u64,
}

/// What takes the place of live state as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveErased {
    /// At the sequence of the one that is stored; `None` when none is.
    pub checkpoint: Option<Checkpoint>,
    /// All seconds there are.
    pub seconds: Vec<SecondRow>,
}

/// The port for erasing.
#[async_trait]
pub trait Erasures: Send + Sync + 'static {
    /// Takes events out of the tenant's next [`ERASE_BATCHES`] batches after a place, in one transaction; their batches stay
    /// where they are. With `dry` it only counts.
    async fn erase_events(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        selection: &Selection,
        after: Offset,
        dry: bool,
    ) -> Result<ErasedEvents, StoreError>;

    /// Takes transitions, alerts, messages and (when the selection has no bounds in time) names of series, and puts live state
    /// into the place of what is stored, all or nothing. Without live state it only counts. Nobody may flush the tenant
    /// meanwhile, and there are no partials.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored checkpoint is at another sequence.
    async fn erase_rows(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        selection: &Selection,
        live: Option<LiveErased>,
    ) -> Result<ErasedRows, StoreError>;

    /// When the tenant's keyframes were taken, oldest first.
    async fn keyframe_times(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
    ) -> Result<Vec<Millis>, StoreError>;

    /// Puts a keyframe into the place of the one of its moment; one that is gone stays gone.
    async fn replace_keyframe(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        keyframe: Keyframe,
    ) -> Result<(), StoreError>;

    /// Writes over the room that erased data took, in the files or tables that were changed. May be done again, and others wait
    /// while it is.
    async fn clean(&self, system: &SystemScope) -> Result<(), StoreError>;
}

/// How topics of messages about many alerts begin.
pub const DIGESTS: &str = "digest.";

/// The topic of an alert's messages.
pub fn topic_of(alert: u64) -> String {
    format!("alert.{alert}")
}
