//! Questions told apart by provider.

use std::collections::BTreeMap;

use protocol::Span;
use protocol::query::{QueryAnswer, QuerySeries};
use store::TenantScope;

use crate::{Engine, QueryError, QueryRequest, Resolution};

/// Attempts that say something about a provider: those that attempt success is a fraction of.
pub(crate) const JUDGED: &str =
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
    /// A filter over all of it; may be empty.
    pub only: &'a str,
}

/// A metric and the filter over it.
pub(super) type Question<'a> = (&'a str, &'a str);

impl Ask<'_> {
    /// Metrics of each group over the same steps, by one reading of the store.
    pub async fn all<const N: usize>(
        &self,
        questions: [Question<'_>; N],
        group_by: &[&str],
        span: Span,
        resolution: Resolution,
    ) -> Result<[QueryAnswer; N], QueryError> {
        let requests = questions.map(|(metric, filter)| QueryRequest {
            metric: metric.to_owned(),
            group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
            filter: [self.only, filter].join(" "),
            span,
            resolution,
            compare_previous: false,
            counting: false,
        });
        let answers = self.engine.query_all(self.scope, &requests).await?;
        let all = answers.try_into();
        Ok(all.unwrap_or_else(|_| unreachable!("a question has an answer")))
    }

    /// Metrics of each provider over the whole range.
    pub async fn wholes<const N: usize>(
        &self,
        questions: [Question<'_>; N],
        span: Span,
    ) -> Result<[ByProvider; N], QueryError> {
        let answers = self
            .all(questions, &["provider"], span, Resolution::MaxPoints(1))
            .await?;
        Ok(answers.map(|answer| values(&answer).collect()))
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
