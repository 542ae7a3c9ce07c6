//! Files and folders that only their owner may read.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Writes a file with mode 0600, whole or not at all, and to last: a new file is written beside it and renamed over it.
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
    fs::rename(&beside, path)?;
    sync_parent(path)
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
        Ok(()) => sync_parent(path).map(|()| true),
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

/// Creates the folder, and those above it, with mode 0700 where they do not exist; one that exists keeps its mode. What is
/// stored in it is no safer than its name, so each new name is on the disk when this returns.
///
/// # Errors
/// Those of the file system.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    builder.mode(0o700);
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    builder.create(path)?;
    missing.into_iter().try_for_each(sync_parent)
}

/// Makes the name of a file or folder durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        None => return Ok(()),
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
    };
    match fs::File::open(parent) {
        Ok(folder) => folder.sync_all(),
        // A folder that may be written but not read cannot be synced; the file system does it in its own time.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
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
