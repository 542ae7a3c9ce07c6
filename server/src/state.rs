//! What every request handler needs, built once at start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::Engine;
use store::{Audits, Keys};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use ::secrets::Vault;

use crate::assets::Assets;
use crate::auth::{KeyLookup, People};
use crate::base::Base;
use crate::edge::Origins;
use crate::http::{HttpCounts, Patience, Quotas};
use crate::notify::AckLinks;
use crate::strangers::Strangers;
use crate::tls::Tls;
use crate::ws::Sockets;

/// Shared by all requests.
pub type Shared = Arc<Facilities>;

/// What there is to work with.
pub struct Facilities {
    /// The application.
    pub engine: Engine,
    /// The audit log.
    pub audits: Arc<dyn Audits>,
    /// API keys, for those who manage them.
    pub keys: Arc<dyn Keys>,
    /// Keeps secrets.
    pub vault: Arc<Vault>,
    /// Links that acknowledge.
    pub ack_links: Arc<AckLinks>,
    /// Finds API keys.
    pub lookup: KeyLookup,
    /// Accounts and sessions.
    pub people: People,
    /// What stands before our paths in addresses that are written for others.
    pub base: Base,
    /// The addresses under which browsers know us.
    pub origins: Origins,
    /// TLS, where we speak it ourselves.
    pub tls: Option<Arc<Tls>>,
    /// The site's files.
    pub assets: Assets,
    /// Open WebSockets.
    pub sockets: Sockets,
    /// What is remembered of those who come without an account.
    pub strangers: Strangers,
    /// What was answered.
    pub counts: Arc<HttpCounts>,
    /// What each tenant may send.
    pub quotas: Quotas,
    /// How long a sender of a body may take.
    pub patience: Patience,
    /// Turns to make a page.
    pub renders: Arc<Semaphore>,
    /// What is shown is made up.
    pub demo: bool,
    /// The port we listen on.
    pub port: u16,
    /// The build; page and server compare it.
    pub build: String,
    /// The tenant's zone, minutes east of UTC.
    pub utc_offset_min: i32,
    /// The text of the key `local`, for the snippet on the Connect page.
    pub local_key: Option<String>,
    /// Cancelled when sockets are to say goodbye and end.
    pub leaving: CancellationToken,
    /// Set by [`Facilities::drain`].
    pub draining: AtomicBool,
}

impl Facilities {
    /// Readiness says no from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process is about to stop.
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
