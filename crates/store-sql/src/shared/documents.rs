//! Documents that a tenant keeps.

/// Stamps the functions for one database.
macro_rules! document_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::alerts::changed_meanwhile;
        use store::documents::{MAX_DOCUMENTS, document_name_taken, too_many_documents};
        use store::{DocumentDraft, DocumentKind, StoreError, StoredDocument, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, text, unsigned};

        fn document_from(row: &$row) -> Result<StoredDocument, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            Ok(StoredDocument {
                id: unsigned(number("id")?)?,
                version: unsigned(number("version")?)?,
                name: column("name")?,
                body: column("body")?,
                created: (number("created")?, column("created_by")?),
                changed: (number("changed")?, column("changed_by")?),
            })
        }

        pub(crate) async fn all(
            connection: &mut $connection,
            tenant: &TenantId,
            kind: DocumentKind,
        ) -> Result<Vec<StoredDocument>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM document WHERE tenant_id = $1 AND kind = $2 AND deleted IS NULL ORDER BY id",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(document_from).collect()
        }

        /// Another document than the one of this number has the name.
        async fn is_taken(
            connection: &mut $connection,
            tenant: &TenantId,
            kind: DocumentKind,
            name: &str,
            but: u64,
        ) -> Result<bool, StoreError> {
            let found: Option<i64> = sqlx::query_scalar(
                "SELECT id FROM document
                 WHERE tenant_id = $1 AND kind = $2 AND name = $3 AND id <> $4 AND deleted IS NULL",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .bind(text(name))
            .bind(clamped(but))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            Ok(found.is_some())
        }

        /// Stores a document; those who store another of the tenant wait, by its lock.
        pub(crate) async fn create(
            connection: &mut $connection,
            tenant: &TenantId,
            kind: DocumentKind,
            draft: &DocumentDraft,
        ) -> Result<StoredDocument, StoreError> {
            if is_taken(connection, tenant, kind, &draft.name, 0).await? {
                return Err(document_name_taken(kind, &draft.name));
            }
            if all(connection, tenant, kind).await?.len() >= MAX_DOCUMENTS {
                return Err(too_many_documents(kind));
            }
            let row = sqlx::query(
                "INSERT INTO document (tenant_id, kind, id, version, name, body, created, created_by, changed, changed_by)
                 SELECT $1, $2, coalesce(max(id), 0) + 1, 1, $3, $4, $5, $6, $5, $6 FROM document
                 WHERE tenant_id = $1 AND kind = $2 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .bind(text(&draft.name))
            .bind(text(&draft.body))
            .bind(draft.at)
            .bind(text(&draft.by))
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            document_from(&row)
        }

        pub(crate) async fn change(
            connection: &mut $connection,
            tenant: &TenantId,
            kind: DocumentKind,
            (id, version): (u64, u64),
            draft: &DocumentDraft,
        ) -> Result<Option<StoredDocument>, StoreError> {
            let there = all(connection, tenant, kind).await?;
            let Some(before) = there.iter().find(|document| document.id == id) else {
                return Ok(None);
            };
            if before.version != version {
                return Err(changed_meanwhile(kind.as_str(), id, before.version));
            }
            if is_taken(connection, tenant, kind, &draft.name, id).await? {
                return Err(document_name_taken(kind, &draft.name));
            }
            let row = sqlx::query(
                "UPDATE document SET version = version + 1, name = $5, body = $6, changed = $7, changed_by = $8
                 WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND version = $4 AND deleted IS NULL RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .bind(clamped(id))
            .bind(clamped(version))
            .bind(text(&draft.name))
            .bind(text(&draft.body))
            .bind(draft.at)
            .bind(text(&draft.by))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(document_from).transpose()
        }

        pub(crate) async fn delete(
            connection: &mut $connection,
            tenant: &TenantId,
            kind: DocumentKind,
            id: u64,
            at: Millis,
        ) -> Result<Option<StoredDocument>, StoreError> {
            let row = sqlx::query(
                "UPDATE document SET deleted = $4
                 WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND deleted IS NULL RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .bind(clamped(id))
            .bind(at)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(document_from).transpose()
        }
    };
}

pub(crate) use document_functions;
