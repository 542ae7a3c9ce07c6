//! A certificate and its key, read from their files and judged.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Millis;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use x509_cert::der::Decode as _;

use crate::config::TlsFiles;

/// Others than the owner may read the file.
const OPEN: u32 = 0o077;

/// What is shown to whoever connects.
#[derive(Clone)]
pub struct Pair {
    /// The certificate, those above it, and the key.
    pub certified: Arc<CertifiedKey>,
    /// The moment after which the certificate counts no more.
    pub expires: Millis,
}

/// The files as they are, before anybody looked at what they say.
pub struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
    /// Of both; the same for as long as nobody changed them.
    pub print: [u8; 32],
}

/// Why a pair cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no certificate in it, or it is broken.
    #[error("{path} holds no certificate in PEM: {why}")]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is no key in it, or it is broken.
    #[error("{path} holds no private key in PEM that can be used: {why}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong. Nothing of the key.
        why: String,
    },
    /// The key belongs to another certificate.
    #[error("the key in {key} does not belong to the certificate in {cert}")]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is too old.
    #[error("the certificate in {path} has expired on {on}")]
    Expired {
        /// Which file.
        path: PathBuf,
        /// RFC 3339.
        on: String,
    },
}

impl Files {
    /// Reads both.
    ///
    /// # Errors
    /// [`PairError::Read`] with the file that cannot be read.
    pub fn read(at: &TlsFiles) -> Result<Files, PairError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| PairError::Read {
                path: path.to_owned(),
                source,
            })
        };
        let (cert, key) = (read(&at.cert)?, read(&at.key)?);
        let mut hash = Sha256::new();
        hash.update(&cert);
        hash.update(Sha256::digest(&key));
        Ok(Files {
            print: hash.finalize().into(),
            cert,
            key,
        })
    }

    /// The pair that they hold.
    ///
    /// # Errors
    /// Everything but [`PairError::Read`] and [`PairError::Expired`].
    pub fn pair(&self, at: &TlsFiles, provider: &CryptoProvider) -> Result<Pair, PairError> {
        let bad_cert = |why: String| PairError::Certificate {
            path: at.cert.clone(),
            why,
        };
        let bad_key = |why: String| PairError::Key {
            path: at.key.clone(),
            why,
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&self.cert)
            .collect::<Result<_, _>>()
            .map_err(|error| bad_cert(error.to_string()))?;
        let Some(first) = chain.first() else {
            return Err(bad_cert("there is none in it".into()));
        };
        let expires = expiry(first).map_err(bad_cert)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| {
            bad_key(match error {
                pem::Error::NoItemsFound => "there is none in it (one with a passphrase is not read)".into(),
                other => other.to_string(),
            })
        })?;
        let certified = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => PairError::Mismatch {
                cert: at.cert.clone(),
                key: at.key.clone(),
            },
            rustls::Error::InvalidCertificate(error) => bad_cert(error.to_string()),
            other => bad_key(other.to_string()),
        })?;
        Ok(Pair {
            certified: Arc::new(certified),
            expires,
        })
    }
}

impl Pair {
    /// Whether the certificate still counts.
    ///
    /// # Errors
    /// [`PairError::Expired`].
    pub fn check_age(&self, at: &TlsFiles, now: Millis) -> Result<(), PairError> {
        if now <= self.expires {
            return Ok(());
        }
        Err(PairError::Expired {
            path: at.cert.clone(),
            on: day(self.expires),
        })
    }

    /// What an administrator should know about it, although it can be used.
    pub fn remarks(&self, at: &TlsFiles, host: Option<&str>) -> Vec<String> {
        let mut remarks = Vec::new();
        let mode = std::fs::metadata(&at.key).map(|found| found.permissions().mode());
        if let Ok(mode) = mode
            && mode & OPEN != 0
        {
            remarks.push(format!(
                "others than its owner may use the private key {} (mode {:04o}): chmod 600 it",
                at.key.display(),
                mode & 0o7777
            ));
        }
        if let Some(host) = host
            && !self.is_for(host)
        {
            remarks.push(format!(
                "the certificate in {} is not for {host}, where server.external_url says that browsers see us",
                at.cert.display()
            ));
        }
        remarks
    }

