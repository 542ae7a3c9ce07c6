//! An engine on the memory store, with a clock that the test moves.
#![expect(clippy::disallowed_methods, reason = "a test stands in for the auth layer")]

pub mod hand;
pub mod told;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::rollup::KeptLabels;
use engine::{
    Clock, Engine, EngineConfig, IngestReply, IngestRequest, KeyInfo, Out, Outbox, Stores, Supervisor,
};
use protocol::codec::Codec;
use protocol::replica::Replica;
use store::memory::MemoryStore;
use store::{TenantId, TenantScope};

/// A moment on a whole 10 s boundary.
pub const START: i64 = 1_763_640_000_000;

pub struct House {
    pub store: Arc<MemoryStore>,
    pub clock: Clock,
    pub supervisor: Supervisor,
    pub engine: Engine,
}

pub fn scope() -> TenantScope {
    TenantScope::assume(TenantId::default_tenant())
}

impl House {
    pub async fn new() -> House {
        House::on(Arc::new(MemoryStore::new()), Clock::manual(START)).await
    }

    pub async fn on(store: Arc<MemoryStore>, clock: Clock) -> House {
        House::keeping(&[], store, clock).await
    }

    /// With labels as dimensions.
    pub async fn keeping(labels: &[&str], store: Arc<MemoryStore>, clock: Clock) -> House {
        let supervisor = Supervisor::new();
        let stores = Stores::of(&store);
        let config = EngineConfig {
            clock: clock.clone(),
            kept_labels: KeptLabels::new(labels.iter().copied()).expect("labels that can be kept"),
            ..EngineConfig::default()
        };
        let engine = Engine::start(stores, config, &supervisor)
            .await
            .expect("the engine starts");
        House {
            store,
            clock,
            supervisor,
            engine,
        }
    }

    /// Stops without a last flush, as a SIGKILL would; what was committed stays.
    pub async fn crash(self) -> (Arc<MemoryStore>, Clock) {
        assert!(
            self.supervisor.shutdown(Duration::from_secs(5)).await,
            "tasks end"
        );
        (self.store, self.clock)
    }

    /// Stops as a SIGTERM does.
    pub async fn stop(self) -> (Arc<MemoryStore>, Clock) {
        assert!(
            self.supervisor.shutdown(Duration::from_secs(5)).await,
            "tasks end"
        );
        assert!(self.engine.close().await, "the last flush is written");
        (self.store, self.clock)
    }

    pub async fn push(&self, body: &str) -> IngestReply {
        self.engine
            .ingest(&scope(), request(body, None))
            .await
            .expect("accepted")
    }
}

pub fn request(body: &str, idempotency_key: Option<&str>) -> IngestRequest {
    IngestRequest {
        key: KeyInfo {
            id: "key0000001".into(),
            name: "local".into(),
            prefix: "fb_default_key0".into(),
        },
        body: Bytes::copy_from_slice(body.as_bytes()),
        kind: ingest::Body::Json,
        idempotency_key: idempotency_key.map(str::to_owned),
    }
}

pub fn ok_call(provider: &str, ms: u32) -> String {
    format!(
        r#"{{"type":"call","provider":"{provider}","model":"m","outcome":"ok","duration_ms":{ms},"output_tokens":10,"cost_usd":0.001}}"#
    )
}

pub fn transition(breaker: &str, instance: &str, to: &str) -> String {
    format!(
        r#"{{"type":"breaker","breaker":"{breaker}","provider":"anthropic","service":"chat","instance":"{instance}","to":"{to}","causes":{{"overloaded":24}},"window_calls":50,"failure_rate":0.48}}"#
    )
}

/// A viewer with its replica.
pub struct Viewer {
    pub handle: engine::ViewerHandle,
    pub outbox: Outbox,
    pub replica: Replica,
}

impl Viewer {
    pub fn attach(house: &House) -> Viewer {
        let (handle, outbox) = house.engine.attach(&scope(), Codec::Postcard);
        Viewer {
            handle,
            outbox,
            replica: Replica::new(),
        }
    }

    /// Takes frames until `done` says so; panics after two seconds.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Replica) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(2);
        while !done(&self.replica) {
            let next = tokio::time::timeout_at(deadline, self.outbox.next()).await;
            let out = next.unwrap_or_else(|_| panic!("waited for: {what}"));
            let Out::Frame(frame) = out else {
                panic!("closed while waiting for: {what}")
            };
            let engine::Frame::Binary(bytes) = frame else {
                panic!("postcard is binary")
            };
            let frame = protocol::codec::decode_server(&bytes).expect("a frame");
            self.replica.apply(frame).expect("no gap");
        }
    }
}
