//! A database that is being filled row by row, in steps that last: each step's rows and the mark of how far it got are
//! one transaction.
//!
//! The table `copy_unfinished` says so until all of it was checked; while it is there, no server starts on the database.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt as _;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::time::Instant;

use super::connect::{Database, schema_version};
use super::journal::{partitions, session};
use super::rows::TransferError;
use super::snapshot::{PgTable, counters, list, quoted};
use super::{WRITER, tables};
use crate::copy::{Column, HEAD, Kind, Splitter, Sum, TAIL};
use crate::error::store_error;
use crate::shared::{digest, signed, unsigned};
use crate::{OpenError, migrations};

/// What is copied, and how far it is.
const MARK: &str = "copy_unfinished";
/// How long the end of a copy that was killed is waited for.
const WAIT: Duration = Duration::from_secs(15);

/// A part as the target remembers it.
pub(crate) struct Planned {
    pub(crate) name: String,
    /// All there is to copy.
    pub(crate) sum: Sum,
    /// Rows that are there already.
    pub(crate) copied: u64,
}

/// The database.
pub(crate) struct PgTarget {
    database: Database,
    connection: PgConnection,
}

/// Whether a copy into this database was begun and not finished.
pub(super) async fn is_unfinished(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(MARK)
        .fetch_one(connection)
        .await
}

