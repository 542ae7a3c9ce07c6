//! Encryption: with the root certificates of the machine, as everything that goes out.

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::session::{Fault, Stream};

/// Settings, or why there are none.
pub(crate) struct Tls {
    config: Result<Arc<ClientConfig>, String>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("problem", &self.config.as_ref().err())
            .finish_non_exhaustive()
    }
}

impl Tls {
    pub fn of_the_system() -> Tls {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map(|builder| Arc::new(builder.with_no_client_auth()));
        Tls {
            config: config.map_err(|error| error.to_string()),
        }
    }

    pub fn of(config: ClientConfig) -> Tls {
        Tls {
            config: Ok(Arc::new(config)),
        }
    }

    /// Encrypts. The server must be who the channel says it is.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> Result<Box<dyn Stream>, Fault> {
        let config = self
            .config
            .as_ref()
            .map_err(|problem| Fault::Tls(problem.clone()))?;
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_owned();
        let name = ServerName::try_from(host).map_err(|error| Fault::Tls(error.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(config));
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(Fault::Tls(error.to_string())),
        }
    }
}
