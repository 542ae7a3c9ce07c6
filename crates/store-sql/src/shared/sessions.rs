//! Sessions.

/// Stamps the functions for one database, beside a module `accounts`.
macro_rules! session_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::{NewSession, Session, SessionHash, SignedIn, StoreError};

        use super::accounts::{account_from, roles};
        use crate::error::store_error;
        use crate::shared::text;

        fn session_from(row: &$row) -> Result<Session, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let time = |name| row.try_get::<Millis, _>(name).map_err(store_error);
            Ok(Session {
                id: column("id")?,
                account: column("account")?,
                created: time("created")?,
                seen: time("seen")?,
                confirmed: time("confirmed")?,
                expires: time("expires")?,
                address: column("address")?,
                agent: column("agent")?,
                via: column("via")?,
            })
        }

        /// Notes that somebody signed in. False when nobody can with this account.
        pub(crate) async fn mark_login(
            connection: &mut $connection,
            account: &str,
            at: Millis,
        ) -> Result<bool, StoreError> {
            let marked =
                sqlx::query("UPDATE account SET last_login = $2 WHERE id = $1 AND disabled IS NULL")
                    .bind(account)
                    .bind(at)
                    .execute(connection)
                    .await
                    .map_err(store_error)?;
            Ok(marked.rows_affected() > 0)
        }

        pub(crate) async fn insert(
            connection: &mut $connection,
            new: &NewSession,
        ) -> Result<(), StoreError> {
            let session = &new.session;
            sqlx::query(
                "INSERT INTO session (hash, id, account, created, seen, confirmed, expires, address, agent, via)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(&new.hash[..])
            .bind(&session.id)
            .bind(&session.account)
            .bind(session.created)
            .bind(session.seen)
            .bind(session.confirmed)
            .bind(session.expires)
            .bind(text(&session.address))
            .bind(text(&session.agent))
            .bind(text(&session.via))
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn remove(
            connection: &mut $connection,
            hash: &SessionHash,
        ) -> Result<(), StoreError> {
            sqlx::query("DELETE FROM session WHERE hash = $1")
                .bind(&hash[..])
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            hash: &SessionHash,
        ) -> Result<Option<SignedIn>, StoreError> {
            let row = sqlx::query(
                "SELECT s.id, s.account, s.created, s.seen, s.confirmed, s.expires, s.address, s.agent, s.via,
                        a.id AS account_id, a.email, a.name, a.platform_admin, a.created AS account_created,
                        a.disabled, a.last_login
                 FROM session s JOIN account a ON a.id = s.account
                 WHERE s.hash = $1 AND a.disabled IS NULL",
            )
            .bind(&hash[..])
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
            let Some(row) = row else {
                return Ok(None);
            };
            let (session, account) = (session_from(&row)?, account_from(&row)?);
            let roles = roles(connection, &account.id).await?;
            Ok(Some(SignedIn {
                session,
                account,
                roles,
            }))
        }

        pub(crate) async fn mark_seen(
            connection: &mut $connection,
            id: &str,
            at: Millis,
        ) -> Result<(), StoreError> {
            sqlx::query("UPDATE session SET seen = $2 WHERE id = $1 AND seen < $2")
                .bind(id)
                .bind(at)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn confirm(
            connection: &mut $connection,
            id: &str,
            hash: &SessionHash,
            at: Millis,
        ) -> Result<bool, StoreError> {
            let confirmed = sqlx::query("UPDATE session SET hash = $2, confirmed = $3 WHERE id = $1")
                .bind(id)
                .bind(&hash[..])
                .bind(at)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(confirmed.rows_affected() > 0)
        }

        pub(crate) async fn of_account(
            connection: &mut $connection,
            account: &str,
        ) -> Result<Vec<Session>, StoreError> {
            let rows = sqlx::query("SELECT * FROM session WHERE account = $1 ORDER BY created DESC, id")
                .bind(account)
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            rows.iter().map(session_from).collect()
        }

        pub(crate) async fn end(
            connection: &mut $connection,
            account: &str,
            id: &str,
        ) -> Result<bool, StoreError> {
            let ended = sqlx::query("DELETE FROM session WHERE account = $1 AND id = $2")
                .bind(account)
                .bind(id)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(ended.rows_affected() > 0)
        }

        pub(crate) async fn sweep(
            connection: &mut $connection,
            now: Millis,
            idle_since: Millis,
        ) -> Result<u64, StoreError> {
            let swept = sqlx::query("DELETE FROM session WHERE expires <= $1 OR seen <= $2")
                .bind(now)
                .bind(idle_since)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(swept.rows_affected())
        }
    };
}

pub(crate) use session_functions;
