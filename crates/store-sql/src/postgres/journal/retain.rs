//! Retention: whole partitions are detached, then dropped, without a lock that an append would wait for. Ids and keys
//! that have expired go in small steps.

use domain::Millis;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use store::{StoreError, day};

use super::{PgJournal, ids, keys, partitions};
use crate::error::store_error;
use crate::shared::unsigned;

/// A partition, or what is left of one.
struct Partition {
    name: String,
    day: i64,
    bytes: u64,
    /// Detaching began and did not end: its process died.
    pending: bool,
    attached: bool,
}

impl PgJournal {
    pub(in super::super) async fn retain(
        &self,
        before: Millis,
        max_bytes: u64,
        now: Millis,
    ) -> Result<u64, StoreError> {
        // Only the process with the writer's role makes and removes partitions.
        {
            let mut place = self.place.lock().await;
            place.session = Some(self.session(&mut place).await?);
        }
        ids::forget(&self.pool, now).await?;
        keys::forget(&self.pool, now).await?;
        let partitions = list(&self.pool).await?;
        let total: u64 = partitions.iter().map(|partition| partition.bytes).sum();
        let mut freed = 0;
        for partition in partitions {
            let too_much = total - freed > max_bytes;
            let left_over = partition.pending || !partition.attached;
            let wanted = day::end(partition.day) <= before || too_much || left_over;
            if !day::is_over(partition.day, now) || !wanted {
                break;
            }
            self.drop_partition(&partition).await.map_err(store_error)?;
            freed += partition.bytes;
        }
        Ok(freed)
    }

    async fn drop_partition(&self, partition: &Partition) -> Result<(), sqlx::Error> {
        self.days.lock().remove(&partition.day);
        let name = &partition.name;
        let mut connection = self.pool.acquire().await?;
        // Rather fail and try again later than make the queue behind this lock wait.
        sqlx::raw_sql("SET lock_timeout = '1s'")
            .execute(&mut *connection)
            .await?;
        let detach = match (partition.attached, partition.pending) {
            (true, false) => Some("CONCURRENTLY"),
            (true, true) => Some("FINALIZE"),
            (false, _) => None,
        };
        let mut done = Ok(());
        if let Some(how) = detach {
            let sql = format!("ALTER TABLE journal_batch DETACH PARTITION {name} {how}");
            done = sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut *connection)
                .await
                .map(drop);
        }
        if done.is_ok() {
            let sql = format!("DROP TABLE {name}");
            done = sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut *connection)
                .await
                .map(drop);
        }
        sqlx::raw_sql("RESET lock_timeout")
            .execute(&mut *connection)
            .await?;
        done?;
        tracing::info!(
            partition = name,
            bytes = partition.bytes,
            "dropped a journal partition"
        );
        Ok(())
    }
}

/// All partitions and leftovers, oldest first.
async fn list(pool: &PgPool) -> Result<Vec<Partition>, StoreError> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS name, pg_total_relation_size(c.oid) AS bytes,
            i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS pending
         FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
         WHERE c.relkind = 'r' AND c.relname LIKE 'journal\\_batch\\_%'
            AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('journal_batch'))",
    )
    .fetch_all(pool)
    .await
    .map_err(store_error)?;
    let mut partitions = Vec::with_capacity(rows.len());
    for row in &rows {
        let name: String = row.try_get("name").map_err(store_error)?;
        let Some(day) = partitions::day_of(&name) else {
            continue;
        };
        partitions.push(Partition {
            name,
            day,
            bytes: unsigned(row.try_get("bytes").map_err(store_error)?)?,
            pending: row.try_get("pending").map_err(store_error)?,
            attached: row.try_get("attached").map_err(store_error)?,
        });
    }
    partitions.sort_by_key(|partition| partition.day);
    Ok(partitions)
}
