//! Consistent copies of the files of a folder, while a server writes to them.
//!
//! `VACUUM INTO` through a connection that only reads: it sees one moment, takes no lock that a writer would wait for,
//! and the copy is a whole database without logs. The order makes the copies fit each other:
//!
//! 1. Every day file that is there is opened. Retention may unlink it from now on; an open file stays readable.
//! 2. `fuseboard.db` is copied. It contains the journal up to some offset.
//! 3. Days that began meanwhile are opened, then all days are copied, oldest first. A file that has a successor is
//!    complete, so the copies are a journal without a gap, and it reaches at least to that offset.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _};
use store::{StoreError, TenantId, day};

use super::main_db::FILE;
use super::schema::schema_version;
use super::{SqliteOptions, WRITER, files, journal};
use crate::error::store_error;
use crate::shared::{tenant_from, unsigned};
use crate::{OpenError, migrations};

/// The files of a folder, opened for copying.
pub struct SqliteSnapshot {
    main: Option<SqliteConnection>,
    name: String,
    journal: std::path::PathBuf,
    options: SqliteOptions,
    /// By day. `None` once it is copied.
    days: BTreeMap<i64, Option<SqliteConnection>>,
    /// The version of the schema of `fuseboard.db`.
    schema: i64,
}

/// What a copy holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopiedFile {
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// Whose rows, in `fuseboard.db`.
    pub tenants: BTreeSet<TenantId>,
    /// The first and the last sequence, in a day of the journal that has batches.
    pub batches: Option<(u64, u64)>,
}

impl SqliteSnapshot {
    /// Opens what is there. Changes nothing: neither the schema nor the lock.
    ///
    /// # Errors
    /// [`OpenError::NotMigrated`] when there is no database, [`OpenError::Newer`] when a newer program wrote it.
    pub async fn open(data_dir: &Path, options: SqliteOptions) -> Result<SqliteSnapshot, OpenError> {
        let path = data_dir.join(FILE);
        let name = path.display().to_string();
        if !tokio::fs::try_exists(&path).await.map_err(OpenError::io(&path))? {
            return Err(OpenError::Missing(name));
        }
        let journal = data_dir.join(journal::FOLDER);
        let mut snapshot = SqliteSnapshot {
            main: None,
            name: name.clone(),
            journal,
            options,
            days: BTreeMap::new(),
            schema: 0,
        };
        snapshot.open_days().await?;
        let mut main = SqliteConnection::connect_with(&copying(&path, &snapshot.options))
            .await
            .map_err(OpenError::database(&name))?;
        let found = schema_version(&mut main)
            .await
            .map_err(OpenError::database(&name))?;
        let known = migrations::newest(&migrations::sqlite());
        snapshot.schema = match found {
            None => return Err(OpenError::Missing(name)),
            Some(found) if found > known => {
                return Err(OpenError::Newer {
                    database: name,
                    found,
                    known,
                });
            }
            Some(found) => found,
        };
        snapshot.main = Some(main);
        Ok(snapshot)
    }

    /// The version of the schema.
    pub fn schema(&self) -> i64 {
        self.schema
    }

    /// The journal's writer.
    pub fn writer(&self) -> u32 {
        WRITER
    }

    /// Copies `fuseboard.db` to a new file. First of all, and once.
    ///
    /// # Errors
    /// It cannot be read, or the copy cannot be written.
    pub async fn copy_main(&mut self, to: &Path) -> Result<CopiedFile, OpenError> {
        let Some(main) = self.main.take() else {
            return Err(OpenError::Missing(self.name.clone()));
        };
        vacuum_into(main, &self.name, to).await?;
        let mut copied = CopiedFile::default();
        let mut copy = open_copy(to).await?;
        let read = async || -> Result<(), StoreError> {
            copied.tables = count(&mut copy).await?;
            let tenants: Vec<String> = sqlx::query_scalar(
                "SELECT tenant_id FROM checkpoint UNION SELECT tenant_id FROM series
                 UNION SELECT tenant_id FROM api_key",
            )
            .fetch_all(&mut copy)
            .await
            .map_err(store_error)?;
            copied.tenants = tenants
                .iter()
                .map(|tenant| tenant_from(tenant))
                .collect::<Result<_, _>>()?;
            copy.close().await.map_err(store_error)
        };
        read().await.map_err(OpenError::stored(&self.name))?;
        self.open_days().await?;
        Ok(copied)
    }

    /// The days to copy, oldest first, as they are called: `YYYYMMDD`. Complete after [`SqliteSnapshot::copy_main`].
    pub fn days(&self) -> Vec<String> {
        self.days.keys().map(|day| day::name(*day)).collect()
    }

