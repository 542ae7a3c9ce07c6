//! Every few seconds: what live state has gathered goes to the store, with the offset it contains. Every second: time
//! passes for breakers. Every minute: retention.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Millis;
use store::{Checkpoint, Flush, Keyframe, StoreError, SystemScope, TenantId};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::compact::Compactor;
use crate::config::Stores;
use crate::metrics::Counters;
use crate::pipeline::describe;
use crate::tenants::{Tenant, Tenants};

const FLUSH_EVERY: Duration = Duration::from_secs(10);
const EXPIRE_EVERY: Duration = Duration::from_secs(1);
/// The journal that a replay applies whole is no longer than this.
const KEYFRAME_EVERY: Millis = 10 * 60_000;
/// What the keyframes of all tenants may take: a week of a large fleet. Beyond it replay reaches less far back.
const KEYFRAMES_MAX_BYTES: u64 = 256 << 20;
const RETAIN_EVERY: Duration = Duration::from_secs(60);

/// Writes flushes, one at a time.
pub(crate) struct Flusher {
    stores: Stores,
    system: SystemScope,
    tenants: Arc<Tenants>,
    counters: Arc<Counters>,
    compactor: Arc<Compactor>,
    /// Flushes that the store did not confirm: each is repeated unchanged before the tenant's next one is taken.
    in_doubt: Mutex<HashMap<TenantId, Flush>>,
    /// Another process writes rollups to this store: nothing more is written here.
    fenced: AtomicBool,
}

impl Flusher {
    pub fn new(
        stores: Stores,
        system: SystemScope,
        tenants: Arc<Tenants>,
        counters: Arc<Counters>,
        compactor: Arc<Compactor>,
    ) -> Flusher {
        Flusher {
            stores,
            system,
            tenants,
            counters,
            compactor,
            in_doubt: Mutex::new(HashMap::new()),
            fenced: AtomicBool::new(false),
        }
    }

    /// True when another process took over the rollups.
    pub fn fenced(&self) -> bool {
        self.fenced.load(Ordering::Acquire)
    }

