//! The engine as the server sees it.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::Range;
use protocol::codec::Codec;
use protocol::limits::Limits;
use protocol::query::{KnownSeries, QueryAnswer};
use protocol::transitions::TransitionList;
use protocol::view::{Board, BreakerDetail, Connect};
use store::{StoreError, SystemScope, TenantScope};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::Clock;
use crate::compact::{Compactor, RungLimits};
use crate::config::{EngineConfig, Stores};
use crate::erase::Eraser;
use crate::evaluate::Evaluator;
use crate::flush::{self, Flusher};
use crate::hub::{Hubs, Outbox, ViewerHandle};
use crate::intake::{IngestError, IngestReply, IngestRequest, Intake};
use crate::limits::{self, Caps};

use crate::metrics::{Counters, Family, Kind, Metrics};
use crate::notify::Notifier;
use crate::pipeline::{Pipeline, describe};
use crate::query::{Asked, QueryError, QueryRequest};
use crate::record;
use crate::replay::Replays;
use crate::start;
use crate::supervisor::Supervisor;
use crate::tenants::{Tenant, Tenants};
use crate::transitions::{self, TransitionsError, TransitionsRequest};

/// Questions over a range that are answered at the same time; each may take tens of megabytes and a core. Further ones
/// wait for their turn.
const QUERIES: usize = 4;

/// The running application. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    stores: Stores,
    supervisor: Supervisor,
    intake: Intake,
    tenants: Arc<Tenants>,
    hubs: Hubs,
    replays: Arc<Replays>,
    flusher: Arc<Flusher>,
    compactor: Arc<Compactor>,
    evaluator: Arc<Evaluator>,
    notifier: Arc<Notifier>,
    eraser: Arc<Eraser>,
    /// Turns of questions over a range.
    queries: Semaphore,
    rungs: [RungLimits; 4],
    journal_keep: domain::Millis,
    journal_max_bytes: u64,
    in_flight_bytes: usize,
    utc_offset_min: i32,
    counters: Arc<Counters>,
}

/// Whether the engine can do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// It can.
    pub ready: bool,
    /// Why not, one sentence each.
    pub reasons: Vec<String>,
}

