//! Alerts that others send, and what those who speak the Alertmanager's API ask.

use std::collections::BTreeMap;

use domain::alert::{Sent, Source};
use protocol::alerts::AlertItem;
use store::{StoredAlert, TenantScope};

use super::{AlertError, told};
use crate::{Engine, Fate};

impl Engine {
    /// Takes what was sent: what became of each, in their order. What is raised or over is stored when this returns.
    ///
    /// # Errors
    /// The store cannot be written; nothing was taken.
    pub async fn take_alerts(&self, scope: &TenantScope, sent: &[Sent]) -> Result<Vec<Fate>, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let mut state = desk.state.lock().await;
        Ok(self.evaluator().take_sent(&desk, &mut state, sent).await?)
    }

    /// Every open alert, by number, from memory; with the newest end that its sender named.
    ///
    /// # Errors
    /// The tenant's alerts were not loaded yet, and the store cannot be read.
    pub async fn open_alerts(&self, scope: &TenantScope) -> Result<Vec<AlertItem>, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let state = desk.state.lock().await;
        let now = self.clock().now();
        let item = |stored: &StoredAlert| AlertItem {
            ends: state.sent.ends(&stored.alert),
            ..told::alert(stored, now)
        };
        Ok(state.open_alerts().map(item).collect())
    }

    /// How many open alerts each source has found; who has found none is not named.
    ///
    /// # Errors
    /// As [`Engine::open_alerts`].
    pub async fn open_by_source(&self, scope: &TenantScope) -> Result<BTreeMap<Source, usize>, AlertError> {
        let desk = self.evaluator().desk(&self.tenant(scope)).await?;
        let state = desk.state.lock().await;
        let mut counts = BTreeMap::new();
        for stored in state.open_alerts() {
            *counts.entry(stored.alert.source()).or_default() += 1;
        }
        Ok(counts)
    }
}
