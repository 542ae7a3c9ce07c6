//! The folder, its lock, and how every SQLite file in it is opened.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::SqliteOptions;
use crate::OpenError;

/// Locked for as long as a server uses the folder. The operating system lets go of it when the process dies.
const LOCK: &str = "fuseboard.lock";

/// Creates the folder and its parents where they are missing. Each new name is on the disk when this returns: no commit
/// in a folder is safer than the folder's own name.
pub(super) async fn create_folder(folder: &Path) -> Result<(), OpenError> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    tokio::fs::create_dir_all(folder)
        .await
        .map_err(OpenError::io(folder))?;
    for made in missing {
        match made.parent() {
            None => {}
            Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")).await?,
            Some(parent) => match sync_folder(parent).await {
                // May be written but not read: the file system does it in its own time.
                Err(OpenError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {}
                result => result?,
            },
        }
    }
    Ok(())
}

/// Takes the folder for this process.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(OpenError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Makes new and removed names in a folder durable. SQLite does this for its logs, not for the databases themselves.
pub(super) async fn sync_folder(folder: &Path) -> Result<(), OpenError> {
    let sync = async || tokio::fs::File::open(folder).await?.sync_all().await;
    sync().await.map_err(OpenError::io(folder))
}

/// A connection that writes.
///
/// `FULL` makes every commit wait for the disk, which is what a 2xx promises: with `NORMAL` a power cut takes
/// acknowledged rows with it. Memory mapping is off, because an I/O error on a mapped page kills the process instead of
/// failing the statement. Checkpoints stay with SQLite's default (after the commit that fills 1,000 pages): they run on
/// the writing connection, never wait for readers, and there is one such connection per file, so nothing else ever
/// checkpoints.
pub(super) fn writing(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    plain(path, options)
        .create_if_missing(true)
        .page_size(8_192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match options.wait_for_disk {
            true => SqliteSynchronous::Full,
            false => SqliteSynchronous::Normal,
        })
}

/// A connection that writes a file whose rows also go away again: freed pages can be given back bit by bit. Journal
/// files never shrink, they are removed whole, and do without the bookkeeping.
pub(super) fn writing_vacuumed(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    writing(path, options).auto_vacuum(SqliteAutoVacuum::Incremental)
}

/// A connection that only reads.
pub(super) fn reading(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    plain(path, options).read_only(true)
}

fn plain(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(options.busy_timeout)
        .foreign_keys(true)
        .pragma("mmap_size", "0")
}
