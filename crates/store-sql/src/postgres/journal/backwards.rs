//! Reading batches backwards, for one tenant and a window of event time.
//!
//! What bounds the work. A bound on arrival, from what an event may be older or newer than its arrival, leaves only the
//! partitions that can hold something of the window. Within them the primary key (tenant, writer, sequence, arrival) is
//! walked backwards, in steps that grow, so rows of other tenants are never met; at the end of a walk the rest of the
//! oldest partition is passed in the index alone. Looking at a row reads its head, not its batch; only batches that may
//! hold something are read and unpacked. After [`LOOKED_AT`] rows a page ends, full or not.
//!
//! Deliberately absent: an index on event time. Batches newer than the window are passed one by one, which a window that
//! lies days back feels.

use std::cmp::Ordering;

use domain::breaker::BreakerKey;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use store::batches::{LOOKED_AT, Room};
use store::{BatchPage, BatchQuery, GuardedPage, Offset, Resume, StoreError, TenantId, codec};

use super::super::WRITER;
use super::PgJournal;
use super::read::batch_from;
use crate::error::store_error;
use crate::shared::{FIRST_STEP, GROWTH, Head, LARGEST_STEP, clamped, unsigned};

/// What one step met.
struct Step {
    /// Rows that may hold something, newest first.
    heads: Vec<Head>,
    /// The last row that was looked at, and how many that were.
    last: Option<(Head, i64)>,
}

/// What is done with each batch that may hold something, newest first.
type Take<'a> = &'a mut (dyn FnMut(&PgRow) -> Result<(), StoreError> + Send);

impl PgJournal {
    pub(in super::super) async fn read_before(
        &self,
        tenant: &TenantId,
        query: &BatchQuery,
    ) -> Result<BatchPage, StoreError> {
        let mut batches = Vec::new();
        let mut take = |row: &PgRow| batch_from(row).map(|batch| batches.push(batch));
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
        let mut take = |row: &PgRow| {
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
        let mut before = match query.before.writer.cmp(&WRITER) {
            Ordering::Less => return Ok(None),
            Ordering::Equal => clamped(query.before.seq),
            Ordering::Greater => i64::MAX,
        };
        let mut room = Room::of(query);
        let (mut looked, mut step) = (0, FIRST_STEP);
        let mut connection = self.read_for(tenant).await?;
        loop {
            let met = look(&mut connection, tenant, query, before, step).await?;
            let Some((last, count)) = met.last else {
                return Ok(None);
            };
            let mut next = None;
            let mut taken = Vec::with_capacity(met.heads.len());
            for head in met.heads {
                taken.push(head);
                if !room.take(head.events) {
                    next = Some(resume(head.seq, head.received)?);
                    break;
                }
            }
            for row in &batches(&mut connection, tenant, &taken).await? {
                take(row)?;
            }
            if next.is_some() || count < step {
                return Ok(next);
            }
            before = last.seq;
            looked += count.unsigned_abs();
            if looked >= LOOKED_AT {
                return resume(last.seq, last.received).map(Some);
            }
            step = (step * GROWTH).min(LARGEST_STEP);
        }
    }
}

fn resume(seq: i64, received: i64) -> Result<Resume, StoreError> {
    let before = Offset {
        writer: WRITER,
        seq: unsigned(seq)?,
    };
    Ok(Resume { before, received })
}

async fn look(
    connection: &mut PgConnection,
    tenant: &TenantId,
    query: &BatchQuery,
    before: i64,
    step: i64,
) -> Result<Step, StoreError> {
    let (first, last) = query.arrivals();
    let rows = sqlx::query(
        "WITH looked AS (
            SELECT seq, received, events, row_number() OVER (ORDER BY seq DESC) AS n,
                max_time >= $4 AND min_time < $5 AND (zone & $6) = $6 AS hit
            FROM journal_batch
            WHERE tenant_id = $1 AND writer = $2 AND seq < $3 AND received >= $7 AND received < $8
            ORDER BY seq DESC LIMIT $9
         )
         SELECT seq, received, events, n, hit FROM looked WHERE hit OR n = (SELECT max(n) FROM looked)
         ORDER BY n",
    )
    .bind(tenant.as_str())
    .bind(i64::from(WRITER))
    .bind(before)
    .bind(query.from)
    .bind(query.to)
    .bind(query.wanted.to_bits())
    .bind(first)
    .bind(last)
    .bind(step)
    // Planned each time: for a window of minutes the index on arrival is best, for one of days the primary key. A plan
    // for any window takes the former and would read days.
    .persistent(false)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let mut met = Step {
        heads: Vec::new(),
        last: None,
    };
    for row in &rows {
        let head = head_from(row)?;
        met.last = Some((head, row.try_get("n").map_err(store_error)?));
        if row.try_get("hit").map_err(store_error)? {
            met.heads.push(head);
        }
    }
    Ok(met)
}

/// The bounds on arrival are for the partitions: the sequences alone would have to be looked up in each.
async fn batches(
    connection: &mut PgConnection,
    tenant: &TenantId,
    heads: &[Head],
) -> Result<Vec<PgRow>, StoreError> {
    let arrivals = || heads.iter().map(|head| head.received);
    let (Some(first), Some(last)) = (arrivals().min(), arrivals().max()) else {
        return Ok(Vec::new());
    };
    let seqs: Vec<i64> = heads.iter().map(|head| head.seq).collect();
    sqlx::query(
        "SELECT writer, seq, tenant_id, key_id, received, refused, bytes FROM journal_batch
         WHERE tenant_id = $1 AND writer = $2 AND seq = any($3) AND received >= $4 AND received <= $5
         ORDER BY seq DESC",
    )
    .bind(tenant.as_str())
    .bind(i64::from(WRITER))
    .bind(seqs)
    .bind(first)
    .bind(last)
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

fn head_from(row: &PgRow) -> Result<Head, StoreError> {
    let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
    Ok(Head {
        seq: number("seq")?,
        received: number("received")?,
        events: unsigned(number("events")?)?,
    })
}
