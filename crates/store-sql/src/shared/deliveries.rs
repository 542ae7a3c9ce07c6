//! What must be told through channels, and every attempt at it.

use store::{DeliveryState, StoreError};

/// A state as stored.
pub(crate) fn delivery_state_from(text: &str) -> Result<DeliveryState, StoreError> {
    DeliveryState::parse(text)
        .ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no state of a delivery")))
}

/// Stamps the functions for one database. `$skip` is how rows are locked and those that others hold are passed over.
macro_rules! delivery_functions {
    ($connection:ty, $row:ty, $skip:literal) => {
        use domain::Millis;
        use sqlx::Row as _;
        use store::deliveries::{gathered_by, not_dead};
        use store::{
            Claim, DeliveryQuery, DeliveryState, NewDelivery, OutboxRow, Outcome, StoreError, StoredAttempt,
            StoredDelivery, TenantId,
        };

        use crate::error::store_error;
        use crate::shared::{clamped, delivery_state_from, notice_from, tenant_from, text, unsigned};

        fn delivery_from(row: &$row) -> Result<StoredDelivery, StoreError> {
            let column = |name| row.try_get::<String, _>(name).map_err(store_error);
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            Ok(StoredDelivery {
                id: unsigned(number("id")?)?,
                channel: unsigned(number("channel")?)?,
                subject: column("subject")?,
                topic: column("topic")?,
                body: column("body")?,
                state: delivery_state_from(&column("state")?)?,
                attempts: unsigned(number("attempts")?)?,
                steps: unsigned(number("steps")?)?,
                unsure: number("unsure")? != 0,
                created: number("created")?,
                due: number("due")?,
                done: row.try_get("done").map_err(store_error)?,
                words: column("words")?,
            })
        }

        /// The oldest rows of the outbox, of all tenants.
        pub(crate) async fn untold(
            connection: &mut $connection,
            limit: usize,
        ) -> Result<Vec<(TenantId, OutboxRow)>, StoreError> {
            let rows = sqlx::query(
                "SELECT tenant_id, alert, event, notice, created FROM alert_outbox
                 ORDER BY created, tenant_id, alert, event LIMIT $1",
            )
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let row = |row: &$row| {
                let told = OutboxRow {
                    alert: unsigned(row.try_get("alert").map_err(store_error)?)?,
                    event: unsigned(row.try_get("event").map_err(store_error)?)?,
                    notice: notice_from(row.try_get("notice").map_err(store_error)?)?,
                    created: row.try_get("created").map_err(store_error)?,
                };
                let tenant: &str = row.try_get("tenant_id").map_err(store_error)?;
                Ok((tenant_from(tenant)?, told))
            };
            rows.iter().map(row).collect()
        }

        /// Takes a row out of the outbox; false when it was not there.
        pub(crate) async fn take_out(
            connection: &mut $connection,
            tenant: &TenantId,
            (alert, event): (u64, u64),
        ) -> Result<bool, StoreError> {
            let taken =
                sqlx::query("DELETE FROM alert_outbox WHERE tenant_id = $1 AND alert = $2 AND event = $3")
                    .bind(tenant.as_str())
                    .bind(clamped(alert))
                    .bind(clamped(event))
                    .execute(connection)
                    .await
                    .map_err(store_error)?;
            Ok(taken.rows_affected() > 0)
        }

        /// Puts a delivery in, unless its channel has the subject already. Whoever adds another of the tenant waits, by
        /// its lock.
        pub(crate) async fn add(
            connection: &mut $connection,
            tenant: &TenantId,
            new: &NewDelivery,
        ) -> Result<Option<StoredDelivery>, StoreError> {
            let row = sqlx::query(
                "INSERT INTO delivery (tenant_id, id, channel, subject, topic, body, state, attempts, steps, unsure,
                                       created, due, lease, words)
                 SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, 'waiting', 0, 0, 0, $6, $7, 0, '' FROM (
                     SELECT max(id) AS n FROM delivery WHERE tenant_id = $1
                     UNION ALL SELECT max(deliveries_until) FROM correction WHERE tenant_id = $1) AS given
                 WHERE 1 = 1 -- so that SQLite reads no join in what follows
                 ON CONFLICT (tenant_id, subject, channel) DO NOTHING RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(new.channel))
            .bind(text(&new.subject))
            .bind(text(&new.topic))
            .bind(text(&new.body))
            .bind(new.created)
            .bind(new.due)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            row.as_ref().map(delivery_from).transpose()
        }

        pub(crate) async fn due(
            connection: &mut $connection,
            now: Millis,
        ) -> Result<Vec<(TenantId, u64)>, StoreError> {
            let rows = sqlx::query(
                "SELECT DISTINCT delivery.tenant_id, delivery.channel FROM delivery
                 JOIN channel ON channel.tenant_id = delivery.tenant_id AND channel.id = delivery.channel
                 WHERE delivery.state = 'waiting' AND delivery.due <= $1 AND delivery.lease <= $1
                   AND channel.enabled = 1 AND channel.trouble IS NULL AND channel.deleted IS NULL
                 ORDER BY delivery.tenant_id, delivery.channel",
            )
            .bind(now)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let row = |row: &$row| {
                let tenant: &str = row.try_get("tenant_id").map_err(store_error)?;
                let channel = row.try_get("channel").map_err(store_error)?;
                Ok((tenant_from(tenant)?, unsigned(channel)?))
            };
            rows.iter().map(row).collect()
        }

        pub(crate) async fn claim(
            connection: &mut $connection,
            tenant: &TenantId,
            channel: u64,
            (now, lease): (Millis, Millis),
            limit: usize,
        ) -> Result<Vec<Claim>, StoreError> {
            let sql = concat!(
                "SELECT d.id FROM delivery d
                 WHERE d.tenant_id = $1 AND d.channel = $2 AND d.state = 'waiting' AND d.due <= $3 AND d.lease <= $3
                   AND NOT EXISTS (
                     SELECT 1 FROM delivery e
                     WHERE e.tenant_id = $1 AND e.channel = $2 AND e.topic = d.topic AND e.state = 'waiting'
                       AND e.id < d.id)
                   AND EXISTS (
                     SELECT 1 FROM channel c
                     WHERE c.tenant_id = $1 AND c.id = $2 AND c.enabled = 1 AND c.trouble IS NULL
                       AND c.deleted IS NULL)
                 ORDER BY d.id LIMIT $4",
                $skip
            );
            let ids: Vec<i64> = sqlx::query_scalar(sql)
                .bind(tenant.as_str())
                .bind(clamped(channel))
                .bind(now)
                .bind(clamped(limit))
                .fetch_all(&mut *connection)
                .await
                .map_err(store_error)?;
            let mut claims = Vec::with_capacity(ids.len());
            for id in ids {
                claims.extend(claim_one(connection, tenant, id, now, lease).await?);
            }
            Ok(claims)
        }

        async fn claim_one(
            connection: &mut $connection,
            tenant: &TenantId,
            id: i64,
            now: Millis,
            lease: Millis,
        ) -> Result<Option<Claim>, StoreError> {
            // Whoever waited for the row sees it as it is by now.
            let row = sqlx::query(
                "UPDATE delivery SET attempts = attempts + 1, lease = $4,
                        unsure = CASE WHEN EXISTS (
                            SELECT 1 FROM delivery_attempt a
                            WHERE a.tenant_id = $1 AND a.delivery = $2 AND a.ended IS NULL) THEN 1 ELSE unsure END
                 WHERE tenant_id = $1 AND id = $2 AND state = 'waiting' AND due <= $3 AND lease <= $3
                 RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(id)
            .bind(now)
            .bind(lease)
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
            let Some(delivery) = row.as_ref().map(delivery_from).transpose()? else {
                return Ok(None);
            };
            sqlx::query(
                "INSERT INTO delivery_attempt (tenant_id, delivery, n, began, words) VALUES ($1, $2, $3, $4, '')",
            )
            .bind(tenant.as_str())
            .bind(id)
            .bind(clamped(delivery.attempts))
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            let handle: Option<String> = sqlx::query_scalar(
                "SELECT handle FROM delivery
                 WHERE tenant_id = $1 AND topic = $2 AND channel = $3 AND handle IS NOT NULL
                 ORDER BY id DESC LIMIT 1",
            )
            .bind(tenant.as_str())
            .bind(&delivery.topic)
            .bind(clamped(delivery.channel))
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            Ok(Some(Claim { delivery, handle }))
        }

        pub(crate) async fn fresh(
            connection: &mut $connection,
            tenant: &TenantId,
            channel: u64,
            now: Millis,
            limit: usize,
        ) -> Result<Vec<StoredDelivery>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM delivery d
                 WHERE d.tenant_id = $1 AND d.channel = $2 AND d.state = 'waiting' AND d.attempts = 0 AND d.due <= $3
                   AND NOT EXISTS (
                     SELECT 1 FROM delivery e
                     WHERE e.tenant_id = $1 AND e.channel = $2 AND e.topic = d.topic AND e.state = 'waiting'
                       AND e.attempts > 0 AND e.id < d.id)
                 ORDER BY d.id LIMIT $4",
            )
            .bind(tenant.as_str())
            .bind(clamped(channel))
            .bind(now)
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(delivery_from).collect()
        }

        /// False when one of them was tried or is over; then the caller writes nothing.
        pub(crate) async fn gather(
            connection: &mut $connection,
            tenant: &TenantId,
            ids: &[u64],
            digest: u64,
            at: Millis,
        ) -> Result<bool, StoreError> {
            for id in ids {
                let gathered = sqlx::query(
                    "UPDATE delivery SET state = 'gathered', done = $3, words = $4
                     WHERE tenant_id = $1 AND id = $2 AND state = 'waiting' AND attempts = 0",
                )
                .bind(tenant.as_str())
                .bind(clamped(*id))
                .bind(at)
                .bind(gathered_by(digest))
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
                if gathered.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            Ok(true)
        }

        pub(crate) async fn record(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
            attempt: u32,
            outcome: &Outcome,
        ) -> Result<bool, StoreError> {
            // How an attempt ended is true whoever has the delivery by now.
            sqlx::query(
                "UPDATE delivery_attempt SET ended = $4, words = $5
                 WHERE tenant_id = $1 AND delivery = $2 AND n = $3 AND ended IS NULL",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(clamped(attempt))
            .bind(outcome.at)
            .bind(text(&outcome.words))
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            let over = outcome.state != DeliveryState::Waiting;
            let sql = match outcome.state {
                DeliveryState::Delivered => {
                    "UPDATE delivery SET state = $4, due = $5, lease = 0, done = $6, handle = coalesce($7, handle),
                                         words = $8, steps = steps + $9
                     WHERE tenant_id = $1 AND id = $2 AND attempts >= $3 AND state <> 'delivered'"
                }
                _ => {
                    "UPDATE delivery SET state = $4, due = $5, lease = 0, done = $6, handle = coalesce($7, handle),
                                         words = $8, steps = steps + $9
                     WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'waiting'"
                }
            };
            let recorded = sqlx::query(sql)
                .bind(tenant.as_str())
                .bind(clamped(id))
                .bind(clamped(attempt))
                .bind(outcome.state.as_str())
                .bind(outcome.due)
                .bind(over.then_some(outcome.at))
                .bind(outcome.handle.as_deref().map(text))
                .bind(text(&outcome.words))
                .bind(i64::from(outcome.climbs))
                .execute(connection)
                .await
                .map_err(store_error)?;
            Ok(recorded.rows_affected() > 0)
        }

        pub(crate) async fn search(
            connection: &mut $connection,
            tenant: &TenantId,
            query: &DeliveryQuery,
        ) -> Result<Vec<StoredDelivery>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM delivery
                 WHERE tenant_id = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR channel = $3)
                   AND ($4 IS NULL OR topic = $4) AND ($5 IS NULL OR id < $5)
                 ORDER BY id DESC LIMIT $6",
            )
            .bind(tenant.as_str())
            .bind(query.state.map(DeliveryState::as_str))
            .bind(query.channel.map(clamped))
            .bind(query.topic.as_deref())
            .bind(query.before.map(clamped))
            .bind(clamped(query.limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(delivery_from).collect()
        }

        pub(crate) async fn waiting(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<(u64, usize)>, StoreError> {
            let rows: Vec<(i64, i64)> = sqlx::query_as(
                "SELECT channel, count(*) FROM delivery WHERE tenant_id = $1 AND state = 'waiting'
                 GROUP BY channel ORDER BY channel",
            )
            .bind(tenant.as_str())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let counts = rows.into_iter().map(|(channel, count)| {
                let counted = usize::try_from(count).unwrap_or_default();
                (channel.unsigned_abs(), counted)
            });
            Ok(counts.collect())
        }

        pub(crate) async fn channels_told(
            connection: &mut $connection,
            tenant: &TenantId,
            topic: &str,
        ) -> Result<Vec<u64>, StoreError> {
            let channels: Vec<i64> = sqlx::query_scalar(
                "SELECT DISTINCT channel FROM delivery WHERE tenant_id = $1 AND topic = $2 ORDER BY channel",
            )
            .bind(tenant.as_str())
            .bind(topic)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            channels.into_iter().map(unsigned).collect()
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Option<StoredDelivery>, StoreError> {
            let row = sqlx::query("SELECT * FROM delivery WHERE tenant_id = $1 AND id = $2")
                .bind(tenant.as_str())
                .bind(clamped(id))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(delivery_from).transpose()
        }

        pub(crate) async fn attempts(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Vec<StoredAttempt>, StoreError> {
            let rows = sqlx::query(
                "SELECT * FROM delivery_attempt WHERE tenant_id = $1 AND delivery = $2 ORDER BY n",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let row = |row: &$row| {
                Ok(StoredAttempt {
                    n: unsigned(row.try_get("n").map_err(store_error)?)?,
                    began: row.try_get("began").map_err(store_error)?,
                    ended: row.try_get("ended").map_err(store_error)?,
                    words: row.try_get("words").map_err(store_error)?,
                })
            };
            rows.iter().map(row).collect()
        }

        pub(crate) async fn replay(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
            at: Millis,
        ) -> Result<Option<StoredDelivery>, StoreError> {
            let Some(before) = find(connection, tenant, id).await? else {
                return Ok(None);
            };
            // Its age counts from now on, so that it gets as many tries as a new one.
            let row = sqlx::query(
                "UPDATE delivery SET state = 'waiting', created = $3, due = $3, lease = 0, done = NULL, steps = 0
                 WHERE tenant_id = $1 AND id = $2 AND state = 'dead' RETURNING *",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(at)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            match row {
                Some(row) => delivery_from(&row).map(Some),
                None => Err(not_dead(id, before.state)),
            }
        }

        /// Forgets what was over before; the newest of a tenant stays, so that its number is not given again.
        pub(crate) async fn forget(
            connection: &mut $connection,
            before: Millis,
            limit: usize,
        ) -> Result<usize, StoreError> {
            let rows = sqlx::query(
                "SELECT d.tenant_id, d.id FROM delivery d
                 WHERE d.done IS NOT NULL AND d.done < $1
                   AND d.id < (SELECT max(e.id) FROM delivery e WHERE e.tenant_id = d.tenant_id)
                 ORDER BY d.done LIMIT $2",
            )
            .bind(before)
            .bind(clamped(limit))
            .fetch_all(&mut *connection)
            .await
            .map_err(store_error)?;
            for row in &rows {
                let tenant: &str = row.try_get("tenant_id").map_err(store_error)?;
                let id: i64 = row.try_get("id").map_err(store_error)?;
                for sql in [
                    "DELETE FROM delivery_attempt WHERE tenant_id = $1 AND delivery = $2",
                    "DELETE FROM delivery WHERE tenant_id = $1 AND id = $2",
                ] {
                    sqlx::query(sql)
                        .bind(tenant)
                        .bind(id)
                        .execute(&mut *connection)
                        .await
                        .map_err(store_error)?;
                }
            }
            Ok(rows.len())
        }
    };
}

pub(crate) use delivery_functions;
