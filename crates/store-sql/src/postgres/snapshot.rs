//! All our tables of a Postgres database as of one moment, while a server writes to it.
//!
//! One read-only transaction, `REPEATABLE READ`. It locks the tables first, as readers do, and only then looks: so no
//! partition can be dropped between the moment it shows and the moment its rows are read. Neither lock nor snapshot
//! makes an append wait. What waits is the removal of old partitions: it is put off until the backup is done.

use std::collections::BTreeSet;
use std::io;

use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use store::TenantId;

use super::connect::{Database, schema_version};
use super::rows::{RowCounter, TransferError};
use super::target::is_unfinished;
use super::{WRITER, tables};
use crate::shared::{tenant_from, unsigned};
use crate::{OpenError, migrations};

/// How often the list of tables is made anew when one of them went away before it was locked.
const ATTEMPTS: u32 = 5;

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgTable {
    /// Its name. A partition has the day in it.
    pub name: String,
    /// Its columns, in the order that rows have them.
    pub columns: Vec<String>,
}

/// A counter that numbers the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgCounter {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The last number given; none when none was.
    pub last: Option<i64>,
}

/// The moment, and the connection that sees it.
pub struct PgSnapshot {
    database: Database,
    transaction: Transaction<'static, Postgres>,
    pool: PgPool,
    schema: i64,
    tables: Vec<PgTable>,
    counters: Vec<PgCounter>,
    tenants: BTreeSet<TenantId>,
    batches: Option<(u64, u64)>,
}

impl PgSnapshot {
    /// Connects and takes the moment. Changes nothing, not even the schema.
    ///
    /// # Errors
    /// [`OpenError::Missing`] when there is nothing, [`OpenError::Newer`] when a newer program wrote it.
    pub async fn open(url: &str) -> Result<PgSnapshot, OpenError> {
        let database = Database::parse(url)?;
        let failed = || OpenError::database(database.name());
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(database.options())
            .await
            .map_err(failed())?;
        let mut transaction = begin(&pool, &database).await?;
        if is_unfinished(&mut transaction).await.map_err(failed())? {
            return Err(OpenError::CopyUnfinished(database.name().to_owned()));
        }
        let known = migrations::newest(&migrations::postgres());
        let schema = match schema_version(&mut transaction).await.map_err(failed())? {
            None => return Err(OpenError::Missing(database.name().to_owned())),
            Some(found) if found > known => {
                return Err(OpenError::Newer {
                    database: database.name().to_owned(),
                    found,
                    known,
                });
            }
            Some(found) => found,
        };
        let mut tables = Vec::new();
        for name in tables::ours(&mut transaction).await.map_err(failed())? {
            let columns = tables::columns(&mut transaction, &name).await.map_err(failed())?;
            tables.push(PgTable { name, columns });
        }
        let counters = counters(&mut transaction, &tables).await.map_err(failed())?;
        let tenants: Vec<String> = sqlx::query_scalar(
            "SELECT tenant_id FROM checkpoint UNION SELECT tenant_id FROM series
             UNION SELECT tenant_id FROM api_key",
        )
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed())?;
        let batches: (Option<i64>, Option<i64>) =
            sqlx::query_as("SELECT min(seq), max(seq) FROM journal_batch WHERE writer = $1")
                .bind(i64::from(WRITER))
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed())?;
        let stored = || OpenError::stored(database.name());
        let batches = match batches {
            (Some(first), Some(last)) => Some((
                unsigned(first).map_err(stored())?,
                unsigned(last).map_err(stored())?,
            )),
            _ => None,
        };
        let tenants = tenants
            .iter()
            .map(|tenant| tenant_from(tenant))
            .collect::<Result<_, _>>()
            .map_err(stored())?;
        Ok(PgSnapshot {
            transaction,
            pool,
            schema,
            tables,
            counters,
            tenants,
            batches,
            database,
        })
    }

    /// The version of the schema.
    pub fn schema(&self) -> i64 {
        self.schema
    }

    /// The tables, each after those it refers to.
    pub fn tables(&self) -> &[PgTable] {
        &self.tables
    }

    /// The counters of those tables.
    pub fn counters(&self) -> &[PgCounter] {
        &self.counters
    }

    /// Whose data is there.
    pub fn tenants(&self) -> &BTreeSet<TenantId> {
        &self.tenants
    }

    /// The journal's writer.
    pub fn writer(&self) -> u32 {
        WRITER
    }

    /// The first and the last sequence of the journal.
    pub fn batches(&self) -> Option<(u64, u64)> {
        self.batches
    }

    /// Hands the rows of a table, as binary COPY, piece by piece to whoever takes them. The number of rows.
    ///
    /// # Errors
    /// The database failed, or the taker did.
    pub async fn copy(
        &mut self,
        table: &PgTable,
        mut taker: impl FnMut(&[u8]) -> io::Result<()> + Send,
    ) -> Result<u64, TransferError> {
        let failed = |source| TransferError::Database {
            database: self.database.name().to_owned(),
            table: table.name.clone(),
            source,
        };
        let sql = format!(
            "COPY {} ({}) TO STDOUT (FORMAT binary)",
            quoted(&table.name),
            list(&table.columns)
        );
        let mut counter = RowCounter::default();
        let mut stream = self.transaction.copy_out_raw(&sql).await.map_err(failed)?;
        while let Some(piece) = stream.try_next().await.map_err(failed)? {
            counter.take(&piece).map_err(|why| TransferError::Rows {
                table: table.name.clone(),
                why,
            })?;
            taker(&piece).map_err(TransferError::Other)?;
        }
        if !counter.is_whole() {
            return Err(TransferError::Rows {
                table: table.name.clone(),
                why: "they end too early",
            });
        }
        Ok(counter.rows)
    }

    /// Lets go of the moment and closes the connection.
    pub async fn close(self) {
        // It only read: there is nothing that could fail to be undone.
        let _ = self.transaction.rollback().await;
        self.pool.close().await;
    }
}

