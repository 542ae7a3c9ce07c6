//! Whose certificates a command believes that talks to a server: the system's authorities, and those of `--ca-file`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use super::{CliError, Exit};

/// The options of such a command.
#[derive(Debug, Clone, Default, Args)]
pub struct Trust {
    /// Certificates in PEM that are believed besides the system's, for a server whose authority is your own.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

impl Trust {
    /// The text of the file, if one is named, with at least one certificate in it.
    ///
    /// # Errors
    /// It cannot be read, or holds none.
    pub fn pem(&self) -> Result<Option<Vec<u8>>, CliError> {
        let Some(path) = &self.ca_file else {
            return Ok(None);
        };
        let failed = |why: String| CliError::new(Exit::Unavailable, format!("{}: {why}", path.display()));
        let text = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        match certificates(&text) {
            Ok(found) if found.is_empty() => Err(failed("holds no certificate in PEM".into())),
            Ok(_) => Ok(Some(text)),
            Err(why) => Err(failed(why)),
        }
    }

    /// For connections that are not HTTP. `None` when nothing besides the system's is believed.
    ///
    /// # Errors
    /// As [`Trust::pem`].
    pub fn config(&self) -> Result<Option<Arc<ClientConfig>>, CliError> {
        let Some(text) = self.pem()? else { return Ok(None) };
        let failed = |why: String| CliError::new(Exit::Unavailable, format!("TLS: {why}"));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            Verifier::new_with_extra_roots(certificates(&text).map_err(failed)?, Arc::clone(&provider))
                .map_err(|error| failed(error.to_string()))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Some(Arc::new(config)))
    }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let trust = Trust {
            ca_file: Some(path.clone()),
        };
        assert!(trust.pem().unwrap_err().to_string().contains("ca.pem: "));
        std::fs::write(&path, "no certificate\n").unwrap();
        let refused = trust.config().unwrap_err().to_string();
        assert!(refused.contains("holds no certificate in PEM"), "{refused}");
        assert!(Trust::default().config().unwrap().is_none());
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(Vec::new())
            .unwrap()
            .self_signed(&key)
            .unwrap();
        std::fs::write(&path, own.pem()).unwrap();
        assert!(trust.config().unwrap().is_some());
    }
}
