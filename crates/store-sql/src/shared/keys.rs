//! API keys.

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

/// Address ranges as stored: separated by blanks.
pub(crate) fn words_from_text(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Stamps the functions for one database.
macro_rules! key_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::{ApiKey, KeyHash, NewApiKey, StoreError, TenantId};

        use crate::error::store_error;
        use crate::shared::{scopes_from_text, scopes_to_text, tenant_from, text, words_from_text};

        fn key_from(row: &$row) -> Result<ApiKey, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(ApiKey {
                id: column("id")?,
                tenant: tenant_from(&column("tenant_id")?)?,
                name: column("name")?,
                prefix: column("prefix")?,
                scopes: scopes_from_text(&column("scopes")?)?,
                created: row.try_get("created").map_err(store_error)?,
                expires: row.try_get("expires").map_err(store_error)?,
                addresses: words_from_text(&column("addresses")?),
                last_used: row.try_get("last_used").map_err(store_error)?,
                replaced_by: row.try_get("replaced_by").map_err(store_error)?,
                revoked: row.try_get("revoked").map_err(store_error)?,
            })
        }

        pub(crate) async fn insert(connection: &mut $connection, new: &NewApiKey) -> Result<(), StoreError> {
            sqlx::query(
                "INSERT INTO api_key (tenant_id, id, name, prefix, scopes, created, expires, addresses, last_used,
                                      replaced_by, revoked, hash)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            )
            .bind(new.key.tenant.as_str())
            .bind(text(&new.key.id))
            .bind(text(&new.key.name))
            .bind(text(&new.key.prefix))
            .bind(scopes_to_text(&new.key.scopes))
            .bind(new.key.created)
            .bind(new.key.expires)
            .bind(new.key.addresses.join(" "))
            .bind(new.key.last_used)
            .bind(new.key.replaced_by.as_deref())
            .bind(new.key.revoked)
            .bind(&new.hash[..])
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        /// By id, else the key in use of that name.
        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id_or_name: &str,
        ) -> Result<Option<ApiKey>, StoreError> {
            sqlx::query(
                "SELECT * FROM api_key
                 WHERE tenant_id = $1 AND (id = $2 OR (name = $2 AND revoked IS NULL AND replaced_by IS NULL))
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

        /// Whether this call revoked it; the first one counts. What it replaced ends with it.
        pub(crate) async fn mark_revoked(
            connection: &mut $connection,
            tenant: &TenantId,
            id: &str,
            at: Millis,
        ) -> Result<bool, StoreError> {
            let revoked = sqlx::query(
                "UPDATE api_key SET revoked = $3 WHERE tenant_id = $1 AND id = $2 AND revoked IS NULL",
            )
            .bind(tenant.as_str())
            .bind(id)
            .bind(at)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?
            .rows_affected();
            if revoked == 0 {
                return Ok(false);
            }
            let mut newer = id.to_owned();
            // One that was replaced twice within its overlap: the whole line of them.
            while let Some(older) = sqlx::query_scalar::<_, String>(
                "SELECT id FROM api_key WHERE tenant_id = $1 AND replaced_by = $2",
            )
            .bind(tenant.as_str())
            .bind(&newer)
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?
            {
                sqlx::query(
                    "UPDATE api_key SET revoked = $3 WHERE tenant_id = $1 AND id = $2 AND revoked IS NULL",
                )
                .bind(tenant.as_str())
                .bind(&older)
                .bind(at)
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
                newer = older;
            }
            Ok(true)
        }

        /// Another key takes its place; it counts until `until` at the latest.
        pub(crate) async fn replace(
            connection: &mut $connection,
            old: &ApiKey,
            new_id: &str,
            until: Millis,
        ) -> Result<(), StoreError> {
            sqlx::query("UPDATE api_key SET replaced_by = $3, expires = $4 WHERE tenant_id = $1 AND id = $2")
                .bind(old.tenant.as_str())
                .bind(&old.id)
                .bind(new_id)
                .bind(until)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        /// When a key was seen last; an earlier time changes nothing.
        pub(crate) async fn mark_used(
            connection: &mut $connection,
            id: &str,
            at: Millis,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "UPDATE api_key SET last_used = $2 WHERE id = $1 AND (last_used IS NULL OR last_used < $2)",
            )
            .bind(id)
            .bind(at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn by_hash(
            connection: &mut $connection,
            hash: &KeyHash,
        ) -> Result<Option<ApiKey>, StoreError> {
            sqlx::query(
                "SELECT * FROM api_key WHERE hash = $1",
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
                "SELECT * FROM api_key
                 WHERE tenant_id = $1 ORDER BY created, id",
            )
            .bind(tenant.as_str())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(key_from).collect()
        }
    };
}

pub(crate) use key_functions;
