//! Reading batches: by offset and by time of arrival.

use std::cmp::Ordering;

use domain::Millis;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use store::{JournalUsage, Offset, StoreError, StoredBatch, codec};

use super::super::WRITER;
use super::SqliteJournal;
use crate::error::{io_error, store_error};
use crate::shared::{clamped, tenant_from, unsigned};

impl SqliteJournal {
    pub(in super::super) async fn read_after(
        &self,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<StoredBatch>, StoreError> {
        let after = match after.writer.cmp(&WRITER) {
            Ordering::Less => 0,
            Ordering::Equal => after.seq,
            Ordering::Greater => return Ok(Vec::new()),
        };
        let files = self.files();
        let mut batches: Vec<StoredBatch> = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let ends_before = files
                .get(index + 1)
                .is_some_and(|next| next.first_seq <= after.saturating_add(1));
            if ends_before || batches.len() >= limit {
                continue;
            }
            let Some(mut reader) = file.reader().await? else {
                continue;
            };
            let rows = sqlx::query(
                "SELECT seq, writer, tenant_id, key_id, received, refused, bytes FROM batch
                 WHERE seq > $1 ORDER BY seq LIMIT $2",
            )
            .bind(clamped(after))
            .bind(clamped(limit - batches.len()))
            .fetch_all(reader.connection()?)
            .await
            .map_err(store_error)?;
            for row in &rows {
                batches.push(batch_from(row)?);
            }
        }
        Ok(batches)
    }

    pub(in super::super) async fn before_time(&self, received: Millis) -> Result<Offset, StoreError> {
        // The head comes first: a batch that arrives meanwhile is then behind it, not lost.
        let head = self.head().await?;
        for file in self.files() {
            let Some(mut reader) = file.reader().await? else {
                continue;
            };
            let first: Option<i64> = sqlx::query_scalar("SELECT min(seq) FROM batch WHERE received >= $1")
                .bind(received)
                .fetch_one(reader.connection()?)
                .await
                .map_err(store_error)?;
            if let Some(first) = first {
                return Ok(Offset {
                    writer: WRITER,
                    seq: unsigned(first - 1)?,
                });
            }
        }
        Ok(head)
    }

    pub(in super::super) async fn usage(&self) -> Result<JournalUsage, StoreError> {
        let mut usage = JournalUsage::default();
        for file in self.files() {
            usage.bytes += file.size().await.map_err(io_error)?;
            let stats = *file.stats.lock();
            usage.batches += stats.batches;
            usage.oldest = usage.oldest.or(stats.oldest);
        }
        Ok(usage)
    }
}

pub(super) fn batch_from(row: &SqliteRow) -> Result<StoredBatch, StoreError> {
    let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
    let tenant: String = row.try_get("tenant_id").map_err(store_error)?;
    let bytes: Vec<u8> = row.try_get("bytes").map_err(store_error)?;
    let decoded = codec::decode_batch(&bytes)?;
    Ok(StoredBatch {
        offset: Offset {
            writer: unsigned(number("writer")?)?,
            seq: unsigned(number("seq")?)?,
        },
        tenant: tenant_from(&tenant)?,
        key_id: row.try_get("key_id").map_err(store_error)?,
        received: number("received")?,
        events: decoded.events,
        refused: unsigned(number("refused")?)?,
        refusals: decoded.refusals,
    })
}
