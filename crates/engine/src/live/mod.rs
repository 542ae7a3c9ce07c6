//! The live state of one tenant: a function of the journal.
//!
//! [`TenantLive::apply`] takes committed batches in journal order; nothing else writes, except time itself
//! ([`TenantLive::expire`]). What must survive a restart without the whole journal is in the checkpoint and in the
//! rows that are flushed with it; calls that are remembered one by one come back with [`TenantLive::remember`].

mod ask;
mod board;
mod calls;
mod charts;
mod checkpoint;
mod connect;
mod detail;
mod figures;
mod flush;
mod held;
mod hidden;
mod keys;
mod past;
mod providers;
mod series;
mod sources;
mod totals;
mod transitions;
mod uncompacted;

use domain::Millis;
use domain::breaker::BreakerId;
use domain::breaker::registry::{Arrival, Registry};
use domain::event::{Call, EventBody};
use domain::rollup::{Addend, KeptLabels, SeriesKey, TrafficKind};
use store::{Offset, StoredBatch, TenantId};

pub(crate) use ask::OpenInstance;
pub(crate) use checkpoint::{Spent, erased as erased_checkpoint};
pub(crate) use figures::success_level;
pub(crate) use flush::Pending;
pub(crate) use held::{Held, HeldInstance};
pub(crate) use hidden::HiddenRow;
pub(crate) use past::History;
pub(crate) use providers::id as provider_id;
pub(crate) use uncompacted::Rows;

use calls::BreakerCalls;
use keys::BreakerIds;
use providers::Providers;
use series::SeriesTable;
use sources::Sources;
use totals::Totals;
use transitions::Transitions;
use uncompacted::Uncompacted;

/// What applying a batch did, for the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// A breaker changed state: tell viewers at once.
    pub urgent: bool,
    /// Calls that were folded into `__other__`.
    pub folded: u64,
}

/// The live state of one tenant.
pub struct TenantLive {
    tenant: TenantId,
    /// Rises with every change.
    version: u64,
    registry: Registry,
    /// What of it is not shown.
    hidden: hidden::Hidden,
    totals: Totals,
    providers: Providers,
    calls: BreakerCalls,
    transitions: Transitions,
    sources: Sources,
    breaker_ids: BreakerIds,
    series: SeriesTable,
    series_cap: usize,
    pending: Pending,
    uncompacted: Uncompacted,
    /// In a state of the past: 10 s buckets before this time come from the store. `None` in the present.
    history: Option<Millis>,
    /// The newest batch that is contained.
    applied: Offset,
    /// The earliest event: before it no traffic was possible, so no rate counts that time.
    first_event: Option<Millis>,
    last_event: Option<Millis>,
    last_simulated: Option<Millis>,
    figures: figures::Cache,
    provider_figures: board::ProviderCache,
    charts: charts::Cache,
}

impl TenantLive {
    /// Nothing known yet.
    pub fn new(tenant: TenantId, series_cap: usize, utc_offset_min: i32) -> TenantLive {
        TenantLive {
            version: 0,
            registry: Registry::new(tenant.as_str()),
            hidden: hidden::Hidden::default(),
            totals: Totals::new(utc_offset_min),
            providers: Providers::default(),
            calls: BreakerCalls::default(),
            transitions: Transitions::default(),
            sources: Sources::default(),
            breaker_ids: BreakerIds::default(),
            series: SeriesTable::default(),
            series_cap,
            pending: Pending::default(),
            uncompacted: Uncompacted::default(),
            history: None,
            applied: Offset { writer: 0, seq: 0 },
            first_event: None,
            last_event: None,
            last_simulated: None,
            figures: figures::Cache::default(),
            provider_figures: board::ProviderCache::default(),
            charts: charts::Cache::default(),
            tenant,
        }
    }

    /// Makes labels dimensions of series, in a state that knows nothing yet.
    pub fn keeping(mut self, labels: &KeptLabels) -> TenantLive {
        self.series.keep(labels);
        self
    }

    /// From now on there are at most so many series; those that are known stay.
    pub fn set_series_cap(&mut self, cap: usize) {
        self.series_cap = cap;
    }

    /// Rises with every change of what is shown.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Counts on from where another state has come.
    pub(crate) fn follow(&mut self, before: &TenantLive) {
        self.version = self.version.max(before.version) + 1;
    }

    /// The newest batch that is contained.
    pub fn applied(&self) -> Offset {
        self.applied
    }

    /// How many series are known.
    pub fn series(&self) -> usize {
        self.series.len()
    }

    /// How many breakers are known.
    pub fn breakers(&self) -> usize {
        self.registry.breakers().count()
    }

