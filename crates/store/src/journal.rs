//! The journal: a durable log of accepted batches. 2xx to a sender means "committed here".

use async_trait::async_trait;
use domain::breaker::BreakerKey;
use domain::{Event, Millis};

use crate::{BatchPage, BatchQuery, GuardedPage, StoreError, SystemScope, TenantId, TenantScope};

/// A place in the journal: a writer (one process at a time) and its gapless sequence, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset {
    /// Who wrote it.
    pub writer: u32,
    /// The batch's number.
    pub seq: u64,
}

/// A batch to append.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBatch {
    /// Whose.
    pub tenant: TenantId,
    /// The API key's id it came with.
    pub key_id: String,
    /// When it arrived.
    pub received: Millis,
    /// The sender's `Idempotency-Key`, if any.
    pub idempotency: Option<Idempotency>,
    /// Accepted events, in the order sent. May be empty when all were refused.
    pub events: Vec<Event>,
    /// How many events were refused.
    pub refused: u32,
    /// The first refusals, at most 20, for the Connect page.
    pub refusals: Vec<Refusal>,
}

/// A sender's `Idempotency-Key` and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// 1–128 visible ASCII characters; scope is tenant + API key.
    pub key: String,
    /// BLAKE3 of the decoded body: the same key with another body is refused.
    pub body: [u8; 32],
}

/// One refused event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the batch as sent, from 0.
    pub index: u32,
    /// `out_of_range`, `missing`, …
    pub code: String,
    /// The field; may be empty.
    pub field: String,
    /// In words.
    pub reason: String,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It is durable.
    Committed {
        /// Where.
        offset: Offset,
        /// The events that were kept, in order; repeats of known ids are gone.
        kept: Vec<Event>,
        /// How many were repeats (of earlier batches, of this transaction, or within the batch).
        duplicates: u32,
    },
    /// The idempotency key was seen with the same body: nothing was written.
    Replayed(Remembered),
    /// The idempotency key was seen with another body: nothing was written.
    KeyReused,
}

/// What was answered when an idempotency key was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// BLAKE3 of the body.
    pub body: [u8; 32],
    /// The answer's `accepted`.
    pub accepted: u32,
    /// The answer's `duplicates`.
    pub duplicates: u32,
    /// The answer's `refused_count`.
    pub refused: u32,
}

/// A batch as stored. `events` are those kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBatch {
    /// Where.
    pub offset: Offset,
    /// Whose.
    pub tenant: TenantId,
    /// The API key's id it came with.
    pub key_id: String,
    /// When it arrived.
    pub received: Millis,
    /// In order.
    pub events: Vec<Event>,
    /// How many events of the sent batch were refused.
    pub refused: u32,
    /// The first refusals.
    pub refusals: Vec<Refusal>,
}

/// How much the journal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JournalUsage {
    /// On disk, bytes.
    pub bytes: u64,
    /// Batches.
    pub batches: u64,
    /// Arrival of the oldest batch.
    pub oldest: Option<Millis>,
}

/// How long an idempotency key is remembered: 7 days.
pub const IDEMPOTENCY_KEPT: Millis = 7 * 24 * 3_600_000;

/// The journal port.
///
/// De-duplication: an event id is remembered per tenant for one hour of arrival time, at most the newest 1,000,000
/// ([`crate::RecentIds`]), across restarts. The first wins. Only batches that commit are remembered.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Appends all batches in one transaction, in order, and returns what became of each, in order.
    ///
    /// # Errors
    /// On any error nothing of any batch was written, and nothing is remembered.
    async fn append(&self, system: &SystemScope, batches: Vec<NewBatch>)
    -> Result<Vec<Appended>, StoreError>;

    /// Batches after `after`, in order, at most `limit`.
    async fn read_after(
        &self,
        system: &SystemScope,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<StoredBatch>, StoreError>;

    /// Batches of the tenant, newest first by offset, strictly before an offset, whose events overlap a window and which
    /// may hold what is wanted. All of them are met once by going on from [`BatchPage::next`] until there is none.
    ///
    /// The order is the journal's, never the clock's: a late event stands where it arrived. Only batches are looked at
    /// that arrived when an event of the window can have arrived ([`BatchQuery::arrivals`]), and no page costs more than
    /// [`crate::batches`] says.
    async fn read_before(&self, scope: &TenantScope, query: BatchQuery) -> Result<BatchPage, StoreError>;

    /// The calls that one breaker guarded, from the batches that [`Journal::read_before`] would give; other events are
    /// not built.
    async fn guarded_before(
        &self,
        scope: &TenantScope,
        query: BatchQuery,
        breaker: &BreakerKey,
    ) -> Result<GuardedPage, StoreError>;

    /// The writer this process appends as, and its last sequence (0 when there is none).
    async fn head(&self, system: &SystemScope) -> Result<Offset, StoreError>;

    /// The offset just before the first batch that arrived at or after `received`; the head when there is none.
    async fn before_time(&self, system: &SystemScope, received: Millis) -> Result<Offset, StoreError>;

    /// The answer remembered for an idempotency key that is younger than [`IDEMPOTENCY_KEPT`].
    async fn remembered(
        &self,
        scope: &TenantScope,
        api_key: &str,
        key: &str,
        now: Millis,
    ) -> Result<Option<Remembered>, StoreError>;

    /// Drops whole days that are older than `before`, oldest first, and further days until at most `max_bytes` remain.
    /// Never today, and no day that ended less than an hour ago, because its ids are still to be remembered.
    /// Idempotency keys outlive the batches that brought them. Never blocks `append` for long. Returns the bytes freed.
    async fn retain(
        &self,
        system: &SystemScope,
        before: Millis,
        max_bytes: u64,
        now: Millis,
    ) -> Result<u64, StoreError>;

    /// How much there is.
    async fn usage(&self, system: &SystemScope) -> Result<JournalUsage, StoreError>;

    /// Bytes of the batches of each tenant that has any, by slug: as they are encoded, without what the database takes
    /// around them. The first call of a process looks at every batch, later ones only at what is new. It never makes an
    /// append wait, and what is appended or dropped meanwhile may or may not be in it.
    async fn stored(&self, system: &SystemScope) -> Result<Vec<(TenantId, u64)>, StoreError>;
}
