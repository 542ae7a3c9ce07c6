//! The master keys: a text of a few lines, and what has to be done with the file that holds it.

use std::fs::File;
use std::io;
use std::path::Path;

use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::VaultError;
use crate::seal::{Key, key_of, random_key};

/// What the first lines of the file say to whoever finds it.
const HEAD: &str = "# The master keys of Fuseboard, the newest last. Without them nobody can open the secrets in its\n\
                    # database. Keep a copy of this file, and not where the backups are.\n";

/// The file with the master keys. Whoever implements it sees to it that nobody else reads the file, that a new content
/// is there whole or not at all, and that it lasts when a method has returned.
pub trait KeyFile: Send + Sync + 'static {
    /// Where it is, for messages.
    fn path(&self) -> &Path;

    /// What it holds; `None` when there is no file.
    ///
    /// # Errors
    /// Those of the file system.
    fn read(&self) -> io::Result<Option<Zeroizing<String>>>;

    /// Makes it. False, and nothing is changed, when it is there already.
    ///
    /// # Errors
    /// Those of the file system.
    fn create(&self, content: &str) -> io::Result<bool>;

    /// Replaces it.
    ///
    /// # Errors
    /// Those of the file system.
    fn replace(&self, content: &str) -> io::Result<()>;

    /// The right to replace it, for as long as the file returned is open.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another process has it.
    fn lock(&self) -> io::Result<File>;
}

/// A master key and what it is called.
pub(crate) struct Master {
    pub id: String,
    pub key: Key,
}

impl Master {
    pub(crate) fn random() -> Result<Master, VaultError> {
        random_key().map(Master::of)
    }

    fn of(key: Key) -> Master {
        Master { id: id(&key), key }
    }
}

/// The first half of a hash: nothing that helps to find the key.
fn id(key: &Key) -> String {
    let mut hash = Sha256::new();
    hash.update(b"fuseboard master key id 1");
    hash.update(key.expose_secret());
    hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The keys in a file, oldest first.
#[derive(Default)]
pub(crate) struct Keyring {
    pub keys: Vec<Master>,
}

impl Keyring {
    /// Those in the file; none when there is no file.
    pub(crate) fn load(file: &dyn KeyFile) -> Result<Keyring, VaultError> {
        match file.read().map_err(failed(file))? {
            None => Ok(Keyring::default()),
            Some(text) => Keyring::parse(&text).map_err(|line| VaultError::Malformed {
                path: file.path().to_owned(),
                line,
            }),
        }
    }

    /// Likewise, and makes the file with a new key when there is none.
    pub(crate) fn load_or_make(file: &dyn KeyFile) -> Result<Keyring, VaultError> {
        let there = Keyring::load(file)?;
        if !there.keys.is_empty() {
            return Ok(there);
        }
        let mut new = Keyring::default();
        new.keys.push(Master::random()?);
        if !file.create(&new.text()).map_err(failed(file))? {
            // Whoever was faster has made the key that counts. What is there and has no key is no file of ours.
            let theirs = Keyring::load(file)?;
            if theirs.keys.is_empty() {
                return Err(VaultError::Malformed {
                    path: file.path().to_owned(),
                    line: 1,
                });
            }
            return Ok(theirs);
        }
        tracing::info!(
            file = %file.path().display(),
            "made the master key that seals secrets; keep a copy of the file"
        );
        Ok(new)
    }

    /// Or the number of the line, from 1, that is no key.
    fn parse(text: &str) -> Result<Keyring, usize> {
        let mut ring = Keyring::default();
        for (line, number) in text.lines().zip(1_usize..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let master = Master::of(from_hex(line).ok_or(number)?);
            if ring.find(&master.id).is_none() {
                ring.keys.push(master);
            }
        }
        Ok(ring)
    }

    pub(crate) fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(HEAD.len() + self.keys.len() * 65));
        text.push_str(HEAD);
        for master in &self.keys {
            for byte in master.key.expose_secret() {
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
                }
            }
            text.push('\n');
        }
        text
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Master> {
        self.keys.iter().find(|master| master.id == id)
    }

    /// The key with this id, which must be there.
    pub(crate) fn need(&self, id: &str, file: &dyn KeyFile) -> Result<&Key, VaultError> {
        let found = self.find(id).map(|master| &master.key);
        found.ok_or_else(|| VaultError::MissingKey {
            key: id.to_owned(),
            path: file.path().to_owned(),
        })
    }
}

/// With the name of the file.
pub(crate) fn failed(file: &dyn KeyFile) -> impl Fn(io::Error) -> VaultError {
    |source| VaultError::File {
        path: file.path().to_owned(),
        source,
    }
}

/// The right to replace the file.
pub(crate) fn lock(file: &dyn KeyFile) -> Result<File, VaultError> {
    file.lock().map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => VaultError::Busy(file.path().to_owned()),
        _ => failed(file)(source),
    })
}

/// Lower or upper case; nothing else.
fn from_hex(text: &str) -> Option<Key> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for (place, digit) in text.chars().enumerate() {
        match digit.to_digit(16) {
            Some(value) => bytes[place / 2] = bytes[place / 2] << 4 | value as u8,
            None => {
                bytes.zeroize();
                return None;
            }
        }
    }
    let key = key_of(bytes);
    bytes.zeroize();
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_written() {
        let ring = Keyring {
            keys: vec![Master::random().unwrap(), Master::random().unwrap()],
        };
        let text = ring.text();
        let read = Keyring::parse(&text).unwrap();
        assert_eq!(read.keys.len(), 2);
        for (old, new) in ring.keys.iter().zip(&read.keys) {
            assert_eq!(old.id, new.id);
            assert_eq!(old.key.expose_secret(), new.key.expose_secret());
        }
        assert_ne!(ring.keys[0].id, ring.keys[1].id);
        let twice = format!("{}\n{}", *text, text.to_uppercase());
        assert_eq!(Keyring::parse(&twice).unwrap().keys.len(), 2, "each key once");
        assert!(Keyring::parse("").unwrap().keys.is_empty());
    }

    #[test]
    fn a_line_that_is_no_key_is_told() {
        let good = "ab".repeat(32);
        for (text, line) in [
            ("x".to_owned(), 1),
            (format!("{good}\n{good}0\n"), 2),
            (format!("# a\n\n{}\n", &good[2..]), 3),
            (format!("{good} {good}"), 1),
            ("g".repeat(64), 1),
            ("é".repeat(32), 1),
        ] {
            assert_eq!(Keyring::parse(&text).err(), Some(line), "{text}");
        }
        assert_eq!(Keyring::parse(&format!("  {good}\r\n")).unwrap().keys.len(), 1);
    }

    #[test]
    fn an_id_says_nothing_about_its_key() {
        let key = key_of([7; 32]);
        let id = id(&key);
        assert_eq!(id.len(), 16);
        assert!(!"07".repeat(32).contains(&id));
    }
}
