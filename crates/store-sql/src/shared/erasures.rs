//! Erasing what is not the journal's: transitions, alerts and messages about them, names of series, live state.

/// Stamps the functions for one database.
macro_rules! erasure_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use domain::erasure::Selection;
        use domain::rollup::SeriesKey;
        use sqlx::Row as _;
        use store::deliveries::{gathered_by, gathered_into};
        use store::erasures::topic_of;
        use store::{Checkpoint, ErasedRows, Keyframe, LiveErased, StoreError, TenantId, codec};

        use crate::error::store_error;
        use crate::shared::{clamped, signed, unsigned};

        pub(crate) async fn keyframe_times(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<Millis>, StoreError> {
            sqlx::query_scalar("SELECT at FROM keyframe WHERE tenant_id = $1 ORDER BY at")
                .bind(tenant.as_str())
                .fetch_all(connection)
                .await
                .map_err(store_error)
        }

        pub(crate) async fn replace_keyframe(
            connection: &mut $connection,
            tenant: &TenantId,
            keyframe: &Keyframe,
        ) -> Result<(), StoreError> {
            let bytes = codec::encode_keyframe(&keyframe.checkpoint.bytes)?;
            sqlx::query("UPDATE keyframe SET bytes = $3, byte_count = $4 WHERE tenant_id = $1 AND at = $2")
                .bind(tenant.as_str())
                .bind(keyframe.at)
                .bind(&bytes)
                .bind(clamped(bytes.len()))
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(())
        }

        /// Keeps with the tenant's running erasure which numbers were given: they name alerts and messages outside too.
        pub(crate) async fn keep_numbers(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "UPDATE correction SET
                     alerts_until = (SELECT coalesce(max(n), 0) FROM (
                         SELECT max(id) AS n FROM alert WHERE tenant_id = $1
                         UNION ALL SELECT max(alerts_until) FROM correction WHERE tenant_id = $1) AS given),
                     deliveries_until = (SELECT coalesce(max(n), 0) FROM (
                         SELECT max(id) AS n FROM delivery WHERE tenant_id = $1
                         UNION ALL SELECT max(deliveries_until) FROM correction WHERE tenant_id = $1) AS given)
                 WHERE tenant_id = $1 AND state = 'running'",
            )
            .bind(tenant.as_str())
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        /// Everything but series and live state.
        pub(crate) async fn rows(
            connection: &mut $connection,
            tenant: &TenantId,
            selection: &Selection,
        ) -> Result<ErasedRows, StoreError> {
            let mut erased = ErasedRows::default();
            // A transition has no labels.
            if selection.label.is_none() {
                erased.transitions = transitions(connection, tenant, selection).await?;
            }
            for alert in alerts(connection, tenant, selection).await? {
                erased.alerts += 1;
                erased.deliveries += alert_and_messages(connection, tenant, alert).await?;
            }
            Ok(erased)
        }

        async fn transitions(
            connection: &mut $connection,
            tenant: &TenantId,
            selection: &Selection,
        ) -> Result<u64, StoreError> {
            let (from, to) = selection.range();
            let done = sqlx::query(
                "DELETE FROM breaker_transition
                 WHERE tenant_id = $1 AND at >= $2 AND at < $3 AND (NOT $4 OR service = $5)",
            )
            .bind(tenant.as_str())
            .bind(from)
            .bind(to)
            .bind(selection.service.is_some())
            .bind(selection.service.as_deref().unwrap_or_default())
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(done.rows_affected())
        }

        /// The alerts that are taken.
        async fn alerts(
            connection: &mut $connection,
            tenant: &TenantId,
            selection: &Selection,
        ) -> Result<Vec<u64>, StoreError> {
            let (from, to) = selection.range();
            let rows = sqlx::query(
                "SELECT id, bytes FROM alert WHERE tenant_id = $1 AND fired >= $2 AND fired < $3 ORDER BY id",
            )
            .bind(tenant.as_str())
            .bind(from)
            .bind(to)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let mut taken = Vec::new();
            for row in &rows {
                let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
                let alert = codec::decode_alert(&bytes)?;
                if selection.takes_alert(&alert.labels, alert.fired) {
                    taken.push(unsigned(row.try_get("id").map_err(store_error)?)?);
                }
            }
            Ok(taken)
        }

        /// Returns how many messages there were.
        async fn alert_and_messages(
            connection: &mut $connection,
            tenant: &TenantId,
            alert: u64,
        ) -> Result<u64, StoreError> {
            // The alert first, as whoever takes it does: neither waits for the other for ever.
            for sql in [
                "DELETE FROM alert WHERE tenant_id = $1 AND id = $2",
                "DELETE FROM alert_event WHERE tenant_id = $1 AND alert = $2",
                "DELETE FROM alert_ladder WHERE tenant_id = $1 AND alert = $2",
                "DELETE FROM alert_outbox WHERE tenant_id = $1 AND alert = $2",
            ] {
                sqlx::query(sql)
                    .bind(tenant.as_str())
                    .bind(signed(alert)?)
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
            let topic = topic_of(alert);
            let gathered: Vec<String> = sqlx::query_scalar(
                "SELECT DISTINCT words FROM delivery WHERE tenant_id = $1 AND topic = $2 AND state = 'gathered'",
            )
            .bind(tenant.as_str())
            .bind(topic.as_str())
            .fetch_all(&mut *connection)
            .await
            .map_err(store_error)?;
            let mut dropped = 0;
            for digest in gathered.iter().filter_map(|words| gathered_into(words)) {
                dropped += drop_digest(connection, tenant, digest, &topic).await?;
            }
            let ids: Vec<i64> =
                sqlx::query_scalar("SELECT id FROM delivery WHERE tenant_id = $1 AND topic = $2")
                    .bind(tenant.as_str())
                    .bind(topic.as_str())
                    .fetch_all(&mut *connection)
                    .await
                    .map_err(store_error)?;
            Ok(dropped + drop_deliveries(connection, tenant, &ids).await?)
        }

        /// Drops a message about many alerts because of one of them. Unless it was told, the others are told by themselves.
        async fn drop_digest(
            connection: &mut $connection,
            tenant: &TenantId,
            digest: u64,
            topic: &str,
        ) -> Result<u64, StoreError> {
            sqlx::query(
                "UPDATE delivery SET state = 'waiting', done = NULL, words = ''
                 WHERE tenant_id = $1 AND state = 'gathered' AND words = $2 AND topic <> $3
                   AND EXISTS (
                     SELECT 1 FROM delivery d WHERE d.tenant_id = $1 AND d.id = $4 AND d.state = 'waiting')",
            )
            .bind(tenant.as_str())
            .bind(gathered_by(digest))
            .bind(topic)
            .bind(signed(digest)?)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            drop_deliveries(connection, tenant, &[signed(digest)?]).await
        }

        /// Returns how many of them were there.
        async fn drop_deliveries(
            connection: &mut $connection,
            tenant: &TenantId,
            ids: &[i64],
        ) -> Result<u64, StoreError> {
            let mut dropped = 0;
            for id in ids {
                sqlx::query("DELETE FROM delivery_attempt WHERE tenant_id = $1 AND delivery = $2")
                    .bind(tenant.as_str())
                    .bind(id)
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
                let done = sqlx::query("DELETE FROM delivery WHERE tenant_id = $1 AND id = $2")
                    .bind(tenant.as_str())
                    .bind(id)
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
                dropped += done.rows_affected();
            }
            Ok(dropped)
        }

        /// Names of series; only those that no row needs any more.
        pub(crate) async fn series(
            connection: &mut $connection,
            tenant: &TenantId,
            selection: &Selection,
        ) -> Result<u64, StoreError> {
            let rows = sqlx::query("SELECT id, dims FROM series WHERE tenant_id = $1")
                .bind(tenant.as_str())
                .fetch_all(&mut *connection)
                .await
                .map_err(store_error)?;
            let mut taken = 0;
            for row in &rows {
                let dims: Vec<u8> = row.try_get("dims").map_err(store_error)?;
                let key: SeriesKey = codec::decode_series(&dims)?;
                if !selection.takes_series(&key) {
                    continue;
                }
                let id: i64 = row.try_get("id").map_err(store_error)?;
                let done = sqlx::query(
                    "DELETE FROM series WHERE tenant_id = $1 AND id = $2 AND NOT EXISTS (
                        SELECT 1 FROM rollup_partial p WHERE p.tenant_id = $1 AND p.series_id = $2)",
                )
                .bind(tenant.as_str())
                .bind(id)
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
                taken += done.rows_affected();
            }
            Ok(taken)
        }

        /// Puts live state into the place of what is stored.
        pub(crate) async fn replace_live(
            connection: &mut $connection,
            tenant: &TenantId,
            live: &LiveErased,
        ) -> Result<(), StoreError> {
            if let Some(checkpoint) = &live.checkpoint {
                replace_checkpoint(connection, tenant, checkpoint).await?;
            }
            sqlx::query("DELETE FROM live_second WHERE tenant_id = $1")
                .bind(tenant.as_str())
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
            for row in &live.seconds {
                sqlx::query("INSERT INTO live_second (tenant_id, at, bytes) VALUES ($1, $2, $3)")
                    .bind(tenant.as_str())
                    .bind(row.at)
                    .bind(codec::encode_bucket(&row.stats))
                    .execute(&mut *connection)
                    .await
                    .map_err(store_error)?;
            }
            Ok(())
        }

        async fn replace_checkpoint(
            connection: &mut $connection,
            tenant: &TenantId,
            checkpoint: &Checkpoint,
        ) -> Result<(), StoreError> {
            let Checkpoint {
                writer,
                applied,
                bytes,
            } = checkpoint;
            let replaced = sqlx::query(
                "UPDATE checkpoint SET bytes = $4 WHERE tenant_id = $1 AND writer = $2 AND applied = $3",
            )
            .bind(tenant.as_str())
            .bind(i64::from(*writer))
            .bind(signed(*applied)?)
            .bind(bytes)
            .execute(connection)
            .await
            .map_err(store_error)?;
            if replaced.rows_affected() != 1 {
                return Err(StoreError::Conflict(format!(
                    "the checkpoint of {tenant} is not at sequence {applied} any more"
                )));
            }
            Ok(())
        }
    };
}

