//! The 10 s buckets before the journal is read: for the hour, and for what is compared with an hour earlier.

use std::collections::HashMap;

use domain::Millis;
use domain::rollup::{Bucket, Rung};
use store::{ChunkParts, StoreError, TenantScope, rows_of};

use super::Replays;
use crate::live::History;
use crate::tenants::Tenant;

/// What the 10 s totals look back.
const COARSE: Millis = 8_200_000;

/// What the 10 s buckets that start before `end` add up to, by provider.
pub(super) async fn read(
    replays: &Replays,
    tenant: &Tenant,
    scope: &TenantScope,
    end: Millis,
) -> Result<History, StoreError> {
    let from = end - COARSE;
    let rollups = &replays.stores.rollups;
    // The store first, live memory second: see `live::uncompacted`.
    let read = rollups
        .chunks(scope, Rung::TenSeconds, from, end, ChunkParts::ALL)
        .await?;
    let mut fresh = Vec::new();
    tenant
        .live()
        .for_each_uncompacted(read.compacted, from, end, |bucket, series, stats| {
            fresh.push((bucket, series.provider.clone(), stats.clone()));
        });
    let summed = tokio::task::spawn_blocking(move || {
        let mut sums: HashMap<(Millis, String), Bucket> = HashMap::new();
        for row in rows_of(&read.chunks)? {
            if (from..end).contains(&row.bucket) {
                sums.entry((row.bucket, row.series.provider))
                    .or_default()
                    .merge(&row.stats);
            }
        }
        for (bucket, provider, stats) in fresh {
            sums.entry((bucket, provider)).or_default().merge(&stats);
        }
        let mut history: History = sums
            .into_iter()
            .map(|((bucket, provider), stats)| (bucket, provider, stats))
            .collect();
        history.sort_unstable_by_key(|(bucket, _, _)| *bucket);
        Ok(history)
    });
    summed
        .await
        .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?
}
