//! The evaluator: watches every rule of every tenant, and keeps alerts as they should be.
//!
//! ```text
//! a breaker changed ─ at once ──────────────┐
//! every 10 s, 5 s after a bucket's end ─────┴→ readings → watches → reconcile → alerts, events, outbox: one transaction
//! ```
//!
//! Watches live in memory ([`desk`]), alerts in the store. [`reconcile`] makes the two agree: a watch that fires and has
//! no open alert raises one, an open alert whose watch does not fire is resolved. So whatever is lost on the way (a
//! conflict, a restart) is made up for by the next turn, and an alert that is open is never raised twice.
//!
//! After a restart watches of open alerts go on firing, and stored buckets are judged again for those that were pending
//! or absent ([`load`]). [`backtest`] lets the same watches look at stored history.
//!
//! Deliberately absent: sending (whatever reads the outbox does), and any cache of figures.

mod backtest;
mod breakers;
mod desk;
mod figures;
mod form;
mod grid;
mod load;
mod reconcile;
mod sent;
mod words;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Millis;
use parking_lot::Mutex;
use store::{StoreError, SystemScope, TenantId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::RungLimits;
use crate::clock::Clock;
use crate::config::Stores;
use crate::flush::Flusher;
use crate::metrics::Counters;
use crate::pipeline::describe;
use crate::query::Asked;
use crate::start::system_read;
use crate::tenants::{Tenant, Tenants};

pub(crate) use backtest::{BacktestError, LONGEST};
pub(crate) use breakers::Standing;
pub(crate) use desk::{Desk, State};
pub(crate) use figures::{Figure, Needs, STEP, labels_with, needs};
pub(crate) use form::{doc_of, rule_of};
pub use sent::Fate;

/// A bucket is judged so long after its end: what comes late by less still counts.
const SETTLE: Millis = 5_000;
/// How often the evaluator looks whether a bucket is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Evaluates the rules of all tenants.
pub(crate) struct Evaluator {
    pub stores: Stores,
    pub system: SystemScope,
    pub tenants: Arc<Tenants>,
    pub clock: Clock,
    pub limits: [RungLimits; 4],
    /// The tenants' zone, ahead of UTC.
    pub offset: Millis,
    pub counters: Arc<Counters>,
    /// Whoever may not write rollups may not raise alerts either.
    pub flusher: Arc<Flusher>,
    /// A breaker of some tenant changed state.
    pub woken: Arc<Notify>,
    /// Something was written that people must be told.
    pub told: Arc<Notify>,
    desks: Mutex<HashMap<TenantId, Arc<Desk>>>,
    /// When all tenants were last looked at without a failure.
    turned: AtomicI64,
}

impl Evaluator {
    /// Knows no tenant yet.
    #[expect(
        clippy::too_many_arguments,
        reason = "built once, from the engine's own parts"
    )]
    pub fn new(
        stores: Stores,
        system: SystemScope,
        tenants: Arc<Tenants>,
        clock: Clock,
        limits: [RungLimits; 4],
        offset: Millis,
        counters: Arc<Counters>,
        flusher: Arc<Flusher>,
    ) -> Evaluator {
        let woken = tenants.woken();
        Evaluator {
            stores,
            system,
            tenants,
            clock,
            limits,
            offset,
            counters,
            flusher,
            woken,
            told: Arc::default(),
            desks: Mutex::default(),
            turned: AtomicI64::new(0),
        }
    }

    /// The desk of a tenant, loaded.
    ///
    /// # Errors
    /// The store cannot be read; the next call tries again.
    pub async fn desk(&self, tenant: &Arc<Tenant>) -> Result<Arc<Desk>, StoreError> {
        let desk = {
            let mut desks = self.desks.lock();
            let fresh = || Arc::new(Desk::new(Arc::clone(tenant), system_read(&tenant.id)));
            Arc::clone(desks.entry(tenant.id.clone()).or_insert_with(fresh))
        };
        let mut state = desk.state.lock().await;
        if !state.loaded {
            self.load(&desk, &mut state).await?;
            desk.tell(&mut state, self.clock.now());
        }
        drop(state);
        Ok(desk)
    }

    /// Begins a desk anew, from what is stored.
    pub async fn reload(&self, desk: &Desk, state: &mut State) -> Result<(), StoreError> {
        *state = State::default();
        self.load(desk, state).await?;
        state.untold = true;
        desk.tell(state, self.clock.now());
        Ok(())
    }

    /// Rules that look at breakers, at once.
    pub async fn run_woken(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.woken.notified() => {
                    for tenant in self.tenants.all() {
                        if tenant.take_crossed() {
                            self.guarded("breakers", &tenant, self.wake(&tenant)).await;
                        }
                    }
                }
                () = stop.cancelled() => return,
            }
        }
    }

    /// Everything else, when a bucket is due.
    pub async fn run_grid(&self, stop: CancellationToken) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {
                    let mut done = true;
                    for tenant in self.tenants.all() {
                        done &= self.guarded("rules", &tenant, self.turn(&tenant)).await;
                    }
                    if done {
                        self.turned.store(self.clock.now(), Ordering::Relaxed);
                    }
                }
                () = stop.cancelled() => return,
            }
        }
    }

    /// When all tenants were last looked at without a failure, epoch milliseconds; `None` when they never were.
    pub fn turned(&self) -> Option<Millis> {
        Some(self.turned.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// Evaluates every tenant now: what the tasks do, at once. False when something could not be read or written; the
    /// next turn tries again.
    pub async fn evaluate_all(&self) -> bool {
        let mut done = true;
        for tenant in self.tenants.all() {
            done &= self.guarded("breakers", &tenant, self.wake(&tenant)).await;
            done &= self.guarded("rules", &tenant, self.turn(&tenant)).await;
        }
        done
    }

    async fn guarded(
        &self,
        what: &str,
        tenant: &Tenant,
        work: impl Future<Output = Result<(), StoreError>>,
    ) -> bool {
        if self.flusher.fenced() {
            return false;
        }
        match work.await {
            Ok(()) => true,
            Err(error) => {
                Counters::add(&self.counters.evaluation_failures, 1);
                tracing::error!(tenant = %tenant.id, error = %describe(&error), "{what} could not be evaluated; the next turn tries again");
                false
            }
        }
    }

    /// Figures of a tenant, asked by the evaluator itself.
    fn asked<'a>(&'a self, desk: &'a Desk, now: Millis) -> Asked<'a> {
        Asked {
            stores: &self.stores,
            scope: &desk.scope,
            tenant: Arc::clone(&desk.tenant),
            limits: &self.limits,
            offset: self.offset,
            now,
        }
    }
}
