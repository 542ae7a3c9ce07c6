//! Chunks in memory.

use async_trait::async_trait;
use domain::Millis;
use domain::rollup::Rung;

use super::{LiveState, MemoryStore};
use crate::rollups::check_compaction;
use crate::{
    Chunk, ChunkHead, ChunkMerge, ChunkParts, Compaction, NewChunk, PartialRow, RollupRead, Rollups,
    RungUsage, StoreError, SystemScope, TenantId, TenantScope,
};

impl LiveState {
    fn add_chunks(&mut self, chunks: Vec<NewChunk>) {
        for chunk in chunks {
            self.last_chunk += 1;
            let head = ChunkHead {
                id: self.last_chunk,
                rung: chunk.rung,
                span: chunk.span,
                from: chunk.from,
                to: chunk.to,
                rows: chunk.rows,
                bytes: chunk.bytes(),
            };
            let chunk = Chunk {
                head,
                figures: chunk.figures,
                latency: chunk.latency,
                ttft: chunk.ttft,
            };
            self.chunks.insert(head.id, chunk);
        }
    }
}

#[async_trait]
impl Rollups for MemoryStore {
    async fn compact(&self, _: &SystemScope, compaction: Compaction) -> Result<(), StoreError> {
        let state = &mut self.state.lock().live;
        let live = state.get(&compaction.tenant);
        let applied = live
            .and_then(|live| live.checkpoint.as_ref())
            .map(|checkpoint| checkpoint.applied);
        check_compaction(&compaction, applied, live.map_or(0, |live| live.compacted))?;
        let live = state.entry(compaction.tenant).or_default();
        live.partials.clear();
        live.compacted = compaction.through;
        live.add_chunks(compaction.chunks);
        Ok(())
    }

    async fn compacted(&self, _: &SystemScope, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(self
            .state
            .lock()
            .live
            .get(tenant)
            .map_or(0, |live| live.compacted))
    }

    async fn uncompacted(&self, _: &SystemScope, tenant: &TenantId) -> Result<Vec<PartialRow>, StoreError> {
        let state = self.state.lock();
        let partials = state.live.get(tenant).map(|live| live.partials.as_slice());
        let rows = partials.unwrap_or_default().iter().map(|(_, _, row)| row.clone());
        Ok(rows.collect())
    }

    async fn chunks(
        &self,
        scope: &TenantScope,
        rung: Rung,
        from: Millis,
        to: Millis,
        parts: ChunkParts,
    ) -> Result<RollupRead, StoreError> {
        let state = self.state.lock();
        let Some(live) = state.live.get(scope.tenant()) else {
            return Ok(RollupRead::default());
        };
        let wanted = live
            .chunks
            .values()
            .filter(|chunk| chunk.head.rung == rung && chunk.head.from < to && chunk.head.to > from);
        let chunks = wanted.map(|chunk| Chunk {
            head: chunk.head,
            figures: chunk.figures.clone(),
            latency: if parts.latency {
                chunk.latency.clone()
            } else {
                Vec::new()
            },
            ttft: if parts.ttft {
                chunk.ttft.clone()
            } else {
                Vec::new()
            },
        });
        Ok(RollupRead {
            compacted: live.compacted,
            chunks: chunks.collect(),
        })
    }

    async fn chunk_heads(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        rung: Rung,
    ) -> Result<Vec<ChunkHead>, StoreError> {
        let state = self.state.lock();
        let chunks = state
            .live
            .get(tenant)
            .into_iter()
            .flat_map(|live| live.chunks.values());
        let mut heads: Vec<ChunkHead> = chunks
            .map(|chunk| chunk.head)
            .filter(|head| head.rung == rung)
            .collect();
        heads.sort_by_key(|head| (head.span, head.id));
        Ok(heads)
    }

    async fn chunks_by_id(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        ids: &[u64],
    ) -> Result<Vec<Chunk>, StoreError> {
        let state = self.state.lock();
        let chunks = state
            .live
            .get(tenant)
            .into_iter()
            .flat_map(|live| live.chunks.values());
        Ok(chunks
            .filter(|chunk| ids.contains(&chunk.head.id))
            .cloned()
            .collect())
    }

    async fn merge_chunks(&self, _: &SystemScope, merge: ChunkMerge) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let live = state.live.entry(merge.tenant).or_default();
        if let Some(gone) = merge.removed.iter().find(|id| !live.chunks.contains_key(id)) {
            return Err(StoreError::Conflict(format!("chunk {gone} is gone")));
        }
        for id in &merge.removed {
            live.chunks.remove(id);
        }
        live.add_chunks(merge.added);
        Ok(())
    }

    async fn drop_chunks(&self, _: &SystemScope, tenant: &TenantId, ids: &[u64]) -> Result<u64, StoreError> {
        let mut state = self.state.lock();
        let Some(live) = state.live.get_mut(tenant) else {
            return Ok(0);
        };
        let dropped = ids.iter().filter_map(|id| live.chunks.remove(id));
        Ok(dropped.map(|chunk| chunk.head.bytes).sum())
    }

    async fn rollup_usage(&self, _: &SystemScope, tenant: &TenantId) -> Result<Vec<RungUsage>, StoreError> {
        let state = self.state.lock();
        let Some(live) = state.live.get(tenant) else {
            return Ok(Vec::new());
        };
        let usage = Rung::ALL.into_iter().filter_map(|rung| {
            let heads = || {
                live.chunks
                    .values()
                    .map(|chunk| chunk.head)
                    .filter(|head| head.rung == rung)
            };
            Some(RungUsage {
                rung,
                bytes: heads().map(|head| head.bytes).sum(),
                chunks: heads().count() as u64,
                rows: heads().map(|head| head.rows).sum(),
                oldest: Some(heads().map(|head| head.from).min()?),
            })
        });
        Ok(usage.collect())
    }
}
