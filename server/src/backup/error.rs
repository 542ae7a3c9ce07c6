//! Why there is no backup, or none was put back.

use std::path::PathBuf;

use archive::{ArchiveError, DatabaseKind};
use store_sql::{OpenError, TransferError};

/// The texts are for the person who runs the command.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Rows on their way.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// A file on the way.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The data folder holds something.
    #[error(
        "{} is there already; nothing was changed. Choose another folder, or say --force: then what is there is moved \
         aside, within the folder", .0.display()
    )]
    NotEmpty(PathBuf),
    /// The backup's schema is newer.
    #[error(
        "this backup has schema version {found}, but this program knows versions up to {known}; use a newer fuseboard"
    )]
    NewerSchema {
        /// The version it has.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// The backup is of the other kind of database.
    #[error("this is a backup of {}, and the target is {}; restore it into {}", .backup.name(), .target.name(), place(*.backup))]
    OtherKind {
        /// What the backup is of.
        backup: DatabaseKind,
        /// What it should go into.
        target: DatabaseKind,
    },
    /// Rows went missing between archive and table.
    #[error("{part}: the manifest tells {wanted} rows, but {found} were there")]
    Rows {
        /// Which part.
        part: String,
        /// What the manifest says.
        wanted: u64,
        /// What came.
        found: u64,
    },
}

impl BackupError {
    /// Whether trying again later may help: something else is in the way or away.
    pub fn is_unavailable(&self) -> bool {
        let open = match self {
            BackupError::Open(error) | BackupError::Transfer(TransferError::Open(error)) => error,
            _ => return false,
        };
        matches!(
            open,
            OpenError::InUse(_)
                | OpenError::Missing(_)
                | OpenError::Newer { .. }
                | OpenError::NotMigrated(_)
                | OpenError::PostgresTooOld(_)
                | OpenError::WriterTaken(_)
                | OpenError::ServerRunning(_)
                | OpenError::Database { .. }
        )
    }

    pub(super) fn file(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> BackupError {
        let path = path.to_owned();
        move |source| BackupError::File { action, path, source }
    }
}

fn place(kind: DatabaseKind) -> &'static str {
    match kind {
        DatabaseKind::Sqlite => "a folder (--data-dir, without a database URL)",
        DatabaseKind::Postgres => "an empty database (--database-url)",
    }
}
