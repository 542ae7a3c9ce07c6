//! Retention: whole files are unlinked. What must outlive them is carried over first.

use std::sync::Arc;

use domain::Millis;
use sqlx::{Connection as _, Row as _};
use store::{IDEMPOTENCY_KEPT, StoreError, day};

use super::SqliteJournal;
use super::day_file::{self, DayFile};
use crate::error::{io_error, store_error};

/// How many idempotency keys are carried over in one transaction: a few milliseconds during which appends wait.
const STEP: i64 = 500;

impl SqliteJournal {
    pub(in super::super) async fn retain(
        &self,
        before: Millis,
        max_bytes: u64,
        now: Millis,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        for file in self.files() {
            total += file.size().await.map_err(io_error)?;
        }
        let mut freed = 0;
        for file in self.files() {
            let too_much = total - freed > max_bytes;
            if !day::is_over(file.day, now) || (day::end(file.day) > before && !too_much) {
                break;
            }
            freed += self.drop_file(&file, now).await?;
        }
        Ok(freed)
    }

    async fn drop_file(&self, file: &Arc<DayFile>, now: Millis) -> Result<u64, StoreError> {
        let size = file.size().await.map_err(io_error)?;
        self.carry_over(file, now).await?;
        self.days.write().remove(&file.day);
        file.close_readers().await;
        day_file::remove(&self.folder, file.day).await.map_err(io_error)?;
        super::files::sync_folder(&self.folder)
            .await
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        tracing::info!(day = day::name(file.day), bytes = size, "dropped a journal file");
        Ok(size)
    }

    /// Gives the newest file a successor, so that the sequence is not lost with it, and copies idempotency keys that
    /// still count into the newest file.
    async fn carry_over(&self, file: &DayFile, now: Millis) -> Result<(), StoreError> {
        let since = now.saturating_sub(IDEMPOTENCY_KEPT);
        let mut last = (String::new(), String::new(), String::new());
        loop {
            let mut place = self.writer.lock().await;
            let mut writer = match place.take() {
                Some(writer) => writer,
                None => self.load().await?,
            };
            let rolled = if writer
                .file
                .as_ref()
                .is_some_and(|(newest, _)| newest.day == file.day)
            {
                self.roll_to(&mut writer, day::of(now)).await
            } else {
                Ok(())
            };
            let carried = match (rolled, &mut writer.file) {
                (Ok(()), Some((_, connection))) => carry(connection, file, since, &last).await,
                (Ok(()), None) => Ok(None),
                (Err(error), _) => Err(error),
            };
            *place = Some(writer);
            match carried? {
                Some(next) => last = next,
                None => return Ok(()),
            }
        }
    }
}

type KeyColumns = (String, String, String);

/// Copies one step; the last key copied, `None` at the end. A key that the newest file has already is newer.
async fn carry(
    newest: &mut sqlx::SqliteConnection,
    file: &DayFile,
    since: Millis,
    after: &KeyColumns,
) -> Result<Option<KeyColumns>, StoreError> {
    let Some(mut reader) = file.keys().await? else {
        return Ok(None);
    };
    let rows = sqlx::query(
        "SELECT tenant_id, key_id, idem_key, body, accepted, duplicates, refused, received FROM idempotency
         WHERE (tenant_id, key_id, idem_key) > ($1, $2, $3) AND received > $4
         ORDER BY tenant_id, key_id, idem_key LIMIT $5",
    )
    .bind(&after.0)
    .bind(&after.1)
    .bind(&after.2)
    .bind(since)
    .bind(STEP)
    .fetch_all(reader.connection()?)
    .await
    .map_err(store_error)?;
    let mut transaction = newest.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
    let mut last = None;
    for row in &rows {
        let word = |name| row.try_get::<String, _>(name).map_err(store_error);
        let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
        let columns = (word("tenant_id")?, word("key_id")?, word("idem_key")?);
        sqlx::query(
            "INSERT INTO idempotency (tenant_id, key_id, idem_key, body, accepted, duplicates, refused, received)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(&columns.0)
        .bind(&columns.1)
        .bind(&columns.2)
        .bind(row.try_get::<Vec<u8>, _>("body").map_err(store_error)?)
        .bind(number("accepted")?)
        .bind(number("duplicates")?)
        .bind(number("refused")?)
        .bind(number("received")?)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        last = Some(columns);
    }
    transaction.commit().await.map_err(store_error)?;
    Ok(last)
}
