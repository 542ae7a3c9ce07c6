//! The rungs of the ladder as they are kept: chunks, and the partials that no chunk contains yet.
//!
//! One rule makes every reader right: **for each rung, its chunks and the partials together are everything**. A
//! compaction takes all partials that are stored and adds their sum to all four rungs, in one transaction that also
//! moves [`RollupRead::compacted`]. Since buckets merge associatively, a late event needs no other treatment than an
//! early one: it is a small chunk more, until chunks of a span are merged.

use async_trait::async_trait;
use domain::Millis;
use domain::rollup::Rung;

use crate::codec::decode_chunk;
use crate::{PartialRow, StoreError, SystemScope, TenantId, TenantScope};

/// A chunk to be written; see [`crate::codec::encode_chunks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChunk {
    /// Whose buckets.
    pub rung: Rung,
    /// The span it lies in, [`Rung::span`].
    pub span: Millis,
    /// Start of its first bucket.
    pub from: Millis,
    /// End of its last bucket.
    pub to: Millis,
    /// How many buckets it has, over all series.
    pub rows: u64,
    /// Counts and sums.
    pub figures: Vec<u8>,
    /// Latency sketches.
    pub latency: Vec<u8>,
    /// TTFT sketches.
    pub ttft: Vec<u8>,
}

impl NewChunk {
    /// What it takes, bytes.
    pub fn bytes(&self) -> u64 {
        (self.figures.len() + self.latency.len() + self.ttft.len()) as u64
    }
}

/// A stored chunk without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkHead {
    /// Given by the store, rising within the tenant.
    pub id: u64,
    /// Whose buckets.
    pub rung: Rung,
    /// The span it lies in.
    pub span: Millis,
    /// Start of its first bucket.
    pub from: Millis,
    /// End of its last bucket.
    pub to: Millis,
    /// How many buckets it has, over all series.
    pub rows: u64,
    /// What it takes, bytes.
    pub bytes: u64,
}

/// A stored chunk; parts that were not asked for are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// What it is.
    pub head: ChunkHead,
    /// Counts and sums; always there.
    pub figures: Vec<u8>,
    /// Latency sketches.
    pub latency: Vec<u8>,
    /// TTFT sketches.
    pub ttft: Vec<u8>,
}

/// All rows of chunks that were read whole, not merged.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub fn rows_of(chunks: &[Chunk]) -> Result<Vec<PartialRow>, StoreError> {
    let mut rows = Vec::new();
    for chunk in chunks {
        rows.extend(decode_chunk(&chunk.figures, &chunk.latency, &chunk.ttft)?);
    }
    Ok(rows)
}

/// Which parts of chunks to read besides the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChunkParts {
    /// Latency sketches.
    pub latency: bool,
    /// TTFT sketches.
    pub ttft: bool,
}

impl ChunkParts {
    /// Everything.
    pub const ALL: ChunkParts = ChunkParts {
        latency: true,
        ttft: true,
    };
}

/// All partials that are stored become chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compaction {
    /// Whose.
    pub tenant: TenantId,
    /// The sequence that the newest flush had applied: what is taken are the partials of all flushes up to here.
    pub through: u64,
    /// What those partials add up to, on every rung.
    pub chunks: Vec<NewChunk>,
}

/// Chunks that are replaced by chunks with the same buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkMerge {
    /// Whose.
    pub tenant: TenantId,
    /// Must all be there.
    pub removed: Vec<u64>,
    /// Their sum.
    pub added: Vec<NewChunk>,
}

/// What a reader gets, all of one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollupRead {
    /// The chunks contain every flush up to this sequence; 0 when there are none.
    pub compacted: u64,
    /// In no particular order; their buckets overlap freely.
    pub chunks: Vec<Chunk>,
}

/// How much of a rung there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungUsage {
    /// Which.
    pub rung: Rung,
    /// What its chunks take, bytes.
    pub bytes: u64,
    /// Chunks.
    pub chunks: u64,
    /// Buckets in them, over all series.
    pub rows: u64,
    /// Start of the oldest bucket.
    pub oldest: Option<Millis>,
}

/// The port of the rungs.
#[async_trait]
pub trait Rollups: Send + Sync + 'static {
    /// Turns partials into chunks, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the tenant's checkpoint is not at [`Compaction::through`], or when that sequence
    /// was compacted already.
    async fn compact(&self, system: &SystemScope, compaction: Compaction) -> Result<(), StoreError>;

    /// The sequence up to which flushes are in chunks; 0 when none are.
    async fn compacted(&self, system: &SystemScope, tenant: &TenantId) -> Result<u64, StoreError>;

    /// Partials that no chunk contains, in no particular order, not merged.
    async fn uncompacted(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
    ) -> Result<Vec<PartialRow>, StoreError>;

    /// Chunks of a rung with a bucket in `from <= start < to`.
    async fn chunks(
        &self,
        scope: &TenantScope,
        rung: Rung,
        from: Millis,
        to: Millis,
        parts: ChunkParts,
    ) -> Result<RollupRead, StoreError>;

    /// All chunks of a rung without their content, by span, then id.
    async fn chunk_heads(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        rung: Rung,
    ) -> Result<Vec<ChunkHead>, StoreError>;

    /// Chunks by id, whole, in the order of their ids; those that are gone are left out.
    async fn chunks_by_id(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        ids: &[u64],
    ) -> Result<Vec<Chunk>, StoreError>;

    /// Replaces chunks by their sum, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one of them is gone.
    async fn merge_chunks(&self, system: &SystemScope, merge: ChunkMerge) -> Result<(), StoreError>;

    /// Drops chunks by id, a few at a time so that nobody waits for long. Returns the bytes freed.
    async fn drop_chunks(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        ids: &[u64],
    ) -> Result<u64, StoreError>;

    /// How much there is, for each rung that has chunks, finest first.
    async fn rollup_usage(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
    ) -> Result<Vec<RungUsage>, StoreError>;
}

/// Whether a compaction follows what is stored; every adapter asks this inside its transaction.
///
/// # Errors
/// [`StoreError::Conflict`] when it does not.
pub fn check_compaction(
    compaction: &Compaction,
    applied: Option<u64>,
    compacted: u64,
) -> Result<(), StoreError> {
    if applied != Some(compaction.through) {
        return Err(StoreError::Conflict(format!(
            "the compaction of {} takes flushes up to {}, but stored is {applied:?}",
            compaction.tenant, compaction.through
        )));
    }
    if compaction.through <= compacted {
        return Err(StoreError::Conflict(format!(
            "flushes of {} up to {compacted} are compacted already",
            compaction.tenant
        )));
    }
    Ok(())
}
