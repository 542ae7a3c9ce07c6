//! The tenants that live in this process: state, hub, and who is told of changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Millis;
use domain::breaker::BreakerId;
use domain::rollup::KeptLabels;
use parking_lot::{Mutex, RwLock};
use protocol::Range;
use protocol::view::{Activity, Alerts, Board, BreakerDetail, Connect};
use store::{StoredBatch, TenantId};
use tokio::sync::{Notify, RwLockReadGuard, RwLockWriteGuard};

use crate::config::EngineConfig;
use crate::intake::KeyInfo;
use crate::kpis::prices::KnownPrices;
use crate::live::TenantLive;
use crate::markers::KnownMarkers;
use crate::metrics::Counters;
use crate::record::Marks;

/// When a tenant was last compacted, and whether that is known to have worked.
#[derive(Default)]
struct CompactionState {
    /// `None` until the first look.
    last: Option<Millis>,
    /// A compaction that the store answered with an error; it may be there all the same.
    in_doubt: Option<u64>,
}

/// One tenant in memory.
pub(crate) struct Tenant {
    pub id: TenantId,
    live: Mutex<TenantLive>,
    /// Key names and prefixes by key id, as last seen.
    keys: Mutex<HashMap<String, (String, String)>>,
    compaction: Mutex<CompactionState>,
    /// What people have marked.
    pub markers: KnownMarkers,
    /// Times that do not count.
    pub marks: Marks,
    /// Held by whoever corrects the record: what is checked against other corrections holds when it is stored.
    pub correcting: tokio::sync::Mutex<()>,
    /// What tokens cost, for calls that do not say it.
    pub prices: KnownPrices,
    /// When the newest keyframe was kept.
    keyframe: Mutex<Option<Millis>>,
    /// The newest answer for the replay bar, which every page asks for.
    activity: Mutex<Option<Activity>>,
    /// What viewers are told of alerts; nothing before they were read.
    alerts: Mutex<Option<Alerts>>,
    /// A breaker changed state, or an alert did.
    pub urgent: Notify,
    /// Something changed since the hub looked.
    dirty: AtomicBool,
    /// A breaker changed state since the evaluator looked.
    crossed: AtomicBool,
    /// Wakes the evaluator, which looks after all tenants.
    woken: Arc<Notify>,
}

impl Tenant {
    pub fn new(live: TenantLive, id: TenantId, woken: Arc<Notify>) -> Tenant {
        Tenant {
            id,
            live: Mutex::new(live),
            keys: Mutex::new(HashMap::new()),
            compaction: Mutex::default(),
            markers: KnownMarkers::default(),
            marks: Marks::default(),
            correcting: tokio::sync::Mutex::new(()),
            prices: KnownPrices::default(),
            keyframe: Mutex::default(),
            activity: Mutex::default(),
            alerts: Mutex::default(),
            urgent: Notify::new(),
            dirty: AtomicBool::new(false),
            crossed: AtomicBool::new(false),
            woken,
        }
    }

    /// The state, locked for a moment; never across an await.
    pub fn live(&self) -> parking_lot::MutexGuard<'_, TenantLive> {
        self.live.lock()
    }

    pub fn board(&self, range: Range, now: Millis, with_points: bool) -> Board {
        self.live().board(range, now, with_points)
    }

    pub fn detail(&self, id: &str, now: Millis) -> Option<BreakerDetail> {
        self.live().detail(BreakerId::parse(id)?, now)
    }

    pub fn connect(&self, now: Millis) -> Connect {
        let keys = self.keys.lock();
        self.live().connect(now, |id| keys.get(id).cloned())
    }

    pub fn know_key(&self, key: &KeyInfo) {
        let mut keys = self.keys.lock();
        match keys.get(&key.id) {
            Some(known) if known.0 == key.name && known.1 == key.prefix => {}
            _ => {
                keys.insert(key.id.clone(), (key.name.clone(), key.prefix.clone()));
            }
        }
    }

    /// True when the last compaction is `every` ago; counts as the next. The first look only starts the time, so that
    /// a start is not slowed down.
    pub fn compaction_due(&self, now: Millis, every: Millis) -> bool {
        let mut state = self.compaction.lock();
        let last = *state.last.get_or_insert(now);
        let due = now.saturating_sub(last) >= every;
        if due {
            state.last = Some(now);
        }
        due
    }

    /// The newest keyframe is at least `every` ago, or there is none of this process.
    pub fn keyframe_due(&self, now: Millis, every: Millis) -> bool {
        self.keyframe
            .lock()
            .is_none_or(|last| now.saturating_sub(last) >= every)
    }

    /// A keyframe was kept.
    pub fn keyframe_kept(&self, at: Millis) {
        *self.keyframe.lock() = Some(at);
    }

    /// The last day as it was told not longer than `age` ago.
    pub fn told_activity(&self, now: Millis, age: Millis) -> Option<Activity> {
        let told = self.activity.lock();
        told.as_ref()
            .filter(|told| (0..=age).contains(&(now - told.as_of)))
            .cloned()
    }

    /// Remembers what was told.
    pub fn tell_activity(&self, activity: &Activity) {
        *self.activity.lock() = Some(activity.clone());
    }

    /// Puts a live state into the place of the one there is, with what that hides.
    pub fn replace_live(&self, mut live: TenantLive) {
        let mut there = self.live();
        live.hide_all(there.hidden().clone());
        live.follow(&there);
        *there = live;
        drop(there);
        *self.activity.lock() = None;
        self.mark(true);
        self.cross();
    }

    /// How many alerts need somebody, as viewers are told.
    pub fn alerts(&self) -> Option<Alerts> {
        *self.alerts.lock()
    }

    /// Takes how many alerts there are of each kind now; viewers hear of it at once. With `news` something changed that
    /// the counts need not show. The version is the clock's time where that rises, so that it rises over a restart too.
    pub fn tell_alerts(&self, counts: Alerts, now: Millis, news: bool) {
        let mut told = self.alerts.lock();
        let before = told.map_or(0, |told| told.version);
        let same = Alerts {
            version: before,
            ..counts
        };
        if *told == Some(same) && !news {
            return;
        }
        *told = Some(Alerts {
            version: u64::try_from(now).unwrap_or(0).max(before + 1),
            ..counts
        });
        drop(told);
        self.mark(true);
    }

    /// Remembers that nobody knows whether the store has this compaction.
    pub fn doubt_compaction(&self, through: u64) {
        self.compaction.lock().in_doubt = Some(through);
    }

    /// A compaction that nobody knows about.
    pub fn doubted_compaction(&self) -> Option<u64> {
        self.compaction.lock().in_doubt
    }

    /// It is known now.
    pub fn settle_compaction(&self) {
        self.compaction.lock().in_doubt = None;
    }

    /// True once after each change.
    pub fn take_dirty(&self) -> bool {
        self.dirty.swap(false, Ordering::AcqRel)
    }

    pub fn mark(&self, urgent: bool) {
        self.dirty.store(true, Ordering::Release);
        if urgent {
            self.urgent.notify_one();
        }
    }

    /// A breaker changed state: rules look at it at once.
    pub fn cross(&self) {
        self.crossed.store(true, Ordering::Release);
        self.woken.notify_one();
    }

    /// True once after each [`Tenant::cross`].
    pub fn take_crossed(&self) -> bool {
        self.crossed.swap(false, Ordering::AcqRel)
    }
}

