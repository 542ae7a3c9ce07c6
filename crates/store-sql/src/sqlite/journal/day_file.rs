//! One day's file: its schema, what is known of it, and its reading connections.

use std::io;
use std::path::{Path, PathBuf};

use domain::Millis;
use parking_lot::Mutex as SyncMutex;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};
use store::{StoreError, day};
use tokio::sync::{Mutex, MutexGuard};

use super::super::{SqliteOptions, WRITER, files};
use super::stored::Counted;
use crate::OpenError;
use crate::error::store_error;
use crate::shared::{signed, unsigned};

/// The schema of a day's file. Files are dropped after days, so there is no migration: a program reads the version
/// before its own as it is.
const SCHEMA: &str = "
    CREATE TABLE file (writer INTEGER NOT NULL, day INTEGER NOT NULL, first_seq INTEGER NOT NULL);
    CREATE TABLE batch (
        seq       INTEGER PRIMARY KEY,
        writer    INTEGER NOT NULL,
        tenant_id TEXT    NOT NULL,
        key_id    TEXT    NOT NULL,
        received  INTEGER NOT NULL,
        min_time  INTEGER NOT NULL,
        max_time  INTEGER NOT NULL,
        events    INTEGER NOT NULL,
        refused   INTEGER NOT NULL,
        zone      INTEGER NOT NULL,
        bytes     BLOB    NOT NULL
    );
    CREATE INDEX batch_by_arrival ON batch (received);
    CREATE TABLE idempotency (
        tenant_id  TEXT    NOT NULL,
        key_id     TEXT    NOT NULL,
        idem_key   TEXT    NOT NULL,
        body       BLOB    NOT NULL,
        accepted   INTEGER NOT NULL,
        duplicates INTEGER NOT NULL,
        refused    INTEGER NOT NULL,
        received   INTEGER NOT NULL,
        PRIMARY KEY (tenant_id, key_id, idem_key)
    ) WITHOUT ROWID;
    PRAGMA user_version = 1;
";
const VERSION: i64 = 1;

/// What a file holds, kept up to date by the writer so that nobody has to count.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stats {
    pub(super) batches: u64,
    pub(super) oldest: Option<Millis>,
}

pub(super) struct DayFile {
    pub(super) day: i64,
    pub(super) first_seq: u64,
    pub(super) stats: SyncMutex<Stats>,
    path: PathBuf,
    reading: SqliteConnectOptions,
    /// For reading batches.
    reader: Mutex<Reader>,
    /// For looking up idempotency keys, so that a long read never makes an append wait.
    keys: Mutex<Reader>,
    /// What its batches take.
    pub(super) counted: Mutex<Counted>,
}

/// A connection that is opened when it is needed first.
#[derive(Default)]
pub(super) enum Reader {
    #[default]
    NotYet,
    Open(SqliteConnection),
    /// The file was removed.
    Gone,
}

