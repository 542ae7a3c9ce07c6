//! Alerts, what happened to them, and silences.

use domain::alert::{EventKind, Matcher, Notice, Repeat, Silence, Who, matchers};
use store::StoreError;

/// Matchers as stored: as amtool writes them.
pub(crate) fn matchers_to_text(silence: &Silence) -> String {
    let texts = silence.matchers.iter().map(Matcher::to_string);
    texts.collect::<Vec<_>>().join(",")
}

/// Reads what [`matchers_to_text`] wrote.
pub(crate) fn matchers_from_text(text: &str) -> Result<Vec<Matcher>, StoreError> {
    matchers(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A window that comes back, as stored.
pub(crate) fn repeat_from(text: Option<&str>) -> Result<Option<Repeat>, StoreError> {
    let read =
        |text| Repeat::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no window")));
    text.map(read).transpose()
}

/// A kind of event as stored.
pub(crate) fn kind_from(text: &str) -> Result<EventKind, StoreError> {
    EventKind::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no kind of event")))
}

/// A notice as stored.
pub(crate) fn notice_from(text: &str) -> Result<Notice, StoreError> {
    Notice::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no notice")))
}

/// Somebody as stored: two columns that are there together or not at all.
pub(crate) fn who_from(id: Option<String>, name: Option<String>) -> Option<Who> {
    Some(Who {
        id: id?,
        name: name.unwrap_or_default(),
    })
}

/// Stamps the functions for one database.
macro_rules! alert_functions {
    ($connection:ty, $row:ty) => {
        use domain::Millis;
        use domain::alert::{Event, MAX_OPEN, MAX_SILENCES, Silence};
        use sqlx::Row as _;
        use store::alerts::{
            already_open, changed_meanwhile, not_named, too_many_open, too_many_silences,
        };
        use store::duties::waits;
        use store::{
            AlertQuery, AlertWrite, OutboxRow, StoreError, StoredAlert, StoredEvent, StoredSilence, TenantId,
            codec,
        };

        use crate::error::store_error;
        use crate::shared::{
            clamped, kind_from, matchers_from_text, matchers_to_text, notice_from, repeat_from, signed, text, unsigned,
            who_from,
        };

        fn alert_from(row: &$row) -> Result<StoredAlert, StoreError> {
            Ok(StoredAlert {
                id: unsigned(row.try_get("id").map_err(store_error)?)?,
                version: unsigned(row.try_get("version").map_err(store_error)?)?,
                alert: codec::decode_alert(row.try_get("bytes").map_err(store_error)?)?,
            })
        }

        /// Writes one alert, its events and what must be told. `None` when it is not there.
        pub(crate) async fn write(
            connection: &mut $connection,
            tenant: &TenantId,
            write: AlertWrite,
        ) -> Result<Option<StoredAlert>, StoreError> {
            let (id, version, first) = match write.known {
                None => (insert(connection, tenant, &write).await?, 1, 1),
                Some((id, version)) => match update(connection, tenant, &write, id, version).await? {
                    Some(next) => (id, version + 1, next),
                    None => return Ok(None),
                },
            };
            let mut last = None;
            for (nth, event) in write.moved.events.iter().enumerate() {
                let n = first + nth as u64;
                insert_event(connection, tenant, id, n, event).await?;
                last = Some((n, event.at));
            }
            if let Some((n, _)) = last {
                super::ladders::follow(connection, tenant, (id, n), waits(&write.moved)).await?;
            }
            if let (Some(notice), Some((n, at))) = (write.moved.notice, last) {
                sqlx::query(
                    "INSERT INTO alert_outbox (tenant_id, alert, event, notice, created)
                     VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(tenant.as_str())
                .bind(signed(id)?)
                .bind(signed(n)?)
                .bind(notice.as_str())
                .bind(at)
                .execute(connection)
                .await
                .map_err(store_error)?;
            }
            Ok(Some(StoredAlert {
                id,
                version,
                alert: write.moved.alert,
            }))
        }

        /// Stores a new alert; its number.
        async fn insert(
            connection: &mut $connection,
            tenant: &TenantId,
            write: &AlertWrite,
        ) -> Result<u64, StoreError> {
            let alert = &write.moved.alert;
            let fingerprint = alert.fingerprint.cast_signed();
            let held: Option<i64> = sqlx::query_scalar(
                "SELECT id FROM alert WHERE tenant_id = $1 AND fingerprint = $2 AND resolved IS NULL",
            )
            .bind(tenant.as_str())
            .bind(fingerprint)
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
            if held.is_some() {
                return Err(already_open(alert.fingerprint));
            }
            let id: i64 = sqlx::query_scalar(
                "INSERT INTO alert (tenant_id, id, version, fingerprint, rule, fired, resolved, incident, bytes)
                 SELECT $1, coalesce(max(n), 0) + 1, 1, $2, $3, $4, $5, $6, $7 FROM (
                     SELECT max(id) AS n FROM alert WHERE tenant_id = $1
                     UNION ALL SELECT max(alerts_until) FROM correction WHERE tenant_id = $1) AS given
                 RETURNING id",
            )
            .bind(tenant.as_str())
            .bind(fingerprint)
            .bind(signed(alert.rule)?)
            .bind(alert.fired)
            .bind(alert.resolved.as_ref().map(|resolved| resolved.at))
            .bind(alert.incident.map(signed).transpose()?)
            .bind(codec::encode_alert(alert))
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            unsigned(id)
        }

        /// Stores a known alert; the number of its next event.
        async fn update(
            connection: &mut $connection,
            tenant: &TenantId,
            write: &AlertWrite,
            id: u64,
            version: u64,
        ) -> Result<Option<u64>, StoreError> {
            let alert = &write.moved.alert;
            let updated = sqlx::query(
                "UPDATE alert SET version = version + 1, resolved = $4, incident = $5, bytes = $6
                 WHERE tenant_id = $1 AND id = $2 AND version = $3",
            )
            .bind(tenant.as_str())
            .bind(signed(id)?)
            .bind(signed(version)?)
            .bind(alert.resolved.as_ref().map(|resolved| resolved.at))
            .bind(alert.incident.map(signed).transpose()?)
            .bind(codec::encode_alert(alert))
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            if updated.rows_affected() == 0 {
                let found: Option<i64> =
                    sqlx::query_scalar("SELECT version FROM alert WHERE tenant_id = $1 AND id = $2")
                        .bind(tenant.as_str())
                        .bind(signed(id)?)
                        .fetch_optional(connection)
                        .await
                        .map_err(store_error)?;
                return match found {
                    Some(found) => Err(changed_meanwhile("alert", id, unsigned(found)?)),
                    None => Ok(None),
                };
            }
            let last: i64 = sqlx::query_scalar(
                "SELECT coalesce(max(n), 0) FROM alert_event WHERE tenant_id = $1 AND alert = $2",
            )
            .bind(tenant.as_str())
            .bind(signed(id)?)
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            Ok(Some(unsigned::<u64>(last)? + 1))
        }

        async fn insert_event(
            connection: &mut $connection,
            tenant: &TenantId,
            alert: u64,
            n: u64,
            event: &Event,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "INSERT INTO alert_event (tenant_id, alert, n, at, by_id, by_name, kind, words, until)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(tenant.as_str())
            .bind(signed(alert)?)
            .bind(signed(n)?)
            .bind(event.at)
            .bind(event.by.as_ref().map(|who| text(&who.id)))
            .bind(event.by.as_ref().map(|who| text(&who.name)))
            .bind(event.kind.as_str())
            .bind(text(&event.text))
            .bind(event.until)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        /// Writes all of them; asks once whether too many are open then.
        pub(crate) async fn write_all(
            connection: &mut $connection,
            tenant: &TenantId,
            writes: Vec<AlertWrite>,
        ) -> Result<Vec<StoredAlert>, StoreError> {
            let any_new = writes.iter().any(|write| write.known.is_none());
            let mut written = Vec::with_capacity(writes.len());
            for one in writes {
                written.push(write(connection, tenant, one).await?.ok_or_else(not_named)?);
            }
            if any_new && count_open(connection, tenant).await? > MAX_OPEN as u64 {
                return Err(too_many_open());
            }
            Ok(written)
        }

        async fn count_open(connection: &mut $connection, tenant: &TenantId) -> Result<u64, StoreError> {
            let open: i64 =
                sqlx::query_scalar("SELECT count(*) FROM alert WHERE tenant_id = $1 AND resolved IS NULL")
                    .bind(tenant.as_str())
                    .fetch_one(connection)
                    .await
                    .map_err(store_error)?;
            unsigned(open)
        }

        pub(crate) async fn find(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Option<StoredAlert>, StoreError> {
            let row = sqlx::query("SELECT id, version, bytes FROM alert WHERE tenant_id = $1 AND id = $2")
                .bind(tenant.as_str())
                .bind(clamped(id))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            row.as_ref().map(alert_from).transpose()
        }

        pub(crate) async fn search(
            connection: &mut $connection,
            tenant: &TenantId,
            query: &AlertQuery,
        ) -> Result<Vec<StoredAlert>, StoreError> {
            // Open alerts are few and have an index of their own; a planner finds it only where the text names it.
            let sql = match query.open {
                Some(true) => {
                    "SELECT id, version, bytes FROM alert
                     WHERE tenant_id = $1 AND resolved IS NULL AND ($2 IS NULL OR rule = $2)
                       AND ($3 IS NULL OR incident = $3 OR id = $3) AND ($4 IS NULL OR fired >= $4)
                       AND ($5 IS NULL OR fired < $5) AND ($6 IS NULL OR id < $6)
                     ORDER BY id DESC LIMIT $7"
                }
                Some(false) => {
                    "SELECT id, version, bytes FROM alert
                     WHERE tenant_id = $1 AND resolved IS NOT NULL AND ($2 IS NULL OR rule = $2)
                       AND ($3 IS NULL OR incident = $3 OR id = $3) AND ($4 IS NULL OR fired >= $4)
                       AND ($5 IS NULL OR fired < $5) AND ($6 IS NULL OR id < $6)
                     ORDER BY id DESC LIMIT $7"
                }
                None => {
                    "SELECT id, version, bytes FROM alert
                     WHERE tenant_id = $1 AND ($2 IS NULL OR rule = $2)
                       AND ($3 IS NULL OR incident = $3 OR id = $3) AND ($4 IS NULL OR fired >= $4)
                       AND ($5 IS NULL OR fired < $5) AND ($6 IS NULL OR id < $6)
                     ORDER BY id DESC LIMIT $7"
                }
            };
            let rows = sqlx::query(sql)
                .bind(tenant.as_str())
                .bind(query.rule.map(clamped))
                .bind(query.incident.map(clamped))
                .bind(query.from)
                .bind(query.to)
                .bind(query.before.map(clamped))
                .bind(clamped(query.limit))
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            rows.iter().map(alert_from).collect()
        }

        pub(crate) async fn events(
            connection: &mut $connection,
            tenant: &TenantId,
            alert: u64,
        ) -> Result<Vec<StoredEvent>, StoreError> {
            let rows = sqlx::query("SELECT * FROM alert_event WHERE tenant_id = $1 AND alert = $2 ORDER BY n")
                .bind(tenant.as_str())
                .bind(clamped(alert))
                .fetch_all(connection)
                .await
                .map_err(store_error)?;
            let event = |row: &$row| {
                let by = who_from(
                    row.try_get("by_id").map_err(store_error)?,
                    row.try_get("by_name").map_err(store_error)?,
                );
                Ok(StoredEvent {
                    n: unsigned(row.try_get("n").map_err(store_error)?)?,
                    event: Event {
                        at: row.try_get("at").map_err(store_error)?,
                        by,
                        kind: kind_from(row.try_get("kind").map_err(store_error)?)?,
                        text: row.try_get("words").map_err(store_error)?,
                        until: row.try_get("until").map_err(store_error)?,
                    },
                })
            };
            rows.iter().map(event).collect()
        }

        pub(crate) async fn outbox(
            connection: &mut $connection,
            tenant: &TenantId,
            (alert, event): (u64, u64),
            limit: usize,
        ) -> Result<Vec<OutboxRow>, StoreError> {
            let rows = sqlx::query(
                "SELECT alert, event, notice, created FROM alert_outbox
                 WHERE tenant_id = $1 AND (alert > $2 OR (alert = $2 AND event > $3))
                 ORDER BY alert, event LIMIT $4",
            )
            .bind(tenant.as_str())
            .bind(clamped(alert))
            .bind(clamped(event))
            .bind(clamped(limit))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let row = |row: &$row| {
                Ok(OutboxRow {
                    alert: unsigned(row.try_get("alert").map_err(store_error)?)?,
                    event: unsigned(row.try_get("event").map_err(store_error)?)?,
                    notice: notice_from(row.try_get("notice").map_err(store_error)?)?,
                    created: row.try_get("created").map_err(store_error)?,
                })
            };
            rows.iter().map(row).collect()
        }

        fn silence_from(row: &$row) -> Result<StoredSilence, StoreError> {
            let by = who_from(
                row.try_get("by_id").map_err(store_error)?,
                row.try_get("by_name").map_err(store_error)?,
            );
            let by = by.ok_or_else(|| StoreError::Corrupt("a silence has no author".into()))?;
            Ok(StoredSilence {
                id: unsigned(row.try_get("id").map_err(store_error)?)?,
                silence: Silence {
                    matchers: matchers_from_text(row.try_get("matchers").map_err(store_error)?)?,
                    starts: row.try_get("starts").map_err(store_error)?,
                    ends: row.try_get("ends").map_err(store_error)?,
                    by,
                    repeat: repeat_from(row.try_get("repeats").map_err(store_error)?)?,
                    comment: row.try_get("words").map_err(store_error)?,
                    created: row.try_get("created").map_err(store_error)?,
                },
            })
        }

        pub(crate) async fn silences(
            connection: &mut $connection,
            tenant: &TenantId,
            since: Millis,
        ) -> Result<Vec<StoredSilence>, StoreError> {
            let rows =
                sqlx::query("SELECT * FROM alert_silence WHERE tenant_id = $1 AND ends > $2 ORDER BY id")
                    .bind(tenant.as_str())
                    .bind(since)
                    .fetch_all(connection)
                    .await
                    .map_err(store_error)?;
            rows.iter().map(silence_from).collect()
        }

        pub(crate) async fn add_silence(
            connection: &mut $connection,
            tenant: &TenantId,
            silence: Silence,
        ) -> Result<StoredSilence, StoreError> {
            let standing: i64 =
                sqlx::query_scalar("SELECT count(*) FROM alert_silence WHERE tenant_id = $1 AND ends > $2")
                    .bind(tenant.as_str())
                    .bind(silence.created)
                    .fetch_one(&mut *connection)
                    .await
                    .map_err(store_error)?;
            if standing >= clamped(MAX_SILENCES) {
                return Err(too_many_silences());
            }
            let id: i64 = sqlx::query_scalar(
                "INSERT INTO alert_silence
                     (tenant_id, id, matchers, starts, ends, by_id, by_name, words, created, repeats)
                 SELECT $1, coalesce(max(id), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9 FROM alert_silence
                 WHERE tenant_id = $1 RETURNING id",
            )
            .bind(tenant.as_str())
            .bind(matchers_to_text(&silence))
            .bind(silence.starts)
            .bind(silence.ends)
            .bind(text(&silence.by.id))
            .bind(text(&silence.by.name))
            .bind(text(&silence.comment))
            .bind(silence.created)
            .bind(silence.repeat.as_ref().map(ToString::to_string))
            .fetch_one(connection)
            .await
            .map_err(store_error)?;
            Ok(StoredSilence {
                id: unsigned(id)?,
                silence,
            })
        }

        /// The silence as it is then, and whether it stood.
        pub(crate) async fn end_silence(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
            at: Millis,
        ) -> Result<Option<(StoredSilence, bool)>, StoreError> {
            let ended = sqlx::query(
                "UPDATE alert_silence SET ends = $3 WHERE tenant_id = $1 AND id = $2 AND ends > $3",
            )
            .bind(tenant.as_str())
            .bind(clamped(id))
            .bind(at)
            .execute(&mut *connection)
            .await
            .map_err(store_error)?;
            let row = sqlx::query("SELECT * FROM alert_silence WHERE tenant_id = $1 AND id = $2")
                .bind(tenant.as_str())
                .bind(clamped(id))
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            let stood = ended.rows_affected() > 0;
            row.as_ref()
                .map(|row| Ok((silence_from(row)?, stood)))
                .transpose()
        }
    };
}

pub(crate) use alert_functions;
