//! Second factors.

/// Stamps the functions for one database.
macro_rules! second_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::{RecoveryHash, SecondFactor, StoreError};

        use crate::error::store_error;
        use crate::shared::unsigned;

        pub(crate) async fn find(
            connection: &mut $connection,
            account: &str,
        ) -> Result<Option<SecondFactor>, StoreError> {
            let row = sqlx::query(
                "SELECT s.*, (SELECT count(*) FROM recovery_code c WHERE c.account = s.account AND c.used IS NULL)
                     AS codes_left
                 FROM second_factor s WHERE s.account = $1",
            )
            .bind(account)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            let second = |row: $row| {
                Ok(SecondFactor {
                    seed: row.try_get("seed").map_err(store_error)?,
                    begun: row.try_get("begun").map_err(store_error)?,
                    enabled: row.try_get("enabled").map_err(store_error)?,
                    step: row.try_get("step").map_err(store_error)?,
                    recovery_codes: unsigned(row.try_get("codes_left").map_err(store_error)?)?,
                })
            };
            row.map(second).transpose()
        }

        pub(crate) async fn begin(
            connection: &mut $connection,
            account: &str,
            seed: &str,
            at: Millis,
        ) -> Result<bool, StoreError> {
            let begun = sqlx::query(
                "INSERT INTO second_factor (account, seed, begun, step)
                 SELECT id, $2, $3, 0 FROM account WHERE id = $1
                 ON CONFLICT (account) DO UPDATE SET seed = excluded.seed, begun = excluded.begun
                 WHERE second_factor.enabled IS NULL",
            )
            .bind(account)
            .bind(seed)
            .bind(at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(begun.rows_affected() > 0)
        }

        pub(crate) async fn enable(
            connection: &mut $connection,
            account: &str,
            (seed, step): (&str, i64),
            at: Millis,
        ) -> Result<bool, StoreError> {
            let enabled = sqlx::query(
                "UPDATE second_factor SET enabled = $4, step = $3
                 WHERE account = $1 AND seed = $2 AND enabled IS NULL",
            )
            .bind(account)
            .bind(seed)
            .bind(step)
            .bind(at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(enabled.rows_affected() > 0)
        }

        pub(crate) async fn use_step(
            connection: &mut $connection,
            account: &str,
            seed: &str,
            step: i64,
        ) -> Result<bool, StoreError> {
            let used = sqlx::query(
                "UPDATE second_factor SET step = $3
                 WHERE account = $1 AND seed = $2 AND enabled IS NOT NULL AND step < $3",
            )
            .bind(account)
            .bind(seed)
            .bind(step)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(used.rows_affected() > 0)
        }

        pub(crate) async fn use_code(
            connection: &mut $connection,
            account: &str,
            code: &RecoveryHash,
            at: Millis,
        ) -> Result<bool, StoreError> {
            let used = sqlx::query(
                "UPDATE recovery_code SET used = $3
                 WHERE account = $1 AND hash = $2 AND used IS NULL
                    AND EXISTS (SELECT 1 FROM second_factor WHERE account = $1 AND enabled IS NOT NULL)",
            )
            .bind(account)
            .bind(&code[..])
            .bind(at)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(used.rows_affected() > 0)
        }

        /// Keeps the row from changing until the transaction ends. Whether one is enabled.
        pub(crate) async fn hold(connection: &mut $connection, account: &str) -> Result<bool, StoreError> {
            let held = sqlx::query(
                "UPDATE second_factor SET step = step WHERE account = $1 AND enabled IS NOT NULL",
            )
            .bind(account)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(held.rows_affected() > 0)
        }

        pub(crate) async fn replace_codes(
            connection: &mut $connection,
            account: &str,
            codes: &[RecoveryHash],
        ) -> Result<(), StoreError> {
            sqlx::query("DELETE FROM recovery_code WHERE account = $1")
                .bind(account)
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
            for code in codes {
                sqlx::query("INSERT INTO recovery_code (account, hash) VALUES ($1, $2)")
                    .bind(account)
                    .bind(&code[..])
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
            Ok(())
        }

        pub(crate) async fn remove(connection: &mut $connection, account: &str) -> Result<bool, StoreError> {
            replace_codes(connection, account, &[]).await?;
            let removed = sqlx::query("DELETE FROM second_factor WHERE account = $1")
                .bind(account)
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(removed.rows_affected() > 0)
        }
    };
}

/// The port, on anything that has a `main` database.
macro_rules! second_port {
    ($store:ty) => {
        #[async_trait]
        impl SecondFactors for $store {
            async fn second_factor(
                &self,
                _: &SystemScope,
                account: &str,
            ) -> Result<Option<SecondFactor>, StoreError> {
                second::find(&mut *self.main.read().await?, account).await
            }

            async fn begin_second_factor(
                &self,
                _: &SystemScope,
                account: &str,
                seed: &str,
                at: Millis,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let begun = second::begin(&mut transaction, account, seed, at).await?;
                if begun {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(begun)
            }

            async fn enable_second_factor(
                &self,
                _: &SystemScope,
                account: &str,
                seed: (&str, i64),
                codes: &[RecoveryHash],
                at: Millis,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let enabled = second::enable(&mut transaction, account, seed, at).await?;
                if enabled {
                    second::replace_codes(&mut transaction, account, codes).await?;
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(enabled)
            }

            async fn use_step(
                &self,
                _: &SystemScope,
                account: &str,
                seed: &str,
                step: i64,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let used = second::use_step(&mut transaction, account, seed, step).await?;
                if used {
                    main_db::commit(transaction).await?;
                }
                Ok(used)
            }

            async fn use_recovery_code(
                &self,
                _: &SystemScope,
                account: &str,
                code: &RecoveryHash,
                at: Millis,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let used = second::use_code(&mut transaction, account, code, at).await?;
                if used {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(used)
            }

            async fn replace_recovery_codes(
                &self,
                _: &SystemScope,
                account: &str,
                codes: &[RecoveryHash],
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let enabled = second::hold(&mut transaction, account).await?;
                if enabled {
                    second::replace_codes(&mut transaction, account, codes).await?;
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(enabled)
            }

            async fn remove_second_factor(
                &self,
                _: &SystemScope,
                account: &str,
                log: Logged,
            ) -> Result<Option<SecondFactor>, StoreError> {
                let mut transaction = self.main.begin().await?;
                let was = second::find(&mut transaction, account).await?;
                if second::remove(&mut transaction, account).await? {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(was)
            }
        }
    };
}

pub(crate) use {second_functions, second_port};
