//! Erasing events: batches are rewritten where they are, so that the sequence keeps its order and has no gaps. A partition
//! that was changed says so in its comment, in the same transaction, until it has been written anew.

use domain::erasure::Selection;
use sqlx::{AssertSqlSafe, Row as _};
use store::erasures::ERASE_BATCHES;
use store::{ErasedEvents, Offset, StoreError, TenantId, day};

use super::super::clean;
use super::super::transaction::{Access, PgTransaction};
use super::{PgJournal, partitions};
use crate::error::store_error;
use crate::shared::{clamped, rewrite, unsigned};

impl PgJournal {
    pub(in super::super) async fn erase(
        &self,
        tenant: &TenantId,
        selection: &Selection,
        after: Offset,
        dry: bool,
    ) -> Result<ErasedEvents, StoreError> {
        let (from, to) = selection.range();
        let mut erased = ErasedEvents::default();
        let access = if dry { Access::Read } else { Access::Write };
        let mut transaction = PgTransaction::of_system(&self.pool, access).await?;
        let rows = sqlx::query(
            "SELECT writer, seq, received, bytes FROM journal_batch
             WHERE (writer, seq) > ($1, $2) AND tenant_id = $3 AND events > 0 AND max_time >= $4 AND min_time < $5
             ORDER BY writer, seq LIMIT $6",
        )
        .bind(i64::from(after.writer))
        .bind(clamped(after.seq))
        .bind(tenant.as_str())
        .bind(from)
        .bind(to)
        .bind(clamped(ERASE_BATCHES))
        .fetch_all(&mut *transaction)
        .await
        .map_err(store_error)?;
        let mut changed = Vec::new();
        for row in &rows {
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            let (writer, seq, received) = (number("writer")?, number("seq")?, number("received")?);
            let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
            if rows.len() == ERASE_BATCHES {
                erased.next = Some(Offset {
                    writer: unsigned(writer)?,
                    seq: unsigned(seq)?,
                });
            }
            let Some(batch) = rewrite(&bytes, received, selection)? else {
                continue;
            };
            erased.events += batch.erased;
            if dry {
                continue;
            }
            changed.push(day::of(received));
            sqlx::query(
                "UPDATE journal_batch SET events = $4, min_time = $5, max_time = $6, zone = $7, bytes = $8
                 WHERE writer = $1 AND seq = $2 AND received = $3",
            )
            .bind(writer)
            .bind(seq)
            .bind(received)
            .bind(batch.events)
            .bind(batch.min_time)
            .bind(batch.max_time)
            .bind(batch.zone)
            .bind(batch.bytes)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        }
        changed.dedup();
        for day in &changed {
            clean::mark(&mut transaction, &partitions::name(*day)).await?;
        }
        if !changed.is_empty() {
            transaction.commit().await.map_err(store_error)?;
        }
        Ok(erased)
    }

    /// Writes partitions anew that hold what is left of erased events.
    pub(in super::super) async fn clean(&self) -> Result<(), StoreError> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = to_regclass('journal_batch') AND obj_description(c.oid, 'pg_class') = $1",
        )
        .bind(clean::MARK)
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        for name in names.iter().filter(|name| partitions::day_of(name).is_some()) {
            clean::write_anew(&mut connection, name).await?;
            sqlx::raw_sql(AssertSqlSafe(format!("COMMENT ON TABLE {name} IS NULL")))
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
        }
        Ok(())
    }
}
