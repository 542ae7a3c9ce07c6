//! Every few seconds: what live state has gathered goes to the store, with the offset it contains. Every second: time
//! passes for breakers. Every minute: retention.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::{Flush, StoreError, SystemScope, TenantId};
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
            if !repeated {
                return true;
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
    keep: domain::Millis,
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
            }
            () = stop.cancelled() => return,
        }
    }
}
