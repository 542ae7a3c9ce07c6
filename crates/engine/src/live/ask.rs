//! What queries ask of live state besides rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;
use domain::breaker::{BreakerId, BreakerKey, State};
use protocol::query::{CALL_DIMENSIONS, KnownSeries};
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

    /// The values that the dimensions of series have.
    pub(crate) fn known_series(&self) -> KnownSeries {
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for key in &self.series {
            for dimension in CALL_DIMENSIONS {
                let value = crate::query::dimension_of(key, dimension);
                if !value.is_empty() {
                    values.entry(dimension).or_default().insert(value);
                }
            }
        }
        let owned = |(dimension, values): (&str, BTreeSet<&str>)| {
            (
                dimension.to_owned(),
                values.into_iter().map(str::to_owned).collect(),
            )
        };
        KnownSeries {
            count: self.series.len(),
            cap: self.series_cap,
            dimensions: values.into_iter().map(owned).collect(),
        }
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
