//! The writer's view of the journal: its connection, the head, and the ids seen lately.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Millis;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};
use store::recent::{RECENT_KEPT, RECENT_LIMIT, RecentIds, id_hash};
use store::{StoreError, TenantId, codec, day};

use super::SqliteJournal;
use super::day_file::DayFile;
use crate::error::store_error;
use crate::shared::{tenant_from, unsigned};

/// How many batches are read at a time when ids are read back.
const PAGE: i64 = 256;

pub(super) struct Writer {
    /// The newest file; none before the first batch ever.
    pub(super) file: Option<(Arc<DayFile>, SqliteConnection)>,
    pub(super) head: u64,
    pub(super) recent: HashMap<TenantId, RecentIds>,
}

impl Writer {
    pub(super) fn commit_ids(&mut self) {
        self.recent.values_mut().for_each(RecentIds::commit);
    }

    pub(super) fn rollback_ids(&mut self) {
        self.recent.values_mut().for_each(RecentIds::rollback);
    }

    pub(super) async fn close(self) {
        if let Some((_, connection)) = self.file {
            close(connection).await;
        }
    }
}

/// Moves the log into the file as far as readers allow, without waiting for them, and closes it.
async fn close(mut connection: SqliteConnection) {
    let checkpoint = sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(&mut connection)
        .await;
    if let Err(error) = checkpoint.and(connection.close().await) {
        // Nothing is lost: the log stays, and whoever opens the file next reads it.
        tracing::warn!(%error, "a journal file was closed with its log in place");
    }
}

impl SqliteJournal {
    /// Reads the view from the files.
    pub(super) async fn load(&self) -> Result<Writer, StoreError> {
        let Some(file) = self.newest() else {
            return Ok(Writer {
                file: None,
                head: self.floor,
                recent: HashMap::new(),
            });
        };
        let mut connection = file.write(&self.options).await?;
        // An append that was cancelled may still be committing on its own connection. Taking the write lock waits for
        // its end, so that the head read here is final.
        let mut transaction = connection
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(store_error)?;
        let last: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM batch")
            .fetch_one(&mut *transaction)
            .await
            .map_err(store_error)?;
        let first_of_file = sqlx::query_scalar("SELECT received FROM batch ORDER BY seq LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.rollback().await.map_err(store_error)?;
        let stored = last
            .map(unsigned)
            .transpose()?
            .unwrap_or(file.first_seq.saturating_sub(1));
        {
            let mut stats = file.stats.lock();
            stats.batches = last.map_or(0, |_| (stored + 1).saturating_sub(file.first_seq));
            stats.oldest = first_of_file;
        }
        if stored < self.floor {
            tracing::warn!(
                stored,
                contained = self.floor,
                "the journal ends before what live state contains; was it restored from an older copy? \
                 The sequence goes on behind it"
            );
        }
        let recent = self.load_ids().await?;
        Ok(Writer {
            file: Some((file, connection)),
            head: stored.max(self.floor),
            recent,
        })
    }

    /// The ids of the last hour before the newest arrival, newest first until each tenant has as many as are
    /// remembered, then remembered in order.
    async fn load_ids(&self) -> Result<HashMap<TenantId, RecentIds>, StoreError> {
        let files = self.files();
        let mut newest = Millis::MIN;
        for file in &files {
            let latest = latest_arrival(file).await?;
            newest = newest.max(latest.unwrap_or(Millis::MIN));
        }
        let since = newest.saturating_sub(RECENT_KEPT);
        let mut starts = Vec::new();
        for file in &files {
            starts.extend(first_since(file, since).await?);
        }
        let Some(start) = starts.into_iter().min() else {
            return Ok(HashMap::new());
        };
        let mut found: Vec<(TenantId, Millis, Vec<[u8; 16]>)> = Vec::new();
        let mut counts: HashMap<TenantId, usize> = HashMap::new();
        for file in files.iter().rev() {
            let mut before = i64::MAX;
            while let Some(rows) = page(file, start, before).await? {
                for (seq, tenant, received, bytes) in rows {
                    before = seq;
                    let count = counts.entry(tenant.clone()).or_default();
                    if *count < RECENT_LIMIT {
                        let ids: Vec<_> = codec::decode_ids(&bytes)?.iter().map(|id| id_hash(id)).collect();
                        *count += ids.len();
                        found.push((tenant, received, ids));
                    }
                }
            }
        }
        let mut recent: HashMap<TenantId, RecentIds> = HashMap::new();
        for (tenant, received, ids) in found.into_iter().rev() {
            let known = recent.entry(tenant).or_default();
            for id in ids {
                known.stage_hash(id, received);
            }
            known.commit();
        }
        Ok(recent)
    }

    /// Makes the file of this day the one that is written, unless a newer one is there.
    pub(super) async fn roll_to(&self, writer: &mut Writer, day: i64) -> Result<(), StoreError> {
        if writer.file.as_ref().is_some_and(|(file, _)| file.day >= day) {
            return Ok(());
        }
        let (file, connection) = DayFile::create(&self.folder, day, writer.head + 1, &self.options).await?;
        let file = Arc::new(file);
        self.days.write().insert(day, Arc::clone(&file));
        tracing::debug!(day = day::name(day), "a new journal file");
        if let Some((_, old)) = writer.file.replace((file, connection)) {
            close(old).await;
        }
        Ok(())
    }
}

async fn latest_arrival(file: &DayFile) -> Result<Option<Millis>, StoreError> {
    let Some(mut reader) = file.reader().await? else {
        return Ok(None);
    };
    sqlx::query_scalar("SELECT max(received) FROM batch")
        .fetch_one(reader.connection()?)
        .await
        .map_err(store_error)
}

/// The first sequence that arrived after this time.
async fn first_since(file: &DayFile, since: Millis) -> Result<Option<i64>, StoreError> {
    let Some(mut reader) = file.reader().await? else {
        return Ok(None);
    };
    sqlx::query_scalar("SELECT min(seq) FROM batch WHERE received > $1")
        .bind(since)
        .fetch_one(reader.connection()?)
        .await
        .map_err(store_error)
}

type IdRow = (i64, TenantId, Millis, Vec<u8>);

/// Up to [`PAGE`] batches, newest first; `None` when there are no more.
async fn page(file: &DayFile, start: i64, before: i64) -> Result<Option<Vec<IdRow>>, StoreError> {
    let Some(mut reader) = file.reader().await? else {
        return Ok(None);
    };
    let rows = sqlx::query(
        "SELECT seq, tenant_id, received, bytes FROM batch
         WHERE seq >= $1 AND seq < $2 AND events > 0 ORDER BY seq DESC LIMIT $3",
    )
    .bind(start)
    .bind(before)
    .bind(PAGE)
    .fetch_all(reader.connection()?)
    .await
    .map_err(store_error)?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        let tenant: String = row.try_get("tenant_id").map_err(store_error)?;
        page.push((
            row.try_get("seq").map_err(store_error)?,
            tenant_from(&tenant)?,
            row.try_get("received").map_err(store_error)?,
            row.try_get("bytes").map_err(store_error)?,
        ));
    }
    Ok(if page.is_empty() { None } else { Some(page) })
}
