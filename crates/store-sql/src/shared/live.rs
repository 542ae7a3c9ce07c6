//! Reading partials, transitions and checkpoints.

use std::borrow::Cow;

use domain::breaker::State;
use domain::rollup::Rung;
use store::StoreError;

/// A rung as stored.
pub(crate) fn rung_number(rung: Rung) -> i64 {
    rung as i64
}

/// The rung stored under this number.
pub(crate) fn rung_from(number: i64) -> Result<Rung, StoreError> {
    Rung::from_number(number).ok_or_else(|| StoreError::Corrupt(format!("{number} is no rung")))
}

/// A state as stored.
pub(crate) fn state_from(number: i64) -> Result<State, StoreError> {
    usize::try_from(number)
        .ok()
        .and_then(State::from_index)
        .ok_or_else(|| StoreError::Corrupt(format!("{number} is no state")))
}

/// Text without NUL, which Postgres cannot store. Intake lets no control character through, so this replaces nothing
/// unless something else went wrong, and then a readable row is worth more than a flush that can never succeed.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Stamps the functions for one database.
macro_rules! live_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use domain::breaker::{BreakerId, BreakerKey};
        use domain::rollup::Rung;
        use sqlx::Row as _;
        use store::{Checkpoint, Keyframe, PartialRow, SecondRow, StoreError, TenantId, TransitionQuery, TransitionRow, codec, cut_keyframes};

        use crate::error::store_error;
        use crate::shared::{clamped, rung_number, signed, state_from, tenant_from, unsigned};

        pub(crate) async fn tenants(connection: &mut $connection) -> Result<Vec<TenantId>, StoreError> {
            let names: Vec<String> = sqlx::query_scalar("SELECT tenant_id FROM checkpoint ORDER BY tenant_id")
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            names.iter().map(|name| tenant_from(name)).collect()
        }

        pub(crate) async fn checkpoint(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Option<Checkpoint>, StoreError> {
            let row = sqlx::query("SELECT writer, applied, bytes FROM checkpoint WHERE tenant_id = $1")
                .bind(tenant.as_str())
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            let Some(row) = row else { return Ok(None) };
            Ok(Some(Checkpoint {
                writer: unsigned(row.try_get("writer").map_err(store_error)?)?,
                applied: unsigned(row.try_get("applied").map_err(store_error)?)?,
                bytes: row.try_get("bytes").map_err(store_error)?,
            }))
        }

        pub(crate) async fn seconds(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<SecondRow>, StoreError> {
            let rows = sqlx::query("SELECT at, bytes FROM live_second WHERE tenant_id = $1 ORDER BY at")
                .bind(tenant.as_str())
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let second = |row: &$row| {
                let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
                Ok(SecondRow {
                    at: row.try_get("at").map_err(store_error)?,
                    stats: codec::decode_bucket(&bytes)?,
                })
            };
            rows.iter().map(second).collect()
        }

        pub(crate) async fn drop_seconds(
            connection: &mut $connection,
            tenant: &TenantId,
            before: Millis,
        ) -> Result<(), StoreError> {
            sqlx::query("DELETE FROM live_second WHERE tenant_id = $1 AND at < $2")
                .bind(tenant.as_str())
                .bind(before)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn keep_keyframe(
            connection: &mut $connection,
            tenant: &TenantId,
            keyframe: &Keyframe,
        ) -> Result<(), StoreError> {
            let bytes = codec::encode_keyframe(&keyframe.checkpoint.bytes)?;
            sqlx::query(
                "INSERT INTO keyframe (tenant_id, at, writer, applied, byte_count, bytes)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, at) DO NOTHING",
            )
            .bind(tenant.as_str())
            .bind(keyframe.at)
            .bind(i64::from(keyframe.checkpoint.writer))
            .bind(signed(keyframe.checkpoint.applied)?)
            .bind(clamped(bytes.len()))
            .bind(bytes)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn keyframe(
            connection: &mut $connection,
            tenant: &TenantId,
            at: Millis,
        ) -> Result<Option<Keyframe>, StoreError> {
            let row = sqlx::query(
                "SELECT at, writer, applied, bytes FROM keyframe WHERE tenant_id = $1 AND at <= $2
                 ORDER BY at DESC LIMIT 1",
            )
            .bind(tenant.as_str())
            .bind(at)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            let Some(row) = row else { return Ok(None) };
            let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
            Ok(Some(Keyframe {
                at: row.try_get("at").map_err(store_error)?,
                checkpoint: Checkpoint {
                    writer: unsigned(row.try_get("writer").map_err(store_error)?)?,
                    applied: unsigned(row.try_get("applied").map_err(store_error)?)?,
                    bytes: codec::decode_keyframe(&bytes)?,
                },
            }))
        }

        pub(crate) async fn first_keyframe(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Option<Millis>, StoreError> {
            sqlx::query_scalar("SELECT min(at) FROM keyframe WHERE tenant_id = $1")
                .bind(tenant.as_str())
                .fetch_one(connection)
                .await
                .map_err(store_error)
        }

        pub(crate) async fn keyframe_usage(
            connection: &mut $connection,
        ) -> Result<Vec<(TenantId, u64)>, StoreError> {
            let sums: Vec<(String, i64)> = sqlx::query_as(
                "SELECT tenant_id, cast(sum(byte_count) AS bigint) FROM keyframe GROUP BY tenant_id",
            )
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            crate::shared::by_tenant(sums)
        }

        pub(crate) async fn drop_keyframes(
            connection: &mut $connection,
            before: Millis,
            max_bytes: u64,
        ) -> Result<u64, StoreError> {
            let sizes: Vec<(Millis, i64)> = sqlx::query_as("SELECT at, byte_count FROM keyframe")
                .fetch_all(&mut *connection)
                .await
                .map_err(store_error)?;
            let sizes = sizes
                .into_iter()
                .map(|(at, bytes)| (at, bytes.unsigned_abs()));
            let before = before.max(cut_keyframes(sizes, max_bytes));
            let dropped = sqlx::query("DELETE FROM keyframe WHERE at < $1")
                .bind(before)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(dropped.rows_affected())
        }

        pub(crate) async fn partials(
            connection: &mut $connection,
            tenant: &TenantId,
            rung: Rung,
            from: Millis,
            to: Millis,
        ) -> Result<Vec<PartialRow>, StoreError> {
            let rows = sqlx::query(
                "SELECT p.bucket, p.series_id, s.dims, p.bytes
                 FROM rollup_partial p JOIN series s ON s.tenant_id = p.tenant_id AND s.id = p.series_id
                 WHERE p.tenant_id = $1 AND p.rung = $2 AND p.bucket >= $3 AND p.bucket < $4",
            )
            .bind(tenant.as_str())
            .bind(rung_number(rung))
            .bind(from)
            .bind(to)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let mut partials = Vec::with_capacity(rows.len());
            for row in &rows {
                let dims: Vec<u8> = row.try_get("dims").map_err(store_error)?;
                let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
                partials.push(PartialRow {
                    bucket: row.try_get("bucket").map_err(store_error)?,
                    series: codec::decode_series(&dims)?,
                    stats: codec::decode_bucket(&bytes)?,
                });
            }
            Ok(partials)
        }

        fn transition_from(row: &$row) -> Result<TransitionRow, StoreError> {
            let word = |name| row.try_get::<String, _>(name).map_err(store_error);
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            let maybe = |name| row.try_get::<Option<i64>, _>(name).map_err(store_error);
            Ok(TransitionRow {
                id: unsigned(number("id")?)?,
                at: number("at")?,
                received: number("received")?,
                breaker: BreakerId(number("breaker")? as u64),
                key: BreakerKey {
                    environment: word("environment")?,
                    service: word("service")?,
                    breaker: word("name")?,
                    deployment: word("deployment")?,
                },
                provider: word("provider")?,
                instance: word("instance")?,
                from: maybe("from_state")?.map(state_from).transpose()?,
                to: state_from(number("to_state")?)?,
                cause: word("cause")?,
                lasted: maybe("lasted")?,
                inferred: row.try_get("inferred").map_err(store_error)?,
            })
        }

        /// Two statements, so that each has an index in the order of the answer.
        pub(crate) async fn transitions(
            connection: &mut $connection,
            tenant: &TenantId,
            query: &TransitionQuery,
        ) -> Result<Vec<TransitionRow>, StoreError> {
            let of_all = "SELECT * FROM breaker_transition
                 WHERE tenant_id = $1 AND at >= $2 AND at < $3 AND (at, id) < ($4, $5)
                 ORDER BY at DESC, id DESC LIMIT $6";
            // The plus keeps these bounds out of the choice of an index: with both ends of a range SQLite takes the index
            // by time, which has the transitions of all breakers.
            let of_one = "SELECT * FROM breaker_transition
                 WHERE tenant_id = $1 AND breaker = $7 AND at >= $2 AND +at < $3 AND (+at, +id) < ($4, $5)
                 ORDER BY at DESC, id DESC LIMIT $6";
            let (after_at, after_id) = query.after.unwrap_or((Millis::MAX, u64::MAX));
            let mut sql = sqlx::query(if query.breaker.is_some() { of_one } else { of_all })
                .bind(tenant.as_str())
                .bind(query.from.unwrap_or(Millis::MIN))
                .bind(query.to.unwrap_or(Millis::MAX))
                .bind(after_at)
                .bind(clamped(after_id))
                .bind(clamped(query.limit));
            if let Some(breaker) = query.breaker {
                sql = sql.bind(breaker.0 as i64);
            }
            let rows = sql.fetch_all(connection).await.map_err(store_error)?;
            rows.iter().map(transition_from).collect()
        }
    };
}

pub(crate) use live_functions;
