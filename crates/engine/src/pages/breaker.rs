//! The Breaker page over a range.

use domain::Millis;
use domain::breaker::{BreakerId, BreakerKey};
use protocol::Span;
use protocol::view::{
    Breaker, BreakerDetail, BreakerPage, Change, Hour, InstanceRow, MAX_TRANSITIONS, State,
};
use store::{TenantScope, TransitionQuery, TransitionRow};

use super::PageError;
use super::strips::{letters, strips};
use super::tracks::{self, History};
use crate::history::Log;
use crate::live::HeldInstance;
use crate::tenants::Tenant;
use crate::{Engine, wire};

/// Transitions of the range that are read, the newest.
const MOST: usize = 15_000;
const HOUR: Millis = 3_600_000;
/// Cells of an hour.
const MINUTES: usize = 60;

impl Engine {
    /// One breaker by its `b_…` id, over a range in Grafana's grammar. One that is forgotten still has its history.
    ///
    /// # Errors
    /// See [`PageError`]: there is no such breaker, the range makes no sense, or the store cannot be read.
    pub async fn breaker_page(
        &self,
        scope: &TenantScope,
        id: &str,
        from: &str,
        to: &str,
    ) -> Result<BreakerPage, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let found = find(self, scope, id).await?;
        let span = Span::parse(from, to, now, zone)?;
        let tenant = self.tenant(scope);
        let log = tracks::log(self, scope, &tenant, Some(found.id), span, MOST).await?;
        // The last hour is told whatever the range.
        let hour = last_hour(now);
        let lately = tracks::log(self, scope, &tenant, Some(found.id), hour, MOST).await?;
        // Live state last: it is no older than the transitions.
        let (detail, held) = {
            let live = tenant.live();
            (live.detail(found.id, now), live.held_instances(found.id))
        };
        let detail = detail.unwrap_or_else(|| forgotten(&found));
        let rows: Vec<&TransitionRow> = log.rows.iter().collect();
        let covered = tracks::covered(span, &log, now);
        let history = History::of(&rows, &held, &covered);
        let within: Vec<&TransitionRow> = rows
            .iter()
            .filter(|row| (span.from..span.to).contains(&row.at))
            .copied()
            .collect();
        let newest = within.len().saturating_sub(MAX_TRANSITIONS);
        Ok(BreakerPage {
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            words: Span::words(from, to, now, zone),
            from: span.from,
            to: span.to,
            as_of: now,
            read_from: log.complete_from.max(span.from),
            hours: hours(&lately, hour, &held, &detail.instances, now),
            breaker: detail.breaker,
            instances: detail.instances,
            not_permitted: detail.not_permitted,
            trip: detail.trip,
            figures: history.figures(),
            strips: strips(&history, span, &covered, zone, now),
            transitions: within[newest..]
                .iter()
                .rev()
                .map(|row| change(row, &rows))
                .collect(),
            more_transitions: newest as u64,
        })
    }
}

/// A breaker that was seen once.
pub(super) struct Found {
    pub id: BreakerId,
    pub key: BreakerKey,
    /// The newest that is known of one that is forgotten.
    newest: Option<TransitionRow>,
}

/// The breaker of an id: as live state knows it, else from its newest transition.
pub(super) async fn find(engine: &Engine, scope: &TenantScope, id: &str) -> Result<Found, PageError> {
    let none = || PageError::NoBreaker(protocol::filter::echo(id));
    let id = BreakerId::parse(id).ok_or_else(none)?;
    let tenant: std::sync::Arc<Tenant> = engine.tenant(scope);
    let key = tenant.live().key_of(id);
    if let Some(key) = key {
        let newest = None;
        return Ok(Found { id, key, newest });
    }
    let query = TransitionQuery {
        breaker: Some(id),
        limit: 1,
        ..TransitionQuery::default()
    };
    let newest = engine.stores().live.transitions(scope, query).await?;
    let newest = newest.into_iter().next().ok_or_else(none)?;
    Ok(Found {
        id,
        key: newest.key.clone(),
        newest: Some(newest),
    })
}

/// What is left of a breaker that has been silent for so long that it is forgotten.
fn forgotten(found: &Found) -> BreakerDetail {
    let newest = found.newest.as_ref();
    BreakerDetail {
        breaker: Breaker {
            key: found.id.0,
            id: found.id.to_string(),
            breaker: found.key.breaker.clone(),
            environment: found.key.environment.clone(),
            service: found.key.service.clone(),
            deployment: found.key.deployment.clone(),
            provider: newest.map(|row| row.provider.clone()).unwrap_or_default(),
            model: String::new(),
            state: State::Unknown,
            since: newest.map_or(0, |row| row.at),
            counts: Vec::new(),
            agree: true,
            dissent: Vec::new(),
            failure_rate: None,
            failure_threshold: None,
            calls: 0,
            retry_at: None,
            trials_done: None,
            trials_needed: None,
            reason: String::new(),
            shared: false,
            degraded: false,
            strip: "-".repeat(domain::breaker::strip::CELLS),
        },
        instances: Vec::new(),
        transitions: Vec::new(),
        trip: None,
        not_permitted: None,
    }
}

/// Whole minutes, so that a strip moves by whole cells; the last one is still open.
fn last_hour(now: Millis) -> Span {
    let to = now - now.rem_euclid(60_000) + 60_000;
    Span { from: to - HOUR, to }
}

/// The last hour of every instance, minute by minute.
fn hours(log: &Log, span: Span, held: &[HeldInstance], instances: &[InstanceRow], now: Millis) -> Vec<Hour> {
    let rows: Vec<&TransitionRow> = log.rows.iter().collect();
    let covered = tracks::covered(span, log, now);
    let history = History::of(&rows, held, &covered);
    let hour = |row: &InstanceRow| {
        let track = history.tracks.get(&row.instance)?;
        Some(Hour {
            instance: row.instance.clone(),
            cells: letters(track, span.from..span.to, MINUTES, span, &covered),
        })
    };
    instances.iter().filter_map(hour).collect()
}

fn change(row: &TransitionRow, rows: &[&TransitionRow]) -> Change {
    let later = rows.partition_point(|other| (other.at, other.id) <= (row.at, row.id));
    let next = rows[later..].iter().find(|next| next.instance == row.instance);
    Change {
        id: row.id,
        at: row.at,
        instance: row.instance.clone(),
        from: row.from.map(wire::state),
        to: wire::state(row.to),
        cause: row.cause.clone(),
        lasted_ms: row.lasted,
        held_ms: next.map(|next| next.at - row.at),
        inferred: row.inferred,
    }
}
