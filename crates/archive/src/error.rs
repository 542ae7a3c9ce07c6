//! Why an archive could not be written or is not accepted. The texts are for the person who runs a backup.

use std::io;
use std::path::{Path, PathBuf};

/// What went wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file cannot be read or written.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was being done: "write", "read", …
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is a file of this name already.
    #[error("{} is there already; choose another name, or say --force to replace it", .0.display())]
    Exists(PathBuf),
    /// It does not begin as a backup does.
    #[error("{} is not a backup of fuseboard: {why}", .path.display())]
    NotABackup {
        /// Which file.
        path: PathBuf,
        /// What is wrong at its start.
        why: String,
    },
    /// It is not what was written.
    #[error("{}: {part} is damaged: {why}", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which part of it.
        part: String,
        /// How that shows.
        why: String,
    },
    /// A newer program wrote it.
    #[error("{} has format {found} of backups, but this program knows formats up to {known}; use a newer fuseboard", .path.display())]
    NewerFormat {
        /// Which file.
        path: PathBuf,
        /// The format it has.
        found: u64,
        /// The newest format known.
        known: u64,
    },
}

impl ArchiveError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ArchiveError {
        let path = path.to_owned();
        move |source| ArchiveError::Io { action, path, source }
    }
}