impl Engine {
    /// Restores live state and starts the engine's tasks.
    ///
    /// # Errors
    /// When the stores cannot be read, or hold something that this build cannot read.
    pub async fn start(
        stores: Stores,
        config: EngineConfig,
        supervisor: &Supervisor,
    ) -> Result<Engine, StoreError> {
        let counters = Arc::new(Counters::default());
        let tenants = Arc::new(Tenants::new(Arc::clone(&counters), &config));
        let system = supervisor.system();
        let replayed = start::restore(&stores, &system, &tenants, config.clock.now()).await?;
        record::hold_again(&stores, &system, &tenants, config.clock.now()).await?;
        tracing::info!(replayed_batches = replayed, "live state restored");

        let (pipeline, writer) = Pipeline::new();
        let stop = supervisor.token();
        supervisor.spawn(
            "journal writer",
            writer.run(
                stores.clone(),
                system.clone(),
                Arc::clone(&tenants),
                Arc::clone(&counters),
                stop.clone(),
            ),
        );
        let compactor = Arc::new(Compactor {
            stores: stores.clone(),
            system: system.clone(),
            tenants: Arc::clone(&tenants),
            clock: config.clock.clone(),
            limits: config.rungs,
            offset: domain::Millis::from(config.utc_offset_min) * 60_000,
            counters: Arc::clone(&counters),
        });
        let flusher = Arc::new(Flusher::new(
            stores.clone(),
            system.clone(),
            Arc::clone(&tenants),
            Arc::clone(&counters),
            Arc::clone(&compactor),
        ));
        let (compacting, compact_stop) = (Arc::clone(&compactor), stop.clone());
        supervisor.spawn("compactor", async move { compacting.run(compact_stop).await });
        let flushing = Arc::clone(&flusher);
        let flush_stop = stop.clone();
        supervisor.spawn("flusher", async move { flushing.run(flush_stop).await });
        supervisor.spawn(
            "expiry",
            flush::expire(Arc::clone(&tenants), config.clock.clone(), stop.clone()),
        );
        let evaluator = Arc::new(Evaluator::new(
            stores.clone(),
            system.clone(),
            Arc::clone(&tenants),
            config.clock.clone(),
            config.rungs,
            domain::Millis::from(config.utc_offset_min) * 60_000,
            Arc::clone(&counters),
            Arc::clone(&flusher),
        ));
        let (waking, wake_stop) = (Arc::clone(&evaluator), stop.clone());
        supervisor.spawn("evaluator of breakers", async move {
            waking.run_woken(wake_stop).await;
        });
        let (evaluating, evaluate_stop) = (Arc::clone(&evaluator), stop.clone());
        supervisor.spawn(
            "evaluator",
            async move { evaluating.run_grid(evaluate_stop).await },
        );
        let notifier = Arc::new(Notifier::new(
            stores.clone(),
            supervisor,
            config.clock.clone(),
            Arc::clone(&counters),
            Arc::clone(&config.post),
            Arc::clone(&evaluator),
        ));
        let (telling, tell_stop) = (Arc::clone(&notifier), stop.clone());
        supervisor.spawn("notifier", async move { telling.run(tell_stop).await });
        let eraser = Arc::new(Eraser {
            stores: stores.clone(),
            system: system.clone(),
            tenants: Arc::clone(&tenants),
            clock: config.clock.clone(),
            flusher: Arc::clone(&flusher),
            evaluator: Arc::clone(&evaluator),
            offset: domain::Millis::from(config.utc_offset_min) * 60_000,
            woken: tokio::sync::Notify::new(),
        });
        let (erasing, erase_stop) = (Arc::clone(&eraser), stop.clone());
        supervisor.spawn("eraser", async move { erasing.run(erase_stop).await });
        let replays = Arc::new(Replays::new(
            stores.clone(),
            system.clone(),
            config.clock.clone(),
            Arc::clone(&tenants),
        ));
        supervisor.spawn(
            "retention",
            flush::retain(
                stores.clone(),
                system,
                config.clock.clone(),
                config.journal_keep,
                config.journal_max_bytes,
                Arc::clone(&counters),
                stop,
            ),
        );
        let hubs = Hubs::new(
            supervisor.clone(),
            config.clock.clone(),
            config.build.clone(),
            Arc::clone(&counters),
            Arc::clone(&replays),
        );
        let intake = Intake {
            clock: config.clock.clone(),
            journal: Arc::clone(&stores.journal),
            pipeline,
            counters: Arc::clone(&counters),
            room: Semaphore::new(config.in_flight_bytes.min(Semaphore::MAX_PERMITS)),
            busy_keys: Mutex::new(HashSet::new()),
            limits: ingest::Limits::default(),
        };
        let inner = Inner {
            clock: config.clock,
            stores,
            supervisor: supervisor.clone(),
            intake,
            tenants,
            hubs,
            replays,
            flusher,
            compactor,
            evaluator,
            notifier,
            eraser,
            queries: Semaphore::new(QUERIES),
            rungs: config.rungs,
            journal_keep: config.journal_keep,
            journal_max_bytes: config.journal_max_bytes,
            in_flight_bytes: config.in_flight_bytes.min(Semaphore::MAX_PERMITS),
            utc_offset_min: config.utc_offset_min,
            counters,
        };
        Ok(Engine {
            inner: Arc::new(inner),
        })
    }

    /// Takes a push request; what it answers as accepted is durable.
    ///
    /// # Errors
    /// See [`IngestError`]; on any error nothing was taken.
    pub async fn ingest(
        &self,
        scope: &TenantScope,
        request: IngestRequest,
    ) -> Result<IngestReply, IngestError> {
        let tenant = self.inner.tenants.get(scope.tenant());
        tenant.know_key(&request.key);
        let documents = self.inner.stores.documents.as_ref();
        // Without its prices a batch would be unpriced for ever: it comes again later instead.
        let prices = tenant.prices.of(documents, scope).await;
        let prices = prices.map_err(|error| IngestError::Unavailable {
            retry_after_s: 2,
            detail: describe(&error),
        })?;
        let renames = tenant.live().renames();
        self.inner.intake.ingest(scope, request, (&renames, prices)).await
    }

    /// The board, without chart points: what a page is first painted with.
    pub fn board(&self, scope: &TenantScope, range: Range) -> Board {
        self.inner
            .tenants
            .get(scope.tenant())
            .board(range, self.inner.clock.now(), false)
    }

    /// What has reached us.
    pub fn connect(&self, scope: &TenantScope) -> Connect {
        self.inner
            .tenants
            .get(scope.tenant())
            .connect(self.inner.clock.now())
    }

