//! API keys and the audit log.

use store::{Scope, StoreError};

/// Scopes as stored: names, separated by blanks.
pub(crate) fn scopes_to_text(scopes: &[Scope]) -> String {
    scopes
        .iter()
        .map(|scope| scope.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads what [`scopes_to_text`] wrote.
pub(crate) fn scopes_from_text(text: &str) -> Result<Vec<Scope>, StoreError> {
    let parse = |name| Scope::parse(name).ok_or_else(|| StoreError::Corrupt(format!("{name:?} is no scope")));
    text.split_whitespace().map(parse).collect()
}

/// Stamps the functions for one database. `$next` is how the audit log finds its next number.
macro_rules! key_functions {
    ($connection:ty, $row:ty, $audit_sql:literal) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::{ApiKey, AuditEntry, KeyHash, NewApiKey, StoreError, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, scopes_from_text, scopes_to_text, tenant_from, text};

        fn key_from(row: &$row) -> Result<ApiKey, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(ApiKey {
                id: column("id")?,
                tenant: tenant_from(&column("tenant_id")?)?,
                name: column("name")?,
                prefix: column("prefix")?,
                scopes: scopes_from_text(&column("scopes")?)?,
                created: row.try_get("created").map_err(store_error)?,
                revoked: row.try_get("revoked").map_err(store_error)?,
            })
        }

        pub(crate) async fn insert(connection: &mut $connection, new: &NewApiKey) -> Result<(), StoreError> {
            sqlx::query(
                "INSERT INTO api_key (tenant_id, id, name, prefix, scopes, created, revoked, hash)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(new.key.tenant.as_str())
            .bind(text(&new.key.id))
            .bind(text(&new.key.name))
            .bind(text(&new.key.prefix))
            .bind(scopes_to_text(&new.key.scopes))
            .bind(new.key.created)
            .bind(new.key.revoked)
            .bind(&new.hash[..])
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn log(
            connection: &mut $connection,
            tenant: &TenantId,
            entry: &AuditEntry,
        ) -> Result<(), StoreError> {
            sqlx::query($audit_sql)
                .bind(tenant.as_str())
                .bind(entry.at)
                .bind(text(&entry.actor))
                .bind(text(&entry.action))
                .bind(text(&entry.target))
                .bind(text(&entry.detail))
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        /// By id, else by the name of a key that is not revoked.
        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id_or_name: &str,
        ) -> Result<Option<ApiKey>, StoreError> {
            sqlx::query(
                "SELECT tenant_id, id, name, prefix, scopes, created, revoked FROM api_key
                 WHERE tenant_id = $1 AND (id = $2 OR (name = $2 AND revoked IS NULL))
                 ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END LIMIT 1",
            )
            .bind(tenant.as_str())
            .bind(text(id_or_name))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?
            .as_ref()
            .map(key_from)
            .transpose()
        }

        /// Whether this call revoked it; the first one counts.
        pub(crate) async fn mark_revoked(
            connection: &mut $connection,
            tenant: &TenantId,
            id: &str,
            at: Millis,
        ) -> Result<bool, StoreError> {
            sqlx::query("UPDATE api_key SET revoked = $3 WHERE tenant_id = $1 AND id = $2 AND revoked IS NULL")
                .bind(tenant.as_str())
                .bind(id)
                .bind(at)
                .execute(connection)
                .await
                .map(|done| done.rows_affected() == 1)
                .map_err(store_error)
        }

        pub(crate) async fn by_hash(
            connection: &mut $connection,
            hash: &KeyHash,
        ) -> Result<Option<ApiKey>, StoreError> {
            sqlx::query(
                "SELECT tenant_id, id, name, prefix, scopes, created, revoked FROM api_key WHERE hash = $1",
            )
            .bind(&hash[..])
            .fetch_optional(connection)
            .await
            .map_err(store_error)?
            .as_ref()
            .map(key_from)
            .transpose()
        }

        pub(crate) async fn list(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<ApiKey>, StoreError> {
            let rows = sqlx::query(
                "SELECT tenant_id, id, name, prefix, scopes, created, revoked FROM api_key
                 WHERE tenant_id = $1 ORDER BY created, id",
            )
            .bind(tenant.as_str())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(key_from).collect()
        }

        pub(crate) async fn audit(
            connection: &mut $connection,
            tenant: &TenantId,
            limit: usize,
        ) -> Result<Vec<AuditEntry>, StoreError> {
            let rows = sqlx::query(
                "SELECT at, actor, action, target, detail FROM audit WHERE tenant_id = $1 ORDER BY n DESC LIMIT $2",
            )
            .bind(tenant.as_str())
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let entry = |row: &$row| {
                Ok(AuditEntry {
                    at: row.try_get("at")?,
                    actor: row.try_get("actor")?,
                    action: row.try_get("action")?,
                    target: row.try_get("target")?,
                    detail: row.try_get("detail")?,
                })
            };
            rows.iter().map(|row| entry(row).map_err(store_error)).collect()
        }
    };
}

pub(crate) use key_functions;
