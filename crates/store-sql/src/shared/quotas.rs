//! Quotas: columns of the tenant's row.

/// Stamps the functions for one database. `$lock` makes a `SELECT` keep others from changing what it read.
macro_rules! quota_functions {
    ($connection:ty, $row:ty, $lock:literal) => {
        use sqlx::Row as _;
        use store::{Quota, StoreError, TenantId};

        use crate::error::store_error;
        use crate::shared::{tenant_from, unsigned};

        fn quota_from(row: &$row) -> Result<Quota, StoreError> {
            let number = |name: &str| {
                let value: Option<i64> = row.try_get(name).map_err(store_error)?;
                value.map(unsigned::<u32>).transpose()
            };
            Ok(Quota {
                events_per_second: number("quota_events")?,
                series: number("quota_series")?,
                stored_mib: number("quota_mib")?,
            })
        }

        /// Of the tenants that have one, by slug.
        pub(crate) async fn all(connection: &mut $connection) -> Result<Vec<(TenantId, Quota)>, StoreError> {
            let rows = sqlx::query(
                "SELECT tenant_id, quota_events, quota_series, quota_mib FROM tenant
                 WHERE quota_events IS NOT NULL OR quota_series IS NOT NULL OR quota_mib IS NOT NULL",
            )
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let one = |row: &$row| {
                let slug: String = row.try_get("tenant_id").map_err(store_error)?;
                Ok((tenant_from(&slug)?, quota_from(row)?))
            };
            let mut quotas = rows
                .iter()
                .map(one)
                .collect::<Result<Vec<_>, StoreError>>()?;
            // Databases differ in how they order text.
            quotas.sort_by(|(a, _), (b, _)| a.cmp(b));
            Ok(quotas)
        }

        /// Returns what was; `None` when there is no such tenant.
        pub(crate) async fn replace(
            connection: &mut $connection,
            tenant: &TenantId,
            quota: &Quota,
        ) -> Result<Option<Quota>, StoreError> {
            let row = sqlx::query(concat!(
                "SELECT quota_events, quota_series, quota_mib FROM tenant WHERE tenant_id = $1",
                $lock
            ))
            .bind(tenant.as_str())
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
            let Some(row) = row else { return Ok(None) };
            let before = quota_from(&row)?;
            sqlx::query(
                "UPDATE tenant SET quota_events = $2, quota_series = $3, quota_mib = $4 WHERE tenant_id = $1",
            )
            .bind(tenant.as_str())
            .bind(quota.events_per_second.map(i64::from))
            .bind(quota.series.map(i64::from))
            .bind(quota.stored_mib.map(i64::from))
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(Some(before))
        }
    };
}

pub(crate) use quota_functions;
