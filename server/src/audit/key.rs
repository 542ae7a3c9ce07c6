//! The key that seals the audit log: a file of its own, outside of the database, so that who can write to the one
//! cannot forge with the other. 64 hexadecimal digits, mode 0600, made at the first start.

use std::io;
use std::path::{Path, PathBuf};

use store::audit::AuditKey;
use store::{AuditHead, Audits, StoreError, SystemScope};

use crate::config::Config;
use crate::private_file;

/// Its usual name, in the data folder.
const FILE: &str = "audit.key";

/// Why the audit log cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum AuditKeyError {
    /// The file cannot be read or written.
    #[error("the audit key {path} cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "the audit key {0} must hold 64 hexadecimal digits and nothing else; put the right file back, or point \
         audit.key_file at it"
    )]
    Malformed(PathBuf),
    /// The system has no randomness to give.
    #[error("no randomness for the audit key: {0}")]
    Random(getrandom::Error),
    /// The log was sealed with another key.
    #[error(
        "the audit log of tenant {tenant} has {entries} entries that were not sealed with the key in {path}. Put the \
         file back that belongs to this database (or point audit.key_file at it). If it is lost for good, \
         `fuseboard audit reseal` seals the log anew, and says so in it."
    )]
    Other {
        /// Whose log.
        tenant: String,
        /// How long it is.
        entries: u64,
        /// Where the key was looked for.
        path: PathBuf,
    },
    /// The log cannot be read.
    #[error("the audit log cannot be read: {0}")]
    Store(#[from] StoreError),
}

/// The key, and where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// What seals.
    pub key: AuditKey,
    path: PathBuf,
    made: bool,
}

/// Reads the key, or makes one where there is none.
///
/// # Errors
/// See [`AuditKeyError`].
pub fn find_or_make(config: &Config) -> Result<Found, AuditKeyError> {
    let path = path(config);
    if let Some(key) = read(&path)? {
        return Ok(Found {
            key,
            path,
            made: false,
        });
    }
    let failed = |source| AuditKeyError::File {
        path: path.clone(),
        source,
    };
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(AuditKeyError::Random)?;
    if let Some(folder) = path.parent() {
        private_file::folder(folder).map_err(failed)?;
    }
    let made = private_file::create(&path, format!("{}\n", hex(&bytes)).as_bytes()).map_err(failed)?;
    // Whoever was faster has made the key that counts.
    let key = read(&path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    Ok(Found { key, path, made })
}

fn path(config: &Config) -> PathBuf {
    match &config.audit_key_file {
        Some(path) => path.clone(),
        None => config.data_dir.join(FILE),
    }
}

/// Where the key of chains with these heads has to be, if it is not there.
///
/// # Errors
/// The file that is there cannot be read, or is no key.
pub fn missing(config: &Config, heads: &[AuditHead]) -> Result<Option<PathBuf>, AuditKeyError> {
    let path = path(config);
    let fits = match read(&path)? {
        Some(key) => heads.iter().all(|head| key.sealed(head)),
        None => heads.is_empty(),
    };
    Ok((!fits).then_some(path))
}

fn read(path: &Path) -> Result<Option<AuditKey>, AuditKeyError> {
    let failed = |source| AuditKeyError::File {
        path: path.to_owned(),
        source,
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let key = from_hex(text.trim_end()).ok_or_else(|| AuditKeyError::Malformed(path.to_owned()))?;
    Ok(Some(AuditKey::new(key)))
}

impl Found {
    /// Whether every chain there is was sealed with it. A key that was made just now and fits nothing is taken away
    /// again: it must not be mistaken for the one that is missing.
    ///
    /// # Errors
    /// [`AuditKeyError::Other`], or the log cannot be read.
    pub async fn check(&self, audits: &dyn Audits, system: &SystemScope) -> Result<(), AuditKeyError> {
        let heads: Vec<AuditHead> = audits.heads(system).await?;
        let Some(other) = heads.iter().find(|head| !self.key.sealed(head)) else {
            return Ok(());
        };
        if self.made {
            // It stays when it cannot be removed; the error below names it.
            let _ = std::fs::remove_file(&self.path);
        }
        Err(AuditKeyError::Other {
            tenant: other.tenant.to_string(),
            entries: other.n,
            path: self.path.clone(),
        })
    }
}

/// Lower case.
pub(super) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lower or upper case; nothing else.
pub(super) fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, place) in bytes.iter_mut().zip(0..) {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_were_written() {
        let bytes = std::array::from_fn(|n| n as u8 * 7);
        assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
        assert_eq!(from_hex(&hex(&bytes).to_uppercase()), Some(bytes));
        for wrong in [
            "",
            "00",
            &"0".repeat(63),
            &"0".repeat(65),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }
}
