//! Event ids seen lately.

use std::collections::{HashMap, HashSet};

use domain::Millis;
use sqlx::postgres::PgConnection;
use sqlx::{PgPool, Row as _};
use store::plan::Verdict;
use store::recent::{RECENT_KEPT, RECENT_LIMIT, id_hash};
use store::{NewBatch, StoreError, TenantId};

use crate::error::store_error;

/// How many ids are forgotten in one transaction.
const STEP: i64 = 10_000;

/// Ids that are new, per tenant.
pub(super) type NewIds = HashMap<TenantId, HashSet<[u8; 16]>>;

/// Remembers the ids of the batches that will be written; those that were not known. An id that is past its hour counts
/// as new, whether or not it was removed already.
pub(super) async fn remember(
    connection: &mut PgConnection,
    batches: &[NewBatch],
    verdicts: &[Verdict],
) -> Result<NewIds, sqlx::Error> {
    let mut candidates: HashSet<(&TenantId, [u8; 16])> = HashSet::new();
    let (mut tenants, mut ids, mut times) = (Vec::<&str>::new(), Vec::<Vec<u8>>::new(), Vec::<Millis>::new());
    let written = batches
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Write);
    for (batch, _) in written {
        for id in batch.events.iter().filter_map(|event| event.id.as_deref()) {
            let hash = id_hash(id);
            if candidates.insert((&batch.tenant, hash)) {
                tenants.push(batch.tenant.as_str());
                ids.push(hash.to_vec());
                times.push(batch.received);
            }
        }
    }
    let mut new = NewIds::new();
    if ids.is_empty() {
        return Ok(new);
    }
    let rows = sqlx::query(
        "INSERT INTO recent_id (tenant_id, id, received)
         SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[])
         ON CONFLICT (tenant_id, id) DO UPDATE SET received = excluded.received, n = DEFAULT
         WHERE recent_id.received <= excluded.received - $4
         RETURNING tenant_id, id",
    )
    .bind(tenants)
    .bind(ids)
    .bind(times)
    .bind(RECENT_KEPT)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let (tenant, id): (String, Vec<u8>) = (row.try_get("tenant_id")?, row.try_get("id")?);
        let tenant = TenantId::parse(&tenant).ok_or_else(|| sqlx::Error::Decode("no tenant".into()))?;
        let id: [u8; 16] = id.try_into().map_err(|_| sqlx::Error::Decode("no id".into()))?;
        new.entry(tenant).or_default().insert(id);
    }
    Ok(new)
}

/// Removes ids that need not be remembered any more, in steps that hold no lock for long. Ids that an append is looking
/// at are left for the next time, so neither waits for the other.
pub(super) async fn forget(pool: &PgPool, now: Millis) -> Result<(), StoreError> {
    let tenants: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM recent_id")
        .fetch_all(pool)
        .await
        .map_err(store_error)?;
    for tenant in tenants {
        let newest: Option<i64> = sqlx::query_scalar(
            "SELECT n FROM recent_id WHERE tenant_id = $1 ORDER BY n DESC OFFSET $2 LIMIT 1",
        )
        .bind(&tenant)
        .bind(i64::try_from(RECENT_LIMIT).unwrap_or(i64::MAX))
        .fetch_optional(pool)
        .await
        .map_err(store_error)?;
        loop {
            let done = sqlx::query(
                "DELETE FROM recent_id WHERE (tenant_id, id) IN (
                    SELECT tenant_id, id FROM (
                        SELECT tenant_id, id, received, n FROM recent_id
                        WHERE tenant_id = $1 ORDER BY n LIMIT $4 FOR UPDATE SKIP LOCKED
                    ) AS oldest WHERE received <= $2 OR n <= $3
                )",
            )
            .bind(&tenant)
            .bind(now.saturating_sub(RECENT_KEPT))
            .bind(newest.unwrap_or(i64::MIN))
            .bind(STEP)
            .execute(pool)
            .await
            .map_err(store_error)?;
            if done.rows_affected() < STEP as u64 {
                break;
            }
        }
    }
    Ok(())
}