    /// Whether it is for this host.
    fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let (Ok(end), Ok(name)) = (self.certified.end_entity_cert(), ServerName::try_from(host)) else {
            return false;
        };
        ParsedCertificate::try_from(end).is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("expires", &day(self.expires))
            .finish_non_exhaustive()
    }
}

/// When the certificate expires.
fn expiry(certificate: &CertificateDer<'_>) -> Result<Millis, String> {
    let parsed = x509_cert::Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let end = parsed.tbs_certificate().validity().not_after;
    i64::try_from(end.to_unix_duration().as_millis()).map_err(|error| error.to_string())
}

/// RFC 3339, to the second.
pub fn day(ms: Millis) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1_000))
        .map_or_else(|_| ms.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::crypto::aws_lc_rs::default_provider;

    use super::*;

    struct Made {
        folder: tempfile::TempDir,
        at: TlsFiles,
    }

    impl Made {
        fn new() -> Made {
            let folder = tempfile::tempdir().unwrap();
            let at = TlsFiles {
                cert: folder.path().join("cert.pem"),
                key: folder.path().join("key.pem"),
            };
            Made { folder, at }
        }

        fn write(&self, cert: &str, key: &str) {
            std::fs::write(&self.at.cert, cert).unwrap();
            std::fs::write(&self.at.key, key).unwrap();
        }

        fn pair(&self) -> Result<Pair, PairError> {
            Files::read(&self.at)?.pair(&self.at, &default_provider())
        }

        fn refused(&self) -> String {
            self.pair().unwrap_err().to_string()
        }
    }

    fn certificate(name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2031, 2, 3);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn a_good_pair_says_when_it_expires_and_whom_it_is_for() {
        let made = Made::new();
        let (cert, key) = certificate("board.example");
        made.write(&cert, &key);
        let pair = made.pair().unwrap();
        assert_eq!(day(pair.expires), "2031-02-03T00:00:00Z");
        assert!(pair.check_age(&made.at, pair.expires).is_ok());
        let old = pair
            .check_age(&made.at, pair.expires + 1)
            .unwrap_err()
            .to_string();
        assert!(old.ends_with("has expired on 2031-02-03T00:00:00Z"), "{old}");

        std::fs::set_permissions(&made.at.key, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(pair.remarks(&made.at, None).is_empty());
        assert!(pair.remarks(&made.at, Some("board.example")).is_empty());
        std::fs::set_permissions(&made.at.key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let remarks = pair.remarks(&made.at, Some("[::1]"));
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(remarks[0].contains("mode 0640"), "{remarks:?}");
        assert!(remarks[1].contains("is not for [::1]"), "{remarks:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_the_file() {
        let made = Made::new();
        let missing = made.refused();
        assert!(missing.contains("cert.pem cannot be read"), "{missing}");
        let (cert, key) = certificate("board.example");
        let (_, other) = certificate("board.example");
        for (cert, key, words) in [
            (
                cert.as_str(),
                other.as_str(),
                "does not belong to the certificate",
            ),
            ("", &key, "cert.pem holds no certificate in PEM: there is none"),
            (&key, &key, "cert.pem holds no certificate in PEM"),
            (
                &cert[..cert.len() / 2],
                &key,
                "cert.pem holds no certificate in PEM",
            ),
            (
                &cert,
                "",
                "key.pem holds no private key in PEM that can be used: there is none",
            ),
            (&cert, &cert, "key.pem holds no private key"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                &key,
                "cert.pem holds no certificate",
            ),
            (
                &cert,
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "key.pem holds no private key",
            ),
        ] {
            made.write(cert, key);
            let refused = made.refused();
            assert!(refused.contains(words), "{words}: {refused}");
            assert!(
                refused.contains(made.folder.path().to_str().unwrap()),
                "{refused}"
            );
        }
    }
}
