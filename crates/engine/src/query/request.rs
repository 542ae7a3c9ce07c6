//! What can be asked, and why a question is refused.

use std::sync::Arc;

use domain::Millis;
use domain::rollup::KeptLabels;
use protocol::filter::{FilterError, Term, echo};
use protocol::query::{BREAKER_DIMENSIONS, BREAKER_METRICS, CALL_DIMENSIONS, LABEL, MAX_POINTS, MAX_SERIES};
use protocol::{Filter, Span};
use store::StoreError;

use super::measure::Measure;
use super::plan::Resolution;
use crate::record::Renames;

/// A question over a range.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryRequest {
    /// One of `protocol::query`'s metrics.
    pub metric: String,
    /// Dimensions, in the order of the answer's groups.
    pub group_by: Vec<String>,
    /// In the filter grammar.
    pub filter: String,
    /// The range.
    pub span: Span,
    /// How wide the steps are to be.
    pub resolution: Resolution,
    /// The stretch of the same length before is wanted too.
    pub compare_previous: bool,
    /// Only what counts: drills, probes and simulated calls are left out, and times that somebody marked.
    pub counting: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// No such metric.
    #[error("metric: `{0}` is unknown; GET /api/v1/metrics lists them")]
    UnknownMetric(String),
    /// The metric cannot be told apart by this.
    #[error("group_by: `{dimension}` is not among {}", known.join(", "))]
    UnknownDimension {
        /// What was asked for.
        dimension: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No figures are told apart by this label.
    #[error("{field}: the label `{label}` is not kept; {}", kept_words(kept))]
    LabelNotKept {
        /// `group_by` or `filter`.
        field: &'static str,
        /// The label.
        label: String,
        /// Those that are.
        kept: Vec<String>,
    },
    /// Only counts of events know outcomes.
    #[error(
        "{field}: `outcome` cannot divide {metric}; it can divide counts of events, such as requests or outcomes"
    )]
    NotByOutcome {
        /// `group_by` or `filter`.
        field: &'static str,
        /// The metric.
        metric: String,
    },
    /// The filter cannot be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Too many points.
    #[error("step: {points} points, at most {MAX_POINTS}; widen the step or shorten the range")]
    TooManyPoints {
        /// How many there would be.
        points: usize,
    },
    /// Too many series.
    #[error("group_by: {series} series, at most {most}; filter, or group by less")]
    TooManySeries {
        /// How many there would be.
        series: usize,
        /// How many there may be.
        most: usize,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A question about calls that makes sense.
pub(super) struct CallQuery {
    pub measure: Measure,
    pub group_by: Vec<String>,
    pub by_outcome: bool,
    pub filter: Filter,
    /// Real traffic alone.
    pub counting: bool,
    /// The names that series of before are told under.
    pub renames: Arc<Renames>,
    /// At most so many lines.
    pub most: usize,
}

impl CallQuery {
    /// The other question is about the same lines: what differs is what is measured.
    pub fn same_lines(&self, other: &CallQuery) -> bool {
        self.group_by == other.group_by
            && self.by_outcome == other.by_outcome
            && self.filter == other.filter
            && self.counting == other.counting
            && self.most == other.most
    }
}

/// The labels that figures can be told apart by.
#[derive(Debug, Clone, Default)]
pub(super) struct LabelDimensions {
    /// As dimensions; those that were kept before the setting changed are among them, and have their figures of then.
    pub known: Vec<String>,
    /// By name, as the setting says.
    pub kept: Vec<String>,
    /// What is called otherwise.
    pub renames: Arc<Renames>,
}

impl LabelDimensions {
    /// Refuses a dimension that is a label of which there are no figures.
    fn check(&self, field: &'static str, dimension: &str) -> Result<(), QueryError> {
        match dimension.strip_prefix(LABEL) {
            Some(label) if !self.known.iter().any(|known| known == dimension) => {
                Err(QueryError::LabelNotKept {
                    field,
                    label: echo(label),
                    kept: self.kept.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

fn kept_words(kept: &[String]) -> String {
    match kept {
        [] => format!(
            "none is, and the setting series.kept_labels may name {}",
            KeptLabels::MOST
        ),
        kept => format!(
            "those are {}, and the setting series.kept_labels names them",
            kept.join(", ")
        ),
    }
}

impl QueryRequest {
    /// Asks about breakers, not about calls.
    pub(super) fn is_about_breakers(&self) -> bool {
        BREAKER_METRICS.iter().any(|metric| metric.name == self.metric)
    }

    pub(super) fn call_query(&self, labels: &LabelDimensions) -> Result<CallQuery, QueryError> {
        let unknown = || QueryError::UnknownMetric(self.metric.clone());
        let measure = Measure::of(&self.metric).ok_or_else(unknown)?;
        let mut group_by = self.dimensions(CALL_DIMENSIONS, Some(labels))?;
        let has_outcome = |group_by: &[String]| group_by.iter().any(|key| key == "outcome");
        if self.metric == "outcomes" && !has_outcome(&group_by) {
            group_by.push("outcome".to_owned());
        }
        let by_outcome = has_outcome(&group_by);
        let filter = Filter::parse(&self.filter, &[CALL_DIMENSIONS, &[LABEL]].concat())?;
        for key in filter.terms().iter().filter_map(Term::key) {
            labels.check("filter", key)?;
        }
        let filters_outcome = filter.terms().iter().any(|term| term.key() == Some("outcome"));
        for (used, field) in [(by_outcome, "group_by"), (filters_outcome, "filter")] {
            if used && !measure.counts_only() {
                let metric = self.metric.clone();
                return Err(QueryError::NotByOutcome { field, metric });
            }
        }
        Ok(CallQuery {
            measure,
            group_by,
            by_outcome,
            counting: self.counting,
            filter: labels.renames.filter(&filter),
            renames: Arc::clone(&labels.renames),
            most: MAX_SERIES,
        })
    }

    /// Whether it could be answered if all the labels that it names were kept: which are is a setting, and may change.
    pub(crate) fn makes_sense(&self) -> Result<(), QueryError> {
        let filter = Filter::parse(&self.filter, &[CALL_DIMENSIONS, &[LABEL]].concat())?;
        let filtered = filter.terms().iter().filter_map(Term::key).map(str::to_owned);
        let labels = LabelDimensions {
            known: filtered.chain(self.group_by.iter().cloned()).collect(),
            kept: Vec::new(),
            renames: Arc::default(),
        };
        self.call_query(&labels).map(drop)
    }

    pub(super) fn breaker_query(&self) -> Result<(Vec<String>, Filter), QueryError> {
        let group_by = self.dimensions(BREAKER_DIMENSIONS, None)?;
        Ok((group_by, Filter::parse(&self.filter, BREAKER_DIMENSIONS)?))
    }

    /// What is grouped by, each once. `labels` where labels can be.
    fn dimensions(
        &self,
        known: &[&str],
        labels: Option<&LabelDimensions>,
    ) -> Result<Vec<String>, QueryError> {
        let mut found: Vec<String> = Vec::new();
        for dimension in &self.group_by {
            if let Some(labels) = labels.filter(|_| dimension.starts_with(LABEL)) {
                labels.check("group_by", dimension)?;
            } else if !known.contains(&dimension.as_str()) {
                let known = known.iter().map(|known| (*known).to_owned());
                let labels = labels.map_or(&[][..], |labels| &labels.known);
                return Err(QueryError::UnknownDimension {
                    dimension: dimension.clone(),
                    known: known.chain(labels.iter().cloned()).collect(),
                });
            }
            if !found.contains(dimension) {
                found.push(dimension.clone());
            }
        }
        Ok(found)
    }

    /// The same question about the stretch of the same length before.
    pub(super) fn previous(&self, from: Millis, to: Millis) -> QueryRequest {
        QueryRequest {
            span: Span {
                from: from - (to - from),
                to: from,
            },
            compare_previous: false,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of the same lines are found in one sweep: a question that leaves series out has other lines.
    #[test]
    fn what_counts_alone_has_lines_of_its_own() {
        let query = |metric: &str, counting: bool| {
            let request = QueryRequest {
                metric: metric.into(),
                group_by: vec!["kind".into()],
                filter: "kind:!probe".into(),
                span: Span { from: 0, to: 60_000 },
                resolution: Resolution::MaxPoints(1),
                compare_previous: false,
                counting,
            };
            request.call_query(&LabelDimensions::default()).unwrap()
        };
        let all = query("latency_p50", false);
        assert!(all.same_lines(&query("latency_p95", false)));
        assert!(!all.same_lines(&query("latency_p50", true)));
    }
}