    /// One breaker by its `b_…` id.
    pub fn breaker(&self, scope: &TenantScope, id: &str) -> Option<BreakerDetail> {
        self.inner
            .tenants
            .get(scope.tenant())
            .detail(id, self.inner.clock.now())
    }

    /// Figures over any range.
    ///
    /// # Errors
    /// See [`QueryError`]: the question makes no sense, asks for too much, or the store cannot be read.
    pub async fn query(
        &self,
        scope: &TenantScope,
        request: &QueryRequest,
    ) -> Result<QueryAnswer, QueryError> {
        let _turn = self.turn().await;
        self.asked(scope).answer(request).await
    }

    /// Figures of calls over any range, for questions that belong together; see `Asked::answer_all`.
    pub(crate) async fn query_all(
        &self,
        scope: &TenantScope,
        requests: &[QueryRequest],
    ) -> Result<Vec<QueryAnswer>, QueryError> {
        let _turn = self.turn().await;
        self.asked(scope).answer_all(requests).await
    }

    /// Figures of calls over the steps between edges; see `Asked::answer_between`.
    pub(crate) async fn query_between(
        &self,
        scope: &TenantScope,
        requests: &[QueryRequest],
        edges: &[domain::Millis],
    ) -> Result<Vec<QueryAnswer>, QueryError> {
        let _turn = self.turn().await;
        self.asked(scope).answer_between(requests, edges).await
    }

    fn asked<'a>(&'a self, scope: &'a TenantScope) -> Asked<'a> {
        let inner = &self.inner;
        Asked {
            stores: &inner.stores,
            scope,
            tenant: inner.tenants.get(scope.tenant()),
            limits: &inner.rungs,
            offset: domain::Millis::from(inner.utc_offset_min) * 60_000,
            now: inner.clock.now(),
        }
    }

    /// What breakers did, newest first.
    ///
    /// # Errors
    /// See [`TransitionsError`].
    pub async fn transitions(
        &self,
        scope: &TenantScope,
        request: &TransitionsRequest,
    ) -> Result<TransitionList, TransitionsError> {
        let tenant = self.inner.tenants.get(scope.tenant());
        transitions::list(&self.inner.stores, scope, &tenant, request).await
    }

    /// The series there are lately.
    pub fn series(&self, scope: &TenantScope) -> KnownSeries {
        let tenant = self.inner.tenants.get(scope.tenant());
        let live = tenant.live();
        let mut known = live.known_series();
        live.renames().known(&mut known);
        known
    }

    /// The labels that figures of calls can be told apart by, as dimensions: `label.team`.
    pub fn label_dimensions(&self, scope: &TenantScope) -> Vec<String> {
        self.tenant(scope).live().label_dimensions()
    }

    /// The names of breakers that are known, sorted.
    pub(crate) fn breaker_names(&self, scope: &TenantScope) -> Vec<String> {
        self.tenant(scope).live().breaker_names()
    }

    /// Moments that have passed.
    pub(crate) fn replays(&self) -> &Replays {
        &self.inner.replays
    }

    /// What is kept, for the engine's own modules.
    pub(crate) fn stores(&self) -> &Stores {
        &self.inner.stores
    }

    /// The right to act for the system, for the engine's own modules.
    pub(crate) fn system(&self) -> SystemScope {
        self.inner.supervisor.system()
    }

    /// The live state of a tenant and what is around it, for the engine's own modules.
    pub(crate) fn tenant(&self, scope: &TenantScope) -> Arc<Tenant> {
        self.inner.tenants.get(scope.tenant())
    }

    /// All tenants, for the engine's own modules.
    pub(crate) fn tenants(&self) -> &Tenants {
        &self.inner.tenants
    }

