//! Appending: plan, write, commit, and never guess what a failed commit did.

use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use store::codec::{self, ZoneMap};
use store::plan::{self, Plan, Write};
use store::{Appended, NewBatch, Offset, StoreError, day};

use super::super::WRITER;
use super::SqliteJournal;
use super::writer::Writer;
use crate::error::store_error;
use crate::shared::signed;

/// Why an append failed, and whether the writer's view still holds.
enum Failed {
    /// Nothing was written.
    Surely(StoreError),
    /// It was being committed. The files know.
    Perhaps(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed::Surely(error)
    }
}

impl SqliteJournal {
    pub(in super::super) async fn append(&self, batches: Vec<NewBatch>) -> Result<Vec<Appended>, StoreError> {
        let Some(latest) = batches.iter().map(|batch| batch.received).max() else {
            return Ok(Vec::new());
        };
        let mut place = self.writer.lock().await;
        let mut writer = match place.take() {
            Some(writer) => writer,
            None => self.load().await?,
        };
        let planned = self.plan(&mut writer, batches, day::of(latest)).await;
        let (plan, bytes) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                writer.rollback_ids();
                *place = Some(writer);
                return Err(error);
            }
        };
        let first = Offset {
            writer: WRITER,
            seq: writer.head + 1,
        };
        let head = writer.head + plan.writes.len() as u64;
        match write(&mut writer, &plan, bytes).await {
            Ok(()) => {
                writer.head = head;
                writer.commit_ids();
                *place = Some(writer);
                Ok(plan.finish(first))
            }
            Err(Failed::Surely(error)) => {
                writer.rollback_ids();
                *place = Some(writer);
                Err(error)
            }
            Err(Failed::Perhaps(error)) => {
                // This connection is not to be trusted any more, and neither is the view. What a new one reads is
                // what the next process would read, so it is the answer.
                drop(writer);
                let writer = self.load().await?;
                let committed = writer.head == head;
                *place = Some(writer);
                if committed {
                    Ok(plan.finish(first))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Everything that comes before the transaction.
    async fn plan(
        &self,
        writer: &mut Writer,
        batches: Vec<NewBatch>,
        day: i64,
    ) -> Result<(Plan, Vec<Vec<u8>>), StoreError> {
        self.roll_to(writer, day).await?;
        let seen = self.seen(writer, &batches).await?;
        let verdicts = plan::judge(&batches, &seen);
        let recent = &mut writer.recent;
        let plan = plan::plan(batches, verdicts, |tenant, ids, received| {
            let known = recent.entry(tenant.clone()).or_default();
            known.stage_all(ids, received)
        });
        let bytes: Result<Vec<Vec<u8>>, StoreError> = plan
            .writes
            .iter()
            .map(|write| codec::encode_batch(&write.kept, &write.refusals))
            .collect();
        Ok((plan, bytes?))
    }
}

async fn write(writer: &mut Writer, plan: &Plan, bytes: Vec<Vec<u8>>) -> Result<(), Failed> {
    if plan.writes.is_empty() {
        return Ok(());
    }
    let head = writer.head;
    let Some((file, connection)) = &mut writer.file else {
        return Err(Failed::Surely(StoreError::Unavailable(
            "there is no journal file".into(),
        )));
    };
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(store_error)?;
    let mut seq = head;
    for (write, bytes) in plan.writes.iter().zip(bytes) {
        seq += 1;
        // On an error the transaction is dropped, which rolls it back before the connection does anything else.
        insert_batch(&mut transaction, seq, write, bytes).await?;
        insert_key(&mut transaction, write).await?;
    }
    transaction
        .commit()
        .await
        .map_err(|error| Failed::Perhaps(store_error(error)))?;
    let file = Arc::clone(file);
    let mut stats = file.stats.lock();
    stats.batches += plan.writes.len() as u64;
    stats.oldest = stats
        .oldest
        .or_else(|| plan.writes.first().map(|write| write.received));
    Ok(())
}

async fn insert_batch(
    connection: &mut SqliteConnection,
    seq: u64,
    write: &Write,
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    let times = || write.kept.iter().map(|event| event.time);
    sqlx::query(
        "INSERT INTO batch (seq, writer, tenant_id, key_id, received, min_time, max_time, events, refused, zone, bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(signed(seq)?)
    .bind(i64::from(WRITER))
    .bind(write.tenant.as_str())
    .bind(&write.key_id)
    .bind(write.received)
    .bind(times().min().unwrap_or(write.received))
    .bind(times().max().unwrap_or(write.received))
    .bind(signed(write.kept.len() as u64)?)
    .bind(i64::from(write.refused))
    .bind(ZoneMap::of(&write.kept).to_bits())
    .bind(bytes)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// A key that is there already has expired, or the batch would have been a replay.
async fn insert_key(connection: &mut SqliteConnection, write: &Write) -> Result<(), StoreError> {
    let (Some(answer), Some(idempotency)) = (write.answer(), &write.idempotency) else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO idempotency (tenant_id, key_id, idem_key, body, accepted, duplicates, refused, received)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id, key_id, idem_key) DO UPDATE
         SET body = excluded.body, accepted = excluded.accepted, duplicates = excluded.duplicates,
             refused = excluded.refused, received = excluded.received",
    )
    .bind(write.tenant.as_str())
    .bind(&write.key_id)
    .bind(&idempotency.key)
    .bind(&answer.body[..])
    .bind(i64::from(answer.accepted))
    .bind(i64::from(answer.duplicates))
    .bind(i64::from(answer.refused))
    .bind(write.received)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}
