//! Whom the client believes: the root certificates of the system (or of `SSL_CERT_FILE`), read once.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// Settings of TLS, and why `https:` is not possible if it is not.
#[derive(Debug)]
pub(crate) struct Tls {
    config: Option<ClientConfig>,
    problem: Option<String>,
}

impl Tls {
    /// With the certificates of this machine. A container without any can still talk `http:` to its neighbours.
    pub fn of_the_system() -> Tls {
        let builder = || {
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
        };
        let trusting = builder()
            .and_then(|builder| builder.with_platform_verifier())
            .map(|builder| builder.with_no_client_auth());
        match trusting {
            Ok(config) => Tls::new(config),
            Err(error) => {
                let distrusting = builder().map(|builder| {
                    builder
                        .with_root_certificates(RootCertStore::empty())
                        .with_no_client_auth()
                });
                Tls {
                    config: distrusting.ok(),
                    problem: Some(error.to_string()),
                }
            }
        }
    }

    /// With these settings.
    pub fn new(mut config: ClientConfig) -> Tls {
        // HTTP/1.1 alone: one request per connection gains nothing from more.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Tls {
            config: Some(config),
            problem: None,
        }
    }

    /// For one client. Cloning copies a few references.
    pub fn config(&self) -> Option<ClientConfig> {
        self.config.clone()
    }

    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// As on a machine without certificates.
    #[cfg(test)]
    pub fn set_problem(&mut self, problem: &str) {
        self.problem = Some(problem.to_owned());
    }
}