    /// A turn for a question that takes long: only so many are answered at the same time.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed; without a turn the question would only be answered sooner.
        self.inner.queries.acquire().await.ok()
    }

    /// The earliest event; before it no traffic was possible.
    pub(crate) fn first_event(&self, scope: &TenantScope) -> Option<domain::Millis> {
        self.inner.tenants.get(scope.tenant()).live().first_event()
    }

    /// What is capped and how near we are.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn limits(&self, scope: &TenantScope) -> Result<Limits, StoreError> {
        let inner = &self.inner;
        let room = inner
            .in_flight_bytes
            .saturating_sub(inner.intake.room.available_permits());
        let caps = Caps {
            now: inner.clock.now(),
            in_flight: (room as u64, inner.in_flight_bytes as u64),
            journal_keep: inner.journal_keep,
            journal_max_bytes: inner.journal_max_bytes,
            rungs: &inner.rungs,
        };
        let tenant = inner.tenants.get(scope.tenant());
        let system = inner.supervisor.system();
        limits::read(&inner.stores, &system, &tenant, caps, &inner.counters).await
    }

    /// What is kept for how long.
    pub(crate) fn rungs(&self) -> &[RungLimits; 4] {
        &self.inner.rungs
    }

    /// The tenant's zone, minutes ahead of UTC.
    pub fn utc_offset_min(&self) -> i32 {
        self.inner.utc_offset_min
    }

    /// Flushes every tenant, turns what was flushed into chunks, merges and drops what is due: what the periodic tasks
    /// do, at once. False when something could not be written; it will be tried again.
    pub async fn compact(&self) -> bool {
        let mut done = true;
        for tenant in self.inner.tenants.all() {
            done &= self.inner.flusher.compact_now(&tenant).await;
            self.inner
                .compactor
                .tidy(&tenant, &self.inner.supervisor.token())
                .await;
        }
        done
    }

    /// Evaluates every rule that is due: what the periodic tasks do, at once. False when something could not be read or
    /// written; it will be tried again.
    pub async fn evaluate(&self) -> bool {
        self.inner.evaluator.evaluate_all().await
    }

    /// What a rule may ask: as any question about calls.
    pub(crate) fn asked_by_rules<'a>(&'a self, scope: &'a TenantScope) -> Asked<'a> {
        self.asked(scope)
    }

    /// When rules were last evaluated and work for whoever sends was last looked for, whichever is longer ago; `None` until
    /// both were.
    pub fn looked_after(&self) -> Option<domain::Millis> {
        Some(self.evaluator().turned()?.min(self.notifier().looked()?))
    }

    /// Who keeps alerts, for the engine's own modules.
    pub(crate) fn evaluator(&self) -> &Evaluator {
        &self.inner.evaluator
    }

    /// Who erases, for the engine's own modules.
    pub(crate) fn eraser(&self) -> &Eraser {
        &self.inner.eraser
    }

    /// Who tells people, for the engine's own modules.
    pub(crate) fn notifier(&self) -> &Notifier {
        &self.inner.notifier
    }

    /// A new viewer: the handle subscribes, the outbox gives frames, beginning with `Hello`.
    pub fn attach(&self, scope: &TenantScope, codec: Codec) -> (ViewerHandle, Outbox) {
        self.inner
            .hubs
            .attach(self.inner.tenants.get(scope.tenant()), scope, codec)
    }

    /// Whether the engine can do its work; asks the database.
    pub async fn health(&self) -> Health {
        let mut reasons = Vec::new();
        if let Err(error) = self.inner.stores.live.ping(&self.inner.supervisor.system()).await {
            reasons.push(format!("database: {}", describe(&error)));
        }
        if self.inner.flusher.fenced() {
            reasons.push("another process writes to this store".into());
        }
        if self.inner.supervisor.token().is_cancelled() {
            reasons.push("shutting down".into());
        }
        Health {
            ready: reasons.is_empty(),
            reasons,
        }
    }

    /// What the engine counts about itself.
    pub fn metrics(&self) -> Metrics {
        let mut series = 0;
        let mut breakers = 0;
        for tenant in self.inner.tenants.all() {
            let live = tenant.live();
            series += live.series();
            breakers += live.breakers();
        }
        let gauge = |name, help, value: usize| Family {
            name,
            help,
            kind: Kind::Gauge,
            value: value as f64,
        };
        let gauges = vec![
            gauge("fuseboard_series", "Rollup series in memory.", series),
            gauge("fuseboard_breakers", "Breakers in memory.", breakers),
            gauge(
                "fuseboard_intake_queue",
                "Batches that wait for the journal.",
                self.inner.intake.pipeline.queued(),
            ),
            gauge(
                "fuseboard_tasks",
                "Tasks of the engine and the server.",
                self.inner.supervisor.running(),
            ),
        ];
        Metrics::read(&self.inner.counters, gauges)
    }

    /// Tells every viewer that the server goes away; their outboxes end with a close.
    pub fn bye(&self, retry_after_ms: u32) {
        self.inner.hubs.bye(retry_after_ms);
    }

    /// The last flush, after the tasks have stopped. False when something could not be written; the journal has it.
    pub async fn close(&self) -> bool {
        self.inner.flusher.flush_all().await
    }

    /// Tells the time, as the engine sees it.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }
}
