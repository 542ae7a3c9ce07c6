//! Filling an empty schema from a backup, in one transaction: all of it is there afterwards, or nothing.

use std::io;

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use super::connect::Database;
use super::journal::{partitions, session};
use super::rows::TransferError;
use super::snapshot::{PgCounter, PgTable, list, quoted};
use super::{WRITER, tables};
use crate::{OpenError, migrations};

/// How much is sent at a time.
const PIECE: usize = 1 << 17;

/// A database that is being restored into.
pub struct PgRestore {
    database: Database,
    transaction: Transaction<'static, Postgres>,
    pool: PgPool,
}

impl PgRestore {
    /// Connects, makes sure that nobody uses the database and that it is empty, and begins.
    ///
    /// # Errors
    /// [`OpenError::ServerRunning`] when it has a writer, [`OpenError::NotEmpty`] when it holds anything.
    pub async fn begin(url: &str) -> Result<PgRestore, OpenError> {
        let database = Database::parse(url)?;
        let failed = || OpenError::database(database.name());
        database.check_server().await?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(database.options())
            .await
            .map_err(failed())?;
        let mut transaction = pool.begin().await.map_err(failed())?;
        sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0")
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        // The role of the journal's writer: a server that starts meanwhile waits for it.
        let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1, $2)")
            .bind(session::LOCK)
            .bind(i32::try_from(WRITER).unwrap_or(i32::MAX))
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed())?;
        if !free {
            return Err(OpenError::ServerRunning(database.name().to_owned()));
        }
        let found: Option<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class
             WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
                AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') ORDER BY relkind DESC, relname LIMIT 1",
        )
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed())?;
        if let Some(found) = found {
            return Err(OpenError::NotEmpty {
                database: database.name().to_owned(),
                found,
            });
        }
        Ok(PgRestore {
            database,
            transaction,
            pool,
        })
    }

    /// Makes the schema as it was at this version, with the partitions that these tables need, and compares: every
    /// table that is there must be among them with the same columns, and the other way round.
    ///
    /// # Errors
    /// [`OpenError::Unsound`] when they differ.
    pub async fn make_schema(&mut self, version: i64, wanted: &[PgTable]) -> Result<(), OpenError> {
        let name = self.database.name().to_owned();
        let failed = || OpenError::database(&name);
        migrations::migrator(&migrations::postgres())
            .run_direct(Some(version), &mut *self.transaction, false)
            .await
            .map_err(|source| OpenError::Migrate {
                database: name.clone(),
                source,
            })?;
        for day in wanted.iter().filter_map(|table| partitions::day_of(&table.name)) {
            partitions::make(&mut self.transaction, day)
                .await
                .map_err(failed())?;
        }
        let made = tables::ours(&mut self.transaction).await.map_err(failed())?;
        let differs = |table: &str, why: String| OpenError::Unsound {
            path: format!("the table {table}").into(),
            why,
        };
        for table in wanted {
            if !made.contains(&table.name) {
                let why = format!("version {version} of the schema has no such table");
                return Err(differs(&table.name, why));
            }
            let mut columns = tables::columns(&mut self.transaction, &table.name)
                .await
                .map_err(failed())?;
            let mut stored = table.columns.clone();
            columns.sort_unstable();
            stored.sort_unstable();
            if columns != stored {
                let why = format!("its columns are {stored:?}, not {columns:?}");
                return Err(differs(&table.name, why));
            }
        }
        match made
            .iter()
            .find(|name| wanted.iter().all(|table| table.name != **name))
        {
            None => Ok(()),
            Some(name) => Err(differs(name, "the backup does not have it".into())),
        }
    }

    /// Fills a table with binary COPY, read piece by piece. The number of rows.
    ///
    /// # Errors
    /// The database refused them, or they could not be read.
    pub async fn fill(
        &mut self,
        table: &PgTable,
        mut source: impl FnMut(&mut [u8]) -> io::Result<usize> + Send,
    ) -> Result<u64, TransferError> {
        let failed = |source| TransferError::Database {
            database: self.database.name().to_owned(),
            table: table.name.clone(),
            source,
        };
        let name = quoted(&table.name);
        // The migrations put rows of their own into some tables.
        let sql = format!("DELETE FROM {name}");
        let any = format!("SELECT EXISTS (SELECT 1 FROM {name})");
        let any: bool = sqlx::query_scalar(AssertSqlSafe(any))
            .fetch_one(&mut *self.transaction)
            .await
            .map_err(failed)?;
        if any {
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut *self.transaction)
                .await
                .map_err(failed)?;
        }
        let sql = format!(
            "COPY {name} ({}) FROM STDIN (FORMAT binary)",
            list(&table.columns)
        );
        let mut copy = self.transaction.copy_in_raw(&sql).await.map_err(failed)?;
        let mut buffer = vec![0; PIECE];
        loop {
            match source(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    copy.send(&buffer[..read]).await.map_err(failed)?;
                }
                Err(error) => {
                    // That the copy did not succeed is what is told; how its end went does not matter.
                    let _ = copy.abort("its source failed").await;
                    return Err(TransferError::Other(error));
                }
            }
        }
        copy.finish().await.map_err(failed)
    }

    /// Lets the counters go on where they were.
    ///
    /// # Errors
    /// A table has no such counter.
    pub async fn set_counters(&mut self, counters: &[PgCounter]) -> Result<(), OpenError> {
        for counter in counters {
            let last = counter.last;
            sqlx::query("SELECT setval(pg_get_serial_sequence($1, $2), coalesce($3, 1), $3 IS NOT NULL)")
                .bind(quoted(&counter.table))
                .bind(&counter.column)
                .bind(last)
                .execute(&mut *self.transaction)
                .await
                .map_err(OpenError::database(self.database.name()))?;
        }
        Ok(())
    }

    /// Makes all of it last.
    ///
    /// # Errors
    /// It could not be committed: then nothing is there.
    pub async fn finish(self) -> Result<(), OpenError> {
        let name = self.database.name().to_owned();
        let committed = self.transaction.commit().await;
        self.pool.close().await;
        committed.map_err(OpenError::database(name))
    }
}
