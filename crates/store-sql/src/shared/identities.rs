//! Identities.

/// Stamps the functions for one database, beside a module `accounts`.
macro_rules! identity_functions {
    ($connection:ty, $row:ty) => {
        use sqlx::Row as _;
        use store::accounts::linked_already;
        use store::{Identity, KnownAccount, StoreError};

        use super::accounts;
        use crate::error::store_error;
        use crate::shared::text;

        fn identity_from(row: &$row) -> Result<Identity, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(Identity {
                issuer: column("issuer")?,
                subject: column("subject")?,
                account: column("account")?,
                shown: column("shown")?,
                linked: row.try_get("linked").map_err(store_error)?,
            })
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            issuer: &str,
            subject: &str,
        ) -> Result<Option<KnownAccount>, StoreError> {
            let account: Option<String> =
                sqlx::query_scalar("SELECT account FROM identity WHERE issuer = $1 AND subject = $2")
                    .bind(text(issuer))
                    .bind(text(subject))
                    .fetch_optional(&mut *connection)
                    .await
                    .map_err(store_error)?;
            match account {
                Some(account) => accounts::known(connection, accounts::By::Id, &account).await,
                None => Ok(None),
            }
        }

        pub(crate) async fn of_account(
            connection: &mut $connection,
            account: &str,
        ) -> Result<Vec<Identity>, StoreError> {
            let rows = sqlx::query("SELECT * FROM identity WHERE account = $1")
                .bind(account)
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let mut own = rows
                .iter()
                .map(identity_from)
                .collect::<Result<Vec<_>, StoreError>>()?;
            // Databases differ in how they order text.
            own.sort_by(|a, b| a.issuer.cmp(&b.issuer));
            Ok(own)
        }

        pub(crate) async fn insert(
            connection: &mut $connection,
            identity: &Identity,
        ) -> Result<(), StoreError> {
            let inserted = sqlx::query(
                "INSERT INTO identity (issuer, subject, account, shown, linked) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
            )
            .bind(text(&identity.issuer))
            .bind(text(&identity.subject))
            .bind(&identity.account)
            .bind(text(&identity.shown))
            .bind(identity.linked)
            .execute(connection)
            .await
            .map_err(store_error)?;
            match inserted.rows_affected() {
                0 => Err(linked_already(identity)),
                _ => Ok(()),
            }
        }

        pub(crate) async fn remove(
            connection: &mut $connection,
            account: &str,
            issuer: &str,
        ) -> Result<Option<Identity>, StoreError> {
            let row = sqlx::query("DELETE FROM identity WHERE account = $1 AND issuer = $2 RETURNING *")
                .bind(account)
                .bind(text(issuer))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(identity_from).transpose()
        }
    };
}

/// The port, on anything that has a `main` database.
macro_rules! identities_port {
    ($store:ty) => {
        #[async_trait]
        impl Identities for $store {
            async fn by_identity(
                &self,
                _: &SystemScope,
                issuer: &str,
                subject: &str,
            ) -> Result<Option<KnownAccount>, StoreError> {
                identities::find(&mut *self.main.read().await?, issuer, subject).await
            }

            async fn identities_of(
                &self,
                _: &SystemScope,
                account: &str,
            ) -> Result<Vec<Identity>, StoreError> {
                identities::of_account(&mut *self.main.read().await?, account).await
            }

            async fn link_identity(
                &self,
                _: &SystemScope,
                identity: Identity,
                log: Logged,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                let id = &identity.account;
                if accounts::known(&mut transaction, accounts::By::Id, id)
                    .await?
                    .is_none()
                {
                    return Err(no_account(id));
                }
                identities::insert(&mut transaction, &identity).await?;
                crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                Ok(())
            }

            async fn unlink_identity(
                &self,
                _: &SystemScope,
                account: &str,
                issuer: &str,
                keep: Option<&str>,
                log: Logged,
            ) -> Result<Option<Identity>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let was = identities::remove(&mut transaction, account, issuer).await?;
                if was.is_some() {
                    accounts::end_sessions(&mut transaction, account, keep).await?;
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(was)
            }
        }
    };
}

pub(crate) use {identities_port, identity_functions};
