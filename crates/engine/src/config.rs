//! What the engine is started with.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Millis;
use domain::rollup::KeptLabels;
use store::{
    Alerts, Audits, Corrections, Deliveries, Documents, Duties, Erasures, Journal, Keys, LiveStore, Rollups,
    Shares, TenantId,
};

use crate::{Clock, NoPost, Post, RungLimits};

/// The stores, by role.
#[derive(Clone)]
pub struct Stores {
    /// The durable log of accepted batches.
    pub journal: Arc<dyn Journal>,
    /// Partials, transitions, checkpoint.
    pub live: Arc<dyn LiveStore>,
    /// Chunks of the rungs.
    pub rollups: Arc<dyn Rollups>,
    /// API keys.
    pub keys: Arc<dyn Keys>,
    /// The audit log.
    pub audits: Arc<dyn Audits>,
    /// Alerts, their rules and silences.
    pub alerts: Arc<dyn Alerts>,
    /// Channels, and what is told through them.
    pub deliveries: Arc<dyn Deliveries>,
    /// Documents that people write: schedules, targets, prices and so on.
    pub documents: Arc<dyn Documents>,
    /// Addresses under which strangers find a document.
    pub shares: Arc<dyn Shares>,
    /// Where alerts stand on their ladders.
    pub duties: Arc<dyn Duties>,
    /// What was hidden, forgotten or erased.
    pub corrections: Arc<dyn Corrections>,
    /// Taking data out of all of them.
    pub erasures: Arc<dyn Erasures>,
}

impl Stores {
    /// All of them in one adapter.
    pub fn of<S>(store: &Arc<S>) -> Stores
    where
        S: Journal
            + LiveStore
            + Rollups
            + Keys
            + Audits
            + Alerts
            + Deliveries
            + Documents
            + Shares
            + Duties
            + Corrections
            + Erasures,
        S: 'static,
    {
        Stores {
            journal: store.clone(),
            live: store.clone(),
            rollups: store.clone(),
            keys: store.clone(),
            audits: store.clone(),
            alerts: store.clone(),
            deliveries: store.clone(),
            documents: store.clone(),
            shares: store.clone(),
            duties: store.clone(),
            corrections: store.clone(),
            erasures: store.clone(),
        }
    }
}

/// Settings with defaults that suit one team on one machine.
#[derive(Clone)]
pub struct EngineConfig {
    /// Tells the time.
    pub clock: Clock,
    /// Journal days older than this are dropped.
    pub journal_keep: Millis,
    /// The journal may take so many bytes.
    pub journal_max_bytes: u64,
    /// How long each rung is kept and how much it may take.
    pub rungs: [RungLimits; 4],
    /// Bodies being worked on may take so many bytes together; above it intake answers "later".
    pub in_flight_bytes: usize,
    /// Series per tenant; calls of further ones fold into `__other__`.
    pub series_cap: usize,
    /// Where a tenant has another cap than that. Told before anything is replayed, so that what the journal holds counts
    /// as it did.
    pub series_caps: HashMap<TenantId, usize>,
    /// Labels that are dimensions of series.
    pub kept_labels: KeptLabels,
    /// The tenant's zone, minutes east of UTC: where its day starts.
    pub utc_offset_min: i32,
    /// The build, told to every client.
    pub build: String,
    /// Keeps the secrets of channels, and sends.
    pub post: Arc<dyn Post>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        EngineConfig {
            clock: Clock::system(),
            journal_keep: 7 * 86_400_000,
            journal_max_bytes: 10 << 30,
            rungs: RungLimits::defaults(),
            in_flight_bytes: 64 << 20,
            series_cap: 2_000,
            series_caps: HashMap::new(),
            kept_labels: KeptLabels::default(),
            utc_offset_min: 0,
            build: "dev".into(),
            post: Arc::new(NoPost),
        }
    }
}
