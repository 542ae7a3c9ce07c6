//! What queries ask of live state besides rows.

use domain::Millis;
use domain::breaker::{BreakerId, BreakerKey, State};
use store::TransitionRow;

use super::TenantLive;

/// An instance that is open now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpenInstance {
    pub breaker: BreakerId,
    pub key: BreakerKey,
    pub provider: String,
    pub instance: String,
    pub since: Millis,
}

impl OpenInstance {
    /// One of the dimensions of breakers; empty when it has none.
    pub fn dimension(&self, dimension: &str) -> &str {
        match dimension {
            "provider" => &self.provider,
            "service" => &self.key.service,
            "environment" => &self.key.environment,
            "deployment" => &self.key.deployment,
            "breaker" => &self.key.breaker,
            "instance" => &self.instance,
            _ => "",
        }
    }

    /// All of them.
    pub fn dimensions(&self) -> [&str; 6] {
        protocol::query::BREAKER_DIMENSIONS
            .first_chunk()
            .map_or([""; 6], |names: &[&str; 6]| {
                names.map(|name| self.dimension(name))
            })
    }
}

impl TenantLive {
    /// The earliest event; before it no traffic was possible.
    pub(crate) fn first_event(&self) -> Option<Millis> {
        self.first_event
    }

    /// Every instance that is open.
    pub(crate) fn open_instances(&self) -> Vec<OpenInstance> {
        let mut open = Vec::new();
        for breaker in self.registry.breakers() {
            for instance in breaker
                .instances
                .values()
                .filter(|instance| instance.state == State::Open)
            {
                open.push(OpenInstance {
                    breaker: breaker.id,
                    key: breaker.key.clone(),
                    provider: breaker.provider.clone(),
                    instance: instance.name.clone(),
                    since: instance.since,
                });
            }
        }
        open
    }

    /// The newest transitions of every breaker in `from <= at < to`, some of them not yet flushed, in no order.
    pub(crate) fn recent_transitions(&self, from: Millis, to: Millis) -> Vec<TransitionRow> {
        let rows = self
            .transitions
            .newest()
            .filter(|row| (from..to).contains(&row.at));
        rows.cloned().collect()
    }
}
