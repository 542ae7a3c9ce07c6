//! The SQL adapters of the store's ports: SQLite files in a folder, or Postgres.
//!
//! - [`SqliteStore`]: one process, one folder. The journal has one file per day, everything else is in `fuseboard.db`.
//! - [`PgStore`]: Postgres 15 or newer. One session at a time holds the role of the journal's writer.
//! - [`SqliteKeys`], [`PgKeys`]: API keys and the audit log alone, for the command line while a server is running.
//! - [`SqliteSnapshot`], [`PgSnapshot`]: everything that is stored, as of one moment, while a server is running; and
//!   [`SqliteRestore`], [`PgRestore`], which put it back. How it travels between them is not known here.
//! - [`copy()`]: everything from a folder into an empty Postgres database.
//!
//! SQL is written once where both databases read it the same way (`shared`). It is static text with `$n` placeholders;
//! lists travel as arrays or JSON. Both adapters pass the contract suite of `store`, which is the proof that they agree.
//!
//! Deliberately absent: any clock (times are arguments) and any task of its own; whatever has to happen regularly, such
//! as retention, is called by the engine.

mod copy;
mod error;
mod migrations;
mod postgres;
mod shared;
mod sqlite;

pub use copy::{Copied, CopyError, copy};
pub use error::OpenError;
pub use postgres::{
    AppRole, PgCounter, PgKeys, PgOptions, PgRestore, PgSnapshot, PgStore, PgTable, TransferError,
    provide_app_role,
};
pub use sqlite::{CopiedFile, SqliteKeys, SqliteOptions, SqliteRestore, SqliteSnapshot, SqliteStore};

/// The newest version of the schema that this program knows, of either database.
pub fn newest_schema() -> i64 {
    migrations::newest(&migrations::sqlite())
}