impl PgTarget {
    /// Connects, makes sure that nobody uses the database, and that it is empty or holds an unfinished copy. The schema is
    /// there afterwards.
    ///
    /// # Errors
    /// [`OpenError::ServerRunning`] when it has a writer, [`OpenError::NotEmpty`] when it holds something else.
    pub(crate) async fn open(url: &str) -> Result<PgTarget, OpenError> {
        let database = Database::parse(url)?;
        database.check_server().await?;
        let failed = || OpenError::database(database.name());
        let mut connection = PgConnection::connect_with(&database.options())
            .await
            .map_err(failed())?;
        take(&mut connection, &database).await?;
        let known = migrations::newest(&migrations::postgres());
        if is_unfinished(&mut connection).await.map_err(failed())? {
            let found = schema_version(&mut connection).await.map_err(failed())?;
            if found != Some(known) {
                return Err(OpenError::Unsound {
                    path: database.name().into(),
                    why: "another version of this program has begun a copy in it; make a new database".into(),
                });
            }
            return Ok(PgTarget { database, connection });
        }
        let found: Option<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class
             WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
                AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') ORDER BY relkind DESC, relname LIMIT 1",
        )
        .fetch_optional(&mut connection)
        .await
        .map_err(failed())?;
        if let Some(found) = found {
            return Err(OpenError::NotEmpty {
                database: database.name().to_owned(),
                found,
            });
        }
        let mut transaction = connection.begin().await.map_err(failed())?;
        migrations::migrator(&migrations::postgres())
            .run_direct(None, &mut *transaction, false)
            .await
            .map_err(|source| OpenError::Migrate {
                database: database.name().to_owned(),
                source,
            })?;
        // Some migrations put rows in; the source has its own.
        for table in tables::ours(&mut transaction).await.map_err(failed())? {
            let sql = format!("DELETE FROM {}", quoted(&table));
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut *transaction)
                .await
                .map_err(failed())?;
        }
        sqlx::raw_sql(
            "CREATE TABLE copy_unfinished (
                part   TEXT   NOT NULL PRIMARY KEY,
                place  BIGINT NOT NULL,
                rows   BIGINT NOT NULL,
                sum    BYTEA  NOT NULL,
                copied BIGINT NOT NULL
             )",
        )
        .execute(&mut *transaction)
        .await
        .map_err(failed())?;
        transaction.commit().await.map_err(failed())?;
        Ok(PgTarget { database, connection })
    }

    /// For messages.
    pub(crate) fn name(&self) -> &str {
        self.database.name()
    }

    /// The tables that rows go into, each after those it refers to. Partitions are not among them, what is above them is.
    pub(crate) async fn tables(&mut self) -> Result<Vec<String>, OpenError> {
        let found = tables::ours(&mut self.connection)
            .await
            .map_err(OpenError::database(self.database.name()))?;
        let rows = found
            .into_iter()
            .filter(|name| partitions::day_of(name).is_none());
        Ok(rows.chain(["journal_batch".to_owned()]).collect())
    }

    /// The columns of a table.
    ///
    /// # Errors
    /// [`OpenError::Unsound`] for one that holds something that no row on its way can.
    pub(crate) async fn columns(&mut self, table: &str) -> Result<Vec<Column>, OpenError> {
        let found: Vec<(String, String)> = sqlx::query_as(
            "SELECT a.attname::text, t.typname::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
             ORDER BY a.attnum",
        )
        .bind(table)
        .fetch_all(&mut self.connection)
        .await
        .map_err(OpenError::database(self.database.name()))?;
        let column = |(name, kind): (String, String)| match Kind::of_postgres(&kind) {
            Some(kind) => Ok(Column { name, kind }),
            None => Err(OpenError::Unsound {
                path: format!("the table {table}").into(),
                why: format!("its column {name} is of type {kind}, which has no counterpart in SQLite"),
            }),
        };
        found.into_iter().map(column).collect()
    }

    /// What was planned when the copy was begun; nothing when it was killed before.
    pub(crate) async fn planned(&mut self) -> Result<Vec<Planned>, OpenError> {
        let rows: Vec<(String, i64, Vec<u8>, i64)> =
            sqlx::query_as("SELECT part, rows, sum, copied FROM copy_unfinished ORDER BY place")
                .fetch_all(&mut self.connection)
                .await
                .map_err(OpenError::database(self.database.name()))?;
        rows.into_iter()
            .map(|(name, rows, sum, copied)| {
                Ok(Planned {
                    name,
                    sum: Sum::read(unsigned(rows)?, &digest(&sum)?),
                    copied: unsigned(copied)?,
                })
            })
            .collect::<Result<_, store::StoreError>>()
            .map_err(OpenError::stored(self.database.name()))
    }

    /// Writes down what is to be copied, and makes the partitions that it needs.
    pub(crate) async fn plan(
        &mut self,
        parts: &[(String, Sum)],
        days: &BTreeSet<i64>,
    ) -> Result<(), OpenError> {
        let failed = || OpenError::database(self.database.name());
        for day in days {
            partitions::make(&mut self.connection, *day)
                .await
                .map_err(failed())?;
        }
        let stored = || OpenError::stored(self.database.name());
        let rows: Vec<i64> = parts
            .iter()
            .map(|(_, sum)| signed(sum.rows))
            .collect::<Result<_, _>>()
            .map_err(stored())?;
        sqlx::query(
            "INSERT INTO copy_unfinished (part, place, rows, sum, copied)
             SELECT p.part, p.place, p.rows, p.sum, 0
             FROM unnest($1::text[], $2::bigint[], $3::bytea[]) WITH ORDINALITY AS p (part, rows, sum, place)",
        )
        .bind(parts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
        .bind(rows)
        .bind(parts.iter().map(|(_, sum)| sum.bytes().to_vec()).collect::<Vec<_>>())
        .execute(&mut self.connection)
        .await
        .map_err(failed())?;
        Ok(())
    }

    /// Adds rows to a table and moves the mark of their part from `before` to `after`: both, or neither.
    pub(crate) async fn step(
        &mut self,
        part: &str,
        table: &str,
        columns: &[Column],
        rows: &[u8],
        (before, after): (u64, u64),
    ) -> Result<(), TransferError> {
        let failed = |source| TransferError::Database {
            database: self.database.name().to_owned(),
            table: table.to_owned(),
            source,
        };
        let stored = |error| TransferError::Open(OpenError::stored(self.database.name())(error));
        let mut transaction = self.connection.begin().await.map_err(failed)?;
        let sql = format!(
            "COPY {} ({}) FROM STDIN (FORMAT binary)",
            quoted(table),
            names(columns)
        );
        let mut copy = transaction.copy_in_raw(&sql).await.map_err(failed)?;
        copy.send(&HEAD[..]).await.map_err(failed)?;
        copy.send(rows).await.map_err(failed)?;
        copy.send(&TAIL[..]).await.map_err(failed)?;
        let taken = copy.finish().await.map_err(failed)?;
        let moved = sqlx::query("UPDATE copy_unfinished SET copied = $3 WHERE part = $1 AND copied = $2")
            .bind(part)
            .bind(signed(before).map_err(stored)?)
            .bind(signed(after).map_err(stored)?)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if taken != after - before || moved.rows_affected() != 1 {
            return Err(TransferError::Rows {
                table: table.to_owned(),
                why: "the target did not take what it was given",
            });
        }
        transaction.commit().await.map_err(failed)
    }

    /// What is in a table.
    pub(crate) async fn sum(&mut self, table: &str, columns: &[Column]) -> Result<Sum, TransferError> {
        let name = self.database.name().to_owned();
        let failed = |source| TransferError::Database {
            database: name.clone(),
            table: table.to_owned(),
            source,
        };
        let bad = |why| TransferError::Rows {
            table: table.to_owned(),
            why,
        };
        // Not the table itself: what is above partitions has no rows of its own.
        let sql = format!(
            "COPY (SELECT {} FROM {}) TO STDOUT (FORMAT binary)",
            names(columns),
            quoted(table)
        );
        let mut sum = Sum::default();
        let mut splitter = Splitter::default();
        let mut stream = self.connection.copy_out_raw(&sql).await.map_err(failed)?;
        while let Some(piece) = stream.try_next().await.map_err(failed)? {
            splitter.take(&piece, |row| sum.add(row)).map_err(bad)?;
        }
        match splitter.is_whole() {
            true => Ok(sum),
            false => Err(bad("they end before their end")),
        }
    }

    /// Lets the counters go on behind the rows, and makes it a database like any other.
    pub(crate) async fn finish(mut self, tables: &[String]) -> Result<(), OpenError> {
        let failed = || OpenError::database(self.database.name());
        let counted: Vec<PgTable> = tables
            .iter()
            .map(|name| PgTable {
                name: name.clone(),
                columns: Vec::new(),
            })
            .collect();
        let counters = counters(&mut self.connection, &counted).await.map_err(failed())?;
        let mut transaction = self.connection.begin().await.map_err(failed())?;
        for counter in counters {
            let (table, column) = (quoted(&counter.table), quoted(&counter.column));
            let sql = format!(
                "SELECT setval(pg_get_serial_sequence($1, $2), coalesce(max({column}), 1), max({column}) IS NOT NULL)
                 FROM {table}"
            );
            sqlx::query(AssertSqlSafe(sql))
                .bind(&table)
                .bind(&counter.column)
                .execute(&mut *transaction)
                .await
                .map_err(failed())?;
        }
        sqlx::raw_sql("DROP TABLE copy_unfinished")
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        transaction.commit().await.map_err(failed())?;
        // So that the first questions are not planned for empty tables.
        let sql = format!("ANALYZE {}", list(tables));
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await
            .map_err(store_error)
        {
            tracing::warn!(%error, "the new tables could not be analysed; Postgres will do it in its own time");
        }
        // Whether the goodbye arrives or not, everything is committed.
        let _ = self.connection.close().await;
        Ok(())
    }
}

/// Takes the role of the journal's writer for this connection. A server that starts meanwhile waits for it.
async fn take(connection: &mut PgConnection, database: &Database) -> Result<(), OpenError> {
    let failed = || OpenError::database(database.name());
    let until = Instant::now() + WAIT;
    loop {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(session::LOCK)
            .bind(i32::try_from(WRITER).unwrap_or(i32::MAX))
            .fetch_one(&mut *connection)
            .await
            .map_err(failed())?;
        if taken {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(OpenError::ServerRunning(database.name().to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn names(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    list(&names)
}
