//! Channels through which people are told.

/// Stamps the functions for one database.
macro_rules! channel_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::alerts::changed_meanwhile;
        use store::deliveries::{MAX_CHANNELS, channel_name_taken, too_many_channels};
        use store::{ChannelDraft, StoreError, StoredChannel, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, text, unsigned};

        fn channel_from(row: &$row) -> Result<StoredChannel, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            Ok(StoredChannel {
                id: unsigned(number("id")?)?,
                version: unsigned(number("version")?)?,
                name: column("name")?,
                body: column("body")?,
                enabled: number("enabled")? != 0,
                trouble: row.try_get("trouble").map_err(store_error)?,
                created: (number("created")?, column("created_by")?),
                changed: (number("changed")?, column("changed_by")?),
            })
        }

        pub(crate) async fn all(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<StoredChannel>, StoreError> {
            let rows =
                sqlx::query("SELECT * FROM channel WHERE tenant_id = $1 AND deleted IS NULL ORDER BY id")
                    .bind(tenant.as_str())
                    .fetch_all(connection)
                    .await
                    .map_err(store_error)?;
            rows.iter().map(channel_from).collect()
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Option<StoredChannel>, StoreError> {
            let row =
                sqlx::query("SELECT * FROM channel WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL")
                    .bind(tenant.as_str())
                    .bind(clamped(id))
                    .fetch_optional(connection)
                    .await
                    .map_err(store_error)?;
            row.as_ref().map(channel_from).transpose()
        }

        $crate::shared::named_functions!($connection, "channel");

        /// Stores a channel; those who store another of the tenant wait, by its lock.
        pub(crate) async fn create(
            connection: &mut $connection,
            tenant: &TenantId,
            draft: &ChannelDraft,
        ) -> Result<StoredChannel, StoreError> {
            if is_taken(connection, tenant, &draft.name, 0).await? {
                return Err(channel_name_taken(&draft.name));
            }
            if are_there(connection, tenant, MAX_CHANNELS).await? {
                return Err(too_many_channels());
            }
            let row = sqlx::query(
                "INSERT INTO channel (tenant_id, id, version, name, body, enabled, created, created_by, changed,
                                      changed_by)
                 SELECT $1, coalesce(max(id), 0) + 1, 1, $2, $3, $4, $5, $6, $5, $6 FROM channel
                 WHERE tenant_id = $1 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(text(&draft.name))
            .bind(text(&draft.body))
            .bind(i64::from(draft.enabled))
            .bind(draft.at)
            .bind(text(&draft.by))
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            channel_from(&row)
        }

        pub(crate) async fn change(
            connection: &mut $connection,
            tenant: &TenantId,
            (id, version): (u64, u64),
            draft: &ChannelDraft,
        ) -> Result<Option<StoredChannel>, StoreError> {
            let Some(before) = find(connection, tenant, id).await? else {
                return Ok(None);
            };
            if before.version != version {
                return Err(changed_meanwhile("channel", id, before.version));
            }
            if is_taken(connection, tenant, &draft.name, id).await? {
                return Err(channel_name_taken(&draft.name));
            }
            let row = sqlx::query(
                "UPDATE channel SET version = version + 1, name = $4, body = $5, enabled = $6, trouble = NULL,
                                    changed = $7, changed_by = $8
                 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND deleted IS NULL RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(clamped(version))
            .bind(text(&draft.name))
            .bind(text(&draft.body))
            .bind(i64::from(draft.enabled))
            .bind(draft.at)
            .bind(text(&draft.by))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(channel_from).transpose()
        }

        /// Removes a channel; what waits for it is dropped.
        pub(crate) async fn delete(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
            at: Millis,
        ) -> Result<Option<StoredChannel>, StoreError> {
            let row = sqlx::query(
                "UPDATE channel SET deleted = $3 WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(at)
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
            sqlx::query(
                "UPDATE delivery SET state = 'dropped', done = $3, words = 'its channel was removed'
                 WHERE tenant_id = $1 AND channel = $2 AND state = 'waiting'",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(channel_from).transpose()
        }

        pub(crate) async fn switch_off(
            connection: &mut $connection,
            tenant: &TenantId,
            (id, version): (u64, u64),
            why: &str,
            at: Millis,
        ) -> Result<Option<StoredChannel>, StoreError> {
            let row = sqlx::query(
                "UPDATE channel SET version = version + 1, trouble = $4, changed = $5, changed_by = 'system'
                 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND deleted IS NULL AND trouble IS NULL
                   AND enabled = 1 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(clamped(version))
            .bind(text(why))
            .bind(at)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(channel_from).transpose()
        }
    };
}

pub(crate) use channel_functions;
