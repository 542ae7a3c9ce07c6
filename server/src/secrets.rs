//! Where the master keys of secrets are on this machine: `master.key` in the data folder, or the file that
//! `secrets.key_file` names. Mode 0600, made when the first secret is kept.
//!
//! How secrets are sealed, and in which order keys are replaced, is in the crate `secrets`.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::secrets::{KeyFile, Vault};
use store::{Secrets, SystemScope};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::private_file;

/// Its usual name, in the data folder.
const FILE: &str = "master.key";

/// The vault on a store.
pub fn vault(config: &Config, store: Arc<dyn Secrets>, system: SystemScope) -> Vault {
    let path = path(config);
    Vault::new(store, system, Arc::new(OnDisk { path }))
}

/// Where the file is, or will be.
pub fn path(config: &Config) -> PathBuf {
    match &config.master_key_file {
        Some(path) => path.clone(),
        None => config.data_dir.join(FILE),
    }
}

struct OnDisk {
    path: PathBuf,
}

impl KeyFile for OnDisk {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> io::Result<Option<Zeroizing<String>>> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, content: &str) -> io::Result<bool> {
        if let Some(folder) = self.path.parent() {
            private_file::folder(folder)?;
        }
        private_file::create(&self.path, content.as_bytes())
    }

    fn replace(&self, content: &str) -> io::Result<()> {
        private_file::write(&self.path, content.as_bytes())
    }

    /// A file beside it: the file itself is replaced, and a lock stays with what was replaced.
    fn lock(&self) -> io::Result<File> {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let mut options = File::options();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(name)?;
        file.try_lock()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_is_private_and_made_once_and_one_at_a_time_may_replace_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = OnDisk {
            path: folder.path().join("keys/master.key"),
        };
        assert!(file.read().unwrap().is_none());
        assert!(file.create("one").unwrap());
        assert!(!file.create("two").unwrap());
        assert_eq!(file.read().unwrap().unwrap().as_str(), "one");
        let lock = file.lock().unwrap();
        assert_eq!(file.lock().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        file.replace("three").unwrap();
        assert_eq!(file.lock().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(lock);
        file.lock().unwrap();
        assert_eq!(file.read().unwrap().unwrap().as_str(), "three");
        for path in [&file.path, &folder.path().join("keys/master.key.lock")] {
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }
}