    /// Copies a day of the journal to a new file. `None` when the process died while it made that day's file: nothing
    /// was acknowledged from it.
    ///
    /// # Errors
    /// It cannot be read, or the copy cannot be written.
    pub async fn copy_day(&mut self, name: &str, to: &Path) -> Result<Option<CopiedFile>, OpenError> {
        let database = self.journal.join(format!("{name}.db")).display().to_string();
        let connection = day::parse(name).and_then(|day| self.days.get_mut(&day)?.take());
        let Some(mut connection) = connection else {
            return Err(OpenError::Missing(database));
        };
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut connection)
            .await
            .map_err(OpenError::database(&database))?;
        if version == 0 {
            return Ok(None);
        }
        vacuum_into(connection, &database, to).await?;
        let mut copy = open_copy(to).await?;
        let read = async || -> Result<CopiedFile, StoreError> {
            let tables = count(&mut copy).await?;
            let (first, last): (Option<i64>, Option<i64>) =
                sqlx::query_as("SELECT min(seq), max(seq) FROM batch")
                    .fetch_one(&mut copy)
                    .await
                    .map_err(store_error)?;
            copy.close().await.map_err(store_error)?;
            let batches = match (first, last) {
                (Some(first), Some(last)) => Some((unsigned(first)?, unsigned(last)?)),
                _ => None,
            };
            Ok(CopiedFile {
                tables,
                batches,
                ..CopiedFile::default()
            })
        };
        Ok(Some(read().await.map_err(OpenError::stored(&database))?))
    }

    /// Opens the days that are not open yet.
    async fn open_days(&mut self) -> Result<(), OpenError> {
        for (day, path) in days_in(&self.journal).await? {
            if self.days.contains_key(&day) {
                continue;
            }
            let name = path.display().to_string();
            match pin(&copying(&path, &self.options)).await {
                Ok(connection) => {
                    self.days.insert(day, Some(connection));
                }
                // Retention was faster. What had to outlive the file is in the newest one by now.
                Err(_) if !tokio::fs::try_exists(&path).await.unwrap_or(true) => {}
                Err(error) => return Err(OpenError::database(name)(error)),
            }
        }
        Ok(())
    }
}

/// A connection that reads here and writes a copy elsewhere. Nobody needs the copy after a crash: waiting for the disk
/// to have it would make the server's own commits wait.
fn copying(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    files::reading(path, options).synchronous(SqliteSynchronous::Off)
}

/// A connection that has the file open: SQLite opens it with the first statement.
async fn pin(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    sqlx::query("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut connection)
        .await?;
    Ok(connection)
}

/// The days that have a file, with its path.
pub(super) async fn days_in(folder: &Path) -> Result<BTreeMap<i64, std::path::PathBuf>, OpenError> {
    let mut days = BTreeMap::new();
    let mut entries = match tokio::fs::read_dir(folder).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(days),
        entries => entries.map_err(OpenError::io(folder))?,
    };
    while let Some(entry) = entries.next_entry().await.map_err(OpenError::io(folder))? {
        let name = entry.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".db"));
        if let Some(day) = name.and_then(day::parse) {
            days.insert(day, entry.path());
        }
    }
    Ok(days)
}

/// Copies a database through this connection, and closes it.
async fn vacuum_into(mut connection: SqliteConnection, name: &str, to: &Path) -> Result<(), OpenError> {
    sqlx::query("VACUUM INTO $1")
        .bind(to.to_string_lossy())
        .execute(&mut connection)
        .await
        .map_err(|source| OpenError::Copy {
            database: name.to_owned(),
            to: to.to_owned(),
            source,
        })?;
    // Closing a connection that only reads can fail in no way that matters.
    let _ = connection.close().await;
    Ok(())
}

/// A copy that nobody else has open.
pub(super) async fn open_copy(path: &Path) -> Result<SqliteConnection, OpenError> {
    let options = files::reading(path, &SqliteOptions::default()).immutable(true);
    SqliteConnection::connect_with(&options)
        .await
        .map_err(OpenError::database(path.display().to_string()))
}

/// Rows by table.
async fn count(connection: &mut SqliteConnection) -> Result<BTreeMap<String, u64>, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(store_error)?;
    let mut rows = BTreeMap::new();
    for name in names {
        let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let number: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *connection)
            .await
            .map_err(store_error)?;
        rows.insert(name, unsigned(number)?);
    }
    Ok(rows)
}
