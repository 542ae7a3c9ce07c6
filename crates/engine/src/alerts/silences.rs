//! Silences: made, shown before they are made, ended.

use domain::alert::{Matcher, Repeat, Silence};
use protocol::alerts::{AlertItem, SilenceItem};
use store::TenantScope;

use super::{AlertError, Hand, told};
use crate::Engine;

/// Alerts that a preview names.
const MOST: usize = 200;

/// A silence to be made.
#[derive(Debug, Clone)]
pub struct SilenceRequest {
    /// All of them must match.
    pub matchers: Vec<Matcher>,
    /// From then; `None` from now on.
    pub starts: Option<i64>,
    /// Until then.
    pub ends: i64,
    /// Only in this window, which comes back; `None` all the time.
    pub repeat: Option<Repeat>,
    /// Why.
    pub comment: String,
}

impl Engine {
    /// Silences that have not ended, and with `since` those that ended after it; by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn silences(
        &self,
        scope: &TenantScope,
        since: Option<i64>,
    ) -> Result<Vec<SilenceItem>, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let now = self.clock().now();
        let stored = self
            .stores()
            .alerts
            .silences(scope, since.unwrap_or(now).min(now))
            .await?;
        let state = desk.state.lock().await;
        let item = |silence| told::silence(silence, state.open_alerts(), now);
        Ok(stored.iter().map(item).collect())
    }

    /// The open alerts that these matchers would hide: how many, and the newest of them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn preview_silence(
        &self,
        scope: &TenantScope,
        matchers: &[Matcher],
    ) -> Result<(usize, Vec<AlertItem>), AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let state = desk.state.lock().await;
        let now = self.clock().now();
        let mut hidden: Vec<_> = state
            .open_alerts()
            .filter(|stored| {
                matchers
                    .iter()
                    .all(|matcher| matcher.matches(&stored.alert.labels))
            })
            .collect();
        hidden.sort_by_key(|stored| std::cmp::Reverse(stored.id));
        let count = hidden.len();
        let newest = hidden.into_iter().take(MOST);
        Ok((count, newest.map(|stored| told::alert(stored, now)).collect()))
    }

    /// Makes a silence; what it hides is held back when this returns.
    ///
    /// # Errors
    /// It is not as it must be, or there are too many.
    pub async fn create_silence(
        &self,
        scope: &TenantScope,
        request: SilenceRequest,
        hand: &Hand,
    ) -> Result<SilenceItem, AlertError> {
        let now = self.clock().now();
        let silence = Silence {
            matchers: request.matchers,
            starts: request.starts.unwrap_or(now),
            ends: request.ends,
            by: hand.who.clone(),
            repeat: request.repeat,
            comment: request.comment,
            created: now,
        };
        silence.check(now)?;
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        let texts: Vec<String> = silence.matchers.iter().map(Matcher::to_string).collect();
        let entry = hand.entry(now, "silence.create", texts.join(","), &silence.comment);
        let stored = self.stores().alerts.create_silence(scope, silence, entry).await?;
        let item = told::silence(&stored, state.open_alerts(), now);
        state.silences.push(stored);
        state.untold = true;
        self.evaluator().reconcile(&desk, &mut state, now).await?;
        Ok(item)
    }

    /// Ends a silence; what it hid is told again when this returns.
    ///
    /// # Errors
    /// There is none, or the store cannot be written.
    pub async fn end_silence(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<SilenceItem, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        let now = self.clock().now();
        let entry = hand.entry(now, "silence.end", id, "");
        let ended = self.stores().alerts.end_silence(scope, id, now, entry).await?;
        let stored = ended.ok_or(AlertError::Missing)?;
        state.silences.retain(|silence| silence.id != id);
        state.untold = true;
        self.evaluator().reconcile(&desk, &mut state, now).await?;
        Ok(told::silence(&stored, state.open_alerts(), now))
    }
}
