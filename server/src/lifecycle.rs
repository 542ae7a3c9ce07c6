//! Starting and stopping, in order.
//!
//! Start: bind, read the certificate (a taken port or a bad pair is told before anything is touched) → stores → engine (replays the journal's tail) → the
//! first account, or the token to make it with → key `local` → accept. Stop: readiness says no, sockets get their goodbye, nothing new is accepted, requests being
//! worked on are answered → engine's tasks end → last flush → stores are closed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use engine::{Clock, Engine, EngineConfig, Supervisor};
use outbound::Outbound;
use secrecy::ExposeSecret as _;
use store::{StoreError, SystemScope, TenantId};
use store_sql::SqliteOptions;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::assets::Assets;
use crate::audit;
use crate::auth::devices::Devices;
use crate::auth::{
    self, Chosen, Denials, KeyLookup, ManageError, People, PeopleError, Provider, Seconds, SessionLookup,
    Setup, SetupError, Whence,
};
use crate::config::Config;
use crate::edge::{External, Origins};
use crate::http::{self, Patience, Quotas};
use crate::notify::{AckLinks, Courier, Heartbeat};
use crate::state::{Facilities, Shared};
use crate::stores::{self, OpenStores, StoresError};
use crate::strangers::Strangers;
use crate::tls::{self, Tls, TlsError};
use crate::ws::Sockets;
use crate::{pages, private_file, secrets};

/// Requests and sockets may take so long to end.
const DRAIN: Duration = Duration::from_secs(10);
/// The engine's tasks may take so long to end.
const ENGINE: Duration = Duration::from_secs(10);
/// What the kernel may hold for a client that does not read. Small, so that a slow one is noticed.
const SEND_BUFFER: u32 = 256 << 10;
const BACKLOG: u32 = 1_024;

