//! What the live path keeps besides the journal: 10 s partials, the log of transitions, its checkpoint.

use async_trait::async_trait;
use domain::Millis;
use domain::breaker::{BreakerId, BreakerKey, State};
use domain::rollup::{Bucket, Rung, SeriesKey};

use crate::{StoreError, SystemScope, TenantId, TenantScope};

/// One partial: a series' share of a bucket from one stretch of the journal. No row is ever updated; a late event is
/// one more small row; readers merge.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialRow {
    /// Start of the bucket, a multiple of the rung's width.
    pub bucket: Millis,
    /// Whose calls.
    pub series: SeriesKey,
    /// What they add up to.
    pub stats: Bucket,
}

/// All calls of one second, of every series: what the shortest live ranges are drawn from. It is told whole each time it
/// has changed, and kept as long as a live range reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondRow {
    /// Its start.
    pub at: Millis,
    /// What the calls add up to.
    pub stats: Bucket,
}

/// How far back seconds are kept: the longest range that is drawn from them, and a little. Counted from the newest of a
/// flush; older ones are dropped by it.
pub const SECONDS_KEPT: Millis = 16 * 60_000;

/// A transition, kept for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionRow {
    /// Rising within the tenant, given by the live path.
    pub id: u64,
    /// When it happened.
    pub at: Millis,
    /// When it arrived.
    pub received: Millis,
    /// Whose.
    pub breaker: BreakerId,
    /// Its identity, so that the row can be read alone.
    pub key: BreakerKey,
    /// The provider at that time; may be empty.
    pub provider: String,
    /// The instance that changed.
    pub instance: String,
    /// The state it left, when known.
    pub from: Option<State>,
    /// The state it is in.
    pub to: State,
    /// In words; may be empty.
    pub cause: String,
    /// How long the state it left had lasted.
    pub lasted: Option<Millis>,
    /// Told by a later report, or by silence.
    pub inferred: bool,
}

/// What the live path writes every few seconds, in one transaction: rows and the offset they contain.
#[derive(Debug, Clone, PartialEq)]
pub struct Flush {
    /// Whose.
    pub tenant: TenantId,
    /// The writer whose batches are contained.
    pub writer: u32,
    /// Everything up to this sequence is contained in the rows written so far and in `checkpoint`.
    pub applied: u64,
    /// The sequence of the flush before, 0 for the first. The write is refused with `Conflict` when the stored value
    /// differs: somebody else flushed.
    pub previous: u64,
    /// New partials of the 10 s rung.
    pub partials: Vec<PartialRow>,
    /// New transitions.
    pub transitions: Vec<TransitionRow>,
    /// Seconds that changed, oldest first, each once.
    pub seconds: Vec<SecondRow>,
    /// The live state at `applied`, as the engine encodes it.
    pub checkpoint: Vec<u8>,
}

/// The newest checkpoint of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The writer whose batches it contains.
    pub writer: u32,
    /// Up to this sequence.
    pub applied: u64,
    /// As given to [`Flush`].
    pub bytes: Vec<u8>,
}

/// A checkpoint that is kept, so that the moment after it can be shown again without the whole journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyframe {
    /// When it was taken: everything it contains had arrived.
    pub at: Millis,
    /// The state.
    pub checkpoint: Checkpoint,
}

/// Which transitions to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransitionQuery {
    /// Only of this breaker.
    pub breaker: Option<BreakerId>,
    /// Only at or after.
    pub from: Option<Millis>,
    /// Only before.
    pub to: Option<Millis>,
    /// Only those that come after this (time, id) in the order of the answer.
    pub after: Option<(Millis, u64)>,
    /// At most so many.
    pub limit: usize,
}

/// The live path's port.
#[async_trait]
pub trait LiveStore: Send + Sync + 'static {
    /// Writes one flush, all or nothing.
    async fn flush(&self, system: &SystemScope, flush: Flush) -> Result<(), StoreError>;

    /// Tenants that have a checkpoint.
    async fn tenants(&self, system: &SystemScope) -> Result<Vec<TenantId>, StoreError>;

    /// The newest checkpoint.
    async fn checkpoint(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
    ) -> Result<Option<Checkpoint>, StoreError>;

    /// The last seconds, oldest first.
    async fn seconds(&self, system: &SystemScope, tenant: &TenantId) -> Result<Vec<SecondRow>, StoreError>;

    /// Partials of a rung with `from <= bucket < to`, in no particular order, not merged.
    async fn partials(
        &self,
        scope: &TenantScope,
        rung: Rung,
        from: Millis,
        to: Millis,
    ) -> Result<Vec<PartialRow>, StoreError>;

    /// Transitions, newest first by (time, id).
    async fn transitions(
        &self,
        scope: &TenantScope,
        query: TransitionQuery,
    ) -> Result<Vec<TransitionRow>, StoreError>;

    /// Keeps a keyframe. A second one of the same moment is left out: both are the same state.
    async fn keep_keyframe(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        keyframe: Keyframe,
    ) -> Result<(), StoreError>;

    /// The newest keyframe that was taken at or before a moment.
    async fn keyframe(&self, scope: &TenantScope, at: Millis) -> Result<Option<Keyframe>, StoreError>;

    /// When the oldest keyframe was taken.
    async fn first_keyframe(&self, scope: &TenantScope) -> Result<Option<Millis>, StoreError>;

    /// Bytes of the keyframes of each tenant that has any, by slug.
    async fn keyframe_usage(&self, system: &SystemScope) -> Result<Vec<(TenantId, u64)>, StoreError>;

    /// Drops keyframes of all tenants that were taken before a moment, and the oldest of those that remain until they
    /// take at most `max_bytes`. Returns how many.
    async fn drop_keyframes(
        &self,
        system: &SystemScope,
        before: Millis,
        max_bytes: u64,
    ) -> Result<u64, StoreError>;

    /// The database answers and its schema is the binary's.
    async fn ping(&self, system: &SystemScope) -> Result<(), StoreError>;
}

/// Whether a flush follows what is stored: the writer and the sequence of the checkpoint, if there is one. Every
/// adapter asks this inside its transaction.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else flushed, or when the flush would step back.
pub fn check_flush(flush: &Flush, stored: Option<(u32, u64)>) -> Result<(), StoreError> {
    let (writer, applied) = stored.unwrap_or((flush.writer, 0));
    if writer != flush.writer || applied != flush.previous {
        return Err(StoreError::Conflict(format!(
            "the flush of {} follows writer {}, sequence {}, but stored is writer {writer}, sequence {applied}",
            flush.tenant, flush.writer, flush.previous
        )));
    }
    if flush.applied < flush.previous {
        return Err(StoreError::Conflict(format!(
            "the flush of {} steps back from {} to {}",
            flush.tenant, flush.previous, flush.applied
        )));
    }
    Ok(())
}

/// Before which time the seconds end that a flush drops. Shared by the adapters.
pub fn cut_seconds(flush: &Flush) -> Option<Millis> {
    flush.seconds.last().map(|newest| newest.at - SECONDS_KEPT)
}

/// From when on keyframes may stay so that they take at most `max_bytes`. Shared by the adapters: each tells when its
/// keyframes were taken and what they take, in any order.
pub fn cut_keyframes(sizes: impl Iterator<Item = (Millis, u64)>, max_bytes: u64) -> Millis {
    let mut sizes: Vec<(Millis, u64)> = sizes.collect();
    sizes.sort_unstable_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut bytes = 0u64;
    for (at, size) in sizes {
        bytes = bytes.saturating_add(size);
        if bytes > max_bytes {
            return at.saturating_add(1);
        }
    }
    Millis::MIN
}
