//! Erasing events: batches are rewritten where they are, so that the sequence keeps its order and has no gaps.
//!
//! A file that was changed says so in its header (`application_id`), in the same transaction: whoever is interrupted finds at
//! the next start which files still have old bytes between their rows. Cleaning writes such a file anew and empties its log.

use domain::erasure::Selection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};
use store::erasures::ERASE_BATCHES;
use store::{ErasedEvents, Offset, StoreError, TenantId};

use super::super::{WRITER, clean};
use super::SqliteJournal;
use crate::error::store_error;
use crate::shared::{clamped, rewrite, unsigned};

impl SqliteJournal {
    pub(in super::super) async fn erase(
        &self,
        tenant: &TenantId,
        selection: &Selection,
        after: Offset,
        dry: bool,
    ) -> Result<ErasedEvents, StoreError> {
        let after = if after.writer < WRITER { 0 } else { after.seq };
        let files = self.files();
        for (file, next) in files.iter().zip(files.iter().skip(1).map(Some).chain([None])) {
            // Everything of it comes before what is looked for.
            if next.is_some_and(|next| next.first_seq <= after.saturating_add(1)) {
                continue;
            }
            let Some(mut connection) = file.rewrite(&self.options).await? else {
                continue;
            };
            let page = erase_page(&mut connection, tenant, selection, after, dry).await;
            let closed = connection.close().await.map_err(store_error);
            let (mut erased, last) = page?;
            closed?;
            erased.next = match (last, next) {
                (Some(seq), _) => Some(at(seq)),
                (None, Some(next)) => Some(at(next.first_seq.saturating_sub(1).max(after))),
                (None, None) => None,
            };
            return Ok(erased);
        }
        Ok(ErasedEvents::default())
    }

    /// Writes over what is left of erased events.
    pub(in super::super) async fn clean(&self) -> Result<(), StoreError> {
        for file in self.files() {
            let newest = self.newest().is_some_and(|newest| newest.day == file.day);
            // Appends wait here instead of failing at the lock of the file.
            let _place = match newest {
                true => Some(self.writer.lock().await),
                false => None,
            };
            let Some(mut connection) = file.rewrite(&self.options).await? else {
                continue;
            };
            let cleaned = clean_file(&mut connection).await;
            connection.close().await.map_err(store_error)?;
            cleaned?;
        }
        Ok(())
    }
}

fn at(seq: u64) -> Offset {
    Offset { writer: WRITER, seq }
}

/// One transaction. Returns what was taken and the last batch that was looked at, `None` when there are no more.
async fn erase_page(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    selection: &Selection,
    after: u64,
    dry: bool,
) -> Result<(ErasedEvents, Option<u64>), StoreError> {
    let (from, to) = selection.range();
    let mut erased = ErasedEvents::default();
    let begin = if dry { "BEGIN" } else { "BEGIN IMMEDIATE" };
    let mut transaction = connection.begin_with(begin).await.map_err(store_error)?;
    let rows = sqlx::query(
        "SELECT seq, received, bytes FROM batch
         WHERE seq > $1 AND tenant_id = $2 AND events > 0 AND max_time >= $3 AND min_time < $4 ORDER BY seq LIMIT $5",
    )
    .bind(clamped(after))
    .bind(tenant.as_str())
    .bind(from)
    .bind(to)
    .bind(clamped(ERASE_BATCHES))
    .fetch_all(&mut *transaction)
    .await
    .map_err(store_error)?;
    let mut last = None;
    for row in &rows {
        let seq: i64 = row.try_get("seq").map_err(store_error)?;
        let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
        last = Some(unsigned(seq)?);
        let received = row.try_get("received").map_err(store_error)?;
        let Some(batch) = rewrite(&bytes, received, selection)? else {
            continue;
        };
        erased.events += batch.erased;
        if dry {
            continue;
        }
        sqlx::query(
            "UPDATE batch SET events = $2, min_time = $3, max_time = $4, zone = $5, bytes = $6 WHERE seq = $1",
        )
        .bind(seq)
        .bind(batch.events)
        .bind(batch.min_time)
        .bind(batch.max_time)
        .bind(batch.zone)
        .bind(batch.bytes)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    }
    if erased.events > 0 && !dry {
        clean::mark(&mut transaction).await?;
        transaction.commit().await.map_err(store_error)?;
    } else {
        transaction.rollback().await.map_err(store_error)?;
    }
    Ok((erased, last.filter(|_| rows.len() == ERASE_BATCHES)))
}

async fn clean_file(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    if clean::is_marked(connection).await? {
        clean::clean(connection).await?;
    }
    Ok(())
}