/// The port, on anything that has a `main` database and a `journal`.
macro_rules! erasures_port {
    ($store:ty) => {
        #[async_trait]
        impl Erasures for $store {
            async fn erase_events(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                selection: &Selection,
                after: Offset,
                dry: bool,
            ) -> Result<ErasedEvents, StoreError> {
                self.journal.erase(tenant, selection, after, dry).await
            }

            async fn erase_rows(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                selection: &Selection,
                live: Option<LiveErased>,
            ) -> Result<ErasedRows, StoreError> {
                let mut transaction = self.main.begin().await?;
                main_db::lock_alerts(&mut transaction, tenant).await?;
                if live.is_some() {
                    erasures::keep_numbers(&mut transaction, tenant).await?;
                }
                let mut erased = erasures::rows(&mut transaction, tenant, selection).await?;
                if selection.is_unbounded() {
                    erased.series = erasures::series(&mut transaction, tenant, selection).await?;
                }
                // Without a commit nothing has happened.
                if let Some(live) = live {
                    erasures::replace_live(&mut transaction, tenant, &live).await?;
                    main_db::commit(transaction).await?;
                    self.main.forget_series(tenant);
                }
                Ok(erased)
            }

            async fn keyframe_times(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
            ) -> Result<Vec<Millis>, StoreError> {
                erasures::keyframe_times(&mut *self.main.read().await?, tenant).await
            }

            async fn replace_keyframe(
                &self,
                _: &SystemScope,
                tenant: &TenantId,
                keyframe: Keyframe,
            ) -> Result<(), StoreError> {
                let mut transaction = self.main.begin().await?;
                erasures::replace_keyframe(&mut transaction, tenant, &keyframe).await?;
                main_db::commit(transaction).await
            }

            async fn clean(&self, _: &SystemScope) -> Result<(), StoreError> {
                self.journal.clean().await?;
                self.main.clean().await
            }
        }
    };
}

pub(crate) use {erasure_functions, erasures_port};
