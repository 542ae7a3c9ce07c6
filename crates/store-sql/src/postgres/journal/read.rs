//! Reading batches, keys and usage.

use domain::Millis;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use store::plan::KeyScope;
use store::{JournalUsage, Offset, Remembered, StoreError, StoredBatch, TenantId, codec};

use super::super::WRITER;
use super::{PgJournal, keys};
use crate::error::store_error;
use crate::shared::{clamped, tenant_from, unsigned};

impl PgJournal {
    pub(in super::super) async fn read_after(
        &self,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<StoredBatch>, StoreError> {
        let rows = sqlx::query(
            "SELECT writer, seq, tenant_id, key_id, received, refused, bytes FROM journal_batch
             WHERE (writer, seq) > ($1, $2) ORDER BY writer, seq LIMIT $3",
        )
        .bind(i64::from(after.writer))
        .bind(clamped(after.seq))
        .bind(clamped(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        rows.iter().map(batch_from).collect()
    }

    pub(in super::super) async fn before_time(&self, received: Millis) -> Result<Offset, StoreError> {
        // The head comes first: a batch that arrives meanwhile is then behind it, not lost.
        let head = self.head().await?;
        let first: Option<i64> =
            sqlx::query_scalar("SELECT min(seq) FROM journal_batch WHERE writer = $1 AND received >= $2")
                .bind(i64::from(WRITER))
                .bind(received)
                .fetch_one(&self.pool)
                .await
                .map_err(store_error)?;
        match first {
            Some(first) => Ok(Offset {
                writer: WRITER,
                seq: unsigned(first - 1)?,
            }),
            None => Ok(head),
        }
    }

    pub(in super::super) async fn remembered(
        &self,
        tenant: &TenantId,
        api_key: &str,
        key: &str,
        now: Millis,
    ) -> Result<Option<Remembered>, StoreError> {
        let scope = KeyScope {
            tenant: tenant.clone(),
            key_id: api_key.to_owned(),
            key: key.to_owned(),
        };
        let mut connection = self.read_for(tenant).await?;
        let seen = keys::find(&mut connection, std::slice::from_ref(&scope)).await?;
        Ok(seen
            .get(&scope)
            .filter(|seen| seen.is_fresh(now))
            .map(|seen| seen.answer))
    }

    /// Sequences have no gaps, so the number of batches is a subtraction.
    pub(in super::super) async fn usage(&self) -> Result<JournalUsage, StoreError> {
        let row = sqlx::query(
            "SELECT
                (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
                 WHERE inhparent = to_regclass('journal_batch')) AS bytes,
                (SELECT min(seq) FROM journal_batch WHERE writer = $1) AS low,
                (SELECT max(seq) FROM journal_batch WHERE writer = $1) AS high,
                (SELECT received FROM journal_batch WHERE writer = $1 ORDER BY seq LIMIT 1) AS oldest",
        )
        .bind(i64::from(WRITER))
        .fetch_one(&self.pool)
        .await
        .map_err(store_error)?;
        let number = |name| row.try_get::<Option<i64>, _>(name).map_err(store_error);
        let batches = match (number("low")?, number("high")?) {
            (Some(low), Some(high)) => unsigned(high - low + 1)?,
            _ => 0,
        };
        let bytes = unsigned(row.try_get("bytes").map_err(store_error)?)?;
        Ok(JournalUsage {
            bytes,
            batches,
            oldest: number("oldest")?,
        })
    }
}

pub(super) fn batch_from(row: &PgRow) -> Result<StoredBatch, StoreError> {
    let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
    let tenant: String = row.try_get("tenant_id").map_err(store_error)?;
    let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
    let decoded = codec::decode_batch(&bytes)?;
    Ok(StoredBatch {
        offset: Offset {
            writer: unsigned(number("writer")?)?,
            seq: unsigned(number("seq")?)?,
        },
        tenant: tenant_from(&tenant)?,
        key_id: row.try_get("key_id").map_err(store_error)?,
        received: number("received")?,
        events: decoded.events,
        refused: unsigned(number("refused")?)?,
        refusals: decoded.refusals,
    })
}
