//! Reading batches backwards, for one tenant and a window of event time.
//!
//! What bounds the work. Files are walked from the newest to the oldest and the walk ends at the first whose day ended
//! before anything of the window can have arrived: a file never holds arrivals after its day, even when the clock moves
//! back, so all older ones are over as well. Within a file rows are looked at by falling sequence, which is how they
//! lie, in steps that grow; a file that only partly lies in the window is left as soon as the index on arrival says that
//! nothing of the window is left below. Looking at a row reads its head, not its batch; only batches that may hold
//! something are read and unpacked. After [`LOOKED_AT`] rows a page ends, full or not.
//!
//! Deliberately absent: an index on event time. Rows of other tenants and batches newer than the window are passed one
//! by one, which a window that lies days back feels.

use std::cmp::Ordering;

use domain::breaker::BreakerKey;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use store::batches::{LOOKED_AT, Room};
use store::{BatchPage, BatchQuery, GuardedPage, Offset, Resume, StoreError, TenantId, codec, day};

use super::super::WRITER;
use super::SqliteJournal;
use super::day_file::DayFile;
use super::read::batch_from;
use crate::error::store_error;
use crate::shared::{FIRST_STEP, GROWTH, Head, LARGEST_STEP, clamped, unsigned};

/// What is done with each batch that may hold something, newest first.
type Take<'a> = &'a mut (dyn FnMut(&SqliteRow) -> Result<(), StoreError> + Send + Sync);

/// One page while it is filled.
struct Walk<'a> {
    tenant: &'a TenantId,
    query: &'a BatchQuery,
    /// Strictly before this sequence.
    before: i64,
    take: Take<'a>,
    next: Option<Resume>,
    room: Room,
    looked: u64,
    step: i64,
}

impl SqliteJournal {
    pub(in super::super) async fn read_before(
        &self,
        tenant: &TenantId,
        query: &BatchQuery,
    ) -> Result<BatchPage, StoreError> {
        let mut batches = Vec::new();
        let mut take = |row: &SqliteRow| batch_from(row).map(|batch| batches.push(batch));
        let next = self.walk(tenant, query, &mut take).await?;
        Ok(BatchPage { batches, next })
    }

    pub(in super::super) async fn guarded_before(
        &self,
        tenant: &TenantId,
        query: &BatchQuery,
        breaker: &BreakerKey,
    ) -> Result<GuardedPage, StoreError> {
        let mut page = GuardedPage::default();
        let mut take = |row: &SqliteRow| {
            let bytes: &[u8] = row.try_get("bytes").map_err(store_error)?;
            page.take(query, codec::decode_guarded(bytes, breaker)?);
            Ok(())
        };
        page.next = self.walk(tenant, query, &mut take).await?;
        Ok(page)
    }

    async fn walk(
        &self,
        tenant: &TenantId,
        query: &BatchQuery,
        take: Take<'_>,
    ) -> Result<Option<Resume>, StoreError> {
        let before = match query.before.writer.cmp(&WRITER) {
            Ordering::Less => return Ok(None),
            Ordering::Equal => clamped(query.before.seq),
            Ordering::Greater => i64::MAX,
        };
        let mut walk = Walk {
            tenant,
            query,
            before,
            take,
            next: None,
            room: Room::of(query),
            looked: 0,
            step: FIRST_STEP,
        };
        for file in self.files().iter().rev() {
            if day::end(file.day) <= query.arrivals().0 {
                break;
            }
            if clamped(file.first_seq) < walk.before && walk.file(file).await? {
                break;
            }
        }
        Ok(walk.next)
    }
}

