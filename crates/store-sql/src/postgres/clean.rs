//! Writing over what was removed. Postgres keeps the bytes of a row that goes until the room is needed; a table that is
//! written anew has none of them. Its log, standbys and base backups have them for as long as they keep what was.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use store::StoreError;

use crate::error::{is_lock_timeout, store_error};

/// The comment of a table that has something to write over.
pub(super) const MARK: &str = "fuseboard: erased, not yet written anew";

/// Tables that an erasure changes, the journal aside.
pub(super) const CHANGED: [&str; 13] = [
    "breaker_transition",
    "alert_outbox",
    "alert_ladder",
    "alert_event",
    "alert",
    "delivery_attempt",
    "delivery",
    "series",
    "checkpoint",
    "live_second",
    "keyframe",
    "rollup_chunk",
    "correction",
];

/// How often a table is tried to be locked, for two seconds each, so that nobody waits behind it for longer.
const TRIES: u32 = 15;
const PAUSE: Duration = Duration::from_millis(500);

/// Says that a table has something to write over.
pub(super) async fn mark(connection: &mut PgConnection, table: &str) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(format!("COMMENT ON TABLE {table} IS '{MARK}'")))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Writes a table anew from what is in it, and what the planner knows of its values. Whoever uses it waits meanwhile.
pub(super) async fn write_anew(connection: &mut PgConnection, table: &str) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        say(connection, "SET lock_timeout = '2s'").await?;
        let done = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM (FULL, ANALYZE) {table}")))
            .execute(&mut *connection)
            .await;
        say(connection, "RESET lock_timeout").await?;
        match done {
            Ok(_) => return Ok(()),
            Err(error) if tries < TRIES && is_lock_timeout(&error) => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(store_error(error)),
        }
    }
}

async fn say(connection: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
