//! Idempotency keys.

use std::collections::HashMap;

use domain::Millis;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{PgPool, Row as _};
use store::plan::{KeyScope, Seen, Write};
use store::{IDEMPOTENCY_KEPT, Remembered, StoreError};

use crate::error::store_error;
use crate::shared::{digest, tenant_from, unsigned};

/// How many keys are forgotten in one transaction.
const STEP: i64 = 10_000;

/// What is known of these keys, of whatever age.
pub(super) async fn find(
    connection: &mut PgConnection,
    wanted: &[KeyScope],
) -> Result<HashMap<KeyScope, Seen>, StoreError> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let tenants: Vec<&str> = wanted.iter().map(|scope| scope.tenant.as_str()).collect();
    let key_ids: Vec<&str> = wanted.iter().map(|scope| scope.key_id.as_str()).collect();
    let keys: Vec<&str> = wanted.iter().map(|scope| scope.key.as_str()).collect();
    let rows = sqlx::query(
        "SELECT DISTINCT i.* FROM unnest($1::text[], $2::text[], $3::text[]) AS w (tenant_id, key_id, idem_key)
         JOIN idempotency i USING (tenant_id, key_id, idem_key)",
    )
    .bind(tenants)
    .bind(key_ids)
    .bind(keys)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.iter().map(seen_from).collect()
}

fn seen_from(row: &PgRow) -> Result<(KeyScope, Seen), StoreError> {
    let word = |name| row.try_get::<String, _>(name).map_err(store_error);
    let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
    let body: Vec<u8> = row.try_get("body").map_err(store_error)?;
    let scope = KeyScope {
        tenant: tenant_from(&word("tenant_id")?)?,
        key_id: word("key_id")?,
        key: word("idem_key")?,
    };
    let answer = Remembered {
        body: digest(&body)?,
        accepted: unsigned(number("accepted")?)?,
        duplicates: unsigned(number("duplicates")?)?,
        refused: unsigned(number("refused")?)?,
    };
    Ok((
        scope,
        Seen {
            answer,
            received: number("received")?,
        },
    ))
}

/// Remembers what the senders of these batches will be told. A key that is there already has expired, or its batch
/// would have been a replay.
pub(super) async fn remember(connection: &mut PgConnection, writes: &[Write]) -> Result<(), sqlx::Error> {
    for write in writes {
        let (Some(answer), Some(idempotency)) = (write.answer(), &write.idempotency) else {
            continue;
        };
        sqlx::query(
            "INSERT INTO idempotency (tenant_id, key_id, idem_key, body, accepted, duplicates, refused, received)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (tenant_id, key_id, idem_key) DO UPDATE
             SET body = excluded.body, accepted = excluded.accepted, duplicates = excluded.duplicates,
                 refused = excluded.refused, received = excluded.received",
        )
        .bind(write.tenant.as_str())
        .bind(&write.key_id)
        .bind(&idempotency.key)
        .bind(&answer.body[..])
        .bind(i64::from(answer.accepted))
        .bind(i64::from(answer.duplicates))
        .bind(i64::from(answer.refused))
        .bind(write.received)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Removes keys that have expired, in steps that hold no lock for long.
pub(super) async fn forget(pool: &PgPool, now: Millis) -> Result<(), StoreError> {
    loop {
        let done = sqlx::query(
            "DELETE FROM idempotency WHERE (tenant_id, key_id, idem_key) IN (
                SELECT tenant_id, key_id, idem_key FROM idempotency
                WHERE received <= $1 ORDER BY received LIMIT $2 FOR UPDATE SKIP LOCKED
            )",
        )
        .bind(now.saturating_sub(IDEMPOTENCY_KEPT))
        .bind(STEP)
        .execute(pool)
        .await
        .map_err(store_error)?;
        if done.rows_affected() < STEP as u64 {
            return Ok(());
        }
    }
}
