//! Which alerts there are, and what happened to one.

use domain::alert::{Matcher, Phase, Severity, Source};
use protocol::alerts::{AlertDetail, AlertList};
use protocol::view::Alerts;
use store::{AlertQuery, StoredAlert, TenantScope};

use super::{AlertError, told};
use crate::Engine;

/// Alerts read at a time while looking for those that are wanted.
const PAGE: usize = 1_000;
/// Alerts looked at for one answer: a search that finds little says where to go on.
const MOST_LOOKED_AT: usize = 20_000;
/// The most of an answer.
const MOST: usize = 1_000;
/// The alerts of an incident that its members' pages name.
const OF_INCIDENT: usize = 100;

/// Which alerts are wanted; empty lists and `None` want all.
#[derive(Debug, Clone, Default)]
pub struct AlertSearch {
    /// In one of these phases.
    pub phases: Vec<Phase>,
    /// Of one of these severities.
    pub severities: Vec<Severity>,
    /// Found by one of these.
    pub sources: Vec<Source>,
    /// Whose labels meet all of these.
    pub matchers: Vec<Matcher>,
    /// Of this rule.
    pub rule: Option<u64>,
    /// Of this incident.
    pub incident: Option<u64>,
    /// Fired at or after.
    pub from: Option<i64>,
    /// Fired before.
    pub to: Option<i64>,
    /// Where the page before ended.
    pub cursor: Option<u64>,
    /// At most so many; 0 for 100.
    pub limit: usize,
}

impl AlertSearch {
    fn wants(&self, stored: &StoredAlert, now: i64) -> bool {
        let alert = &stored.alert;
        (self.phases.is_empty() || self.phases.contains(&alert.phase(now)))
            && (self.severities.is_empty() || self.severities.contains(&alert.severity))
            && (self.sources.is_empty() || self.sources.contains(&alert.source()))
            && self.matchers.iter().all(|matcher| matcher.matches(&alert.labels))
    }

    /// What the store can tell apart.
    fn query(&self, before: Option<u64>) -> AlertQuery {
        let resolved = |phase: &Phase| *phase == Phase::Resolved;
        let open = match &self.phases[..] {
            [] => None,
            phases if phases.iter().all(resolved) => Some(false),
            phases if !phases.iter().any(resolved) => Some(true),
            _ => None,
        };
        AlertQuery {
            open,
            rule: self.rule,
            incident: self.incident,
            from: self.from,
            to: self.to,
            before,
            limit: PAGE,
        }
    }
}

impl Engine {
    /// Counts, from memory, as they are told in the view `alerts`. Who reads alerts after them has them as new as the
    /// version says, or newer.
    ///
    /// # Errors
    /// The tenant's alerts were not loaded yet, and the store cannot be read.
    pub async fn alert_counts(&self, scope: &TenantScope) -> Result<Alerts, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let state = desk.state.lock().await;
        Ok(desk.counts(&state, self.clock().now()))
    }

    /// Alerts, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn alerts(&self, scope: &TenantScope, search: &AlertSearch) -> Result<AlertList, AlertError> {
        let now = self.clock().now();
        let most = match search.limit {
            0 => 100,
            limit => limit.min(MOST),
        };
        let mut items = Vec::new();
        let (mut before, mut looked_at) = (search.cursor, 0);
        loop {
            let page = self.stores().alerts.alerts(scope, search.query(before)).await?;
            let whole = page.len() < PAGE;
            for stored in &page {
                before = Some(stored.id);
                looked_at += 1;
                if search.wants(stored, now) {
                    items.push(told::alert(stored, now));
                }
                if items.len() == most || looked_at == MOST_LOOKED_AT {
                    let next = before.map(|id| id.to_string());
                    return Ok(AlertList { items, next });
                }
            }
            if whole {
                return Ok(AlertList { items, next: None });
            }
        }
    }

    /// One alert with its timeline and the others of its incident.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn alert(&self, scope: &TenantScope, id: u64) -> Result<AlertDetail, AlertError> {
        let now = self.clock().now();
        let alerts = &self.stores().alerts;
        let stored = alerts.alert(scope, id).await?.ok_or(AlertError::Missing)?;
        let timeline = alerts.alert_events(scope, id).await?;
        let others = match stored.alert.incident {
            Some(incident) => {
                let query = AlertQuery {
                    incident: Some(incident),
                    limit: OF_INCIDENT + 1,
                    ..AlertQuery::default()
                };
                alerts.alerts(scope, query).await?
            }
            None => Vec::new(),
        };
        Ok(AlertDetail {
            alert: told::alert(&stored, now),
            timeline: timeline.iter().map(told::event).collect(),
            incident: others
                .iter()
                .filter(|other| other.id != id)
                .take(OF_INCIDENT)
                .map(|other| told::alert(other, now))
                .collect(),
        })
    }
}
