//! Doing it: after a flush, and once a minute.

use std::sync::Arc;
use std::time::Duration;

use domain::Millis;
use domain::rollup::Rung;
use store::codec::encode_chunks;
use store::{ChunkMerge, Compaction, StoreError, SystemScope, rows_of};
use tokio_util::sync::CancellationToken;

use super::retain::RungLimits;
use super::{build, merge, retain};
use crate::clock::Clock;
use crate::config::Stores;
use crate::metrics::Counters;
use crate::pipeline::describe;
use crate::tenants::{Tenant, Tenants};

/// Often enough that little is held in memory, seldom enough that chunks are worth their row.
const COMPACT_EVERY: Millis = 5 * 60_000;
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Builds, merges and drops chunks.
pub(crate) struct Compactor {
    pub stores: Stores,
    pub system: SystemScope,
    pub tenants: Arc<Tenants>,
    pub clock: Clock,
    pub limits: [RungLimits; 4],
    /// The tenants' zone.
    pub offset: Millis,
    pub counters: Arc<Counters>,
}

impl Compactor {
    /// Compacts a tenant when it is time. Called between two flushes, so that the store's newest flush is the one that
    /// live state took last.
    pub async fn after_flush(&self, tenant: &Tenant) {
        let now = self.clock.now();
        if tenant.compaction_due(now, COMPACT_EVERY) {
            self.compact(tenant).await;
        }
    }

    /// Compacts a tenant now. False when something could not be written; it waits in memory and in the store.
    pub async fn compact(&self, tenant: &Tenant) -> bool {
        if !self.settle(tenant).await {
            return false;
        }
        let Some((through, rows)) = tenant.live().take_compaction() else {
            return true;
        };
        let offset = self.offset;
        let built = tokio::task::spawn_blocking(move || build(&rows, offset)).await;
        let result = match built {
            Ok(Ok(chunks)) => {
                let compaction = Compaction {
                    tenant: tenant.id.clone(),
                    through,
                    chunks,
                };
                self.stores.rollups.compact(&self.system, compaction).await
            }
            Ok(Err(error)) => Err(error),
            Err(stopped) => Err(StoreError::Unavailable(Box::new(stopped))),
        };
        match result {
            Ok(()) => {
                Counters::add(&self.counters.compactions, 1);
                tenant.live().compacted(through, self.clock.now());
                true
            }
            Err(error) => {
                tracing::error!(tenant = %tenant.id, error = %describe(&error), "a compaction failed and will be repeated");
                tenant.doubt_compaction(through);
                self.settle(tenant).await;
                false
            }
        }
    }

    /// Finds out what became of a compaction whose answer was an error. False while the store cannot say.
    async fn settle(&self, tenant: &Tenant) -> bool {
        let Some(through) = tenant.doubted_compaction() else {
            return true;
        };
        match self.stores.rollups.compacted(&self.system, &tenant.id).await {
            Ok(stored) => {
                let mut live = tenant.live();
                if stored >= through {
                    live.compacted(through, self.clock.now());
                } else {
                    live.not_compacted(through);
                }
                drop(live);
                tenant.settle_compaction();
                true
            }
            Err(error) => {
                tracing::warn!(tenant = %tenant.id, error = %describe(&error), "cannot look up a compaction yet");
                false
            }
        }
    }

    /// The periodic task.
    pub async fn run(&self, stop: CancellationToken) {
        let mut every = tokio::time::interval(TIDY_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {
                    for tenant in self.tenants.all() {
                        self.tidy(&tenant, &stop).await;
                    }
                }
                () = stop.cancelled() => return,
            }
        }
    }

    /// Merges and drops what is due.
    pub async fn tidy(&self, tenant: &Tenant, stop: &CancellationToken) {
        for limits in self.limits {
            if let Err(error) = self.tidy_rung(tenant, limits, stop).await {
                tracing::warn!(tenant = %tenant.id, rung = ?limits.rung, error = %describe(&error), "chunks could not be merged or dropped");
            }
        }
    }

    async fn tidy_rung(
        &self,
        tenant: &Tenant,
        limits: RungLimits,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let rollups = &self.stores.rollups;
        let heads = rollups.chunk_heads(&self.system, &tenant.id, limits.rung).await?;
        let old = retain::plan(&heads, limits, now);
        if !old.is_empty() {
            let freed = rollups.drop_chunks(&self.system, &tenant.id, &old).await?;
            Counters::add(&self.counters.rollups_freed, freed);
            tracing::info!(tenant = %tenant.id, rung = ?limits.rung, freed_bytes = freed, "rollup retention freed space");
        }
        let kept: Vec<_> = heads.into_iter().filter(|head| !old.contains(&head.id)).collect();
        for group in merge::plan(&kept, now) {
            if stop.is_cancelled() {
                return Ok(());
            }
            self.merge(tenant, limits.rung, group).await?;
        }
        Ok(())
    }

    async fn merge(&self, tenant: &Tenant, rung: Rung, ids: Vec<u64>) -> Result<(), StoreError> {
        let rollups = &self.stores.rollups;
        let chunks = rollups.chunks_by_id(&self.system, &tenant.id, &ids).await?;
        let built = tokio::task::spawn_blocking(move || encode_chunks(rung, rows_of(&chunks)?));
        let added = built
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))??;
        let merge = ChunkMerge {
            tenant: tenant.id.clone(),
            removed: ids,
            added,
        };
        rollups.merge_chunks(&self.system, merge).await?;
        Counters::add(&self.counters.merges, 1);
        Ok(())
    }
}