/// What a start may be told besides the configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Make or find the key `local`.
    pub local_key: bool,
    /// Pages say that what they show is made up.
    pub demo: bool,
    /// Tells the time; the system's by default.
    pub clock: Option<Clock>,
    /// How long a sender of a body may take.
    pub patience: Patience,
    /// How SQLite files are opened.
    pub sqlite: SqliteOptions,
    /// How often the certificate's files are looked at; [`tls::LOOK`] by default.
    pub tls_look: Option<Duration>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// TLS cannot be spoken.
    #[error("tls.cert_file, tls.key_file: {0}")]
    Tls(#[from] TlsError),
    /// The data folder cannot be made.
    #[error("the data folder {path} cannot be used: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The stores cannot be opened.
    #[error("{}", chain(.0))]
    Open(#[from] StoresError),
    /// The stores cannot be read.
    #[error("the database cannot be used: {}", chain(.0))]
    Store(#[from] StoreError),
    /// The secrets cannot be opened.
    #[error("{}", chain(.0))]
    Secrets(#[from] ::secrets::VaultError),
    /// The token of a new installation cannot be made.
    #[error("the setup token cannot be made: {0}")]
    Setup(#[from] SetupError),
    /// The first account cannot be made.
    #[error("the first account (admin.email, admin.password) cannot be made: {0}")]
    Admin(#[from] PeopleError),
    /// The key `local` cannot be made.
    #[error("the key local cannot be made: {0}")]
    Key(#[from] ManageError),
}

/// An error with everything that caused it.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// A running server.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its requests share.
    pub shared: Shared,
    /// Where the first account is made, while there is none; holds the token.
    pub set_up_at: Option<String>,
    edge: Supervisor,
    inner: Supervisor,
    stores: OpenStores,
}

/// Starts a server.
///
/// # Errors
/// See [`StartError`]; nothing is left running.
pub async fn start(config: &Config, options: Options) -> Result<Running, StartError> {
    let listener = listen(config.listen).map_err(|source| StartError::Listen {
        address: config.listen,
        source,
    })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen {
        address: config.listen,
        source,
    })?;
    let clock = options.clock.clone().unwrap_or_else(Clock::system);
    let tls = open_tls(config, &clock)?;
    private_file::folder(&config.data_dir).map_err(|source| StartError::Folder {
        path: config.data_dir.clone(),
        source,
    })?;
    let stores = stores::open_with(config, options.sqlite).await?;

    let assets = Assets::new(config.site_dir.clone());
    let build = build_name(&assets.fingerprint().await);
    let inner = Supervisor::new();
    let vault = secrets::vault(config, Arc::clone(&stores.secrets), inner.system());
    vault.check().await?;
    let vault = Arc::new(vault);
    let ack_links = Arc::new(AckLinks::new(Arc::clone(&vault), inner.system(), clock.clone()));
    let courier = Courier::new(
        Arc::clone(&vault),
        inner.system(),
        clock.clone(),
        Outbound::new(config.allowed.clone()),
        External::told(config.external.as_ref(), tls.is_some(), address),
        Arc::clone(&ack_links),
    );
    let own = stores.accounts.quotas(&inner.system()).await?;
    let series_caps = http::quota::series_caps(&own);
    let quotas = Quotas::new(config.usual);
    quotas.set(own.into_iter().collect());
    let engine_config = EngineConfig {
        clock: clock.clone(),
        journal_keep: i64::from(config.journal_days) * 86_400_000,
        journal_max_bytes: config.journal_max_bytes,
        rungs: config.rungs,
        in_flight_bytes: config.in_flight_bytes,
        series_cap: config.series_cap,
        series_caps,
        kept_labels: config.kept_labels.clone(),
        utc_offset_min: config.utc_offset_min,
        build: build.clone(),
        post: Arc::new(courier),
    };
    let engine = Engine::start(stores.stores.clone(), engine_config, &inner).await?;
    let lookup = KeyLookup::new(Arc::clone(&stores.stores.keys), inner.system(), clock.clone());
    let seconds = Seconds::new(Arc::clone(&stores.seconds), Arc::clone(&vault));
    let (people, token) = people(config, &stores, seconds, inner.system(), &clock).await?;
    let local_key = if options.local_key {
        let scope = auth::by_command_line(TenantId::default_tenant());
        let keys = stores.stores.keys.as_ref();
        Some(auth::ensure_local_key(keys, &lookup, &scope, &config.data_dir, clock.now()).await?)
    } else {
        None
    };
    let shared: Shared = Arc::new(Facilities {
        engine,
        audits: Arc::clone(&stores.stores.audits),
        keys: Arc::clone(&stores.stores.keys),
        vault,
        ack_links,
        lookup,
        people,
        base: config
            .external
            .as_ref()
            .map(|external| external.base.clone())
            .unwrap_or_default(),
        origins: Origins::new(
            address.port(),
            tls.is_some(),
            config.external.clone(),
            config.trusted_proxies.clone(),
            config.insecure_http,
        ),
        tls: tls.clone(),
        assets,
        sockets: Sockets::default(),
        strangers: Strangers::default(),
        counts: Arc::default(),
        quotas,
        patience: options.patience,
        demo: options.demo,
        renders: Arc::new(Semaphore::new(pages::AT_ONCE)),
        port: address.port(),
        build,
        utc_offset_min: config.utc_offset_min,
        local_key,
        leaving: CancellationToken::new(),
        draining: AtomicBool::new(false),
    });
    // Leptos renders on this runtime. A second call, from another server in this process, changes nothing.
    let _ = any_spawner::Executor::init_tokio();
    let audits = Arc::clone(&stores.stores.audits);
    inner.spawn(
        "audit heads",
        audit::export(audits, inner.system(), inner.token()),
    );
    let (keys, stop) = (shared.clone(), inner.token());
    inner.spawn("keys seen", async move { keys.lookup.tell_seen(stop).await });
    let (told, stop) = (shared.clone(), inner.token());
    inner.spawn(
        "sessions seen",
        async move { told.people.lookup.keep(stop).await },
    );
    inner.spawn("quotas", http::quota::keep(shared.clone(), inner.token()));
    let (told, stop) = (shared.clone(), inner.token());
    inner.spawn("denials", async move { told.people.denials.keep(stop).await });
    if let Some((url, every)) = &config.heartbeat {
        let heartbeat = Heartbeat {
            door: Outbound::new(config.allowed.clone()),
            url: url.expose_secret().to_owned(),
            every: Duration::from_secs(u64::from(*every)),
        };
        inner.spawn("heartbeat", heartbeat.run(shared.engine.clone(), inner.token()));
    }
    if let Some(tls) = &tls {
        let every = options.tls_look.unwrap_or(tls::LOOK);
        inner.spawn("certificate", Arc::clone(tls).watch(every, inner.token()));
    }
    let edge = Supervisor::new();
    edge.spawn(
        "accept",
        http::serve(listener, tls, http::router(shared.clone()), edge.clone()),
    );
    tracing::info!(%address, build = shared.build, "ready");
    let set_up_at = token.map(|token| format!("{}/setup#t={token}", shared.origins.told(address)));
    Ok(Running {
        address,
        shared,
        set_up_at,
        edge,
        inner,
        stores,
    })
}

impl Running {
    /// Stops it; true when everything ended in time and everything is written.
    pub async fn stop(self) -> bool {
        self.shared.drain();
        self.shared.leaving.cancel();
        self.edge.token().cancel();
        let drained = tokio::time::timeout(DRAIN, async {
            tokio::join!(self.shared.sockets.all_closed(), self.edge.shutdown(DRAIN))
        })
        .await
        .is_ok();
        if !drained {
            tracing::warn!(
                tasks = self.edge.running(),
                "some connections did not end in time"
            );
        }
        let ended = self.inner.shutdown(ENGINE).await;
        if !ended {
            tracing::warn!(tasks = self.inner.running(), "some tasks did not end in time");
        }
        let flushed = self.shared.engine.close().await;
        if !flushed {
            tracing::warn!("the last flush failed; the journal has everything and the next start replays it");
        }
        drop(self.shared);
        self.stores.close().await;
        tracing::info!("stopped");
        drained && ended && flushed
    }
}

/// Accounts and sessions; and, while there is no account, the token to make it with.
async fn people(
    config: &Config,
    stores: &OpenStores,
    seconds: Seconds,
    system: SystemScope,
    clock: &Clock,
) -> Result<(People, Option<String>), StartError> {
    let is_new = !stores.accounts.any_account(&system).await?;
    let (setup, token) = if is_new && config.admin.is_none() {
        let (setup, token) = Setup::begin(&config.data_dir, clock.now())?;
        (setup, Some(token))
    } else {
        (Setup::done(&config.data_dir), None)
    };
    let lookup = SessionLookup::new(
        Arc::clone(&stores.sessions),
        system.clone(),
        clock.clone(),
        config.sessions,
    );
    let sealed_with = audit::find_or_make(config).map_err(StoresError::from)?;
    let devices = sealed_with
        .key
        .derived("browsers in which somebody has signed in");
    let denials = Denials::new(Arc::clone(&stores.stores.audits), clock.clone());
    let people = People::new(
        (
            Arc::clone(&stores.accounts),
            Arc::clone(&stores.sessions),
            Arc::clone(&stores.identities),
        ),
        lookup,
        seconds,
        setup,
        denials,
        system,
        clock.clone(),
    )
    .with_provider(provider(config))
    .with_devices(Devices::new(devices));
    if let (true, Some(admin)) = (is_new, &config.admin) {
        let chosen = Chosen {
            email: &admin.email,
            name: "",
            password: &admin.password,
        };
        people.create_first(chosen, None, &Whence::default()).await?;
    }
    Ok((people, token))
}

/// Who signs people in besides us, where that is configured. Nothing is asked yet.
fn provider(config: &Config) -> Option<Provider> {
    let configured = config.oidc.as_ref()?;
    let door = Outbound::new(config.allowed.clone());
    if let Some(problem) = door.tls_problem() {
        tracing::warn!(problem, "nobody can be asked over https");
    }
    let settings = oidc::Settings {
        issuer: configured.issuer.clone(),
        client_id: configured.client_id.clone(),
        client_secret: configured.client_secret.clone(),
        scopes: configured.scopes.clone(),
    };
    Some(Provider::new(configured, oidc::Client::new(settings, door)))
}

/// TLS, where it is configured.
fn open_tls(config: &Config, clock: &Clock) -> Result<Option<Arc<Tls>>, TlsError> {
    let Some(files) = &config.tls else { return Ok(None) };
    let host = config
        .external
        .as_ref()
        .map(|external| external.host().to_owned());
    Ok(Some(Arc::new(Tls::new(files.clone(), host, clock.clone())?)))
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart must not wait for the old connections' last packets.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The version, and a name for the files that pages run, so that a page of another build is noticed.
fn build_name(fingerprint: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    if fingerprint.is_empty() {
        version.to_owned()
    } else {
        format!("{version}-{fingerprint}")
    }
}