/// All tenants in memory.
pub(crate) struct Tenants {
    rows: RwLock<HashMap<TenantId, Arc<Tenant>>>,
    counters: Arc<Counters>,
    series_cap: usize,
    /// Of those that have another one.
    series_caps: RwLock<HashMap<TenantId, usize>>,
    kept_labels: KeptLabels,
    utc_offset_min: i32,
    woken: Arc<Notify>,
    /// Held open by whoever commits events and applies them; closed while what was committed is rewritten.
    gate: tokio::sync::RwLock<()>,
}

impl Tenants {
    pub fn new(counters: Arc<Counters>, config: &EngineConfig) -> Tenants {
        Tenants {
            rows: RwLock::new(HashMap::new()),
            counters,
            series_cap: config.series_cap,
            series_caps: RwLock::new(config.series_caps.clone()),
            kept_labels: config.kept_labels.clone(),
            utc_offset_min: config.utc_offset_min,
            woken: Arc::new(Notify::new()),
            gate: tokio::sync::RwLock::new(()),
        }
    }

    /// Until it is let go nothing that was committed is rewritten.
    pub async fn open_gate(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().await
    }

    /// Until it is let go nothing is committed, and everything that was is applied.
    pub async fn close_gate(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// What wakes the evaluator.
    pub fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.woken)
    }

    /// The tenant, made when it is not there yet.
    pub fn get(&self, id: &TenantId) -> Arc<Tenant> {
        if let Some(tenant) = self.rows.read().get(id) {
            return Arc::clone(tenant);
        }
        let mut rows = self.rows.write();
        let fresh = || Arc::new(Tenant::new(self.fresh(id), id.clone(), self.woken()));
        Arc::clone(rows.entry(id.clone()).or_insert_with(fresh))
    }

    /// A live state that knows nothing yet.
    pub fn fresh(&self, id: &TenantId) -> TenantLive {
        TenantLive::new(id.clone(), self.series_cap_of(id), self.utc_offset_min).keeping(&self.kept_labels)
    }

    /// Of those that have no other one.
    pub fn usual_series_cap(&self) -> usize {
        self.series_cap
    }

    fn series_cap_of(&self, id: &TenantId) -> usize {
        let own = self.series_caps.read().get(id).copied();
        own.unwrap_or(self.series_cap)
    }

    /// Takes the caps of tenants that have another one than usual; they hold from the next call on.
    pub fn set_series_caps(&self, caps: HashMap<TenantId, usize>) {
        *self.series_caps.write() = caps;
        for tenant in self.all() {
            let cap = self.series_cap_of(&tenant.id);
            tenant.live().set_series_cap(cap);
        }
    }

    /// Puts a restored tenant in its place.
    pub fn put(&self, id: TenantId, live: TenantLive) {
        let tenant = Arc::new(Tenant::new(live, id.clone(), self.woken()));
        self.rows.write().insert(id, tenant);
    }

    pub fn all(&self) -> Vec<Arc<Tenant>> {
        self.rows.read().values().cloned().collect()
    }

    /// Feeds a committed batch to its tenant.
    pub fn apply(&self, batch: &StoredBatch) {
        let tenant = self.get(&batch.tenant);
        let applied = tenant.live().apply(batch);
        tenant.markers.take(batch);
        Counters::add(&self.counters.folded, applied.folded);
        tenant.mark(applied.urgent);
        if applied.urgent {
            tenant.cross();
        }
    }
}
