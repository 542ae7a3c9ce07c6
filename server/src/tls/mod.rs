//! TLS of our own: the certificate that is shown, how it is replaced while the server runs, and handshakes.
//!
//! The files are looked at every few seconds by what is in them, not by their times: renewals come as renames, links
//! that point elsewhere, or two files one after the other. A pair that cannot be used changes nothing; it is told once it
//! has stayed as it is, so that a renewal that is half done is no alarm. Handshakes from then on see the new one, open
//! connections stay as they are.
//!
//! Deliberately absent: certificates of clients, several certificates by name, ACME, HTTP/2 (a page here needs few
//! requests, and its stream is a WebSocket over HTTP/1.1), redirects from http (the port speaks https alone), and a
//! signal to reload, because there is nothing to wait for.

mod pair;
mod shake;

pub use pair::{Files, Pair, PairError, day};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use domain::Millis;
use engine::Clock;
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::config::TlsFiles;

/// How often the files are looked at.
pub const LOOK: Duration = Duration::from_secs(5);

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate or its key.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The library.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// Speaks TLS with whoever connects.
pub struct Tls {
    files: TlsFiles,
    /// The host in `server.external_url`.
    host: Option<String>,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
    clock: Clock,
    /// Of the files whose pair is shown.
    print: RwLock<[u8; 32]>,
    /// The files hold something else than what is shown, and it cannot be used.
    stale: AtomicBool,
    failed: AtomicU64,
}

/// The pair that handshakes show.
struct Shown(RwLock<Pair>);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().certified))
    }
}

impl Tls {
    /// With the pair in these files. One that has expired is shown all the same: whoever looks after it needs to get in.
    ///
    /// # Errors
    /// The pair cannot be used.
    pub fn new(files: TlsFiles, host: Option<String>, clock: Clock) -> Result<Tls, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let read = Files::read(&files)?;
        let pair = read.pair(&files, &provider)?;
        let shown = Arc::new(Shown(RwLock::new(pair.clone())));
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = Tls {
            files,
            host,
            provider,
            shown,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            clock,
            print: RwLock::new(read.print),
            stale: AtomicBool::new(false),
            failed: AtomicU64::new(0),
        };
        tls.remark(&pair);
        Ok(tls)
    }

    /// When the certificate that is shown expires, Unix milliseconds.
    pub fn expires(&self) -> Millis {
        self.shown.0.read().expires
    }

    /// Whether the files hold a pair that cannot be used, so that the one before is still shown.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Handshakes that failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Looks at the files for as long as the server runs.
    pub async fn watch(self: Arc<Tls>, every: Duration, stop: CancellationToken) {
        // What could not be used when it was last looked at.
        let mut before = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            before = self.look(before);
        }
    }

    /// Shows what the files hold. What could not be used: the files' print, or why they cannot be read.
    fn look(&self, before: Option<String>) -> Option<String> {
        let read = Files::read(&self.files);
        let found = match &read {
            Ok(read) if read.print == *self.print.read() => {
                self.stale.store(false, Ordering::Relaxed);
                return None;
            }
            Ok(read) => read.print.iter().map(|byte| format!("{byte:02x}")).collect(),
            Err(error) => error.to_string(),
        };
        let usable = read.and_then(|read| {
            let pair = read.pair(&self.files, &self.provider)?;
            pair.check_age(&self.files, self.clock.now())?;
            Ok((pair, read.print))
        });
        match usable {
            Ok((pair, print)) => {
                *self.shown.0.write() = pair.clone();
                *self.print.write() = print;
                self.stale.store(false, Ordering::Relaxed);
                self.remark(&pair);
                None
            }
            Err(error) => {
                // Once, and only what stays: a renewal writes one file after the other.
                if before.as_deref() == Some(&found) && !self.stale.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the new certificate cannot be used, the one before is still shown");
                }
                Some(found)
            }
        }
    }

    /// Tells the log which certificate is shown, and what is not as it should be.
    fn remark(&self, pair: &Pair) {
        tracing::info!(cert = %self.files.cert.display(), expires = day(pair.expires), "certificate");
        if let Err(error) = pair.check_age(&self.files, self.clock.now()) {
            tracing::warn!(%error, "browsers will not believe it");
        }
        for remark in pair.remarks(&self.files, self.host.as_deref()) {
            tracing::warn!("{remark}");
        }
    }
}

/// Everything that is wrong with a pair, for whoever checks a configuration: what keeps a server from starting, and what
/// it would only warn of.
pub fn check(files: &TlsFiles, host: Option<&str>, now: Millis) -> (Option<PairError>, Vec<String>) {
    let pair = Files::read(files).and_then(|read| read.pair(files, &aws_lc_rs::default_provider()));
    match pair {
        Ok(pair) => (pair.check_age(files, now).err(), pair.remarks(files, host)),
        Err(error) => (Some(error), Vec::new()),
    }
}
