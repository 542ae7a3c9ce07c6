//! Addresses under which strangers find a document.

/// Stamps the functions for one database.
macro_rules! share_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::shares::share_taken;
        use store::{DocumentKind, ShareHash, ShareLink, StoreError, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, tenant_from, unsigned};

        fn link_from(row: &$row) -> Result<ShareLink, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let kind = column("kind")?;
            let known = DocumentKind::ALL.into_iter().find(|known| known.as_str() == kind);
            Ok(ShareLink {
                tenant: tenant_from(&column("tenant_id")?)?,
                kind: known.ok_or_else(|| StoreError::Corrupt(format!("{kind:?} is no kind of document")))?,
                document: unsigned(row.try_get("document").map_err(store_error)?)?,
                created: row.try_get("created").map_err(store_error)?,
                opened: row.try_get("opened").map_err(store_error)?,
            })
        }

        /// What a constraint refuses here is an address that somebody has.
        fn taken(error: sqlx::Error) -> StoreError {
            match store_error(error) {
                StoreError::Conflict(_) => share_taken(),
                error => error,
            }
        }

        pub(crate) async fn insert(
            connection: &mut $connection,
            tenant: &TenantId,
            (kind, document): (DocumentKind, u64),
            hash: &ShareHash,
            at: Millis,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "INSERT INTO share_link (tenant_id, kind, document, hash, created) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .bind(clamped(document))
            .bind(&hash[..])
            .bind(at)
            .execute(connection)
            .await
            .map_err(taken)?;
            Ok(())
        }

        pub(crate) async fn change(
            connection: &mut $connection,
            tenant: &TenantId,
            (kind, document): (DocumentKind, u64),
            hash: &ShareHash,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "UPDATE share_link SET hash = $4 WHERE tenant_id = $1 AND kind = $2 AND document = $3",
            )
            .bind(tenant.as_str())
            .bind(kind.as_str())
            .bind(clamped(document))
            .bind(&hash[..])
            .execute(connection)
            .await
            .map_err(taken)?;
            Ok(())
        }

        pub(crate) async fn delete(
            connection: &mut $connection,
            tenant: &TenantId,
            (kind, document): (DocumentKind, u64),
        ) -> Result<(), StoreError> {
            sqlx::query("DELETE FROM share_link WHERE tenant_id = $1 AND kind = $2 AND document = $3")
                .bind(tenant.as_str())
                .bind(kind.as_str())
                .bind(clamped(document))
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn list(
            connection: &mut $connection,
            tenant: &TenantId,
            kind: DocumentKind,
        ) -> Result<Vec<ShareLink>, StoreError> {
            let rows = sqlx::query("SELECT * FROM share_link WHERE tenant_id = $1 AND kind = $2 ORDER BY document")
                .bind(tenant.as_str())
                .bind(kind.as_str())
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            rows.iter().map(link_from).collect()
        }

        pub(crate) async fn by_hash(
            connection: &mut $connection,
            hash: &ShareHash,
        ) -> Result<Option<ShareLink>, StoreError> {
            let row = sqlx::query("SELECT * FROM share_link WHERE hash = $1")
                .bind(&hash[..])
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(link_from).transpose()
        }

        /// Whether it is the first time since `day`. Of many who come at once one is the first.
        pub(crate) async fn opened(
            connection: &mut $connection,
            tenant: &TenantId,
            link: &ShareLink,
            at: Millis,
            day: Millis,
        ) -> Result<bool, StoreError> {
            let first = sqlx::query(
                "UPDATE share_link SET opened = $4
                 WHERE tenant_id = $1 AND kind = $2 AND document = $3 AND (opened IS NULL OR opened < $5)",
            )
            .bind(tenant.as_str())
            .bind(link.kind.as_str())
            .bind(clamped(link.document))
            .bind(at)
            .bind(day)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            if first.rows_affected() > 0 {
                return Ok(true);
            }
            sqlx::query(
                "UPDATE share_link SET opened = $4
                 WHERE tenant_id = $1 AND kind = $2 AND document = $3 AND opened < $4",
            )
            .bind(tenant.as_str())
            .bind(link.kind.as_str())
            .bind(clamped(link.document))
            .bind(at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(false)
        }
    };
}

pub(crate) use share_functions;