    /// Takes one committed batch; batches come in journal order, each once.
    pub fn apply(&mut self, batch: &StoredBatch) -> Applied {
        let mut applied = Applied::default();
        self.sources.batch(batch);
        for (index, event) in batch.events.iter().enumerate() {
            self.first_event = Some(self.first_event.unwrap_or(event.time).min(event.time));
            let arrival = Arrival {
                tenant: self.tenant.as_str(),
                key_id: &batch.key_id,
                time: event.time,
                received: batch.received,
                seq: batch.offset.seq,
                index: index as u32,
            };
            let changes = match &event.body {
                EventBody::Call(call) => {
                    let breaker = self.breaker_ids.of(self.tenant.as_str(), call);
                    if let Some(id) = breaker {
                        self.registry.call(id, call, &arrival);
                    }
                    let addend = Addend::of(call);
                    applied.folded += self.roll_up(call, &addend, event.time);
                    let tens = self.history.is_none_or(|history| event.time >= history);
                    self.show(call, &addend, breaker, event.time, batch.received, tens);
                    Vec::new()
                }
                EventBody::Transition(transition) => self.registry.transition(transition, &arrival),
                EventBody::Stats(stats) => self.registry.stats(stats, &arrival),
                // Headroom is kept in the journal only; markers are `crate::markers`'.
                EventBody::Headroom(_) | EventBody::Marker(_) => Vec::new(),
            };
            applied.urgent |= !changes.is_empty();
            self.record(changes);
            if is_simulated(&event.body) {
                self.last_simulated = Some(self.last_simulated.unwrap_or(batch.received).max(batch.received));
            }
        }
        self.totals.settle();
        if !batch.events.is_empty() {
            self.last_event = Some(self.last_event.unwrap_or(batch.received).max(batch.received));
        }
        self.applied = batch.offset;
        self.version += 1;
        applied
    }

    /// Takes a batch that the checkpoint contains, for the calls that are remembered one by one.
    pub fn remember(&mut self, batch: &StoredBatch) {
        for event in &batch.events {
            if let EventBody::Call(call) = &event.body {
                self.totals.fallback(call, event.time, batch.received);
                if let Some(id) = self.breaker_ids.of(self.tenant.as_str(), call) {
                    self.calls.call(id, call, event.time, batch.received);
                }
            }
        }
    }

    /// Takes a batch that the keyframe of a past state contains, for the rings that are not in it, and for the 10 s
    /// buckets: the store's are only those before.
    pub fn refill(&mut self, batch: &StoredBatch) {
        for event in &batch.events {
            if let EventBody::Call(call) = &event.body {
                let breaker = self.breaker_ids.of(self.tenant.as_str(), call);
                let addend = Addend::of(call);
                let tens = self.history.is_some_and(|history| event.time >= history);
                self.show(call, &addend, breaker, event.time, batch.received, tens);
            }
        }
        self.totals.settle();
    }

    /// Lets time pass: instances fall silent and are forgotten. True when something changed on screen.
    pub fn expire(&mut self, now: Millis) -> bool {
        let changes = self.registry.expire(now);
        let changed = !changes.is_empty();
        let forgotten = changes.iter().any(|change| change.forgotten);
        self.record(changes);
        if forgotten {
            let registry = &self.registry;
            self.calls.retain_trips(|id| registry.get(id).is_some());
            self.transitions.retain(|id| registry.get(id).is_some());
        }
        self.totals.advance(now);
        self.providers.expire(now);
        self.calls.expire(now);
        self.sources.expire(now);
        self.uncompacted.expire(now);
        if changed {
            self.version += 1;
        }
        changed
    }

    /// Adds to what is shown: the totals, the calls by breaker and, where `tens` says so, the 10 s buckets.
    fn show(
        &mut self,
        call: &Call,
        addend: &Addend,
        breaker: Option<BreakerId>,
        time: Millis,
        received: Millis,
        tens: bool,
    ) {
        self.totals.count(addend, time, received, tens);
        self.totals.fallback(call, time, received);
        if tens {
            self.providers.call(&call.provider, addend, time, received);
            self.charts.touch(time);
        }
        if let Some(id) = breaker {
            self.calls.call(id, call, time, received);
        }
    }

    /// Adds to what is written. Returns 1 when the series was folded.
    fn roll_up(&mut self, call: &Call, addend: &Addend, time: Millis) -> u64 {
        self.totals.spend(call, time);
        if self.history.is_some() {
            return 0;
        }
        let (series, folded) = match self.series.of(call) {
            Some(series) => (series, 0),
            None if self.series.len() < self.series_cap => {
                let made = self.series.made_by(call);
                (self.series.add(made), 0)
            }
            None => {
                let kind = TrafficKind::of(&call.labels);
                (self.series.add(SeriesKey::folded(&call.provider, kind)), 1)
            }
        };
        self.pending.count(series, addend, time);
        folded
    }

    fn record(&mut self, changes: Vec<domain::breaker::registry::Change>) {
        for change in changes {
            if change.effective && is_trip(&change) {
                self.calls.trip(&change);
            }
            let row = self.transitions.add(change);
            if self.history.is_none() {
                self.pending.transition(row);
            }
        }
    }
}

/// An instance began to refuse calls.
fn is_trip(change: &domain::breaker::registry::Change) -> bool {
    change.to == domain::breaker::State::Open && change.from != Some(domain::breaker::State::Open)
}

fn is_simulated(body: &EventBody) -> bool {
    let labels = match body {
        EventBody::Call(call) => &call.labels,
        EventBody::Transition(transition) => &transition.labels,
        EventBody::Stats(stats) => &stats.labels,
        EventBody::Headroom(_) | EventBody::Marker(_) => return false,
    };
    TrafficKind::of(labels) == Some(TrafficKind::Simulated)
}
