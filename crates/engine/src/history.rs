//! The log of transitions over a stretch: what is stored, and what was not flushed yet.

use std::collections::HashSet;

use domain::Millis;
use domain::breaker::BreakerId;
use store::{StoreError, TenantScope, TransitionQuery, TransitionRow};

use crate::config::Stores;
use crate::tenants::Tenant;

/// Transitions read at a time.
const PAGE: usize = 5_000;

/// Which transitions to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    /// Only of this breaker.
    pub breaker: Option<BreakerId>,
    /// At or after.
    pub from: Millis,
    /// Before.
    pub to: Millis,
    /// About so many, the newest; [`usize::MAX`] for all.
    pub most: usize,
}

/// Transitions of a stretch, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub rows: Vec<TransitionRow>,
    /// None is missing from here on: the beginning of the stretch, or later where there are too many.
    pub complete_from: Millis,
}

/// Reads a stretch, of a breaker also what it did under former names; all of it under the
/// names that live state has for it. The store first, live
/// memory second: what is flushed in between is in both, and counted once.
pub(crate) async fn read(
    stores: &Stores,
    scope: &TenantScope,
    tenant: &Tenant,
    stretch: Stretch,
) -> Result<Log, StoreError> {
    let renames = tenant.live().renames();
    let mut log = one(stores, scope, tenant, stretch).await?;
    for former in former(tenant, stretch.breaker) {
        let before = one(
            stores,
            scope,
            tenant,
            Stretch {
                breaker: Some(former),
                ..stretch
            },
        );
        let before = before.await?;
        log.rows.extend(before.rows);
        log.complete_from = log.complete_from.max(before.complete_from);
    }
    if !renames.is_empty() {
        let live = tenant.live();
        for row in &mut log.rows {
            renames.provider(row);
            if live.has_moved(row) {
                renames.row(&tenant.id, row);
            }
        }
    }
    log.rows.sort_by_key(|row| (row.at, row.id));
    Ok(log)
}

/// The ids that a breaker had under former names.
pub(crate) fn former(tenant: &Tenant, breaker: Option<BreakerId>) -> Vec<BreakerId> {
    let live = tenant.live();
    let key = breaker.and_then(|id| live.key_of(id));
    let former = key.map(|key| live.renames().former(&key)).unwrap_or_default();
    former.iter().map(|key| key.id(tenant.id.as_str())).collect()
}

/// What is stored under one id, or under all.
async fn one(
    stores: &Stores,
    scope: &TenantScope,
    tenant: &Tenant,
    stretch: Stretch,
) -> Result<Log, StoreError> {
    let Stretch { from, to, .. } = stretch;
    let mut rows: Vec<TransitionRow> = Vec::new();
    let mut complete_from = from;
    loop {
        let last = rows.last();
        let query = TransitionQuery {
            breaker: stretch.breaker,
            from: Some(from),
            // What follows is no later: with this bound the store need not walk over what was read.
            to: Some(last.map_or(to, |row| row.at.saturating_add(1).min(to))),
            after: last.map(|row| (row.at, row.id)),
            limit: PAGE,
        };
        let page = stores.live.transitions(scope, query).await?;
        let done = page.len() < PAGE;
        rows.extend(page);
        if done {
            break;
        }
        if rows.len() >= stretch.most {
            // Others of the same moment may be missing.
            complete_from = rows.last().map_or(from, |row| row.at.saturating_add(1));
            break;
        }
    }
    let known: HashSet<u64> = rows.iter().map(|row| row.id).collect();
    let fresh = tenant.live().recent_transitions(complete_from, to, |row| {
        stretch.breaker.is_none_or(|breaker| breaker == row.breaker) && !known.contains(&row.id)
    });
    rows.extend(fresh);
    Ok(Log { rows, complete_from })
}