/// Begins the transaction and locks our tables. Its moment is not fixed before the next statement.
async fn begin(pool: &PgPool, database: &Database) -> Result<Transaction<'static, Postgres>, OpenError> {
    let failed = || OpenError::database(database.name());
    let mut attempt = 1;
    loop {
        let mut connection = pool.acquire().await.map_err(failed())?;
        let names = tables::ours(&mut connection).await.map_err(failed())?;
        // A slow disk is no reason to lose the moment; rows that policies hide are one to stop.
        for sql in [
            "SET idle_in_transaction_session_timeout = 0",
            "SET lock_timeout = '30s'",
            "SET row_security = off",
        ] {
            sqlx::query(sql)
                .execute(&mut *connection)
                .await
                .map_err(failed())?;
        }
        drop(connection);
        let mut transaction = pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .map_err(failed())?;
        if names.is_empty() {
            return Ok(transaction);
        }
        let sql = format!("LOCK TABLE {} IN ACCESS SHARE MODE", list(&names));
        let locked = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await;
        match locked {
            Ok(_) => return Ok(transaction),
            Err(error) if is_gone(&error) && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(failed()(error)),
        }
        transaction.rollback().await.map_err(failed())?;
    }
}

/// A table is not there any more.
fn is_gone(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.code().as_deref() == Some("42P01"))
}

/// A counter is outside of every transaction: it may be ahead of the rows, never behind.
pub(super) async fn counters(
    connection: &mut PgConnection,
    tables: &[PgTable],
) -> Result<Vec<PgCounter>, sqlx::Error> {
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let found: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT t.relname::text, a.attname::text, s.oid::regclass::text
         FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            AND t.relname::text = ANY($1) AND t.oid = to_regclass(t.relname::text)
         ORDER BY 1, 2",
    )
    .bind(&names)
    .fetch_all(&mut *connection)
    .await?;
    let mut counters = Vec::with_capacity(found.len());
    for (table, column, sequence) in found {
        // The name comes from Postgres, quoted where it has to be.
        let sql = format!("SELECT CASE WHEN is_called THEN last_value END FROM {sequence}");
        let last = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *connection)
            .await?;
        counters.push(PgCounter { table, column, last });
    }
    Ok(counters)
}

/// A name within a statement.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names within a statement.
pub(super) fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| quoted(name))
        .collect::<Vec<_>>()
        .join(", ")
}
