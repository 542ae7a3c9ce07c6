//! `fuseboard.db`: rollups, transitions, checkpoints, API keys, audit. One connection writes, a few read.

use std::collections::HashMap;
use std::path::Path;

use domain::rollup::SeriesKey;
use parking_lot::Mutex;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePoolOptions};
use sqlx::{Connection as _, Sqlite, SqlitePool, Transaction};
use store::audit::AuditKey;
use store::{Flush, Holder, PartialRow, StoreError, TenantId, check_flush, codec, cut_seconds};

use super::schema::{migrate, schema_version};
use super::{SqliteOptions, clean, files};
use crate::error::store_error;
use crate::shared::{rung_number, signed, unsigned};
use crate::{OpenError, migrations};

pub(super) mod audit {
    crate::shared::audit_functions!(
        sqlx::SqliteConnection,
        sqlx::sqlite::SqliteRow,
        // A transaction that writes holds the lock of the whole file.
        None,
        &[
            "DROP TRIGGER audit_is_not_removed",
            "DELETE FROM audit",
            "CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN
                 SELECT raise(ABORT, 'the audit log is only ever added to');
             END",
        ]
    );
}

pub(super) mod accounts {
    crate::shared::account_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow, "");
}

pub(super) mod alerts {
    crate::shared::alert_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod channels {
    crate::shared::channel_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod corrections {
    crate::shared::correction_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod erasures {
    crate::shared::erasure_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod deliveries {
    crate::shared::delivery_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow, "");
}

pub(super) mod documents {
    crate::shared::document_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod shares {
    crate::shared::share_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod ladders {
    crate::shared::ladder_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod rules {
    crate::shared::rule_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod sessions {
    crate::shared::session_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod keys {
    crate::shared::key_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod live {
    crate::shared::live_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod quotas {
    crate::shared::quota_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow, "");
}

pub(super) mod identities {
    crate::shared::identity_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod second {
    crate::shared::second_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
}

pub(super) mod secrets {
    crate::shared::secret_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow, "");
}

pub(super) mod rollups {
    crate::shared::rollup_functions!(sqlx::SqliteConnection, sqlx::sqlite::SqliteRow, "");
}

pub(super) const FILE: &str = "fuseboard.db";

/// How many rows one statement inserts: 6 or 16 values each, of 32,766 that a statement may have.
const ROWS: usize = 1_000;

pub(super) struct MainDb {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Seals the audit log. Without it nothing is changed that must be logged.
    audit_key: Option<AuditKey>,
    /// Numbers of series that are known to be stored.
    series: Mutex<HashMap<TenantId, HashMap<SeriesKey, i64>>>,
}

impl MainDb {
    pub(super) async fn open(
        folder: &Path,
        options: &SqliteOptions,
        may_migrate: bool,
    ) -> Result<MainDb, OpenError> {
        super::restore::settle(folder).await?;
        let path = folder.join(FILE);
        let name = path.display().to_string();
        let migrations = migrations::sqlite();
        let write = files::writing_vacuumed(&path, options).create_if_missing(may_migrate);
        let mut connection = SqliteConnection::connect_with(&write)
            .await
            .map_err(OpenError::database(&name))?;
        let version = schema_version(&mut connection)
            .await
            .map_err(OpenError::database(&name))?;
        let known = migrations::newest(&migrations);
        match version {
            Some(found) if found > known => {
                return Err(OpenError::Newer {
                    database: name,
                    found,
                    known,
                });
            }
            Some(found) if found == known => {}
            _ if !may_migrate => return Err(OpenError::NotMigrated(name)),
            _ => migrate(&mut connection, &path, version, &migrations).await?,
        }
        connection.close().await.map_err(OpenError::database(&name))?;
        let one = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
        let writer = one
            .connect_with(write)
            .await
            .map_err(OpenError::database(&name))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .connect_with(files::reading(&path, options))
            .await
            .map_err(OpenError::database(&name))?;
        Ok(MainDb {
            writer,
            readers,
            audit_key: options.audit_key.clone(),
            series: Mutex::default(),
        })
    }

    pub(super) async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A connection that reads.
    pub(super) async fn read(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.readers.acquire().await.map_err(store_error)
    }

    /// A transaction that writes. It takes the write lock at once, so that what it reads first stays true.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(store_error)
    }

    /// As [`MainDb::read`]: there are no roles here, the statement alone says whose rows.
    pub(super) async fn read_for(&self, _: &TenantId) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.read().await
    }

    /// As [`MainDb::read`].
    pub(super) async fn read_of(&self, _: &Holder) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.read().await
    }

    /// As [`MainDb::begin`].
    pub(super) async fn begin_for(&self, _: &TenantId) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.begin().await
    }

    /// As [`MainDb::begin`].
    pub(super) async fn begin_of(&self, _: &Holder) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.begin().await
    }

    /// The highest journal sequence that any tenant's checkpoint contains.
    pub(super) async fn applied(&self, writer: u32) -> Result<u64, OpenError> {
        let read = async || {
            let highest: Option<i64> =
                sqlx::query_scalar("SELECT max(applied) FROM checkpoint WHERE writer = $1")
                    .bind(i64::from(writer))
                    .fetch_one(&self.readers)
                    .await
                    .map_err(store_error)?;
            unsigned(highest.unwrap_or(0))
        };
        read().await.map_err(OpenError::stored(FILE))
    }

    /// What seals the audit log.
    pub(super) fn audit_key(&self) -> Result<&AuditKey, StoreError> {
        self.audit_key.as_ref().ok_or_else(|| {
            StoreError::Conflict("the store was opened without the audit key, and this must be logged".into())
        })
    }

    /// Seals entries of the audit log from before it was a chain.
    pub(super) async fn adopt(&self) -> Result<(), StoreError> {
        if let Some(key) = &self.audit_key {
            let mut transaction = self.begin().await?;
            if audit::adopt(&mut transaction, key).await? {
                commit(transaction).await?;
            }
        }
        Ok(())
    }

    /// Writes over what was removed.
    pub(super) async fn clean(&self) -> Result<(), StoreError> {
        let mut connection = self.writer.acquire().await.map_err(store_error)?;
        clean::clean(&mut connection).await
    }

    /// The numbers of a tenant's series are asked for anew: some may be gone.
    pub(super) fn forget_series(&self, tenant: &TenantId) {
        self.series.lock().remove(tenant);
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.read().await?;
        let version = schema_version(&mut connection).await.map_err(store_error)?;
        if version == Some(migrations::newest(&migrations::sqlite())) {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!(
            "{FILE} has schema version {version:?}, which is not this program's"
        )))
    }

    pub(super) async fn flush(&self, flush: Flush) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let stored = live::checkpoint(&mut transaction, &flush.tenant).await?;
        check_flush(
            &flush,
            stored.map(|checkpoint| (checkpoint.writer, checkpoint.applied)),
        )?;
        let new = self.number_series(&mut transaction, &flush).await?;
        self.insert_partials(&mut transaction, &flush, &new).await?;
        insert_transitions(&mut transaction, &flush).await?;
        replace_seconds(&mut transaction, &flush).await?;
        sqlx::query(
            "INSERT INTO checkpoint (tenant_id, writer, applied, bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant_id) DO UPDATE
             SET writer = excluded.writer, applied = excluded.applied, bytes = excluded.bytes",
        )
        .bind(flush.tenant.as_str())
        .bind(i64::from(flush.writer))
        .bind(signed(flush.applied)?)
        .bind(&flush.checkpoint)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        commit(transaction).await?;
        // Only now: what a failed transaction numbered is not stored.
        self.series.lock().entry(flush.tenant).or_default().extend(new);
        Ok(())
    }

    /// Numbers for the series of these partials that are not known yet.
    async fn number_series(
        &self,
        connection: &mut SqliteConnection,
        flush: &Flush,
    ) -> Result<HashMap<SeriesKey, i64>, StoreError> {
        let unknown: Vec<&SeriesKey> = {
            let known = self.series.lock();
            let known = known.get(&flush.tenant);
            let is_known = |key: &SeriesKey| known.is_some_and(|known| known.contains_key(key));
            flush
                .partials
                .iter()
                .map(|row| &row.series)
                .filter(|key| !is_known(key))
                .collect()
        };
        let mut numbers = HashMap::new();
        for key in unknown {
            if numbers.contains_key(key) {
                continue;
            }
            let dims = codec::encode_series(key);
            let stored = sqlx::query_scalar("SELECT id FROM series WHERE tenant_id = $1 AND dims = $2")
                .bind(flush.tenant.as_str())
                .bind(&dims)
                .fetch_optional(&mut *connection)
                .await
                .map_err(store_error)?;
            let number: i64 = match stored {
                Some(number) => number,
                None => sqlx::query_scalar(
                    "INSERT INTO series (tenant_id, id, dims)
                     SELECT $1, coalesce(max(id), 0) + 1, $2 FROM series WHERE tenant_id = $1 RETURNING id",
                )
                .bind(flush.tenant.as_str())
                .bind(&dims)
                .fetch_one(&mut *connection)
                .await
                .map_err(store_error)?,
            };
            numbers.insert(key.clone(), number);
        }
        Ok(numbers)
    }

    async fn insert_partials(
        &self,
        connection: &mut SqliteConnection,
        flush: &Flush,
        new: &HashMap<SeriesKey, i64>,
    ) -> Result<(), StoreError> {
        let part = signed(flush.applied)?;
        let numbered: Vec<(i64, &PartialRow)> = {
            let known = self.series.lock();
            let known = known.get(&flush.tenant);
            let number = |key: &SeriesKey| new.get(key).or_else(|| known?.get(key)).copied();
            flush
                .partials
                .iter()
                .filter_map(|row| Some((number(&row.series)?, row)))
                .collect()
        };
        debug_assert_eq!(numbered.len(), flush.partials.len());
        for rows in numbered.chunks(ROWS) {
            let mut sql = sqlx::QueryBuilder::<Sqlite>::new(
                "INSERT INTO rollup_partial (tenant_id, rung, bucket, series_id, part, bytes) ",
            );
            sql.push_values(rows, |mut values, (number, row)| {
                values
                    .push_bind(flush.tenant.as_str())
                    .push_bind(rung_number(domain::rollup::Rung::TenSeconds))
                    .push_bind(row.bucket)
                    .push_bind(*number)
                    .push_bind(part)
                    .push_bind(codec::encode_bucket(&row.stats));
            });
            insert(connection, sql).await?;
        }
        Ok(())
    }
}

async fn insert_transitions(connection: &mut SqliteConnection, flush: &Flush) -> Result<(), StoreError> {
    for row in &flush.transitions {
        sqlx::query(
            "INSERT INTO breaker_transition (tenant_id, id, at, received, breaker, environment, service, name,
                deployment, provider, instance, from_state, to_state, cause, lasted, inferred)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(flush.tenant.as_str())
        .bind(signed(row.id)?)
        .bind(row.at)
        .bind(row.received)
        .bind(row.breaker.0 as i64)
        .bind(&row.key.environment)
        .bind(&row.key.service)
        .bind(&row.key.breaker)
        .bind(&row.key.deployment)
        .bind(&row.provider)
        .bind(&row.instance)
        .bind(row.from.map(|state| state as i64))
        .bind(row.to as i64)
        .bind(&row.cause)
        .bind(row.lasted)
        .bind(row.inferred)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}

/// Runs a statement that is written anew for each number of rows.
async fn insert(
    connection: &mut SqliteConnection,
    mut sql: sqlx::QueryBuilder<Sqlite>,
) -> Result<(), StoreError> {
    let query = sql.build().persistent(false);
    query.execute(connection).await.map_err(store_error)?;
    Ok(())
}

async fn replace_seconds(connection: &mut SqliteConnection, flush: &Flush) -> Result<(), StoreError> {
    let Some(cut) = cut_seconds(flush) else {
        return Ok(());
    };
    for rows in flush.seconds.chunks(ROWS) {
        let mut sql = sqlx::QueryBuilder::<Sqlite>::new("REPLACE INTO live_second (tenant_id, at, bytes) ");
        sql.push_values(rows, |mut values, row| {
            values
                .push_bind(flush.tenant.as_str())
                .push_bind(row.at)
                .push_bind(codec::encode_bucket(&row.stats));
        });
        insert(connection, sql).await?;
    }
    live::drop_seconds(connection, &flush.tenant, cut).await
}

pub(super) async fn commit(transaction: Transaction<'static, Sqlite>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(store_error)
}

/// Numbers within a tenant are given one after another. A transaction that writes holds the lock of the whole file, and
/// this one will write.
pub(super) async fn lock_alerts(_: &mut SqliteConnection, _: &TenantId) -> Result<(), StoreError> {
    Ok(())
}
