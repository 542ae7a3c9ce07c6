//! Starting: the newest checkpoint, then the tail of the journal that it does not contain.
//!
//! Of what the checkpoint contains, the journal is asked only for the newest calls, which are remembered one by one.

use std::ops::Range;

use domain::Millis;
use domain::rollup::Rung;
use store::codec::ZoneMap;
use store::{
    BatchQuery, ChunkParts, Offset, PartialRow, StoreError, SystemScope, TenantId, TenantScope,
    TransitionQuery, rows_of,
};

use crate::config::Stores;
use crate::live::TenantLive;
use crate::tenants::Tenants;

/// How far back single calls are remembered, milliseconds; and how many are read back at most: far more than the
/// breakers of a board look at, far fewer than come within that time under load.
const REMEMBERED: Millis = 2 * 60_000;
const REMEMBERED_CALLS: usize = 50_000;
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
            // Contained in this tenant's checkpoint, but not in another's.
            if batch.offset.seq > live.applied().seq {
                live.apply(batch);
                replayed += 1;
            }
        }
    }
}

/// A tenant's live state as a start finds it.
pub(crate) async fn restore_tenant(
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
    live.restore_seconds(stores.live.seconds(system, id).await?, now);
    remember(stores, &scope, &mut live, now).await?;
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

/// Reads back the newest calls that the checkpoint contains.
async fn remember(
    stores: &Stores,
    scope: &TenantScope,
    live: &mut TenantLive,
    now: Millis,
) -> Result<(), StoreError> {
    let applied = live.applied();
    let mut query = BatchQuery {
        before: Offset {
            seq: applied.seq + 1,
            ..applied
        },
        from: now - REMEMBERED,
        to: Millis::MAX,
        wanted: ZoneMap::calls(),
        limit: BATCHES,
    };
    let (mut newest_first, mut calls) = (Vec::new(), 0);
    while calls < REMEMBERED_CALLS {
        let page = stores.journal.read_before(scope, query).await?;
        calls += page.batches.iter().map(|batch| batch.events.len()).sum::<usize>();
        newest_first.extend(page.batches);
        match page.next {
            Some(resume) => query.before = resume.before,
            None => break,
        }
    }
    for batch in newest_first.iter().rev() {
        live.remember(batch);
    }
    Ok(())
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

/// Reading one tenant's rows back is the system's own work, at start and for its alerts; no request is involved.
#[expect(
    clippy::disallowed_methods,
    reason = "the system restores and evaluates each tenant's state; nobody asked for it"
)]
pub(crate) fn system_read(id: &TenantId) -> TenantScope {
    TenantScope::assume(id.clone())
}
