//! Secrets: rows of three tables, and the port over them.
//!
//! References in the schema refuse to remove what something else needs; what they refuse is a conflict to the store.

use store::secrets::NONCE;
use store::{StoreError, Which};

/// A nonce as stored.
pub(crate) fn nonce(bytes: &[u8]) -> Result<[u8; NONCE], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt(format!("a nonce has {} bytes", bytes.len())))
}

/// What chooses the rows of [`Which`]: the field, and the destination that is no reason to go.
pub(crate) fn chosen(which: Which<'_>) -> (Option<&str>, Option<&str>) {
    match which {
        Which::All => (None, None),
        Which::Field(field) => (Some(field), None),
        Which::NotFor(destination) => (None, Some(destination)),
    }
}

/// Stamps the functions for one database. `$lock`, at the end of a query, makes others wait who would change what it
/// read.
macro_rules! secret_functions {
    ($connection:ty, $row:ty, $lock:literal) => {
        use sqlx::Row as _;
        use store::secrets::{NONCE, not_the_last};
        use store::{DataKey, Holder, MasterKey, Place, SealedSecret, StoreError, SystemScope, Which};

        use crate::error::store_error;
        use crate::shared::{chosen, clamped, nonce, text, unsigned};

        fn data_key_from(row: &$row, holder: Holder) -> Result<DataKey, StoreError> {
            Ok(DataKey {
                holder,
                n: unsigned(row.try_get("n").map_err(store_error)?)?,
                master: row.try_get("master").map_err(store_error)?,
                nonce: nonce(row.try_get("nonce").map_err(store_error)?)?,
                wrapped: row.try_get("wrapped").map_err(store_error)?,
                created: row.try_get("created").map_err(store_error)?,
            })
        }

        fn secret_from(row: &$row) -> Result<SealedSecret, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            Ok(SealedSecret {
                place: Place {
                    kind: column("kind")?,
                    owner: column("owner")?,
                    field: column("field")?,
                },
                data_key: unsigned(row.try_get("data_key").map_err(store_error)?)?,
                nonce: nonce(row.try_get("nonce").map_err(store_error)?)?,
                sealed: row.try_get("sealed").map_err(store_error)?,
                destination: row.try_get("destination").map_err(store_error)?,
                created: row.try_get("created").map_err(store_error)?,
                changed: row.try_get("changed").map_err(store_error)?,
            })
        }

        pub(crate) async fn masters(connection: &mut $connection) -> Result<Vec<MasterKey>, StoreError> {
            let rows = sqlx::query("SELECT id, created FROM master_key ORDER BY n")
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let master = |row: &$row| {
                Ok(MasterKey {
                    id: row.try_get("id").map_err(store_error)?,
                    created: row.try_get("created").map_err(store_error)?,
                })
            };
            rows.iter().map(master).collect()
        }

        /// The number and the id of the last master key.
        async fn last(connection: &mut $connection) -> Result<Option<(i64, String)>, StoreError> {
            sqlx::query_as(concat!("SELECT n, id FROM master_key ORDER BY n DESC LIMIT 1", $lock))
                .fetch_optional(connection)
                .await
                .map_err(store_error)
        }

        pub(crate) async fn add_master(
            connection: &mut $connection,
            new: &MasterKey,
            after: Option<&str>,
        ) -> Result<bool, StoreError> {
            let last = last(connection).await?;
            if last.as_ref().map(|(_, id)| id.as_str()) != after {
                return Ok(false);
            }
            let added = sqlx::query(
                "INSERT INTO master_key (id, n, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            )
            .bind(&new.id)
            .bind(last.map_or(1, |(n, _)| n + 1))
            .bind(new.created)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(added.rows_affected() > 0)
        }

        pub(crate) async fn drop_master(connection: &mut $connection, id: &str) -> Result<bool, StoreError> {
            let dropped = sqlx::query(
                "DELETE FROM master_key WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM data_key WHERE master = $1)",
            )
            .bind(id)
            .execute(connection)
            .await;
            unless_needed(dropped.map(|done| done.rows_affected() > 0).map_err(store_error))
        }

        /// What a reference refused is needed by something that came at the same moment.
        fn unless_needed(dropped: Result<bool, StoreError>) -> Result<bool, StoreError> {
            match dropped {
                Err(StoreError::Conflict(_)) => Ok(false),
                other => other,
            }
        }

        pub(crate) async fn all_data_keys(
            connection: &mut $connection,
            system: &SystemScope,
        ) -> Result<Vec<DataKey>, StoreError> {
            let rows = sqlx::query("SELECT * FROM data_key ORDER BY tenant_id, n")
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let key = |row: &$row| {
                let name: String = row.try_get("tenant_id").map_err(store_error)?;
                let holder = Holder::named(system, &name)
                    .ok_or_else(|| StoreError::Corrupt(format!("{name:?} is no holder of secrets")))?;
                data_key_from(row, holder)
            };
            rows.iter().map(key).collect()
        }

        pub(crate) async fn data_keys_of(
            connection: &mut $connection,
            holder: &Holder,
        ) -> Result<Vec<DataKey>, StoreError> {
            let rows = sqlx::query("SELECT * FROM data_key WHERE tenant_id = $1 ORDER BY n")
                .bind(holder.as_str())
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            rows.iter().map(|row| data_key_from(row, holder.clone())).collect()
        }

        pub(crate) async fn add_data_key(
            connection: &mut $connection,
            new: &DataKey,
        ) -> Result<(), StoreError> {
            if last(connection).await?.is_none_or(|(_, id)| id != new.master) {
                return Err(not_the_last(&new.master));
            }
            sqlx::query(
                "INSERT INTO data_key (tenant_id, n, master, nonce, wrapped, created) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(new.holder.as_str())
            .bind(i64::from(new.n))
            .bind(&new.master)
            .bind(&new.nonce[..])
            .bind(&new.wrapped)
            .bind(new.created)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn drop_data_key(
            connection: &mut $connection,
            holder: &Holder,
            n: u32,
        ) -> Result<bool, StoreError> {
            let dropped = sqlx::query(
                "DELETE FROM data_key WHERE tenant_id = $1 AND n = $2
                    AND NOT EXISTS (SELECT 1 FROM secret WHERE tenant_id = $1 AND data_key = $2)",
            )
            .bind(holder.as_str())
            .bind(i64::from(n))
            .execute(connection)
            .await;
            unless_needed(dropped.map(|done| done.rows_affected() > 0).map_err(store_error))
        }

        pub(crate) async fn put(
            connection: &mut $connection,
            holder: &Holder,
            new: &SealedSecret,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "INSERT INTO secret (tenant_id, kind, owner, field, data_key, nonce, sealed, destination, created,
                                     changed)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (tenant_id, kind, owner, field) DO UPDATE
                 SET data_key = excluded.data_key, nonce = excluded.nonce, sealed = excluded.sealed,
                     destination = excluded.destination, changed = excluded.changed",
            )
            .bind(holder.as_str())
            .bind(text(&new.place.kind))
            .bind(text(&new.place.owner))
            .bind(text(&new.place.field))
            .bind(i64::from(new.data_key))
            .bind(&new.nonce[..])
            .bind(&new.sealed)
            .bind(new.destination.as_deref())
            .bind(new.created)
            .bind(new.changed)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            holder: &Holder,
            place: &Place,
        ) -> Result<Option<SealedSecret>, StoreError> {
            sqlx::query("SELECT * FROM secret WHERE tenant_id = $1 AND kind = $2 AND owner = $3 AND field = $4")
                .bind(holder.as_str())
                .bind(text(&place.kind))
                .bind(text(&place.owner))
                .bind(text(&place.field))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?
                .as_ref()
                .map(secret_from)
                .transpose()
        }

        pub(crate) async fn list(
            connection: &mut $connection,
            holder: &Holder,
            after: Option<&Place>,
            limit: usize,
        ) -> Result<Vec<SealedSecret>, StoreError> {
            // Nothing is before a place without a name.
            let nothing = Place {
                kind: String::new(),
                owner: String::new(),
                field: String::new(),
            };
            let after = after.unwrap_or(&nothing);
            let rows = sqlx::query(
                "SELECT * FROM secret WHERE tenant_id = $1 AND (kind, owner, field) > ($2, $3, $4)
                 ORDER BY kind, owner, field LIMIT $5",
            )
            .bind(holder.as_str())
            .bind(text(&after.kind))
            .bind(text(&after.owner))
            .bind(text(&after.field))
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(secret_from).collect()
        }

        pub(crate) async fn sealed_otherwise(
            connection: &mut $connection,
            holder: &Holder,
            data_key: u32,
            limit: usize,
        ) -> Result<Vec<SealedSecret>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM secret WHERE tenant_id = $1 AND data_key <> $2
                 ORDER BY kind, owner, field LIMIT $3",
            )
            .bind(holder.as_str())
            .bind(i64::from(data_key))
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(secret_from).collect()
        }

        /// Whether it still was what it was.
        pub(crate) async fn reseal(
            connection: &mut $connection,
            holder: &Holder,
            old: &[u8; NONCE],
            new: &SealedSecret,
        ) -> Result<bool, StoreError> {
            let done = sqlx::query(
                "UPDATE secret SET data_key = $6, nonce = $7, sealed = $8
                 WHERE tenant_id = $1 AND kind = $2 AND owner = $3 AND field = $4 AND nonce = $5",
            )
            .bind(holder.as_str())
            .bind(text(&new.place.kind))
            .bind(text(&new.place.owner))
            .bind(text(&new.place.field))
            .bind(&old[..])
            .bind(i64::from(new.data_key))
            .bind(&new.nonce[..])
            .bind(&new.sealed)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(done.rows_affected() > 0)
        }

        pub(crate) async fn drop_some(
            connection: &mut $connection,
            holder: &Holder,
            kind: &str,
            owner: &str,
            which: Which<'_>,
        ) -> Result<Vec<String>, StoreError> {
            let (field, not_for) = chosen(which);
            let mut fields: Vec<String> = sqlx::query_scalar(
                "DELETE FROM secret WHERE tenant_id = $1 AND kind = $2 AND owner = $3
                    AND field = coalesce($4, field)
                    AND (CAST($5 AS TEXT) IS NULL OR destination <> $5) RETURNING field",
            )
            .bind(holder.as_str())
            .bind(text(kind))
            .bind(text(owner))
            .bind(field)
            .bind(not_for)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            fields.sort();
            Ok(fields)
        }

        /// How many secrets went with a master key.
        pub(crate) async fn forget(connection: &mut $connection, master: &str) -> Result<u64, StoreError> {
            let gone = sqlx::query(
                "DELETE FROM secret WHERE EXISTS (
                    SELECT 1 FROM data_key k
                    WHERE k.tenant_id = secret.tenant_id AND k.n = secret.data_key AND k.master = $1)",
            )
            .bind(master)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            for sql in [
                "DELETE FROM data_key WHERE master = $1",
                "DELETE FROM master_key WHERE id = $1",
            ] {
                sqlx::query(sql)
                    .bind(master)
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
            Ok(gone.rows_affected())
        }
    };
}