impl DayFile {
    /// Opens a file that exists. `None` when the process died while it made the file.
    pub(super) async fn open(
        folder: &Path,
        day: i64,
        options: &SqliteOptions,
    ) -> Result<Option<DayFile>, OpenError> {
        let path = path(folder, day);
        let name = path.display().to_string();
        // A writing connection, once: it replays the log that a crash left behind and moves it into the file.
        let mut connection = SqliteConnection::connect_with(&files::writing(&path, options))
            .await
            .map_err(OpenError::database(&name))?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut connection)
            .await
            .map_err(OpenError::database(&name))?;
        if version > VERSION {
            return Err(OpenError::Newer {
                database: name,
                found: version,
                known: VERSION,
            });
        }
        if version == 0 {
            connection.close().await.map_err(OpenError::database(&name))?;
            return Ok(None);
        }
        let (first_seq, stats) = Self::measure(&mut connection)
            .await
            .map_err(OpenError::stored(&name))?;
        connection.close().await.map_err(OpenError::database(&name))?;
        Ok(Some(Self::new(folder, day, first_seq, stats, options)))
    }

    /// Makes the file, with its schema in one transaction: it is there completely, or it is ignored at the next start.
    pub(super) async fn create(
        folder: &Path,
        day: i64,
        first_seq: u64,
        options: &SqliteOptions,
    ) -> Result<(DayFile, SqliteConnection), StoreError> {
        let path = path(folder, day);
        let mut connection = SqliteConnection::connect_with(&files::writing(&path, options))
            .await
            .map_err(store_error)?;
        let mut transaction = connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(store_error)?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut *transaction)
            .await
            .map_err(store_error)?;
        // An attempt before this one may have been cancelled after its commit.
        if version == 0 {
            sqlx::raw_sql(SCHEMA)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        }
        sqlx::query("DELETE FROM file")
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        sqlx::query("INSERT INTO file (writer, day, first_seq) VALUES ($1, $2, $3)")
            .bind(i64::from(WRITER))
            .bind(day)
            .bind(signed(first_seq)?)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        files::sync_folder(folder)
            .await
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok((
            Self::new(folder, day, first_seq, Stats::default(), options),
            connection,
        ))
    }

    fn new(folder: &Path, day: i64, first_seq: u64, stats: Stats, options: &SqliteOptions) -> DayFile {
        let path = path(folder, day);
        DayFile {
            day,
            first_seq,
            stats: SyncMutex::new(stats),
            reading: files::reading(&path, options),
            path,
            reader: Mutex::default(),
            keys: Mutex::default(),
            counted: Mutex::new(Counted::before(first_seq)),
        }
    }

    /// Sequences have no gaps within a file, so the number of batches is a subtraction.
    async fn measure(connection: &mut SqliteConnection) -> Result<(u64, Stats), StoreError> {
        let row = sqlx::query(
            "SELECT first_seq, (SELECT min(seq) FROM batch) AS low, (SELECT max(seq) FROM batch) AS high,
                (SELECT received FROM batch ORDER BY seq LIMIT 1) AS oldest
             FROM file",
        )
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
        let number = |name| row.try_get::<Option<i64>, _>(name).map_err(store_error);
        let batches = match (number("low")?, number("high")?) {
            (Some(low), Some(high)) => unsigned(high - low + 1)?,
            _ => 0,
        };
        let first_seq = unsigned(row.try_get("first_seq").map_err(store_error)?)?;
        Ok((
            first_seq,
            Stats {
                batches,
                oldest: number("oldest")?,
            },
        ))
    }

    /// A connection that writes, for the newest file.
    pub(super) async fn write(&self, options: &SqliteOptions) -> Result<SqliteConnection, StoreError> {
        SqliteConnection::connect_with(&files::writing(&self.path, options))
            .await
            .map_err(store_error)
    }

    /// A connection that rewrites what is there; `None` when the file was removed.
    pub(super) async fn rewrite(
        &self,
        options: &SqliteOptions,
    ) -> Result<Option<SqliteConnection>, StoreError> {
        // A file that is made anew by opening it would be none of the journal's.
        let there = files::writing(&self.path, options).create_if_missing(false);
        match SqliteConnection::connect_with(&there).await {
            Ok(connection) => Ok(Some(connection)),
            Err(_) if !tokio::fs::try_exists(&self.path).await.unwrap_or(true) => Ok(None),
            Err(error) => Err(store_error(error)),
        }
    }

    /// The connection for batches; `None` when the file was removed.
    pub(super) async fn reader(&self) -> Result<Option<OpenReader<'_>>, StoreError> {
        OpenReader::of(&self.reader, &self.reading).await
    }

    /// The connection for idempotency keys; `None` when the file was removed.
    pub(super) async fn keys(&self) -> Result<Option<OpenReader<'_>>, StoreError> {
        OpenReader::of(&self.keys, &self.reading).await
    }

    pub(super) async fn close_readers(&self) {
        for reader in [&self.reader, &self.keys] {
            if let Reader::Open(connection) = std::mem::replace(&mut *reader.lock().await, Reader::Gone) {
                // Closing a connection that only reads can fail in no way that matters.
                let _ = connection.close().await;
            }
        }
    }

    /// Removes a log that readers left behind.
    pub(super) async fn clear_log(&self, options: &SqliteOptions) {
        if tokio::fs::try_exists(with_suffix(&self.path, "-wal"))
            .await
            .unwrap_or(false)
            && let Ok(connection) = self.write(options).await
        {
            // What stays is harmless: the next start clears it.
            let _ = connection.close().await;
        }
    }

    /// What it takes on disk: database and log.
    pub(super) async fn size(&self) -> io::Result<u64> {
        let mut total = 0;
        for suffix in ["", "-wal"] {
            match tokio::fs::metadata(with_suffix(&self.path, suffix)).await {
                Ok(metadata) => total += metadata.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }
}

/// An open connection, borrowed.
pub(super) struct OpenReader<'a>(MutexGuard<'a, Reader>);

impl<'a> OpenReader<'a> {
    async fn of(
        reader: &'a Mutex<Reader>,
        options: &SqliteConnectOptions,
    ) -> Result<Option<OpenReader<'a>>, StoreError> {
        let mut guard = reader.lock().await;
        if matches!(*guard, Reader::Gone) {
            return Ok(None);
        }
        if matches!(*guard, Reader::NotYet) {
            *guard = Reader::Open(
                SqliteConnection::connect_with(options)
                    .await
                    .map_err(store_error)?,
            );
        }
        Ok(Some(OpenReader(guard)))
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match &mut *self.0 {
            Reader::Open(connection) => Ok(connection),
            _ => Err(StoreError::Unavailable("the connection is not open".into())),
        }
    }
}

/// Removes a day's file and its logs. The database goes first, for good: logs alone are swept up at the next start, whereas
/// a database without its log could have lost batches from the middle of the sequence.
pub(super) async fn remove(folder: &Path, day: i64) -> io::Result<()> {
    let path = path(folder, day);
    for suffix in ["", "-wal", "-shm"] {
        match tokio::fs::remove_file(with_suffix(&path, suffix)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if suffix.is_empty() {
            // Without this a power cut could bring the database back and not its log.
            tokio::fs::File::open(folder).await?.sync_all().await?;
        }
    }
    Ok(())
}

fn path(folder: &Path, day: i64) -> PathBuf {
    folder.join(format!("{}.db", day::name(day)))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}
