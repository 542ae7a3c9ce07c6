//! Backups: what `store-sql` sees as of one moment goes into an [`archive`], and back.
//!
//! [`make`] works beside a running server, as `fuseboard keys` does: over the files, or over connections of its own. A
//! batch that was acknowledged before it began is in the backup. [`restore`] puts a backup where nothing is yet, or
//! moves aside what is there; it never deletes.
//!
//! Deliberately absent: keys and files of the data folder that are not the database's (`archive::NOT_INCLUDED`), a
//! schedule (the system's timer is a better one), and other machines (an archive is one file, for any tool to carry).

mod error;
mod make;
mod restore;

pub use error::BackupError;
pub use make::{file_name, make};
pub use restore::{Restored, restore};

use archive::DatabaseKind;

use crate::config::Config;

/// The kind of database that is configured.
fn kind(config: &Config) -> DatabaseKind {
    match config.database_url {
        None => DatabaseKind::Sqlite,
        Some(_) => DatabaseKind::Postgres,
    }
}

/// A time within a file's name: RFC 3339 in UTC to the second, without the colons that some file systems refuse.
fn stamp(now: i64) -> String {
    jiff::Timestamp::from_millisecond(now)
        .map(|time| time.strftime("%Y-%m-%dT%H%M%SZ").to_string())
        .unwrap_or_default()
}
