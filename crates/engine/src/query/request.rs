//! What can be asked, and why a question is refused.

use domain::Millis;
use protocol::filter::FilterError;
use protocol::query::{BREAKER_DIMENSIONS, BREAKER_METRICS, CALL_DIMENSIONS, MAX_POINTS, MAX_SERIES};
use protocol::{Filter, Span};
use store::StoreError;

use super::measure::Measure;
use super::plan::Resolution;

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
        known: Vec<&'static str>,
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
    pub group_by: Vec<&'static str>,
    pub by_outcome: bool,
    pub filter: Filter,
    /// At most so many lines.
    pub most: usize,
}

impl QueryRequest {
    /// Asks about breakers, not about calls.
    pub(super) fn is_about_breakers(&self) -> bool {
        BREAKER_METRICS.iter().any(|metric| metric.name == self.metric)
    }

    pub(super) fn call_query(&self) -> Result<CallQuery, QueryError> {
        let unknown = || QueryError::UnknownMetric(self.metric.clone());
        let measure = Measure::of(&self.metric).ok_or_else(unknown)?;
        let mut group_by = self.dimensions(CALL_DIMENSIONS)?;
        if self.metric == "outcomes" && !group_by.contains(&"outcome") {
            group_by.push("outcome");
        }
        let by_outcome = group_by.contains(&"outcome");
        let filter = Filter::parse(&self.filter, CALL_DIMENSIONS)?;
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
            filter,
            most: MAX_SERIES,
        })
    }

    pub(super) fn breaker_query(&self) -> Result<(Vec<&'static str>, Filter), QueryError> {
        let group_by = self.dimensions(BREAKER_DIMENSIONS)?;
        Ok((group_by, Filter::parse(&self.filter, BREAKER_DIMENSIONS)?))
    }

    fn dimensions(&self, known: &'static [&'static str]) -> Result<Vec<&'static str>, QueryError> {
        let mut found = Vec::new();
        for dimension in &self.group_by {
            match known.iter().find(|known| *known == dimension) {
                Some(known) if found.contains(known) => {}
                Some(known) => found.push(*known),
                None => {
                    return Err(QueryError::UnknownDimension {
                        dimension: dimension.clone(),
                        known: known.to_vec(),
                    });
                }
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
