//! Everything but the journal: rollups, transitions, checkpoints, API keys, audit.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::rollup::{Rung, SeriesKey};
use parking_lot::Mutex;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{PgPool, Postgres, Row as _};
use store::audit::AuditKey;
use store::{Flush, Holder, StoreError, TenantId, check_flush, codec, cut_seconds};

use super::PgOptions;
use super::clean;
use super::connect::{Database, schema_version};
use super::transaction::{Access, PgTransaction};
use super::wall::Wall;
use crate::error::{is_broken, store_error};
use crate::shared::{rung_number, signed, text};
use crate::{OpenError, migrations};

pub(super) mod audit {
    crate::shared::audit_functions!(
        sqlx::PgConnection,
        sqlx::postgres::PgRow,
        Some("SELECT pg_advisory_xact_lock(hashtextextended('fuseboard audit ' || $1, 0))"),
        &[
            "ALTER TABLE audit DISABLE TRIGGER USER",
            "DELETE FROM audit",
            "ALTER TABLE audit ENABLE TRIGGER USER",
        ]
    );
}

pub(super) mod accounts {
    crate::shared::account_functions!(sqlx::PgConnection, sqlx::postgres::PgRow, " FOR UPDATE");
}

pub(super) mod alerts {
    crate::shared::alert_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod channels {
    crate::shared::channel_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod corrections {
    crate::shared::correction_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod erasures {
    crate::shared::erasure_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod deliveries {
    crate::shared::delivery_functions!(
        sqlx::PgConnection,
        sqlx::postgres::PgRow,
        " FOR UPDATE OF d SKIP LOCKED"
    );
}

pub(super) mod documents {
    crate::shared::document_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod shares {
    crate::shared::share_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod ladders {
    crate::shared::ladder_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod rules {
    crate::shared::rule_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod sessions {
    crate::shared::session_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod keys {
    crate::shared::key_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod live {
    crate::shared::live_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod quotas {
    crate::shared::quota_functions!(sqlx::PgConnection, sqlx::postgres::PgRow, " FOR UPDATE");
}

pub(super) mod identities {
    crate::shared::identity_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod second {
    crate::shared::second_functions!(sqlx::PgConnection, sqlx::postgres::PgRow);
}

pub(super) mod secrets {
    crate::shared::secret_functions!(sqlx::PgConnection, sqlx::postgres::PgRow, " FOR UPDATE");
}

pub(super) mod rollups {
    crate::shared::rollup_functions!(sqlx::PgConnection, sqlx::postgres::PgRow, " FOR UPDATE");
}

/// How often, and how long apart, the outcome of a flush is looked up whose answer was lost.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

pub(super) struct MainDb {
    pool: PgPool,
    /// Seals the audit log. Without it nothing is changed that must be logged.
    audit_key: Option<AuditKey>,
    /// What is done for a tenant is done behind it.
    wall: Wall,
    /// Numbers of series that are known to be stored.
    series: Mutex<HashMap<TenantId, HashMap<SeriesKey, i64>>>,
}

impl MainDb {
    pub(super) async fn connect(database: &Database, options: &PgOptions) -> Result<MainDb, OpenError> {
        let wall = database.prepare(&options.app_role).await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(options.answer_wait)
            .connect_with(database.options())
            .await
            .map_err(OpenError::database(database.name()))?;
        Ok(MainDb {
            pool,
            audit_key: options.audit_key.clone(),
            wall,
            series: Mutex::default(),
        })
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(super) fn wall(&self) -> &Wall {
        &self.wall
    }

    pub(super) async fn close(self) {
        self.pool.close().await;
    }

    /// Reads for the system: everything.
    pub(super) async fn read(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(store_error)
    }

    /// Reads for a tenant: its own rows.
    pub(super) async fn read_for(&self, tenant: &TenantId) -> Result<PgTransaction, StoreError> {
        PgTransaction::of_tenant(&self.pool, &self.wall, tenant, Access::Read).await
    }

    /// Reads for whoever holds secrets: a tenant, or the installation.
    pub(super) async fn read_of(&self, holder: &Holder) -> Result<PgTransaction, StoreError> {
        match holder.of_tenant() {
            Some(tenant) => self.read_for(tenant).await,
            None => PgTransaction::of_system(&self.pool, Access::Read).await,
        }
    }

    /// Changes something for the system.
    pub(super) async fn begin(&self) -> Result<PgTransaction, StoreError> {
        PgTransaction::of_system(&self.pool, Access::Write).await
    }

    /// Changes something for a tenant.
    pub(super) async fn begin_for(&self, tenant: &TenantId) -> Result<PgTransaction, StoreError> {
        PgTransaction::of_tenant(&self.pool, &self.wall, tenant, Access::Write).await
    }

    /// Changes something for whoever holds secrets.
    pub(super) async fn begin_of(&self, holder: &Holder) -> Result<PgTransaction, StoreError> {
        match holder.of_tenant() {
            Some(tenant) => self.begin_for(tenant).await,
            None => self.begin().await,
        }
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
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        for table in clean::CHANGED {
            clean::write_anew(&mut connection, table).await?;
        }
        Ok(())
    }

    /// The numbers of a tenant's series are asked for anew: some may be gone.
    pub(super) fn forget_series(&self, tenant: &TenantId) {
        self.series.lock().remove(tenant);
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.read().await?;
        let version = schema_version(&mut connection).await.map_err(store_error)?;
        if version == Some(migrations::newest(&migrations::postgres())) {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!(
            "the schema version is {version:?}, which is not this program's"
        )))
    }

    pub(super) async fn flush(&self, flush: Flush) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // First the checkpoint: its row makes a second flush of the tenant wait, and then see that it is late.
        move_checkpoint(&mut transaction, &flush).await?;
        let new = self.number_series(&mut transaction, &flush).await?;
        self.insert_partials(&mut transaction, &flush, &new).await?;
        insert_transitions(&mut transaction, &flush).await?;
        replace_seconds(&mut transaction, &flush).await?;
        match transaction.commit().await {
            Ok(()) => {}
            Err(error) if is_broken(&error) && self.is_stored(&flush).await => {}
            Err(error) => return Err(store_error(error)),
        }
        // Only now: what a failed transaction numbered is not stored.
        self.series.lock().entry(flush.tenant).or_default().extend(new);
        Ok(())
    }

    /// Whether a flush whose answer was lost is there. The lock waits for a commit that is still under way.
    async fn is_stored(&self, flush: &Flush) -> bool {
        for _ in 0..LOOKS {
            let bytes = sqlx::query_scalar::<_, Vec<u8>>(
                "SELECT bytes FROM checkpoint WHERE tenant_id = $1 AND writer = $2 AND applied = $3 FOR UPDATE",
            )
            .bind(flush.tenant.as_str())
            .bind(i64::from(flush.writer))
            .bind(i64::try_from(flush.applied).unwrap_or(i64::MAX))
            .fetch_optional(&self.pool)
            .await;
            match bytes {
                Ok(bytes) => return bytes.is_some_and(|bytes| bytes == flush.checkpoint),
                Err(error) => {
                    tracing::warn!(%error, "cannot look up yet whether a flush was committed");
                    tokio::time::sleep(BETWEEN_LOOKS).await;
                }
            }
        }
        false
    }

    /// Numbers for the series of these partials that are not known yet.
    async fn number_series(
        &self,
        connection: &mut PgConnection,
        flush: &Flush,
    ) -> Result<HashMap<SeriesKey, i64>, StoreError> {
        let unknown: HashSet<Vec<u8>> = {
            let known = self.series.lock();
            let known = known.get(&flush.tenant);
            let is_known = |key: &SeriesKey| known.is_some_and(|known| known.contains_key(key));
            let keys = flush.partials.iter().map(|row| &row.series);
            keys.filter(|key| !is_known(key))
                .map(codec::encode_series)
                .collect()
        };
        if unknown.is_empty() {
            return Ok(HashMap::new());
        }
        let unknown: Vec<Vec<u8>> = unknown.into_iter().collect();
        sqlx::query(
            "INSERT INTO series (tenant_id, id, dims)
             SELECT $1, (SELECT coalesce(max(id), 0) FROM series WHERE tenant_id = $1) + row_number() OVER (), dims
             FROM unnest($2::bytea[]) AS new (dims)
             WHERE NOT EXISTS (SELECT FROM series s WHERE s.tenant_id = $1 AND sha256(s.dims) = sha256(new.dims))",
        )
        .bind(flush.tenant.as_str())
        .bind(&unknown)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
        let rows = sqlx::query(
            "SELECT id, dims FROM series WHERE tenant_id = $1
             AND sha256(dims) = ANY(ARRAY(SELECT sha256(dims) FROM unnest($2::bytea[]) AS new (dims)))",
        )
        .bind(flush.tenant.as_str())
        .bind(&unknown)
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
        let mut numbers = HashMap::with_capacity(rows.len());
        for row in &rows {
            let dims: Vec<u8> = row.try_get("dims").map_err(store_error)?;
            numbers.insert(
                codec::decode_series(&dims)?,
                row.try_get("id").map_err(store_error)?,
            );
        }
        Ok(numbers)
    }

    async fn insert_partials(
        &self,
        connection: &mut PgConnection,
        flush: &Flush,
        new: &HashMap<SeriesKey, i64>,
    ) -> Result<(), StoreError> {
        let (mut buckets, mut numbers, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        {
            let known = self.series.lock();
            let known = known.get(&flush.tenant);
            for row in &flush.partials {
                let number = new.get(&row.series).or_else(|| known?.get(&row.series)).copied();
                // Every series was numbered before; Postgres refuses the row if that ever stops being true.
                numbers.push(number);
                buckets.push(row.bucket);
                bytes.push(codec::encode_bucket(&row.stats));
            }
        }
        if buckets.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO rollup_partial (tenant_id, rung, bucket, series_id, part, bytes)
             SELECT $1, $2, new.bucket, new.series_id, $3, new.bytes
             FROM unnest($4::bigint[], $5::bigint[], $6::bytea[]) AS new (bucket, series_id, bytes)",
        )
        .bind(flush.tenant.as_str())
        .bind(rung_number(Rung::TenSeconds))
        .bind(signed(flush.applied)?)
        .bind(buckets)
        .bind(numbers)
        .bind(bytes)
        .execute(connection)
        .await
        .map_err(store_error)?;
        Ok(())
    }
}

async fn move_checkpoint(connection: &mut PgConnection, flush: &Flush) -> Result<(), StoreError> {
    let stored = live::checkpoint(&mut *connection, &flush.tenant).await?;
    check_flush(
        flush,
        stored
            .as_ref()
            .map(|checkpoint| (checkpoint.writer, checkpoint.applied)),
    )?;
    let sql = if stored.is_some() {
        "UPDATE checkpoint SET applied = $3, bytes = $4 WHERE tenant_id = $1 AND writer = $2 AND applied = $5"
    } else {
        "INSERT INTO checkpoint (tenant_id, writer, applied, bytes) SELECT $1, $2, $3, $4 WHERE $5 = 0"
    };
    let moved = sqlx::query(sql)
        .bind(flush.tenant.as_str())
        .bind(i64::from(flush.writer))
        .bind(signed(flush.applied)?)
        .bind(&flush.checkpoint)
        .bind(signed(flush.previous)?)
        .execute(connection)
        .await
        .map_err(store_error)?;
    if moved.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "somebody else flushed {} meanwhile",
        flush.tenant
    )))
}

async fn insert_transitions(connection: &mut PgConnection, flush: &Flush) -> Result<(), StoreError> {
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
        .bind(text(&row.key.environment))
        .bind(text(&row.key.service))
        .bind(text(&row.key.breaker))
        .bind(text(&row.key.deployment))
        .bind(text(&row.provider))
        .bind(text(&row.instance))
        .bind(row.from.map(|state| state as i64))
        .bind(row.to as i64)
        .bind(text(&row.cause))
        .bind(row.lasted)
        .bind(row.inferred)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}

async fn replace_seconds(connection: &mut PgConnection, flush: &Flush) -> Result<(), StoreError> {
    let Some(cut) = cut_seconds(flush) else {
        return Ok(());
    };
    let times: Vec<i64> = flush.seconds.iter().map(|row| row.at).collect();
    let bytes = flush.seconds.iter().map(|row| codec::encode_bucket(&row.stats));
    sqlx::query(
        "INSERT INTO live_second (tenant_id, at, bytes)
         SELECT $1, new.at, new.bytes FROM unnest($2::bigint[], $3::bytea[]) AS new (at, bytes)
         ON CONFLICT (tenant_id, at) DO UPDATE SET bytes = excluded.bytes",
    )
    .bind(flush.tenant.as_str())
    .bind(times)
    .bind(bytes.collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .map_err(store_error)?;
    live::drop_seconds(connection, &flush.tenant, cut).await
}

pub(super) async fn commit(transaction: PgTransaction) -> Result<(), StoreError> {
    transaction.commit().await.map_err(store_error)
}

/// Numbers within a tenant are given one after another: whoever gives another waits until this transaction ends.
pub(super) async fn lock_alerts(connection: &mut PgConnection, tenant: &TenantId) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('fuseboard alerts ' || $1, 0))")
        .bind(tenant.as_str())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
