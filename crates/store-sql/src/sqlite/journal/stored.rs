//! What the batches of each tenant take. Batches never change, so each is looked at once; a day that is gone takes what
//! was counted of it along.

use std::collections::BTreeMap;

use store::{StoreError, TenantId};

use super::SqliteJournal;
use super::day_file::DayFile;
use crate::error::store_error;
use crate::shared::by_tenant;

/// Batches of one step: others who read the same file wait no longer than that takes.
const STEP: i64 = 1_000;

/// Bytes by tenant, as far as a file was counted.
#[derive(Debug)]
pub(super) struct Counted {
    /// The last sequence that is contained.
    through: i64,
    bytes: BTreeMap<TenantId, u64>,
}

impl Counted {
    /// Nothing yet, of a file that begins with this sequence.
    pub(super) fn before(first_seq: u64) -> Counted {
        Counted {
            through: i64::try_from(first_seq).unwrap_or(i64::MAX).saturating_sub(1),
            bytes: BTreeMap::new(),
        }
    }
}

impl SqliteJournal {
    pub(in super::super) async fn stored(&self) -> Result<Vec<(TenantId, u64)>, StoreError> {
        let mut stored: BTreeMap<TenantId, u64> = BTreeMap::new();
        for file in self.files() {
            let mut counted = file.counted.lock().await;
            count(&file, &mut counted).await?;
            for (tenant, bytes) in &counted.bytes {
                *stored.entry(tenant.clone()).or_default() += bytes;
            }
        }
        Ok(stored.into_iter().collect())
    }
}

/// Goes on to the end of the file.
async fn count(file: &DayFile, counted: &mut Counted) -> Result<(), StoreError> {
    loop {
        let Some(mut reader) = file.reader().await? else {
            // It was removed meanwhile, and with it all that it held.
            counted.bytes.clear();
            return Ok(());
        };
        let connection = reader.connection()?;
        let last: Option<i64> = sqlx::query_scalar(
            "SELECT max(seq) FROM (SELECT seq FROM batch WHERE seq > $1 ORDER BY seq LIMIT $2)",
        )
        .bind(counted.through)
        .bind(STEP)
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
        let Some(last) = last else { return Ok(()) };
        let sums: Vec<(String, i64)> = sqlx::query_as(
            "SELECT tenant_id, sum(length(bytes)) FROM batch WHERE seq > $1 AND seq <= $2 GROUP BY tenant_id",
        )
        .bind(counted.through)
        .bind(last)
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
        for (tenant, bytes) in by_tenant(sums)? {
            *counted.bytes.entry(tenant).or_default() += bytes;
        }
        counted.through = last;
    }
}
