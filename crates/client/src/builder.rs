//! Building a client: where to, as whom, and with which bounds.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::client::Client;
use crate::event::Defaults;
use crate::outside::{self, Random};
use crate::queue::Bounds;
use crate::retry::Backoff;
use crate::shared::Shared;
use crate::transport::Transport;
use crate::worker::Worker;

/// Settings of a [`Client`]. Made by [`Client::builder`].
#[derive(Clone)]
#[must_use = "call build()"]
pub struct Builder {
    url: String,
    key: String,
    defaults: Defaults,
    bounds: Bounds,
    flush_every: Duration,
    timeout: Duration,
    backoff: Backoff,
    ca_certificates: Option<Vec<u8>>,
}

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The address is none, or not http(s).
    #[error("{0:?} is not an http or https address: {1}")]
    Url(String, String),
    /// The key has characters that a header cannot carry, or is empty.
    #[error("the API key is empty or has characters that no key has")]
    Key,
    /// There is no tokio runtime here to send from.
    #[error("a client must be built inside a tokio runtime")]
    NoRuntime,
    /// What [`Builder::ca_certificates`] was given.
    #[error("the CA certificates cannot be used: {0}")]
    CaCertificates(String),
    /// The HTTP client could not start.
    #[error("the HTTP client could not start: {0}")]
    Http(reqwest::Error),
    /// The operating system gives no randomness.
    #[error("no randomness: {0}")]
    Entropy(getrandom::Error),
}

impl Builder {
    pub(crate) fn new(url: String, key: String) -> Builder {
        Builder {
            url,
            key,
            defaults: Defaults {
                instance: Some(outside::instance()),
                ..Defaults::default()
            },
            bounds: Bounds {
                events: 10_000,
                bytes: 16 << 20,
                batch_events: 500,
                batch_bytes: 1 << 20,
            },
            flush_every: Duration::from_millis(500),
            timeout: Duration::from_secs(10),
            backoff: Backoff {
                first: Duration::from_millis(250),
                most: Duration::from_secs(10),
            },
            ca_certificates: None,
        }
    }

    /// The service that this process is, on every event that does not say otherwise.
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.defaults.service = Some(service.into());
        self
    }

    /// `prod`, `staging`, on every event that does not say otherwise.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.defaults.environment = Some(environment.into());
        self
    }

    /// The name of this process. Default: host and process id. Two processes must never share one.
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.defaults.instance = Some(instance.into());
        self
    }

    /// A label on every call, transition and stats event that does not set it itself.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.defaults.labels.push((name.into(), value.into()));
        self
    }

    /// Events that may wait. Default: 10,000; at least 1.
    pub fn queue(mut self, events: usize) -> Self {
        self.bounds.events = events.max(1);
        self
    }

    /// Bytes of JSON that may wait, on top of one batch under way. Default: 16 MiB.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.bounds.bytes = bytes;
        self
    }

    /// Events in one request. Default: 500; at least 1, at most the 10,000 that the server takes.
    pub fn batch(mut self, events: usize) -> Self {
        self.bounds.batch_events = events.clamp(1, 10_000);
        self
    }

    /// How long an event may wait for its batch to fill. Default: 500 ms. Transitions and markers do not wait.
    pub fn flush_every(mut self, time: Duration) -> Self {
        self.flush_every = time;
        self
    }

    /// How long one request may take. Default: 10 s.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// The bound of the first wait after a failure, and the bound that doubling ends at. Default: 250 ms and 10 s.
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = Backoff {
            first,
            most: most.max(first),
        };
        self
    }

    /// Certificates in PEM that are believed besides the system's, for a server whose authority is your own.
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = Some(pem.into());
        self
    }

    /// Starts the sending task on the current tokio runtime.
    ///
    /// # Errors
    /// [`BuildError`] for an address or key that cannot work, or a missing runtime. Nothing is sent yet, so a server
    /// that is down is no error here; [`Client::check`] asks it.
    pub fn build(self) -> Result<Client, BuildError> {
        tokio::runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let url = endpoint(&self.url)?;
        let authorization =
            HeaderValue::from_str(&format!("Bearer {}", self.key.trim())).map_err(|_| BuildError::Key)?;
        if self.key.trim().is_empty() {
            return Err(BuildError::Key);
        }
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("fuseboard-client/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.timeout.min(Duration::from_secs(5)))
            .timeout(self.timeout);
        if is_loopback(&url) {
            http = http.no_proxy();
        }
        if let Some(pem) = &self.ca_certificates {
            http = http.tls_certs_merge(authorities(pem)?);
        }
        let http = http.build().map_err(BuildError::Http)?;
        let random = Random::new().map_err(BuildError::Entropy)?;
        let shared = Arc::new(Shared::new(
            self.bounds,
            self.defaults,
            self.flush_every,
            self.backoff,
            random,
        ));
        let probe = Transport::new(http.clone(), url.clone(), authorization.clone());
        let worker = Worker::new(shared.clone(), Transport::new(http, url, authorization));
        outside::start(worker.run());
        Ok(Client::new(shared, probe))
    }
}

/// The key stays out of every log.
impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The certificates in a text, at least one.
fn authorities(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, BuildError> {
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(found) if found.is_empty() => Err(BuildError::CaCertificates("there is none".into())),
        Ok(found) => Ok(found),
        Err(error) => Err(BuildError::CaCertificates(error.to_string())),
    }
}

/// The address that events go to; a base path is kept.
fn endpoint(base: &str) -> Result<Url, BuildError> {
    let wrong = |why: String| BuildError::Url(base.to_owned(), why);
    let mut url = Url::parse(base.trim()).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with http:// or https://".into()));
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = format!("{}/api/v1/events", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// A proxy of the environment is not for what never leaves this machine.
fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_keeps_a_base_path() {
        let at = |base: &str| endpoint(base).unwrap().to_string();
        assert_eq!(at("http://127.0.0.1:3000"), "http://127.0.0.1:3000/api/v1/events");
        assert_eq!(
            at(" https://ops.example/fuseboard/?x#y "),
            "https://ops.example/fuseboard/api/v1/events"
        );
        assert!(endpoint("127.0.0.1:3000").is_err());
        assert!(endpoint("ftp://127.0.0.1").is_err());
        assert!(endpoint("").is_err());
    }

    #[test]
    fn loopback_needs_no_proxy() {
        for (url, loopback) in [
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://localhost", true),
            ("http://ops.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
        }
    }

    #[test]
    fn without_a_runtime_there_is_an_error_not_a_panic() {
        assert!(matches!(
            Client::builder("http://127.0.0.1:1", "k").build(),
            Err(BuildError::NoRuntime)
        ));
    }

    #[tokio::test]
    async fn ca_certificates_must_be_some() {
        for pem in [
            "",
            "no certificate",
            "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n",
        ] {
            let built = Client::builder("https://127.0.0.1:1", "k")
                .ca_certificates(pem)
                .build();
            assert!(matches!(built, Err(BuildError::CaCertificates(_))), "{pem:?}");
        }
    }

    #[tokio::test]
    async fn keys_that_cannot_be_sent_are_refused_and_never_shown() {
        for key in ["", "  ", "a\nb"] {
            assert!(
                matches!(
                    Client::builder("http://127.0.0.1:1", key).build(),
                    Err(BuildError::Key)
                ),
                "{key:?}"
            );
        }
        assert!(!format!("{:?}", Client::builder("http://127.0.0.1:1", "fb_secret")).contains("secret"));
    }
}
