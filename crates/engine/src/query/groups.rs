//! Which line of an answer a series belongs to.

use std::collections::{BTreeMap, HashMap};

use domain::Outcome;
use domain::rollup::SeriesKey;
use protocol::Filter;
use protocol::query::LABEL;

use super::gaps::LeftOut;
use super::measure::outcome_cells;
use super::request::{CallQuery, QueryError};

/// The lines found so far.
pub(super) struct Groups<'a> {
    query: &'a CallQuery,
    /// The values of each line, in the order of `group_by`.
    lines: Vec<Vec<String>>,
    places: HashMap<Vec<String>, u32>,
    known: HashMap<SeriesKey, Membership>,
}

/// Where a series belongs.
#[derive(Debug, Clone, Default)]
pub(super) struct Membership {
    /// Line and the cells of it that count; more than one when lines are told apart by outcome. Empty when the filter
    /// leaves the series out, or the series is no real traffic and only that counts.
    pub lines: Vec<(u32, u64)>,
}

impl<'a> Groups<'a> {
    pub fn new(query: &'a CallQuery) -> Groups<'a> {
        Groups {
            query,
            lines: Vec::new(),
            places: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// Where a series belongs.
    pub fn of(&mut self, key: &SeriesKey) -> Result<Membership, QueryError> {
        if let Some(known) = self.known.get(key) {
            return Ok(known.clone());
        }
        let renamed = self.query.renames.series(key);
        let named = renamed.as_ref();
        let mut membership = Membership::default();
        if self.query.counting && !key.kind().is_empty() {
            self.known.insert(key.clone(), membership.clone());
            return Ok(membership);
        }
        let mut all = 0;
        for outcome in Outcome::ALL {
            if !passes(&self.query.filter, named, outcome) {
                continue;
            }
            if self.query.by_outcome {
                let line = self.line(named, Some(outcome))?;
                membership.lines.push((line, outcome_cells(outcome)));
            }
            all |= outcome_cells(outcome);
        }
        if !self.query.by_outcome && all != 0 {
            membership.lines.push((self.line(named, None)?, all));
        }
        self.known.insert(key.clone(), membership.clone());
        Ok(membership)
    }

    fn line(&mut self, key: &SeriesKey, outcome: Option<Outcome>) -> Result<u32, QueryError> {
        let value = |dimension: &String| match outcome {
            Some(outcome) if dimension == "outcome" => outcome.as_str().to_owned(),
            _ => dimension_of(key, dimension).to_owned(),
        };
        let values: Vec<String> = self.query.group_by.iter().map(value).collect();
        if let Some(place) = self.places.get(&values) {
            return Ok(*place);
        }
        let place = self.lines.len() as u32;
        // Told apart by outcome, many lines stay empty; those that are shown are counted as they fill.
        let most = match self.query.by_outcome {
            true => self.query.most * Outcome::COUNT,
            false => self.query.most,
        };
        if self.lines.len() >= most {
            return Err(QueryError::TooManySeries {
                series: self.lines.len() + 1,
                most: self.query.most,
            });
        }
        self.lines.push(values.clone());
        self.places.insert(values, place);
        Ok(place)
    }

    /// Whether a stretch of the plan leaves a series out.
    pub fn leaves_out(&self, left_out: &LeftOut<'_>, key: &SeriesKey) -> bool {
        !left_out.is_empty() && left_out.takes(&self.query.renames.series(key))
    }

    /// How many lines there may be.
    pub fn most(&self) -> usize {
        self.query.most
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// A line as the answer names it.
    pub fn name(&self, line: usize) -> BTreeMap<String, String> {
        let keys = self.query.group_by.iter().cloned();
        keys.zip(self.lines[line].iter().cloned()).collect()
    }
}

fn passes(filter: &Filter, key: &SeriesKey, outcome: Outcome) -> bool {
    let get = |dimension: &str| match dimension {
        "outcome" => Some(outcome.as_str()),
        other => Some(dimension_of(key, other)),
    };
    filter.matches(get, || dimensions(key))
}

fn dimensions(key: &SeriesKey) -> impl Iterator<Item = &str> {
    let plain = [
        "provider",
        "model",
        "deployment",
        "service",
        "environment",
        "operation",
    ]
    .map(|dimension| dimension_of(key, dimension));
    // A kind is among the labels.
    let labels = key.labels.iter().map(|(_, value)| value.as_str());
    plain.into_iter().chain(labels)
}

/// A dimension of a series; empty when it has none.
pub(crate) fn dimension_of<'a>(key: &'a SeriesKey, dimension: &str) -> &'a str {
    match dimension {
        "provider" => &key.provider,
        "model" => &key.model,
        "deployment" => &key.deployment,
        "service" => &key.service,
        "environment" => &key.environment,
        "operation" => key.operation.map_or("", |operation| operation.as_str()),
        "kind" => key.kind(),
        _ => dimension.strip_prefix(LABEL).map_or("", |name| key.label(name)),
    }
}
