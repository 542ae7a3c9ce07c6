//! Idempotency keys: they lie in the file of their batch, so the last seven days' files are asked, newest first.

use std::collections::HashMap;

use domain::Millis;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use store::plan::{KeyScope, Seen};
use store::{IDEMPOTENCY_KEPT, NewBatch, Remembered, StoreError, TenantId, day};

use super::SqliteJournal;
use super::writer::Writer;
use crate::error::store_error;
use crate::shared::{digest, tenant_from, unsigned};

impl SqliteJournal {
    /// What is known of the keys of these batches. One statement per file, however many batches.
    pub(super) async fn seen(
        &self,
        writer: &mut Writer,
        batches: &[NewBatch],
    ) -> Result<HashMap<KeyScope, Seen>, StoreError> {
        let mut wanted: Vec<KeyScope> = batches.iter().filter_map(KeyScope::of).collect();
        let earliest = batches
            .iter()
            .map(|batch| batch.received)
            .min()
            .unwrap_or(Millis::MAX);
        let mut seen = HashMap::new();
        let newest = writer.file.as_ref().map(|(file, _)| file.day);
        if wanted.is_empty() {
            return Ok(seen);
        }
        if let Some((_, connection)) = &mut writer.file {
            seen.extend(find(connection, &wanted).await?);
        }
        for file in self.files().into_iter().rev() {
            wanted.retain(|scope| !seen.contains_key(scope));
            if wanted.is_empty() || is_too_old(file.day, earliest) {
                break;
            }
            if Some(file.day) == newest {
                continue;
            }
            if let Some(mut reader) = file.keys().await? {
                seen.extend(find(reader.connection()?, &wanted).await?);
            }
        }
        Ok(seen)
    }

    pub(in super::super) async fn remembered(
        &self,
        tenant: &TenantId,
        api_key: &str,
        key: &str,
        now: Millis,
    ) -> Result<Option<Remembered>, StoreError> {
        let scope = KeyScope {
            tenant: tenant.clone(),
            key_id: api_key.to_owned(),
            key: key.to_owned(),
        };
        for file in self.files().into_iter().rev() {
            if is_too_old(file.day, now) {
                break;
            }
            let Some(mut reader) = file.keys().await? else {
                continue;
            };
            if let Some((_, seen)) = find(reader.connection()?, std::slice::from_ref(&scope))
                .await?
                .pop()
            {
                return Ok(seen.is_fresh(now).then_some(seen.answer));
            }
        }
        Ok(None)
    }
}

/// Whether no key in this day's file can still count. A file may hold later arrivals than its day (the clock moved
/// back), never later keys than the next file, so one day more is asked than seven.
fn is_too_old(day: i64, now: Millis) -> bool {
    day::end(day).saturating_add(IDEMPOTENCY_KEPT) <= now
}

async fn find(
    connection: &mut SqliteConnection,
    wanted: &[KeyScope],
) -> Result<Vec<(KeyScope, Seen)>, StoreError> {
    let list: Vec<[&str; 3]> = wanted
        .iter()
        .map(|scope| [scope.tenant.as_str(), &scope.key_id, &scope.key])
        .collect();
    let list = serde_json::to_string(&list).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let rows = sqlx::query(
        "SELECT i.tenant_id, i.key_id, i.idem_key, i.body, i.accepted, i.duplicates, i.refused, i.received
         FROM json_each($1) AS w CROSS JOIN idempotency AS i
         WHERE i.tenant_id = w.value ->> 0 AND i.key_id = w.value ->> 1 AND i.idem_key = w.value ->> 2",
    )
    .bind(list)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.iter().map(seen_from).collect()
}

fn seen_from(row: &SqliteRow) -> Result<(KeyScope, Seen), StoreError> {
    let word = |name| row.try_get::<String, _>(name).map_err(store_error);
    let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
    let body: Vec<u8> = row.try_get("body").map_err(store_error)?;
    let scope = KeyScope {
        tenant: tenant_from(&word("tenant_id")?)?,
        key_id: word("key_id")?,
        key: word("idem_key")?,
    };
    let answer = Remembered {
        body: digest(&body)?,
        accepted: unsigned(number("accepted")?)?,
        duplicates: unsigned(number("duplicates")?)?,
        refused: unsigned(number("refused")?)?,
    };
    Ok((
        scope,
        Seen {
            answer,
            received: number("received")?,
        },
    ))
}
