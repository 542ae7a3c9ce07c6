//! What a tenant has by name and by number, and what is removed by a mark: rules, channels.

/// Stamps the checks before something is stored, for one database and one table. Those who store wait, by the tenant's
/// lock.
macro_rules! named_functions {
    ($connection:ty, $table:literal) => {
        /// Another than the one of this number has the name.
        async fn is_taken(
            connection: &mut $connection,
            tenant: &TenantId,
            name: &str,
            but: u64,
        ) -> Result<bool, StoreError> {
            let found: Option<i64> = sqlx::query_scalar(concat!(
                "SELECT id FROM ",
                $table,
                " WHERE tenant_id = $1 AND name = $2 AND id <> $3 AND deleted IS NULL",
            ))
            .bind(tenant.as_str())
            .bind(text(name))
            .bind(clamped(but))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            Ok(found.is_some())
        }

        /// There are so many, or more.
        async fn are_there(
            connection: &mut $connection,
            tenant: &TenantId,
            most: usize,
        ) -> Result<bool, StoreError> {
            let count: i64 = sqlx::query_scalar(concat!(
                "SELECT count(*) FROM ",
                $table,
                " WHERE tenant_id = $1 AND deleted IS NULL",
            ))
            .bind(tenant.as_str())
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            Ok(count >= clamped(most))
        }
    };
}

pub(crate) use named_functions;
