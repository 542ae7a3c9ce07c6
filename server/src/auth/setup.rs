//! The one-time token with which a new installation gets its owner.
//!
//! Whoever sees the terminal, or may read the data folder, is the one who installs. The token is made when the server
//! starts without any account, told there and written to `setup-token` (mode 0600), and gone with the first account or
//! after 30 minutes; a restart makes another.

use std::path::{Path, PathBuf};

use domain::Millis;
use parking_lot::Mutex;
use subtle::ConstantTimeEq;

use super::key::{BASE62, random_text, sha256};
use crate::private_file;

/// In the data folder.
const FILE: &str = "setup-token";
/// 160 bits.
const LENGTH: usize = 27;
/// How long it counts.
pub const COUNTS: Millis = 30 * 60_000;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The system has no randomness to give.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// The file cannot be written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The token, while there is no account.
#[derive(Debug)]
pub struct Setup {
    /// Where the token is written; none for whoever only uses accounts.
    file: Option<PathBuf>,
    token: Mutex<Option<Token>>,
}

#[derive(Debug)]
struct Token {
    hash: [u8; 32],
    until: Millis,
}

/// How a new installation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupState {
    /// It has its owner.
    Done,
    /// It waits for the token.
    Open,
    /// The token's time is over.
    Over,
}

impl Setup {
    /// Nothing to set up, and nothing is known of a token: for the command line, beside a server that may have one.
    pub fn elsewhere() -> Setup {
        Setup {
            file: None,
            token: Mutex::new(None),
        }
    }

    /// Nothing to set up. A token that an earlier start left is removed.
    pub fn done(data_dir: &Path) -> Setup {
        let setup = Setup {
            file: Some(data_dir.join(FILE)),
            token: Mutex::new(None),
        };
        setup.remove_file();
        setup
    }

    /// Makes a token; returns its text, which is also in the file.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn begin(data_dir: &Path, now: Millis) -> Result<(Setup, String), SetupError> {
        let text = random_text(BASE62, LENGTH).map_err(SetupError::Random)?;
        let file = data_dir.join(FILE);
        private_file::write(&file, format!("{text}\n").as_bytes()).map_err(|source| SetupError::File {
            path: file.clone(),
            source,
        })?;
        let token = Token {
            hash: sha256(&text),
            until: now + COUNTS,
        };
        let setup = Setup {
            file: Some(file),
            token: Mutex::new(Some(token)),
        };
        Ok((setup, text))
    }

    /// How it stands.
    pub fn state(&self, now: Millis) -> SetupState {
        match &*self.token.lock() {
            None => SetupState::Done,
            Some(token) if now < token.until => SetupState::Open,
            Some(_) => SetupState::Over,
        }
    }

    /// Whether this is the token, and it counts.
    pub fn is_token(&self, text: &str, now: Millis) -> bool {
        let hash = sha256(text.trim());
        let token = self.token.lock();
        let fits = |token: &Token| bool::from(token.hash.ct_eq(&hash)) && now < token.until;
        token.as_ref().is_some_and(fits)
    }

    /// There is an owner: the token and its file are gone.
    pub fn finish(&self) {
        *self.token.lock() = None;
        self.remove_file();
    }

    fn remove_file(&self) {
        let Some(file) = &self.file else {
            return;
        };
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                // It opens nothing any more.
                tracing::warn!(%error, file = %file.display(), "a used setup token could not be removed");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_once_and_for_half_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let (setup, text) = Setup::begin(folder.path(), 1_000).unwrap();
        let file = folder.path().join(FILE);
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), text);
        assert!(setup.is_token(&format!(" {text}\n"), 1_000 + COUNTS - 1));
        assert!(!setup.is_token(&text, 1_000 + COUNTS));
        assert!(!setup.is_token(&text[1..], 1_000));
        assert!(!setup.is_token("", 1_000));
        assert_eq!(setup.state(1_000), SetupState::Open);
        assert_eq!(setup.state(1_000 + COUNTS), SetupState::Over);
        setup.finish();
        assert!(!setup.is_token(&text, 1_000));
        assert_eq!(setup.state(1_000), SetupState::Done);
        assert!(!file.exists());
    }

    #[test]
    fn a_token_of_an_earlier_start_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (_, _) = Setup::begin(folder.path(), 0).unwrap();
        let setup = Setup::done(folder.path());
        assert!(!folder.path().join(FILE).exists());
        assert_eq!(setup.state(0), SetupState::Done);
    }
}
