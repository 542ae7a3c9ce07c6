//! Questions told apart by provider.

use std::collections::BTreeMap;

use protocol::Span;
use protocol::query::{QueryAnswer, QuerySeries};
use store::TenantScope;

use crate::{Engine, QueryError, QueryRequest, Resolution};

/// Attempts that say something about a provider: those that attempt success is a fraction of.
pub(super) const JUDGED: &str =
    "outcome:!cancelled outcome:!content_filtered outcome:!bad_request outcome:!auth outcome:!quota";
/// Attempts that our account was the reason for.
pub(super) const DENIED: &str = "outcome:auth outcome:quota";

/// A figure of each provider.
pub(super) type ByProvider = BTreeMap<String, f64>;

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub engine: &'a Engine,
    pub scope: &'a TenantScope,
}

impl Ask<'_> {
    /// A metric of each provider over time.
    pub async fn over_time(
        &self,
        metric: &str,
        filter: &str,
        span: Span,
        resolution: Resolution,
    ) -> Result<QueryAnswer, QueryError> {
        self.answer(metric, &["provider"], filter, span, resolution).await
    }

    /// A metric of each provider over the whole range, and the range as it was read.
    pub async fn whole(&self, metric: &str, filter: &str, span: Span) -> Result<ByProvider, QueryError> {
        let answer = self
            .over_time(metric, filter, span, Resolution::MaxPoints(1))
            .await?;
        Ok(values(&answer).collect())
    }

    /// A metric grouped by anything.
    pub async fn answer(
        &self,
        metric: &str,
        group_by: &[&str],
        filter: &str,
        span: Span,
        resolution: Resolution,
    ) -> Result<QueryAnswer, QueryError> {
        let request = QueryRequest {
            metric: metric.to_owned(),
            group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
            filter: filter.to_owned(),
            span,
            resolution,
            compare_previous: false,
        };
        self.engine.query(self.scope, &request).await
    }
}

/// The provider that a line is of.
pub(super) fn provider(series: &QuerySeries) -> &str {
    series.group.get("provider").map_or("", String::as_str)
}

/// The one value of each line.
pub(super) fn values(answer: &QueryAnswer) -> impl Iterator<Item = (String, f64)> {
    answer.series.iter().filter_map(|series| {
        let (_, value) = series.points.first()?;
        Some((provider(series).to_owned(), (*value)?))
    })
}

/// A sum of weights as the count it is.
pub(super) fn count(value: Option<&f64>) -> u64 {
    // The cast saturates.
    value.map_or(0, |value| value.round() as u64)
}
