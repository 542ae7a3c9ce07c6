//! Accounts, memberships, links and tenants.

use store::{Role, StoreError};

/// A role as stored.
pub(crate) fn role_from(text: &str) -> Result<Role, StoreError> {
    Role::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no role")))
}

/// Stamps the functions for one database. `$lock` makes a `SELECT` keep others from changing what it read.
macro_rules! account_functions {
    ($connection:ty, $row:ty, $lock:literal) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::{
            Account, KnownAccount, Link, LinkHash, LinkKind, Member, NewAccount, NewLink, Role, StoreError,
            Tenant, TenantId,
        };

        use crate::error::store_error;
        use crate::shared::{role_from, tenant_from, text};

        pub(crate) fn account_from(row: &$row) -> Result<Account, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(Account {
                id: column("account_id")?,
                email: column("email")?,
                name: column("name")?,
                platform_admin: row
                    .try_get::<i64, _>("platform_admin")
                    .map_err(store_error)?
                    != 0,
                created: row.try_get("account_created").map_err(store_error)?,
                disabled: row.try_get("disabled").map_err(store_error)?,
                last_login: row.try_get("last_login").map_err(store_error)?,
            })
        }

        fn link_from(row: &$row) -> Result<Link, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let account: Option<String> = row.try_get("account").map_err(store_error)?;
            let kind = match account {
                Some(account) => LinkKind::Reset { account },
                None => LinkKind::Invite {
                    email: column("email")?,
                    role: role_from(&column("role")?)?,
                },
            };
            Ok(Link {
                id: column("id")?,
                tenant: tenant_from(&column("tenant_id")?)?,
                kind,
                by: column("made_by")?,
                created: row.try_get("created").map_err(store_error)?,
                expires: row.try_get("expires").map_err(store_error)?,
            })
        }

        /// Whether the tenant exists. Others who ask for it with a lock wait until this transaction ends.
        pub(crate) async fn lock_tenant(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<bool, StoreError> {
            let found: Option<String> = sqlx::query_scalar(concat!(
                "SELECT tenant_id FROM tenant WHERE tenant_id = $1",
                $lock
            ))
            .bind(tenant.as_str())
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            Ok(found.is_some())
        }

        pub(crate) async fn any(connection: &mut $connection) -> Result<bool, StoreError> {
            let found: Option<String> = sqlx::query_scalar("SELECT id FROM account LIMIT 1")
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            Ok(found.is_some())
        }

        pub(crate) async fn insert(
            connection: &mut $connection,
            new: &NewAccount,
        ) -> Result<(), StoreError> {
            let account = &new.account;
            sqlx::query(
                "INSERT INTO account (id, email, name, password, platform_admin, created, disabled, last_login)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&account.id)
            .bind(text(&account.email))
            .bind(text(&account.name))
            .bind(new.password.as_deref())
            .bind(i64::from(account.platform_admin))
            .bind(account.created)
            .bind(account.disabled)
            .bind(account.last_login)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        /// All but the password, which is not for those who act for a tenant.
        const ACCOUNT: &str = "a.id AS account_id, a.email, a.name, a.platform_admin, a.created AS account_created,
             a.disabled, a.last_login";

        /// By id or by address: `by` is the column's name.
        pub(crate) async fn known(
            connection: &mut $connection,
            by: By,
            value: &str,
        ) -> Result<Option<KnownAccount>, StoreError> {
            let sql = match by {
                By::Id => format!("SELECT {ACCOUNT}, a.password FROM account a WHERE a.id = $1"),
                By::Email => format!("SELECT {ACCOUNT}, a.password FROM account a WHERE a.email = $1"),
            };
            let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(text(value))
                .fetch_optional(&mut *connection)
                .await
                .map_err(store_error)?;
            let Some(row) = row else {
                return Ok(None);
            };
            let account = account_from(&row)?;
            let roles = roles(connection, &account.id).await?;
            Ok(Some(KnownAccount {
                account,
                password: row.try_get("password").map_err(store_error)?,
                roles,
            }))
        }

        /// How an account is looked up.
        pub(crate) enum By {
            /// By its id.
            Id,
            /// By its address.
            Email,
        }

        /// What an account may do where, by tenant.
        pub(crate) async fn roles(
            connection: &mut $connection,
            account: &str,
        ) -> Result<Vec<(TenantId, Role)>, StoreError> {
            let rows = sqlx::query("SELECT tenant_id, role FROM member WHERE account = $1 ORDER BY tenant_id")
                .bind(account)
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let role = |row: &$row| {
                let column = |name| row.try_get::<String, _>(name).map_err(store_error);
                Ok((tenant_from(&column("tenant_id")?)?, role_from(&column("role")?)?))
            };
            let mut roles = rows.iter().map(role).collect::<Result<Vec<_>, StoreError>>()?;
            // Databases differ in how they order text.
            roles.sort();
            Ok(roles)
        }

        pub(crate) async fn rename(
            connection: &mut $connection,
            account: &str,
            name: &str,
        ) -> Result<bool, StoreError> {
            let renamed = sqlx::query("UPDATE account SET name = $2 WHERE id = $1")
                .bind(account)
                .bind(text(name))
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(renamed.rows_affected() > 0)
        }

        pub(crate) async fn set_password(
            connection: &mut $connection,
            account: &str,
            password: &str,
            keep: Option<&str>,
        ) -> Result<bool, StoreError> {
            let changed = sqlx::query("UPDATE account SET password = $2 WHERE id = $1")
                .bind(account)
                .bind(password)
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
            if changed.rows_affected() == 0 {
                return Ok(false);
            }
            end_sessions(connection, account, keep).await?;
            Ok(true)
        }

        /// Ends all sessions of an account but one. How many there were.
        pub(crate) async fn end_sessions(
            connection: &mut $connection,
            account: &str,
            keep: Option<&str>,
        ) -> Result<u64, StoreError> {
            let ended = sqlx::query("DELETE FROM session WHERE account = $1 AND id <> $2")
                .bind(account)
                .bind(keep.unwrap_or_default())
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(ended.rows_affected())
        }

        pub(crate) async fn members(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<Member>, StoreError> {
            let sql = format!(
                "SELECT {ACCOUNT}, m.role, m.since FROM member m JOIN account a ON a.id = m.account
                 WHERE m.tenant_id = $1"
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(tenant.as_str())
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let member = |row: &$row| {
                Ok(Member {
                    account: account_from(row)?,
                    role: role_from(&row.try_get::<String, _>("role").map_err(store_error)?)?,
                    since: row.try_get("since").map_err(store_error)?,
                })
            };
            let mut members = rows.iter().map(member).collect::<Result<Vec<_>, StoreError>>()?;
            members.sort_by(|a, b| a.account.email.cmp(&b.account.email));
            Ok(members)
        }

        /// Makes an account a member; who is one already keeps the higher role.
        pub(crate) async fn join(
            connection: &mut $connection,
            tenant: &TenantId,
            account: &str,
            role: Role,
            since: Millis,
        ) -> Result<(), StoreError> {
            let before = role_of(connection, tenant, account).await?;
            if before.is_some_and(|before| before >= role) {
                return Ok(());
            }
            sqlx::query(
                "INSERT INTO member (tenant_id, account, role, since) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (tenant_id, account) DO UPDATE SET role = excluded.role",
            )
            .bind(tenant.as_str())
            .bind(account)
            .bind(role.as_str())
            .bind(since)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn role_of(
            connection: &mut $connection,
            tenant: &TenantId,
            account: &str,
        ) -> Result<Option<Role>, StoreError> {
            let role: Option<String> =
                sqlx::query_scalar("SELECT role FROM member WHERE tenant_id = $1 AND account = $2")
                    .bind(tenant.as_str())
                    .bind(account)
                    .fetch_optional(connection)
                    .await
                    .map_err(store_error)?;
            role.as_deref().map(role_from).transpose()
        }

        /// Whether an owner other than this account is left.
        pub(crate) async fn has_other_owner(
            connection: &mut $connection,
            tenant: &TenantId,
            account: &str,
        ) -> Result<bool, StoreError> {
            let other: Option<String> = sqlx::query_scalar(
                "SELECT account FROM member WHERE tenant_id = $1 AND account <> $2 AND role = 'owner' LIMIT 1",
            )
            .bind(tenant.as_str())
            .bind(account)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            Ok(other.is_some())
        }

        pub(crate) async fn change_role(
            connection: &mut $connection,
            tenant: &TenantId,
            account: &str,
            role: Role,
        ) -> Result<(), StoreError> {
            sqlx::query("UPDATE member SET role = $3 WHERE tenant_id = $1 AND account = $2")
                .bind(tenant.as_str())
                .bind(account)
                .bind(role.as_str())
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn leave(
            connection: &mut $connection,
            tenant: &TenantId,
            account: &str,
        ) -> Result<(), StoreError> {
            // First the sessions: whoever acts for a tenant sees those of its members only.
            end_sessions(connection, account, None).await?;
            sqlx::query("DELETE FROM member WHERE tenant_id = $1 AND account = $2")
                .bind(tenant.as_str())
                .bind(account)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn tenants(connection: &mut $connection) -> Result<Vec<Tenant>, StoreError> {
            let rows = sqlx::query("SELECT tenant_id, name, created FROM tenant")
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let tenant = |row: &$row| {
                Ok(Tenant {
                    id: tenant_from(&row.try_get::<String, _>("tenant_id").map_err(store_error)?)?,
                    name: row.try_get("name").map_err(store_error)?,
                    created: row.try_get("created").map_err(store_error)?,
                })
            };
            let mut tenants = rows.iter().map(tenant).collect::<Result<Vec<_>, StoreError>>()?;
            tenants.sort_by(|a, b| a.id.cmp(&b.id));
            Ok(tenants)
        }

        pub(crate) async fn insert_tenant(
            connection: &mut $connection,
            tenant: &Tenant,
        ) -> Result<(), StoreError> {
            sqlx::query("INSERT INTO tenant (tenant_id, name, created) VALUES ($1, $2, $3)")
                .bind(tenant.id.as_str())
                .bind(text(&tenant.name))
                .bind(tenant.created)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        /// Stores a link in place of the one before it for the same purpose.
        pub(crate) async fn insert_link(
            connection: &mut $connection,
            new: &NewLink,
        ) -> Result<(), StoreError> {
            let link = &new.link;
            let (email, role, account) = match &link.kind {
                LinkKind::Invite { email, role } => (Some(text(email)), Some(role.as_str()), None),
                LinkKind::Reset { account } => (None, None, Some(account.as_str())),
            };
            sqlx::query("DELETE FROM link WHERE account = $1 OR (tenant_id = $2 AND email = $3)")
                .bind(account)
                .bind(link.tenant.as_str())
                .bind(email.as_deref())
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
            sqlx::query(
                "INSERT INTO link (tenant_id, id, hash, email, role, account, made_by, created, expires)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(link.tenant.as_str())
            .bind(&link.id)
            .bind(&new.hash[..])
            .bind(email.as_deref())
            .bind(role)
            .bind(account)
            .bind(text(&link.by))
            .bind(link.created)
            .bind(link.expires)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn invitations(
            connection: &mut $connection,
            tenant: &TenantId,
            now: Millis,
        ) -> Result<Vec<Link>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM link WHERE tenant_id = $1 AND email IS NOT NULL AND expires > $2
                 ORDER BY created, id",
            )
            .bind(tenant.as_str())
            .bind(now)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(link_from).collect()
        }

        pub(crate) async fn withdraw(
            connection: &mut $connection,
            tenant: &TenantId,
            id: &str,
        ) -> Result<bool, StoreError> {
            let withdrawn =
                sqlx::query("DELETE FROM link WHERE tenant_id = $1 AND id = $2 AND email IS NOT NULL")
                    .bind(tenant.as_str())
                    .bind(id)
                    .execute(connection)
                    .await
                    .map_err(store_error)?;
            Ok(withdrawn.rows_affected() > 0)
        }

        pub(crate) async fn link(
            connection: &mut $connection,
            hash: &LinkHash,
            now: Millis,
        ) -> Result<Option<Link>, StoreError> {
            let row = sqlx::query("SELECT * FROM link WHERE hash = $1 AND expires > $2")
                .bind(&hash[..])
                .bind(now)
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(link_from).transpose()
        }

        /// Takes a link away. False when somebody else did so first.
        pub(crate) async fn use_up(
            connection: &mut $connection,
            hash: &LinkHash,
        ) -> Result<bool, StoreError> {
            let used = sqlx::query("DELETE FROM link WHERE hash = $1")
                .bind(&hash[..])
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(used.rows_affected() > 0)
        }
    };
}

pub(crate) use account_functions;