    /// The periodic task. The first flush is at once: what a start replayed is not replayed again by the next one, so a
    /// process that keeps being killed does not take longer each time.
    pub async fn run(&self, stop: CancellationToken) {
        let mut every = tokio::time::interval(FLUSH_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {
                    self.flush_all().await;
                }
                () = stop.cancelled() => return,
            }
        }
    }

    /// Flushes every tenant; also the last act of a clean stop. False when something could not be written.
    pub async fn flush_all(&self) -> bool {
        let mut done = true;
        for tenant in self.tenants.all() {
            done &= self.flush(&tenant).await;
        }
        done
    }

    async fn flush(&self, tenant: &Tenant) -> bool {
        // Held across the write: neither two flushes of a tenant nor a flush and a compaction may overtake each other.
        let mut in_doubt = self.in_doubt.lock().await;
        let done = self.flush_locked(tenant, &mut in_doubt).await;
        if done {
            self.compactor.after_flush(tenant).await;
        }
        done
    }

    /// Flushes a tenant and then compacts it, whatever the time.
    pub async fn compact_now(&self, tenant: &Tenant) -> bool {
        let mut in_doubt = self.in_doubt.lock().await;
        self.flush_locked(tenant, &mut in_doubt).await && self.compactor.compact(tenant).await
    }

    async fn flush_locked(&self, tenant: &Tenant, in_doubt: &mut HashMap<TenantId, Flush>) -> bool {
        loop {
            if self.fenced() {
                return false;
            }
            let repeated = in_doubt.contains_key(&tenant.id);
            let flush = match in_doubt.remove(&tenant.id) {
                Some(flush) => flush,
                None => match tenant.live().take_flush() {
                    Some(flush) => flush,
                    None => return true,
                },
            };
            if let Err(error) = self.write(&flush).await {
                Counters::add(&self.counters.flush_failures, 1);
                tracing::error!(tenant = %tenant.id, error = %describe(&error), "a flush failed and will be repeated");
                in_doubt.insert(tenant.id.clone(), flush);
                return false;
            }
            Counters::add(&self.counters.flushes, 1);
            self.keep_keyframe(tenant, flush).await;
            if !repeated {
                return true;
            }
        }
    }

    /// Keeps the checkpoint of a flush when it is time. Without it replay reads more, or reaches less far: no reason to
    /// fail.
    async fn keep_keyframe(&self, tenant: &Tenant, flush: Flush) {
        // Read after the flush was taken: everything it contains had arrived.
        let now = self.compactor.clock.now();
        if !tenant.keyframe_due(now, KEYFRAME_EVERY) {
            return;
        }
        let keyframe = Keyframe {
            at: now,
            checkpoint: Checkpoint {
                writer: flush.writer,
                applied: flush.applied,
                bytes: flush.checkpoint,
            },
        };
        match self
            .stores
            .live
            .keep_keyframe(&self.system, &tenant.id, keyframe)
            .await
        {
            Ok(()) => tenant.keyframe_kept(now),
            Err(error) => {
                tracing::warn!(tenant = %tenant.id, error = %describe(&error), "a keyframe could not be kept");
            }
        }
    }

    async fn write(&self, flush: &Flush) -> Result<(), StoreError> {
        match self.stores.live.flush(&self.system, flush.clone()).await {
            Err(StoreError::Conflict(reason)) => {
                // Either the answer to an earlier try was lost and it is in, or somebody else writes here.
                let stored = self.stores.live.checkpoint(&self.system, &flush.tenant).await?;
                if stored
                    .is_some_and(|stored| (stored.writer, stored.applied) == (flush.writer, flush.applied))
                {
                    return Ok(());
                }
                self.fenced.store(true, Ordering::Release);
                Err(StoreError::Conflict(reason))
            }
            result => result,
        }
    }
}

/// Lets time pass for every tenant.
pub(crate) async fn expire(tenants: Arc<Tenants>, clock: Clock, stop: CancellationToken) {
    let mut every = tokio::time::interval(EXPIRE_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {
                for tenant in tenants.all() {
                    let changed = tenant.live().expire(clock.now());
                    if changed {
                        tenant.mark(true);
                        tenant.cross();
                    }
                }
            }
            () = stop.cancelled() => return,
        }
    }
}

/// Drops journal days by age and by size.
pub(crate) async fn retain(
    stores: Stores,
    system: SystemScope,
    clock: Clock,
    keep: Millis,
    max_bytes: u64,
    counters: Arc<Counters>,
    stop: CancellationToken,
) {
    let mut every = tokio::time::interval(RETAIN_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {
                let now = clock.now();
                match stores.journal.retain(&system, now - keep, max_bytes, now).await {
                    Ok(0) => {}
                    Ok(freed) => {
                        Counters::add(&counters.journal_freed, freed);
                        tracing::info!(freed_bytes = freed, "journal retention freed space");
                    }
                    Err(error) => tracing::warn!(error = %describe(&error), "journal retention failed"),
                }
                if let Err(error) = drop_keyframes(&stores, &system, now - keep).await {
                    tracing::warn!(error = %describe(&error), "retention of keyframes failed");
                }
            }
            () = stop.cancelled() => return,
        }
    }
}

/// Drops keyframes that begin before the journal does: nothing can go on from them.
async fn drop_keyframes(stores: &Stores, system: &SystemScope, kept: Millis) -> Result<(), StoreError> {
    let oldest = stores.journal.usage(system).await?.oldest;
    let before = oldest.unwrap_or(kept);
    let dropped = stores
        .live
        .drop_keyframes(system, before, KEYFRAMES_MAX_BYTES)
        .await?;
    if dropped > 0 {
        tracing::debug!(dropped, "old keyframes were dropped");
    }
    Ok(())
}
