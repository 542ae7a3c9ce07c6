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
/// would have been a replay; and no two of these batches have the same key, or the second would be one.
pub(super) async fn remember(connection: &mut PgConnection, writes: &[Write]) -> Result<(), sqlx::Error> {
    let keyed: Vec<(&Write, &str, Remembered)> = writes
        .iter()
        .filter_map(|write| Some((write, write.idempotency.as_ref()?.key.as_str(), write.answer()?)))
        .collect();
    if keyed.is_empty() {
        return Ok(());
    }
    let answers = |field: fn(&Remembered) -> u32| -> Vec<i64> {
        keyed
            .iter()
            .map(|(_, _, answer)| i64::from(field(answer)))
            .collect()
    };
    sqlx::query(
        "INSERT INTO idempotency (tenant_id, key_id, idem_key, body, accepted, duplicates, refused, received)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::bigint[])
         ON CONFLICT (tenant_id, key_id, idem_key) DO UPDATE
         SET body = excluded.body, accepted = excluded.accepted, duplicates = excluded.duplicates,
             refused = excluded.refused, received = excluded.received",
    )
    .bind(
        keyed
            .iter()
            .map(|(write, ..)| write.tenant.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        keyed
            .iter()
            .map(|(write, ..)| write.key_id.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(keyed.iter().map(|(_, key, _)| *key).collect::<Vec<_>>())
    .bind(
        keyed
            .iter()
            .map(|(.., answer)| answer.body.to_vec())
            .collect::<Vec<_>>(),
    )
    .bind(answers(|answer| answer.accepted))
    .bind(answers(|answer| answer.duplicates))
    .bind(answers(|answer| answer.refused))
    .bind(keyed.iter().map(|(write, ..)| write.received).collect::<Vec<_>>())
    .execute(connection)
    .await?;
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
