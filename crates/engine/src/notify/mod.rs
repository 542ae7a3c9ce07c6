//! The notifier: tells people what the evaluator and people did, through channels, at least once.
//!
//! ```text
//! outbox ─ fan out ───────────→ one delivery per channel ─ claim (lease, fence) → prepare → post → judge → record
//! ladders ─ a step is due ──↗
//! ```
//!
//! What must be told is written with the alert's own event, so nothing is lost between the two. Every process may tell:
//! a claim keeps the others away while it lasts. What a vanished process had claimed is told again once its lease ends,
//! under the same name, and said to be unsure. A receiver that hangs holds its own channel only.
//!
//! Deliberately absent: the formats of channels (the crate `channels`), sockets and secrets (whoever implements
//! [`Post`]), and grouping of alerts (they are incidents before they come here).

mod attempt;
mod channels;
mod checked;
mod digest;
mod escalate;
mod fan_out;
mod kinds;
mod ladder;
mod ledger;
mod message;
mod named;
mod pace;
mod post;
mod press;
mod route;
mod stored;
mod trial;
mod trouble;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Millis;
use parking_lot::Mutex;
use store::{StoreError, SystemScope, TenantId};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Stores;
use crate::evaluate::Evaluator;
use crate::metrics::Counters;
use crate::pipeline::describe;
use crate::supervisor::Supervisor;
use crate::tenants::Tenants;

pub use channels::ChannelError;
pub use kinds::{channel_kinds, channel_placeholders, channel_suggestions};
pub use ledger::DeliverySearch;
pub use post::{NoPost, Post, Sent};

pub(crate) use named::{names, numbers};

use fan_out::Known;
use pace::Pace;
use stored::Channel;

/// How often it is looked for work that nobody told of: attempts that are due again, and what others left.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A claim lasts so long: more than any attempt may take.
const LEASE: Millis = 45_000;
/// An attempt is given up after so long, whatever the channel.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is being sent when the process is to stop may take so long.
const GRACE: Duration = Duration::from_secs(3);
/// Attempts of one channel at a time.
const PER_CHANNEL: usize = 4;
/// Attempts of one process at a time.
const AT_ONCE: usize = 64;
/// Rows of the outbox that are taken out in one turn.
const ROWS: usize = 200;
/// Deliveries are remembered so long after they were over.
const KEEP: Millis = 90 * 86_400_000;
/// How often old ones are forgotten, and how many at a time.
const FORGET_EVERY: Millis = 3_600_000;
const FORGET: usize = 2_000;

/// Tells people.
pub(crate) struct Notifier {
    pub stores: Stores,
    pub system: SystemScope,
    pub clock: Clock,
    pub counters: Arc<Counters>,
    pub post: Arc<dyn Post>,
    pub supervisor: Supervisor,
    /// Whose viewers hear of it.
    pub tenants: Arc<Tenants>,
    /// Keeps the alerts whose ladders are climbed.
    pub evaluator: Arc<Evaluator>,
    /// There is something to tell.
    pub woken: Arc<Notify>,
    paces: Mutex<HashMap<(TenantId, u64), Pace>>,
    /// When it last looked for work.
    looked: AtomicI64,
    forgot: AtomicI64,
}

impl Notifier {
    /// Has told nothing yet.
    pub fn new(
        stores: Stores,
        supervisor: &Supervisor,
        clock: Clock,
        counters: Arc<Counters>,
        post: Arc<dyn Post>,
        evaluator: Arc<Evaluator>,
    ) -> Notifier {
        Notifier {
            stores,
            system: supervisor.system(),
            clock,
            counters,
            post,
            supervisor: supervisor.clone(),
            tenants: Arc::clone(&evaluator.tenants),
            woken: Arc::clone(&evaluator.told),
            evaluator,
            paces: Mutex::default(),
            looked: AtomicI64::new(0),
            forgot: AtomicI64::new(0),
        }
    }

    /// When it last looked for work, epoch milliseconds; `None` when it never did.
    pub fn looked(&self) -> Option<Millis> {
        Some(self.looked.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// Channels or deliveries are not as viewers were told.
    pub fn news(&self, tenant: &TenantId) {
        let tenant = self.tenants.get(tenant);
        if let Some(counts) = tenant.alerts() {
            tenant.tell_alerts(counts, self.clock.now(), true);
        }
    }

    /// Until it is told to stop. What is being sent then is awaited by the supervisor.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.woken.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            if let Err(error) = self.turn().await {
                Counters::add(&self.counters.notify_failures, 1);
                tracing::error!(error = %describe(&error), "what must be told could not be read or written; it is tried again");
                // A store that fails is not asked again and again at once.
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// Takes a page out of the outbox, and begins whatever is due.
    async fn turn(self: &Arc<Self>) -> Result<(), StoreError> {
        self.fan_out().await?;
        let now = self.clock.now();
        self.escalate(now).await?;
        let mut known = Known::new();
        for (tenant, id) in self.stores.deliveries.due(&self.system, now).await? {
            let channels = self.known(&mut known, &tenant).await?;
            if let Some(channel) = channels.iter().find(|channel| channel.stored.id == id) {
                self.begin(&tenant, channel, now).await?;
            }
        }
        self.looked.store(now, Ordering::Relaxed);
        self.forget(now).await
    }

    /// Claims what a channel may tell now, and begins it.
    async fn begin(
        self: &Arc<Self>,
        tenant: &TenantId,
        channel: &Channel,
        now: Millis,
    ) -> Result<(), StoreError> {
        let place = (tenant.clone(), channel.stored.id);
        let room = {
            let mut paces = self.paces.lock();
            let busy: usize = paces.values().map(Pace::busy).sum();
            let pace = paces.entry(place.clone()).or_default();
            pace.room(now).min(PER_CHANNEL).min(AT_ONCE.saturating_sub(busy))
        };
        if room == 0 {
            return Ok(());
        }
        self.gather(tenant, channel, now).await?;
        let channel = Arc::new(channel.clone());
        let lease = now + LEASE;
        let claims = self
            .stores
            .deliveries
            .claim(&self.system, tenant, place.1, now, lease, room)
            .await?;
        for claim in claims {
            if let Some(pace) = self.paces.lock().get_mut(&place) {
                pace.begin();
            }
            let notifier = Arc::clone(self);
            let (place, channel) = (place.clone(), Arc::clone(&channel));
            let stop = self.supervisor.token();
            self.supervisor.spawn("delivery", async move {
                let given_up = async {
                    stop.cancelled().await;
                    tokio::time::sleep(GRACE).await;
                };
                tokio::select! {
                    () = notifier.attempt(&place.0, &channel, claim) => {}
                    // Whoever comes next tells it again, and knows that this one may have arrived.
                    () = given_up => {}
                }
                if let Some(pace) = notifier.paces.lock().get_mut(&place) {
                    pace.end();
                }
                // What comes after it in its topic waited for it.
                notifier.woken.notify_one();
            });
        }
        Ok(())
    }

    async fn forget(&self, now: Millis) -> Result<(), StoreError> {
        if now - self.forgot.load(Ordering::Relaxed) < FORGET_EVERY {
            return Ok(());
        }
        let deliveries = &self.stores.deliveries;
        let forgotten = deliveries
            .forget_deliveries(&self.system, now - KEEP, FORGET)
            .await?;
        // A full step: there may be more.
        if forgotten < FORGET {
            self.forgot.store(now, Ordering::Relaxed);
        }
        Ok(())
    }
}
