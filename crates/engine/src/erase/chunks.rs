//! Chunks without the buckets that are erased. A chunk is replaced by what is left of it, in one transaction; one that was
//! merged meanwhile is met again under its new number.
//!
//! An erasure covers whole hours, so that a bucket of the three finer rungs is taken whole or not at all. A local day may be cut
//! by it: that one is added up again from the hours that are left. Where hours are not kept any more, the range was moved
//! to whole days before.

use std::collections::HashSet;

use domain::Millis;
use domain::erasure::Selection;
use domain::rollup::Rung;
use store::codec::encode_chunks;
use store::{Chunk, ChunkHead, ChunkMerge, ChunkParts, NewChunk, PartialRow, StoreError, TenantId, rows_of};

use super::Eraser;
use crate::start::system_read;

/// How often it is tried again after somebody else merged the same chunks.
const TRIES: usize = 20;

/// The chunks of one erasure.
pub(super) struct Chunks<'a> {
    eraser: &'a Eraser,
    tenant: &'a TenantId,
    selection: &'a Selection,
    /// Days that the range cuts.
    cut: Vec<Millis>,
    /// Chunks that hold nothing of it.
    clean: HashSet<u64>,
}

impl<'a> Chunks<'a> {
    pub fn new(eraser: &'a Eraser, tenant: &'a TenantId, selection: &'a Selection) -> Chunks<'a> {
        let day = |end: &Millis| {
            let start = Rung::Day.local_bucket(*end, eraser.offset);
            (start != *end).then_some(start)
        };
        let ends = [selection.from, selection.to];
        let mut cut: Vec<Millis> = ends.iter().flatten().filter_map(day).collect();
        cut.dedup();
        Chunks {
            eraser,
            tenant,
            selection,
            cut,
            clean: HashSet::new(),
        }
    }

    /// Takes the buckets out of every chunk. Returns how many there were.
    pub async fn erase(&mut self) -> Result<u64, StoreError> {
        let mut buckets = 0;
        for rung in Rung::ALL {
            loop {
                let dirty = self.dirty(rung).await?;
                if dirty.is_empty() {
                    break;
                }
                for head in dirty {
                    buckets += self.rewrite(head).await?;
                }
            }
        }
        Ok(buckets)
    }

    /// How many buckets would be taken, those of cut days aside.
    pub async fn count(&mut self) -> Result<u64, StoreError> {
        let mut buckets = 0;
        for rung in Rung::ALL {
            for head in self.dirty(rung).await? {
                let rows = self.read(&[head.id]).await?;
                buckets += rows.iter().filter(|row| self.takes(rung, row)).count() as u64;
            }
        }
        Ok(buckets)
    }

    /// Chunks in the range that nobody has looked at.
    async fn dirty(&self, rung: Rung) -> Result<Vec<ChunkHead>, StoreError> {
        let rollups = &self.eraser.stores.rollups;
        let (from, to) = self.selection.range();
        let mut heads = rollups
            .chunk_heads(&self.eraser.system, self.tenant, rung)
            .await?;
        heads.retain(|head| head.from < to && head.to > from && !self.clean.contains(&head.id));
        Ok(heads)
    }

    fn takes(&self, rung: Rung, row: &PartialRow) -> bool {
        self.selection.takes_time(row.bucket)
            && self.selection.takes_series(&row.series)
            && !(rung == Rung::Day && self.cut.contains(&row.bucket))
    }

    async fn rewrite(&mut self, head: ChunkHead) -> Result<u64, StoreError> {
        let rows = self.read(&[head.id]).await?;
        let (taken, kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| self.takes(head.rung, row));
        if taken.is_empty() {
            self.clean.insert(head.id);
            return Ok(0);
        }
        match self.replace(head.rung, vec![head.id], kept).await {
            Ok(()) => Ok(taken.len() as u64),
            // It is part of another by now, which nobody has looked at.
            Err(StoreError::Conflict(_)) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Adds days anew that the range cuts, from their hours. Returns how many of their buckets were there for nothing else.
    pub async fn rebuild_days(&mut self) -> Result<u64, StoreError> {
        let mut buckets = 0;
        for day in self.cut.clone() {
            let mut tries = 0;
            buckets += loop {
                match self.rebuild(day).await {
                    Err(StoreError::Conflict(_)) if tries < TRIES => tries += 1,
                    done => break done?,
                }
            };
        }
        Ok(buckets)
    }

    async fn rebuild(&self, day: Millis) -> Result<u64, StoreError> {
        let end = day.saturating_add(Rung::Day.nominal_width());
        let scope = system_read(self.tenant);
        let rollups = &self.eraser.stores.rollups;
        let of_day = rollups
            .chunks(&scope, Rung::Day, day, end, ChunkParts::ALL)
            .await?;
        let hours = rollups
            .chunks(&scope, Rung::Hour, day, end, ChunkParts::ALL)
            .await?;
        let mut left = rows_of(&hours.chunks)?;
        left.retain(|row| (day..end).contains(&row.bucket) && self.selection.takes_series(&row.series));
        let there: HashSet<_> = left.iter().map(|row| row.series.clone()).collect();
        for row in &mut left {
            row.bucket = day;
        }
        let (mut removed, mut rows, mut gone) = (Vec::new(), left, HashSet::new());
        for chunk in &of_day.chunks {
            let all = rows_of(std::slice::from_ref(chunk))?;
            let (old, kept): (Vec<PartialRow>, Vec<PartialRow>) = all
                .into_iter()
                .partition(|row| row.bucket == day && self.selection.takes_series(&row.series));
            if old.is_empty() {
                continue;
            }
            removed.push(chunk.head.id);
            rows.extend(kept);
            gone.extend(
                old.into_iter()
                    .map(|row| row.series)
                    .filter(|series| !there.contains(series)),
            );
        }
        if removed.is_empty() {
            return Ok(0);
        }
        self.replace(Rung::Day, removed, rows).await?;
        Ok(gone.len() as u64)
    }

    async fn read(&self, ids: &[u64]) -> Result<Vec<PartialRow>, StoreError> {
        let rollups = &self.eraser.stores.rollups;
        let chunks: Vec<Chunk> = rollups
            .chunks_by_id(&self.eraser.system, self.tenant, ids)
            .await?;
        tokio::task::spawn_blocking(move || rows_of(&chunks))
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?
    }

    async fn replace(&self, rung: Rung, removed: Vec<u64>, rows: Vec<PartialRow>) -> Result<(), StoreError> {
        let added: Vec<NewChunk> = tokio::task::spawn_blocking(move || encode_chunks(rung, rows))
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))??;
        let merge = ChunkMerge {
            tenant: self.tenant.clone(),
            removed,
            added,
        };
        self.eraser
            .stores
            .rollups
            .merge_chunks(&self.eraser.system, merge)
            .await
    }
}
