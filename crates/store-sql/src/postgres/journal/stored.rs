//! What the batches of each tenant take. Batches never change, so each is looked at once; a partition that is gone takes
//! what was counted of it along.

use std::collections::BTreeMap;

use store::{StoreError, TenantId};

use super::super::WRITER;
use super::{PgJournal, partitions};
use crate::error::store_error;
use crate::shared::{tenant_from, unsigned};

/// Bytes by day and tenant.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// The last sequence that is contained.
    through: i64,
    days: BTreeMap<i64, BTreeMap<TenantId, u64>>,
}

impl PgJournal {
    /// Large values lie apart and tell their length without being read.
    pub(in super::super) async fn stored(&self) -> Result<Vec<(TenantId, u64)>, StoreError> {
        let mut counted = self.counted.lock().await;
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        // Sequences are committed in order: whatever comes later has a higher one.
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT c.relname::text, s.tenant_id, s.bytes, s.last FROM
                (SELECT tableoid AS part, tenant_id, sum(octet_length(bytes))::bigint AS bytes, max(seq) AS last
                 FROM journal_batch WHERE writer = $1 AND seq > $2 GROUP BY tableoid, tenant_id) s
             JOIN pg_class c ON c.oid = s.part",
        )
        .bind(i64::from(WRITER))
        .bind(counted.through)
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
        let there = partitions::attached(&mut connection).await.map_err(store_error)?;
        for (part, tenant, bytes, last) in rows {
            counted.through = counted.through.max(last);
            if let Some(day) = partitions::day_of(&part) {
                let of_day = counted.days.entry(day).or_default();
                *of_day.entry(tenant_from(&tenant)?).or_default() += unsigned::<u64>(bytes)?;
            }
        }
        counted.days.retain(|day, _| there.contains(day));
        let mut stored: BTreeMap<TenantId, u64> = BTreeMap::new();
        for (tenant, bytes) in counted.days.values().flatten() {
            *stored.entry(tenant.clone()).or_default() += bytes;
        }
        Ok(stored.into_iter().collect())
    }
}
