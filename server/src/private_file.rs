//! Files and folders that only their owner may read.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Writes a file with mode 0600, whole or not at all: a new file is written beside it and renamed over it.
///
/// # Errors
/// Those of the file system.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options.mode(0o600);
    let mut file = options.open(&beside)?;
    // The mode above counts only for a file that is created here.
    restrict(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// Writes a new file with mode 0600, whole or not at all. False, and nothing is changed, when there is one already.
///
/// # Errors
/// Those of the file system.
pub fn create(path: &Path, content: &[u8]) -> io::Result<bool> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    write(&beside, content)?;
    // Unlike a rename, a link never takes the place of a file that somebody else made meanwhile.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes everybody else's rights to a file away.
///
/// # Errors
/// Those of the file system.
pub fn restrict(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

/// Creates the folder with mode 0700 where it does not exist; one that exists keeps its mode.
///
/// # Errors
/// Those of the file system.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    builder.mode(0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn modes_are_private_even_when_the_file_was_open_to_all() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        super::folder(&inner).unwrap();
        assert_eq!(mode(&inner), 0o700);
        let path = inner.join("local.key");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(mode(&path), 0o600);
    }
}
