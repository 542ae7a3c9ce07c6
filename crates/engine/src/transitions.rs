//! Lists of stored transitions, newest first by (time, id), with a filter and a cursor.
//!
//! A page costs at most [`SCANNED`] rows: a filter that few rows pass ends a page early and goes on from there with the
//! next one. What was not flushed yet is taken from live memory.

use std::collections::HashSet;

use domain::Millis;
use domain::breaker::BreakerId;
use protocol::filter::FilterError;
use protocol::query::BREAKER_DIMENSIONS;
use protocol::transitions::{TransitionItem, TransitionList};
use protocol::{Filter, Span};
use store::{StoreError, TenantScope, TransitionQuery, TransitionRow};

use crate::config::Stores;
use crate::names::Names;
use crate::tenants::Tenant;
use crate::wire;

/// The most rows that one page reads.
const SCANNED: usize = 20_000;
/// Rows read at a time.
const PAGE: usize = 1_000;

/// Which transitions to list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransitionsRequest {
    /// Only of this breaker, by its `b_…` id.
    pub breaker: Option<String>,
    /// In the filter grammar, over the dimensions of breakers.
    pub filter: String,
    /// Only within; `None` for all there are.
    pub span: Option<Span>,
    /// At most so many.
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum TransitionsError {
    /// There is no such breaker.
    #[error("breaker: `{0}` is no breaker's id")]
    NoBreaker(String),
    /// The filter cannot be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The cursor is not one of ours.
    #[error("cursor: `{0}` is none; take it from `next` of the page before")]
    Cursor(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A place in the list: everything after it comes later, which is earlier in time.
type Place = (Millis, u64);

pub(crate) async fn list(
    stores: &Stores,
    scope: &TenantScope,
    tenant: &Tenant,
    request: &TransitionsRequest,
) -> Result<TransitionList, TransitionsError> {
    let renames = tenant.live().renames();
    let filter = renames.filter(&Filter::parse(&request.filter, BREAKER_DIMENSIONS)?);
    let no_breaker = |id: &String| TransitionsError::NoBreaker(id.chars().take(64).collect());
    let breaker = match &request.breaker {
        Some(id) => Some(BreakerId::parse(id).ok_or_else(|| no_breaker(id))?),
        None => None,
    };
    // With former names it is looked for among all, so that one order and one cursor are enough.
    let former = crate::history::former(tenant, breaker);
    let asked = breaker.filter(|_| former.is_empty());
    let mut after = match &request.cursor {
        Some(cursor) => Some(place(cursor)?),
        None => None,
    };
    let mut items: Vec<TransitionRow> = Vec::new();
    let mut scanned = 0;
    loop {
        let query = TransitionQuery {
            breaker: asked,
            from: request.span.map(|span| span.from),
            to: request.span.map(|span| span.to),
            after,
            limit: PAGE,
        };
        let page = stores.live.transitions(scope, query.clone()).await?;
        let more = page.len() == PAGE;
        let end = page.last().filter(|_| more).map(|row| (row.at, row.id));
        for mut row in with_fresh(page, tenant, &query, end) {
            scanned += 1;
            after = Some((row.at, row.id));
            let stored = row.breaker;
            renames.row(&tenant.id, &mut row);
            let wanted = breaker.is_none_or(|breaker| [stored, row.breaker].contains(&breaker));
            if wanted && Names::of(&row).pass(&filter) {
                items.push(row);
            }
            if items.len() == request.limit || scanned == SCANNED {
                return Ok(answer(items, after));
            }
        }
        if !more {
            return match &request.breaker {
                // Nothing at all: nobody of this id was ever seen.
                Some(id) if scanned == 0 && request.span.is_none() && request.cursor.is_none() => {
                    Err(no_breaker(id))
                }
                _ => Ok(answer(items, None)),
            };
        }
    }
}

/// The stored rows and those of live memory that belong between them, in order. `end` is the last stored row where more
/// follow.
fn with_fresh(
    mut page: Vec<TransitionRow>,
    tenant: &Tenant,
    query: &TransitionQuery,
    end: Option<Place>,
) -> Vec<TransitionRow> {
    let (from, to) = (query.from.unwrap_or(Millis::MIN), query.to.unwrap_or(Millis::MAX));
    let known: HashSet<u64> = page.iter().map(|row| row.id).collect();
    let fresh = tenant.live().recent_transitions(from, to, |row| {
        let place = (row.at, row.id);
        !known.contains(&row.id)
            && query.breaker.is_none_or(|breaker| row.breaker == breaker)
            && query.after.is_none_or(|after| place < after)
            && end.is_none_or(|end| place > end)
    });
    page.extend(fresh);
    page.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    page
}

fn answer(rows: Vec<TransitionRow>, next: Option<Place>) -> TransitionList {
    TransitionList {
        items: rows.iter().map(item).collect(),
        next: next.map(|(at, id)| format!("t_{at}.{id}")),
    }
}

fn place(cursor: &str) -> Result<Place, TransitionsError> {
    let read = || {
        let (at, id) = cursor.strip_prefix("t_")?.split_once('.')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    };
    read().ok_or_else(|| TransitionsError::Cursor(cursor.chars().take(64).collect()))
}

fn item(row: &TransitionRow) -> TransitionItem {
    TransitionItem {
        id: row.id,
        time: row.at,
        received: row.received,
        breaker_id: row.breaker.to_string(),
        breaker: row.key.breaker.clone(),
        provider: row.provider.clone(),
        service: row.key.service.clone(),
        environment: row.key.environment.clone(),
        deployment: row.key.deployment.clone(),
        instance: row.instance.clone(),
        from: row.from.map(wire::state),
        to: wire::state(row.to),
        cause: row.cause.clone(),
        lasted_ms: row.lasted,
        inferred: row.inferred,
    }
}