impl Walk<'_> {
    /// Takes what a file has; whether the page is done.
    async fn file(&mut self, file: &DayFile) -> Result<bool, StoreError> {
        let Some(mut reader) = file.reader().await? else {
            return Ok(false);
        };
        let connection = reader.connection()?;
        let (first, last) = self.query.arrivals();
        let whole = day::start(file.day) >= first && day::end(file.day) <= last;
        let bottom = clamped(file.first_seq);
        while let Some(top) = top(connection, self.before).await? {
            if !whole && !self.is_something_left(connection).await? {
                return Ok(false);
            }
            if self.looked >= LOOKED_AT {
                self.stop_at(top.seq + 1, top.received)?;
                return Ok(true);
            }
            let low = (top.seq + 1).saturating_sub(self.step).max(bottom);
            let heads = self.heads(connection, low, top.seq).await?;
            self.looked += (top.seq + 1).abs_diff(low);
            self.step = (self.step * GROWTH).min(LARGEST_STEP);
            self.before = low;
            if self.read(connection, &heads).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a batch further down arrived when one of the window can have. The lowest arrival that counts is mostly
    /// the lowest sequence, so that the answer is the index's first entry; all entries are met only at the end.
    async fn is_something_left(&self, connection: &mut SqliteConnection) -> Result<bool, StoreError> {
        let (first, last) = self.query.arrivals();
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM batch INDEXED BY batch_by_arrival
                WHERE received >= $1 AND received < $2 AND seq < $3)",
        )
        .bind(first)
        .bind(last)
        .bind(self.before)
        .fetch_one(connection)
        .await
        .map_err(store_error)
    }

    /// The rows of a step that may hold something.
    async fn heads(
        &self,
        connection: &mut SqliteConnection,
        low: i64,
        high: i64,
    ) -> Result<Vec<Head>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, received, events FROM batch
             WHERE seq >= $1 AND seq <= $2 AND tenant_id = $3 AND max_time >= $4 AND min_time < $5
                AND (zone & $6) = $6
             ORDER BY seq DESC LIMIT $7",
        )
        .bind(low)
        .bind(high)
        .bind(self.tenant.as_str())
        .bind(self.query.from)
        .bind(self.query.to)
        .bind(self.query.wanted.to_bits())
        .bind(clamped(self.room.batches()))
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
        rows.iter().map(head_from).collect()
    }

    /// Reads as many of these batches as the page has room for; whether it is full.
    async fn read(&mut self, connection: &mut SqliteConnection, heads: &[Head]) -> Result<bool, StoreError> {
        let mut taken: Vec<i64> = Vec::with_capacity(heads.len());
        let mut full = false;
        for head in heads {
            taken.push(head.seq);
            if !self.room.take(head.events) {
                self.stop_at(head.seq, head.received)?;
                full = true;
                break;
            }
        }
        if !taken.is_empty() {
            for row in &batches(connection, &taken).await? {
                (self.take)(row)?;
            }
        }
        Ok(full)
    }

    fn stop_at(&mut self, seq: i64, received: i64) -> Result<(), StoreError> {
        let before = Offset {
            writer: WRITER,
            seq: unsigned(seq)?,
        };
        self.next = Some(Resume { before, received });
        Ok(())
    }
}

/// The newest row before a sequence.
async fn top(connection: &mut SqliteConnection, before: i64) -> Result<Option<Head>, StoreError> {
    let row = sqlx::query("SELECT seq, received, events FROM batch WHERE seq < $1 ORDER BY seq DESC LIMIT 1")
        .bind(before)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    row.as_ref().map(head_from).transpose()
}

async fn batches(connection: &mut SqliteConnection, seqs: &[i64]) -> Result<Vec<SqliteRow>, StoreError> {
    let list = serde_json::to_string(seqs).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    sqlx::query(
        "SELECT b.seq, b.writer, b.tenant_id, b.key_id, b.received, b.refused, b.bytes
         FROM json_each($1) AS w CROSS JOIN batch AS b ON b.seq = w.value ORDER BY w.key",
    )
    .bind(list)
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

fn head_from(row: &SqliteRow) -> Result<Head, StoreError> {
    let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
    Ok(Head {
        seq: number("seq")?,
        received: number("received")?,
        events: unsigned(number("events")?)?,
    })
}
