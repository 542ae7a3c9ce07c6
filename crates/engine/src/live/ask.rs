//! What queries ask of live state besides rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;
use domain::breaker::{BreakerId, BreakerKey, State};
use domain::rollup::{LabelValues, SeriesKey};
use protocol::query::{CALL_DIMENSIONS, KnownSeries, LABEL};
use store::TransitionRow;

use super::TenantLive;
use crate::names::Names;

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
    /// What filters and groups know it by.
    pub fn names(&self) -> Names<'_> {
        Names {
            key: &self.key,
            provider: &self.provider,
            instance: &self.instance,
        }
    }
}

impl TenantLive {
    /// The earliest event; before it no traffic was possible.
    pub(crate) fn first_event(&self) -> Option<Millis> {
        self.first_event
    }

    /// How many series there are, and how many there may be.
    pub(crate) fn series_and_cap(&self) -> (usize, usize) {
        (self.series.len(), self.series_cap)
    }

    /// Shows every series that is known lately.
    pub(crate) fn each_series(&self, show: impl FnMut(&SeriesKey)) {
        self.series.iter().for_each(show);
    }

    /// The values that the dimensions of series have.
    pub(crate) fn known_series(&self) -> KnownSeries {
        let labels = self.series.labels();
        let plain = CALL_DIMENSIONS.iter().map(|dimension| (*dimension).to_owned());
        let dimensions: Vec<String> = plain.chain(label_dimensions(labels)).collect();
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for key in self.series.iter() {
            for dimension in &dimensions {
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
            kept_labels: labels.kept().map(|(name, ..)| name.to_owned()).collect(),
            dimensions: values.into_iter().map(owned).collect(),
        }
    }

    /// Of each kept label its name, how many values it has, and how many calls had others.
    pub(crate) fn kept_labels(&self) -> Vec<(String, usize, u64)> {
        let kept = self.series.labels().kept();
        kept.map(|(name, values, folded)| (name.to_owned(), values, folded))
            .collect()
    }

    /// The labels that figures can be told apart by, as dimensions.
    pub(crate) fn label_dimensions(&self) -> Vec<String> {
        label_dimensions(self.series.labels()).collect()
    }

    /// The names of breakers, sorted, each once.
    pub(crate) fn breaker_names(&self) -> Vec<String> {
        let names: BTreeSet<String> = self.shown().map(|breaker| breaker.key.breaker.clone()).collect();
        names.into_iter().collect()
    }

    /// Every instance that is open.
    pub(crate) fn open_instances(&self) -> Vec<OpenInstance> {
        let mut open = Vec::new();
        for breaker in self.shown() {
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

    /// The transitions after the one with this id that memory still holds, in no order.
    pub(crate) fn transitions_after(&self, id: u64) -> Vec<TransitionRow> {
        let rows = self.transitions.newest().filter(|row| row.id > id);
        rows.cloned().collect()
    }

    /// Simulated traffic came within the longest live range.
    pub(crate) fn is_simulated(&self, now: Millis) -> bool {
        self.last_simulated
            .is_some_and(|at| at > now - super::board::SIMULATED)
    }

    /// The newest transitions of every breaker in `from <= at < to` that are wanted, some of them not yet flushed, in
    /// no order.
    pub(crate) fn recent_transitions(
        &self,
        from: Millis,
        to: Millis,
        wanted: impl Fn(&TransitionRow) -> bool,
    ) -> Vec<TransitionRow> {
        let rows = self
            .transitions
            .newest()
            .filter(|row| (from..to).contains(&row.at) && wanted(row));
        rows.cloned().collect()
    }
}

fn label_dimensions(labels: &LabelValues) -> impl Iterator<Item = String> {
    labels.names().into_iter().map(|name| [LABEL, &name].concat())
}
