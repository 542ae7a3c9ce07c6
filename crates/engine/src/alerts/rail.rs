//! What stands beside the board: the few alerts that matter now, each with what it explains, and what has recovered.

use std::cmp::Reverse;
use std::collections::HashMap;

use domain::Millis;
use domain::alert::Phase;
use protocol::alerts::AlertItem;
use protocol::view::Alerts;
use store::{AlertQuery, StoredAlert, TenantScope};

use super::{AlertError, told};
use crate::Engine;

/// Rows of alerts that are open.
const ROWS: usize = 6;
/// Rows of what has recovered.
const RECOVERED: usize = 2;
/// What recovered longer ago is history.
const LATELY: Millis = 12 * 3_600_000;
/// Alerts looked at for what has recovered: an alert that fired long ago may be the newest of them.
const LOOKED_AT: usize = 50;

/// What stands beside the board.
#[derive(Debug, Clone)]
pub struct AlertRail {
    /// As old as the version says, or newer.
    pub counts: Alerts,
    /// Who needs somebody first, the worse before the less bad, the newest first.
    pub rows: Vec<RailRow>,
    /// Open alerts that have no row, those inside others not counted.
    pub more: usize,
    /// What has recovered lately, newest first.
    pub recovered: Vec<AlertItem>,
}

/// An open alert.
#[derive(Debug, Clone)]
pub struct RailRow {
    /// The alert.
    pub alert: AlertItem,
    /// How many open alerts it explains; they have no row of their own.
    pub inside: usize,
}

impl Engine {
    /// What stands beside the board. Open alerts come from memory, what has recovered from the store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn alert_rail(&self, scope: &TenantScope) -> Result<AlertRail, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let now = self.clock().now();
        let (counts, rows, more) = {
            let state = desk.state.lock().await;
            let (rows, more) = rows(state.open_alerts(), now);
            (desk.counts(&state, now), rows, more)
        };
        let over = AlertQuery {
            open: Some(false),
            limit: LOOKED_AT,
            ..AlertQuery::default()
        };
        let over = self.stores().alerts.alerts(scope, over).await?;
        let mut recovered: Vec<AlertItem> = over
            .iter()
            .map(|stored| told::alert(stored, now))
            .filter(|alert| alert.resolved.is_some_and(|at| now - at < LATELY))
            .collect();
        recovered.sort_by_key(|alert| Reverse(alert.resolved));
        recovered.truncate(RECOVERED);
        Ok(AlertRail {
            counts,
            rows,
            more,
            recovered,
        })
    }
}

/// The rows, and how many more there would be.
fn rows<'a>(open: impl Iterator<Item = &'a StoredAlert>, now: Millis) -> (Vec<RailRow>, usize) {
    let open: HashMap<u64, &StoredAlert> = open.map(|stored| (stored.id, stored)).collect();
    let mut inside: HashMap<u64, usize> = HashMap::new();
    let explained = |stored: &StoredAlert| {
        let cause = stored.alert.holds.cause.filter(|cause| open.contains_key(cause));
        // Who has it, or put it off, is still named.
        cause.filter(|_| stored.alert.phase(now) == Phase::Suppressed)
    };
    let mut own: Vec<&StoredAlert> = Vec::new();
    for stored in open.values() {
        match explained(stored) {
            Some(cause) => *inside.entry(cause).or_default() += 1,
            None => own.push(stored),
        }
    }
    own.sort_by_key(|stored| {
        let alert = &stored.alert;
        (
            alert.phase(now),
            Reverse((alert.severity, alert.fired, stored.id)),
        )
    });
    let more = own.len().saturating_sub(ROWS);
    own.truncate(ROWS);
    let row = |stored: &StoredAlert| RailRow {
        alert: told::alert(stored, now),
        inside: inside.get(&stored.id).copied().unwrap_or(0),
    };
    (own.into_iter().map(row).collect(), more)
}
