//! What can go wrong while opening a database, and how errors of SQL become errors of the store.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::error::DatabaseError;
use store::StoreError;

/// Why a database could not be opened. The texts are for the person who started the program.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder.
    #[error("another fuseboard process is using the folder {}; stop it, or give this one a folder of its own", .0.display())]
    InUse(PathBuf),
    /// A file or folder cannot be used.
    #[error("cannot use {}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database is from a newer program.
    #[error(
        "{database} has schema version {found}, but this program knows versions up to {known}; start a newer fuseboard, \
         or restore the copy that was made before the upgrade"
    )]
    Newer {
        /// The file or the database's name.
        database: String,
        /// The version it has.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// There is nothing to read.
    #[error("there is no data at {0}")]
    Missing(String),
    /// A file could not be copied.
    #[error("cannot copy {database} to {}", .to.display())]
    Copy {
        /// The file.
        database: String,
        /// Where to.
        to: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A file of a backup is not what it should be.
    #[error("{} cannot be used: {why}", .path.display())]
    Unsound {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A server is running where none may.
    #[error("a fuseboard server is running on {0}; stop it first")]
    ServerRunning(String),
    /// A restore was interrupted.
    #[error(
        "a restore was interrupted and its files are still in {}; run it again, or remove them when everything is in \
         its place", .0.display()
    )]
    RestoreUnfinished(PathBuf),
    /// A copy was interrupted.
    #[error(
        "{0} holds a copy that was not finished; run `fuseboard copy` again, and it goes on where it was"
    )]
    CopyUnfinished(String),
    /// The target of a restore holds something.
    #[error(
        "{database} is not empty ({found} is there); make a new database for this: nothing is ever removed \
         from a database"
    )]
    NotEmpty {
        /// The database's name.
        database: String,
        /// Something that is there.
        found: String,
    },
    /// The schema could not be brought up to date.
    #[error("cannot bring the schema of {database} up to date")]
    Migrate {
        /// The file or the database's name.
        database: String,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The schema is not there yet, and this caller may not make it.
    #[error("{0} has no current schema; start the server once, or stop it and try again")]
    NotMigrated(String),
    /// The server is older than what is needed.
    #[error("this is Postgres {0}, but 15 or newer is needed")]
    PostgresTooOld(String),
    /// The role that requests run as is missing, too strong, or cannot be taken.
    #[error("requests to {database} run as the role {role}, which {why}; {remedy}")]
    AppRole {
        /// The database's name.
        database: String,
        /// The role.
        role: String,
        /// What is wrong with it.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// Rows of one tenant are not hidden from the others.
    #[error("the wall between tenants does not stand in {database}: {}", .faults.join("; "))]
    Wall {
        /// The database's name.
        database: String,
        /// What is wrong, by table.
        faults: Vec<String>,
    },
    /// Another process holds the role of the journal's writer.
    #[error(
        "another fuseboard process is writing to this database, and did not stop within {0} seconds; one process at a \
         time can be the writer"
    )]
    WriterTaken(u64),
    /// The database did not do what was asked.
    #[error("cannot open {database}")]
    Database {
        /// The file or the database's name.
        database: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// What is stored cannot be read.
    #[error("cannot read what is stored in {database}")]
    Stored {
        /// The file or the database's name.
        database: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
        let path = path.to_owned();
        move |source| OpenError::Io { path, source }
    }

    pub(crate) fn database(name: impl Into<String>) -> impl FnOnce(sqlx::Error) -> OpenError {
        let database = name.into();
        move |source| OpenError::Database { database, source }
    }

    pub(crate) fn stored(name: impl Into<String>) -> impl FnOnce(StoreError) -> OpenError {
        let database = name.into();
        move |source| OpenError::Stored { database, source }
    }
}

/// An error of SQL as the engine sees it: what a constraint refused is a conflict, what cannot be read is corrupt, and
/// everything else (disk full, busy, connection lost, …) may be different the next time.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) if is_conflict(database.as_ref()) => {
            StoreError::Conflict(database.message().to_owned())
        }
        sqlx::Error::Database(database) if is_corrupt(database.as_ref()) => {
            StoreError::Corrupt(database.message().to_owned())
        }
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::TypeNotFound { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// A file error on the way of a store method.
pub(crate) fn io_error(error: io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

fn is_conflict(error: &dyn DatabaseError) -> bool {
    use sqlx::error::ErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    matches!(
        error.kind(),
        UniqueViolation | ForeignKeyViolation | CheckViolation | NotNullViolation
    )
}

/// SQLite: `SQLITE_CORRUPT` (11) and `SQLITE_NOTADB` (26), whose extended codes share the low byte. Postgres:
/// `data_corrupted` and `index_corrupted`.
fn is_corrupt(error: &dyn DatabaseError) -> bool {
    let Some(code) = error.code() else { return false };
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return code
            .parse::<i32>()
            .is_ok_and(|code| matches!(code & 0xff, 11 | 26));
    }
    matches!(code.as_ref(), "XX001" | "XX002")
}

/// Whether Postgres gave up waiting for a lock.
pub(crate) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("55P03"))
}

/// Whether the connection is not to be used again: it broke, or Postgres is ending it (class 57P: shutting down or told
/// to stop; class 08: connection).
pub(crate) fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => database
            .code()
            .is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => false,
        _ => true,
    }
}
