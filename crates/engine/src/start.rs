//! Starting: the newest checkpoint, then the tail of the journal that it does not contain.
//!
//! One pass over the journal serves two purposes: batches the checkpoint contains only refill the one-second rings of
//! the last minutes, later ones are applied whole.

use std::ops::Range;

use domain::Millis;
use domain::rollup::Rung;
use store::{
    ChunkParts, Offset, PartialRow, StoreError, SystemScope, TenantId, TenantScope, TransitionQuery, rows_of,
};

use crate::config::Stores;
use crate::live::TenantLive;
use crate::tenants::Tenants;

/// The longest live range that is kept by the second, and a little.
const REFILL: Millis = 16 * 60_000;
/// What the 10 s totals look back.
const COARSE: Millis = 8_200_000;
const BATCHES: usize = 500;
/// Transitions that are read back for the feed; it leaves first reports out, so it needs more rows than it shows.
const FEED_ROWS: usize = 500;

/// Puts every known tenant back. Returns how many batches were replayed.
pub(crate) async fn restore(
    stores: &Stores,
    system: &SystemScope,
    tenants: &Tenants,
    now: Millis,
) -> Result<u64, StoreError> {
    let head = stores.journal.head(system).await?;
    let recent = stores.journal.before_time(system, now - REFILL).await?;
    let mut known = stores.live.tenants(system).await?;
    let default = TenantId::default_tenant();
    if !known.contains(&default) {
        known.push(default);
    }
    let mut from = head;
    for id in known {
        let live = restore_tenant(stores, system, tenants, &id, now).await?;
        let applied = live.applied();
        let contained = if applied.writer == head.writer {
            applied.seq
        } else {
            0
        };
        from.seq = from.seq.min(contained);
        tenants.put(id, live);
    }
    if recent.writer == head.writer {
        from.seq = from.seq.min(recent.seq);
    }
    replay(stores, system, tenants, from).await
}

async fn replay(
    stores: &Stores,
    system: &SystemScope,
    tenants: &Tenants,
    mut from: Offset,
) -> Result<u64, StoreError> {
    let mut replayed = 0;
    loop {
        let batches = stores.journal.read_after(system, from, BATCHES).await?;
        let Some(last) = batches.last() else {
            return Ok(replayed);
        };
        from = last.offset;
        for batch in &batches {
            let tenant = tenants.get(&batch.tenant);
            let mut live = tenant.live();
            if batch.offset.seq <= live.applied().seq {
                live.refill(batch);
            } else {
                live.apply(batch);
                replayed += 1;
            }
        }
    }
}

async fn restore_tenant(
    stores: &Stores,
    system: &SystemScope,
    tenants: &Tenants,
    id: &TenantId,
    now: Millis,
) -> Result<TenantLive, StoreError> {
    let mut live = tenants.fresh(id);
    let Some(checkpoint) = stores.live.checkpoint(system, id).await? else {
        return Ok(live);
    };
    let scope = system_read(id);
    let applied = Offset {
        writer: checkpoint.writer,
        seq: checkpoint.applied,
    };
    let uncompacted = stores.rollups.uncompacted(system, id).await?;
    let recent = now - COARSE..now + COARSE;
    let mut partials: Vec<PartialRow> = recent_chunks(stores, &scope, &recent).await?;
    partials.extend(
        uncompacted
            .iter()
            .filter(|row| recent.contains(&row.bucket))
            .cloned(),
    );
    let feed = stores
        .live
        .transitions(
            &scope,
            TransitionQuery {
                limit: FEED_ROWS,
                ..TransitionQuery::default()
            },
        )
        .await?;
    live.restore(applied, &checkpoint.bytes, partials, feed, now)?;
    live.restore_uncompacted(uncompacted);
    for breaker in live.breaker_ids() {
        let query = TransitionQuery {
            breaker: Some(breaker),
            limit: 50,
            ..TransitionQuery::default()
        };
        live.restore_transitions(stores.live.transitions(&scope, query).await?);
    }
    Ok(live)
}

/// The rows of the 10 s chunks that touch a stretch of time.
async fn recent_chunks(
    stores: &Stores,
    scope: &TenantScope,
    recent: &Range<Millis>,
) -> Result<Vec<PartialRow>, StoreError> {
    let (from, to) = (recent.start, recent.end);
    let read = stores
        .rollups
        .chunks(scope, Rung::TenSeconds, from, to, ChunkParts::ALL)
        .await?;
    let mut rows = rows_of(&read.chunks)?;
    rows.retain(|row| recent.contains(&row.bucket));
    Ok(rows)
}

/// Reading one tenant's rows back is the system's own work at start; no request is involved.
#[expect(
    clippy::disallowed_methods,
    reason = "the system restores each tenant's state before any request is served"
)]
fn system_read(id: &TenantId) -> TenantScope {
    TenantScope::assume(id.clone())
}