/// The port, on anything that has a `main` database.
macro_rules! secrets_port {
    ($store:ty) => {
        #[async_trait]
        impl Secrets for $store {
            async fn master_keys(&self, _: &SystemScope) -> Result<Vec<MasterKey>, StoreError> {
                secrets::masters(&mut *self.main.read().await?).await
            }

            async fn add_master_key(
                &self,
                _: &SystemScope,
                new: MasterKey,
                after: Option<&str>,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let added = secrets::add_master(&mut transaction, &new, after).await?;
                if added {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(added)
            }

            async fn drop_master_key(
                &self,
                _: &SystemScope,
                id: &str,
                log: Logged,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let dropped = secrets::drop_master(&mut transaction, id).await?;
                if dropped {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(dropped)
            }

            async fn data_keys(&self, system: &SystemScope) -> Result<Vec<DataKey>, StoreError> {
                secrets::all_data_keys(&mut *self.main.read().await?, system).await
            }

            async fn data_keys_of(&self, holder: &Holder) -> Result<Vec<DataKey>, StoreError> {
                secrets::data_keys_of(&mut *self.main.read_of(holder).await?, holder).await
            }

            async fn add_data_key(&self, new: DataKey) -> Result<(), StoreError> {
                // By the system: the master keys, of which the last is held meanwhile, are no tenant's.
                let mut transaction = self.main.begin().await?;
                secrets::add_data_key(&mut transaction, &new).await?;
                main_db::commit(transaction).await
            }

            async fn drop_data_key(&self, holder: &Holder, n: u32) -> Result<bool, StoreError> {
                let mut transaction = self.main.begin().await?;
                let dropped = secrets::drop_data_key(&mut transaction, holder, n).await?;
                if dropped {
                    main_db::commit(transaction).await?;
                }
                Ok(dropped)
            }

            async fn put_secret(
                &self,
                holder: &Holder,
                new: SealedSecret,
                log: Logged,
            ) -> Result<(), StoreError> {
                check_logged(holder, &log)?;
                let mut transaction = self.main.begin_of(holder).await?;
                secrets::put(&mut transaction, holder, &new).await?;
                crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                Ok(())
            }

            async fn secret(
                &self,
                holder: &Holder,
                place: &Place,
            ) -> Result<Option<SealedSecret>, StoreError> {
                secrets::find(&mut *self.main.read_of(holder).await?, holder, place).await
            }

            async fn secrets(
                &self,
                holder: &Holder,
                after: Option<&Place>,
                limit: usize,
            ) -> Result<Vec<SealedSecret>, StoreError> {
                secrets::list(&mut *self.main.read_of(holder).await?, holder, after, limit).await
            }

            async fn sealed_otherwise(
                &self,
                holder: &Holder,
                data_key: u32,
                limit: usize,
            ) -> Result<Vec<SealedSecret>, StoreError> {
                let mut connection = self.main.read_of(holder).await?;
                secrets::sealed_otherwise(&mut connection, holder, data_key, limit).await
            }

            async fn reseal(
                &self,
                holder: &Holder,
                resealed: Vec<([u8; NONCE], SealedSecret)>,
            ) -> Result<u64, StoreError> {
                let mut transaction = self.main.begin_of(holder).await?;
                let mut count = 0;
                for (old, new) in &resealed {
                    count += u64::from(secrets::reseal(&mut transaction, holder, old, new).await?);
                }
                main_db::commit(transaction).await?;
                Ok(count)
            }

            async fn drop_secrets(
                &self,
                holder: &Holder,
                kind: &str,
                owner: &str,
                which: Which<'_>,
                log: Logged,
            ) -> Result<Vec<String>, StoreError> {
                check_logged(holder, &log)?;
                let mut transaction = self.main.begin_of(holder).await?;
                let dropped = secrets::drop_some(&mut transaction, holder, kind, owner, which).await?;
                if !dropped.is_empty() {
                    crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                }
                Ok(dropped)
            }

            async fn forget(
                &self,
                _: &SystemScope,
                masters: &[String],
                log: Logged,
            ) -> Result<u64, StoreError> {
                let mut transaction = self.main.begin().await?;
                let mut gone = 0;
                for master in masters {
                    gone += secrets::forget(&mut transaction, master).await?;
                }
                crate::shared::logged!(self, transaction, &log.tenant, log.entry);
                Ok(gone)
            }
        }
    };
}

pub(crate) use {secret_functions, secrets_port};
