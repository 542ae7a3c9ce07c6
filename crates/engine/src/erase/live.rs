//! Live state without what is erased: its checkpoint and its seconds are made anew, stored with the rows that go, and put back
//! as a start would. The gate is closed meanwhile, and everything was flushed and compacted.

use std::collections::BTreeMap;

use domain::Millis;
use domain::erasure::Selection;
use domain::event::EventBody;
use domain::rollup::{Addend, Bucket, Rung};
use store::codec::ZoneMap;
use store::{
    BatchQuery, ChunkParts, ErasedRows, LiveErased, SECONDS_KEPT, SecondRow, StoreError, TenantId, rows_of,
};

use super::Eraser;
use crate::live::{Spent, erased_checkpoint};
use crate::start::{restore_tenant, system_read};
use crate::tenants::Tenant;

const SECOND: Millis = 1_000;
const DAY: Millis = 86_400_000;
const BATCHES: usize = 500;

impl Eraser {
    pub(super) async fn live(
        &self,
        tenant: &Tenant,
        selection: &Selection,
    ) -> Result<ErasedRows, StoreError> {
        let id = &tenant.id;
        let now = self.clock.now();
        // Of a tenant that never sent anything there is none, but there may be alerts.
        let mut checkpoint = self.stores.live.checkpoint(&self.system, id).await?;
        if let Some(checkpoint) = &mut checkpoint {
            let days = self.spent(id, now).await?;
            checkpoint.bytes = erased_checkpoint(id, &checkpoint.bytes, selection, Some(&days))?;
        }
        let seconds = match selection.range().1 > now - SECONDS_KEPT {
            true => self.seconds(id, now).await?,
            false => self.stores.live.seconds(&self.system, id).await?,
        };
        let live = LiveErased { checkpoint, seconds };
        let rows = self
            .stores
            .erasures
            .erase_rows(&self.system, id, selection, Some(live))
            .await?;
        let live = restore_tenant(&self.stores, &self.system, &self.tenants, id, now).await?;
        tenant.replace_live(live);
        tenant.markers.forget(selection);
        Ok(rows)
    }

    /// What the days around now have cost, as the rungs say it.
    async fn spent(&self, tenant: &TenantId, now: Millis) -> Result<BTreeMap<Millis, Spent>, StoreError> {
        let read = self
            .stores
            .rollups
            .chunks(
                &system_read(tenant),
                Rung::Day,
                now - 2 * DAY,
                now + DAY,
                ChunkParts::ALL,
            )
            .await?;
        let mut days: BTreeMap<Millis, Spent> = BTreeMap::new();
        for row in rows_of(&read.chunks)? {
            let (cost, priced, unpriced) = days.entry(row.bucket).or_default();
            *cost = cost.saturating_add(row.stats.cost);
            *priced += row.stats.priced;
            *unpriced += row.stats.unpriced;
        }
        Ok(days)
    }

    /// The last seconds, counted from what is left in the journal.
    async fn seconds(&self, tenant: &TenantId, now: Millis) -> Result<Vec<SecondRow>, StoreError> {
        let scope = system_read(tenant);
        let from = now - SECONDS_KEPT;
        let mut query = BatchQuery {
            before: BatchQuery::NEWEST,
            from,
            to: Millis::MAX,
            wanted: ZoneMap::calls(),
            limit: BATCHES,
        };
        let mut seconds: BTreeMap<Millis, Bucket> = BTreeMap::new();
        loop {
            let page = self.stores.journal.read_before(&scope, query).await?;
            for event in page.batches.iter().flat_map(|batch| &batch.events) {
                if let EventBody::Call(call) = &event.body
                    && event.time >= from
                {
                    let second = event.time - event.time.rem_euclid(SECOND);
                    seconds.entry(second).or_default().add_addend(&Addend::of(call));
                }
            }
            match page.next {
                Some(next) => query.before = next.before,
                None => break,
            }
        }
        let row = |(at, stats)| SecondRow { at, stats };
        Ok(seconds.into_iter().map(row).collect())
    }
}
