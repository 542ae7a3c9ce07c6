//! Where alerts stand on their ladders.

/// Stamps the functions for one database.
macro_rules! ladder_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::duties::Waits;
        use store::{Ladder, StoreError, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, signed, tenant_from, unsigned};

        fn ladder_from(row: &$row) -> Result<Ladder, StoreError> {
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            Ok(Ladder {
                alert: unsigned(number("alert")?)?,
                event: unsigned(number("event")?)?,
                began: number("began")?,
                next: unsigned(number("next")?)?,
                due: row.try_get("due").map_err(store_error)?,
            })
        }

        /// Lets an alert's ladder follow what happened to it; `event` is the number of the last event.
        pub(crate) async fn follow(
            connection: &mut $connection,
            tenant: &TenantId,
            (alert, event): (u64, u64),
            waits: Waits,
        ) -> Result<(), StoreError> {
            let (sql, at) = match waits {
                Waits::Same => return Ok(()),
                Waits::Over => {
                    sqlx::query("DELETE FROM alert_ladder WHERE tenant_id = $1 AND alert = $2")
                        .bind(tenant.as_str())
                        .bind(signed(alert)?)
                        .execute(connection)
                        .await
                        .map_err(store_error)?;
                    return Ok(());
                }
                Waits::Anew(at) => (
                    "INSERT INTO alert_ladder (tenant_id, alert, event, began, next, due) VALUES ($1, $2, $3, $4, 0, $4)
                     ON CONFLICT (tenant_id, alert) DO UPDATE SET event = excluded.event, began = excluded.began,
                         next = 0, due = excluded.due",
                    at,
                ),
                Waits::Unless(at) => (
                    "INSERT INTO alert_ladder (tenant_id, alert, event, began, next, due) VALUES ($1, $2, $3, $4, 0, $4)
                     ON CONFLICT (tenant_id, alert) DO NOTHING",
                    at,
                ),
            };
            sqlx::query(sql)
                .bind(tenant.as_str())
                .bind(signed(alert)?)
                .bind(signed(event)?)
                .bind(at)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            alert: u64,
        ) -> Result<Option<Ladder>, StoreError> {
            let row = sqlx::query("SELECT * FROM alert_ladder WHERE tenant_id = $1 AND alert = $2")
                .bind(tenant.as_str())
                .bind(clamped(alert))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(ladder_from).transpose()
        }

        pub(crate) async fn due(
            connection: &mut $connection,
            now: Millis,
            limit: usize,
        ) -> Result<Vec<(TenantId, Ladder)>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM alert_ladder WHERE due IS NOT NULL AND due <= $1
                 ORDER BY due, tenant_id, alert LIMIT $2",
            )
            .bind(now)
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let row = |row: &$row| {
                let tenant: &str = row.try_get("tenant_id").map_err(store_error)?;
                Ok((tenant_from(tenant)?, ladder_from(row)?))
            };
            rows.iter().map(row).collect()
        }

        /// Moves a ladder; false when it is not as known any more.
        pub(crate) async fn climb(
            connection: &mut $connection,
            tenant: &TenantId,
            known: &Ladder,
            (next, due): (u32, Option<Millis>),
        ) -> Result<bool, StoreError> {
            let moved = sqlx::query(
                "UPDATE alert_ladder SET next = $5, due = $6
                 WHERE tenant_id = $1 AND alert = $2 AND event = $3 AND next = $4 AND due IS NOT NULL",
            )
            .bind(tenant.as_str())
            .bind(signed(known.alert)?)
            .bind(signed(known.event)?)
            .bind(clamped(known.next))
            .bind(clamped(next))
            .bind(due)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(moved.rows_affected() > 0)
        }
    };
}

pub(crate) use ladder_functions;
