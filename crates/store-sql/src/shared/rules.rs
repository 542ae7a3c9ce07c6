//! Rules of alerts.

/// Stamps the functions for one database.
macro_rules! rule_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use domain::alert::MAX_RULES;
        use sqlx::Row as _;
        use store::alerts::{changed_meanwhile, rule_name_taken, too_many_rules};
        use store::{RuleDraft, StoreError, StoredRule, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, text, unsigned};

        fn rule_from(row: &$row) -> Result<StoredRule, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(StoredRule {
                id: unsigned(row.try_get("id").map_err(store_error)?)?,
                version: unsigned(row.try_get("version").map_err(store_error)?)?,
                origin: column("origin")?,
                name: column("name")?,
                body: column("body")?,
                created: (
                    row.try_get("created").map_err(store_error)?,
                    column("created_by")?,
                ),
                changed: (
                    row.try_get("changed").map_err(store_error)?,
                    column("changed_by")?,
                ),
            })
        }

        pub(crate) async fn all(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<StoredRule>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM alert_rule WHERE tenant_id = $1 AND deleted IS NULL ORDER BY id",
            )
            .bind(tenant.as_str())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(rule_from).collect()
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Option<StoredRule>, StoreError> {
            let row = sqlx::query(
                "SELECT * FROM alert_rule WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(rule_from).transpose()
        }

        $crate::shared::named_functions!($connection, "alert_rule");

        /// Stores a rule; those who store another of the tenant wait, by its lock.
        pub(crate) async fn create(
            connection: &mut $connection,
            tenant: &TenantId,
            draft: &RuleDraft,
        ) -> Result<StoredRule, StoreError> {
            if is_taken(connection, tenant, &draft.name, 0).await? {
                return Err(rule_name_taken(&draft.name));
            }
            if are_there(connection, tenant, MAX_RULES).await? {
                return Err(too_many_rules());
            }
            insert(connection, tenant, "", draft).await
        }

        async fn insert(
            connection: &mut $connection,
            tenant: &TenantId,
            origin: &str,
            draft: &RuleDraft,
        ) -> Result<StoredRule, StoreError> {
            let row = sqlx::query(
                "INSERT INTO alert_rule (tenant_id, id, version, origin, name, body, created, created_by, changed,
                                         changed_by)
                 SELECT $1, coalesce(max(id), 0) + 1, 1, $2, $3, $4, $5, $6, $5, $6 FROM alert_rule
                 WHERE tenant_id = $1 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(origin)
            .bind(text(&draft.name))
            .bind(text(&draft.body))
            .bind(draft.at)
            .bind(text(&draft.by))
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            rule_from(&row)
        }

        pub(crate) async fn change(
            connection: &mut $connection,
            tenant: &TenantId,
            (id, version): (u64, u64),
            draft: &RuleDraft,
        ) -> Result<Option<StoredRule>, StoreError> {
            let Some(before) = find(connection, tenant, id).await? else {
                return Ok(None);
            };
            if before.version != version {
                return Err(changed_meanwhile("rule", id, before.version));
            }
            if is_taken(connection, tenant, &draft.name, id).await? {
                return Err(rule_name_taken(&draft.name));
            }
            let row = sqlx::query(
                "UPDATE alert_rule SET version = version + 1, name = $4, body = $5, changed = $6, changed_by = $7
                 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND deleted IS NULL RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(clamped(version))
            .bind(text(&draft.name))
            .bind(text(&draft.body))
            .bind(draft.at)
            .bind(text(&draft.by))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            match row {
                Some(row) => rule_from(&row).map(Some),
                None => Err(changed_meanwhile("rule", id, version + 1)),
            }
        }

        pub(crate) async fn delete(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
            at: Millis,
        ) -> Result<Option<StoredRule>, StoreError> {
            let row = sqlx::query(
                "UPDATE alert_rule SET deleted = $3 WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL
                 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(at)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(rule_from).transpose()
        }

        pub(crate) async fn seed(
            connection: &mut $connection,
            tenant: &TenantId,
            defaults: &[(&str, RuleDraft)],
        ) -> Result<usize, StoreError> {
            let known: Vec<String> = sqlx::query_scalar(
                "SELECT origin FROM alert_rule WHERE tenant_id = $1 AND origin <> ''",
            )
            .bind(tenant.as_str())
            .fetch_all(&mut *connection)
            .await
            .map_err(store_error)?;
            let mut made = 0;
            for (key, draft) in defaults {
                let is_known = known.iter().any(|origin| origin == key);
                if !is_known && !is_taken(connection, tenant, &draft.name, 0).await? {
                    insert(connection, tenant, key, draft).await?;
                    made += 1;
                }
            }
            Ok(made)
        }
    };
}

pub(crate) use rule_functions;
