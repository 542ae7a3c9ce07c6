//! The audit log: rows that are only ever added, sealed on the way in.

/// Stamps the functions for one database. `$lock`, where the database needs it, makes writers of one tenant's chain wait
/// for each other until their transactions end. `$empty` are the statements that empty the table in spite of its triggers.
macro_rules! audit_functions {
    ($connection:ty, $row:ty, $lock:expr, $empty:expr) => {
        use sqlx::Row as _;
        use store::audit::{AuditKey, seal};
        use store::{AuditEntry, AuditHead, AuditQuery, SealedEntry, StoreError, TenantId};

        use crate::error::store_error;
        use crate::shared::{clamped, digest, tenant_from, unsigned};

        const LOCK: Option<&str> = $lock;
        const EMPTY: &[&str] = $empty;

        pub(crate) async fn log(
            connection: &mut $connection,
            key: &AuditKey,
            tenant: &TenantId,
            entry: AuditEntry,
        ) -> Result<(), StoreError> {
            if let Some(lock) = LOCK {
                sqlx::query(lock)
                    .bind(tenant.as_str())
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
            let newest = sqlx::query("SELECT n, hash FROM audit WHERE tenant_id = $1 ORDER BY n DESC LIMIT 1")
                .bind(tenant.as_str())
                .fetch_optional(&mut *connection)
                .await
                .map_err(store_error)?;
            let previous = match newest {
                Some(row) => Some((
                    unsigned(row.try_get("n").map_err(store_error)?)?,
                    digest(row.try_get("hash").map_err(store_error)?)?,
                )),
                None => None,
            };
            let sealed = seal(key, tenant, previous, entry);
            sqlx::query(
                "INSERT INTO audit (tenant_id, n, at, actor, address, action, target, detail, hash, mac)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(tenant.as_str())
            .bind(clamped(sealed.n))
            .bind(sealed.entry.at)
            .bind(sealed.entry.actor)
            .bind(sealed.entry.address)
            .bind(sealed.entry.action)
            .bind(sealed.entry.target)
            .bind(sealed.entry.detail)
            .bind(&sealed.hash[..])
            .bind(&sealed.mac[..])
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        /// Takes entries from before there was a chain into it. Whether there were any.
        pub(crate) async fn adopt(connection: &mut $connection, key: &AuditKey) -> Result<bool, StoreError> {
            let rows = sqlx::query(
                "SELECT tenant_id, at, actor, action, target, detail FROM audit_unsealed ORDER BY tenant_id, n",
            )
            .fetch_all(&mut *connection)
            .await
            .map_err(store_error)?;
            for row in &rows {
                let column = |name| row.try_get::<String, _>(name).map_err(store_error);
                let entry = AuditEntry {
                    at: row.try_get("at").map_err(store_error)?,
                    actor: column("actor")?,
                    address: String::new(),
                    action: column("action")?,
                    target: column("target")?,
                    detail: column("detail")?,
                };
                log(connection, key, &tenant_from(&column("tenant_id")?)?, entry).await?;
            }
            sqlx::query("DELETE FROM audit_unsealed")
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(!rows.is_empty())
        }

        /// Seals everything anew, and ends each chain with `last`. How many entries there were.
        pub(crate) async fn reseal(
            connection: &mut $connection,
            key: &AuditKey,
            last: &AuditEntry,
        ) -> Result<u64, StoreError> {
            let heads = heads(connection).await?;
            let mut chains = Vec::with_capacity(heads.len());
            for head in heads {
                let entries = chain(connection, &head.tenant, 0, usize::MAX).await?;
                chains.push((head.tenant, entries));
            }
            for sql in EMPTY.iter().copied() {
                sqlx::query(sql)
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
            let mut resealed = 0;
            for (tenant, entries) in chains {
                for sealed in entries {
                    log(connection, key, &tenant, sealed.entry).await?;
                    resealed += 1;
                }
                log(connection, key, &tenant, last.clone()).await?;
            }
            Ok(resealed)
        }

        fn sealed_from(row: &$row) -> Result<SealedEntry, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(SealedEntry {
                n: unsigned(row.try_get("n").map_err(store_error)?)?,
                entry: AuditEntry {
                    at: row.try_get("at").map_err(store_error)?,
                    actor: column("actor")?,
                    address: column("address")?,
                    action: column("action")?,
                    target: column("target")?,
                    detail: column("detail")?,
                },
                hash: digest(row.try_get("hash").map_err(store_error)?)?,
                mac: digest(row.try_get("mac").map_err(store_error)?)?,
            })
        }

        pub(crate) async fn search(
            connection: &mut $connection,
            tenant: &TenantId,
            query: &AuditQuery,
        ) -> Result<Vec<SealedEntry>, StoreError> {
            let rows = sqlx::query(
                "SELECT n, at, actor, address, action, target, detail, hash, mac FROM audit
                 WHERE tenant_id = $1 AND ($2 IS NULL OR n < $2) AND ($3 IS NULL OR at >= $3)
                   AND ($4 IS NULL OR at < $4) AND ($5 IS NULL OR actor = $5)
                   AND ($6 IS NULL OR action = $6 OR substr(action, 1, length($6) + 1) = $6 || '.')
                   AND ($7 IS NULL OR target = $7)
                 ORDER BY n DESC LIMIT $8",
            )
            .bind(tenant.as_str())
            .bind(query.before.map(clamped))
            .bind(query.from)
            .bind(query.to)
            .bind(query.actor.as_deref())
            .bind(query.action.as_deref())
            .bind(query.target.as_deref())
            .bind(clamped(query.limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(sealed_from).collect()
        }

        pub(crate) async fn chain(
            connection: &mut $connection,
            tenant: &TenantId,
            after: u64,
            limit: usize,
        ) -> Result<Vec<SealedEntry>, StoreError> {
            let rows = sqlx::query(
                "SELECT n, at, actor, address, action, target, detail, hash, mac FROM audit
                 WHERE tenant_id = $1 AND n > $2 ORDER BY n LIMIT $3",
            )
            .bind(tenant.as_str())
            .bind(clamped(after))
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(sealed_from).collect()
        }

        pub(crate) async fn heads(connection: &mut $connection) -> Result<Vec<AuditHead>, StoreError> {
            let rows = sqlx::query(
                "SELECT a.tenant_id, a.n, a.hash, a.mac FROM audit a
                 JOIN (SELECT tenant_id, max(n) AS n FROM audit GROUP BY tenant_id) newest
                   ON newest.tenant_id = a.tenant_id AND newest.n = a.n
                 ORDER BY a.tenant_id",
            )
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let head = |row: &$row| {
                Ok(AuditHead {
                    tenant: tenant_from(&row.try_get::<String, _>("tenant_id").map_err(store_error)?)?,
                    n: unsigned(row.try_get("n").map_err(store_error)?)?,
                    hash: digest(row.try_get("hash").map_err(store_error)?)?,
                    mac: digest(row.try_get("mac").map_err(store_error)?)?,
                })
            };
            rows.iter().map(head).collect()
        }
    };
}

pub(crate) use audit_functions;
