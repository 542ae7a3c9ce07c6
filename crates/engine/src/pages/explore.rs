//! The Explore page: one metric over a range, with the figures of a legend beside the points.
//!
//! The points are those of `GET /api/v1/query` over the same steps. Where values add up, a total is their sum; where they
//! do not, the figure of the whole range is a question of its own: a mean of quantiles is no quantile.

use std::collections::BTreeMap;

use domain::{Millis, Outcome};
use protocol::Span;
use protocol::query::{BREAKER_DIMENSIONS, CALL_DIMENSIONS, MetricInfo, QueryAnswer, QuerySeries, info};
use protocol::view::{ExploreQuestion, ExploreRow, Explored, KnownValues, MAX_DRAWN};
use store::TenantScope;

use super::PageError;
use crate::{Engine, QueryError, QueryRequest, Resolution};

/// Points of a row: about one per four pixels of a wide chart.
const POINTS: usize = 240;
/// The most values of one dimension that are suggested.
const MAX_KNOWN: usize = 200;

impl Engine {
    /// One metric over a range in Grafana's grammar.
    ///
    /// # Errors
    /// See [`PageError`]: the question makes no sense, asks for too much, or the store cannot be read.
    pub async fn explore(
        &self,
        scope: &TenantScope,
        question: ExploreQuestion,
    ) -> Result<Explored, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let span = Span::parse(&question.from, &question.to, now, zone)?;
        let unknown = || QueryError::UnknownMetric(question.metric.clone());
        let metric = info(&question.metric).ok_or_else(unknown)?;
        let request = QueryRequest {
            metric: question.metric.clone(),
            group_by: dimensions(&question.group_by),
            filter: question.filter.clone(),
            span,
            resolution: Resolution::MaxPoints(POINTS),
            compare_previous: question.compare,
            counting: false,
        };
        let mut answer = self.query(scope, &request).await?;
        let wholes = self.wholes(scope, &request, &metric, &answer).await?;
        let before = answer.previous.take();
        let before_series = before.as_ref().map(|before| before.series.as_slice());
        let (mut rows, rest) = rows(&answer, &metric, &wholes.now);
        for row in &mut rows {
            let Some(series) = before_series else { continue };
            let same = series
                .iter()
                .find(|other| values(other, &answer.group_by) == row.group);
            let points = same.map_or_else(Vec::new, points);
            row.before = match metric.adds_up() {
                true => same.map(|_| points.iter().flatten().sum()),
                false => wholes.before.get(&row.group).copied(),
            };
            // A line for each line that is drawn.
            if row.colour.is_some() {
                row.before_points = points;
            }
        }
        Ok(Explored {
            words: Span::words(&question.from, &question.to, now, zone),
            asked: question,
            span_from: span.from,
            span_to: span.to,
            unit: answer.unit,
            adds_up: metric.adds_up(),
            from: answer.from,
            to: answer.to,
            step: answer.step,
            rung: answer.rung,
            as_of: answer.as_of,
            partial: answer.partial,
            open: answer.open,
            rows,
            rest,
            before_from: before.map(|before| before.from),
            known: self.known_values(scope, metric.kind() == "Breakers"),
            markers: self.markers(scope, span).await?.items,
            group_by: answer.group_by,
        })
    }

    /// Figures of the whole range, where they are not sums: of exactly the steps that are shown.
    async fn wholes(
        &self,
        scope: &TenantScope,
        request: &QueryRequest,
        metric: &MetricInfo,
        answer: &QueryAnswer,
    ) -> Result<Wholes, QueryError> {
        let mut wholes = Wholes::default();
        if !metric.adds_up() {
            let (from, to) = (answer.from, answer.to);
            wholes.now = self.whole(scope, request, Span { from, to }).await?;
            if let Some(before) = &answer.previous {
                let (from, to) = (before.from, before.to);
                wholes.before = self.whole(scope, request, Span { from, to }).await?;
            }
        }
        Ok(wholes)
    }

    async fn whole(
        &self,
        scope: &TenantScope,
        request: &QueryRequest,
        span: Span,
    ) -> Result<ByGroup, QueryError> {
        let request = QueryRequest {
            span,
            resolution: Resolution::MaxPoints(1),
            compare_previous: false,
            counting: false,
            ..request.clone()
        };
        let answer = self.query(scope, &request).await?;
        let value = |series: &QuerySeries| {
            let (_, value) = series.points.first()?;
            Some((values(series, &answer.group_by), (*value)?))
        };
        Ok(answer.series.iter().filter_map(value).collect())
    }

    /// What a filter may name.
    fn known_values(&self, scope: &TenantScope, about_breakers: bool) -> Vec<KnownValues> {
        let mut known = self.series(scope).dimensions;
        let outcomes = Outcome::ALL.map(|outcome| outcome.as_str().to_owned());
        known.insert("outcome".to_owned(), outcomes.into());
        if about_breakers {
            known.insert("breaker".to_owned(), self.breaker_names(scope));
        }
        let (dimensions, labels) = match about_breakers {
            true => (BREAKER_DIMENSIONS, Vec::new()),
            false => (CALL_DIMENSIONS, self.label_dimensions(scope)),
        };
        let named = dimensions.iter().map(|key| (*key).to_owned());
        let known = named.chain(labels).map(|key| {
            let mut values = known.remove(&key).unwrap_or_default();
            values.truncate(MAX_KNOWN);
            KnownValues { key, values }
        });
        known.collect()
    }
}

/// A figure per group.
type ByGroup = BTreeMap<Vec<String>, f64>;

/// Figures of the whole range, and of the one before.
#[derive(Default)]
struct Wholes {
    now: ByGroup,
    before: ByGroup,
}

fn dimensions(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The values of a line's dimensions, in the order asked for.
fn values(series: &QuerySeries, group_by: &[String]) -> Vec<String> {
    let value = |key: &String| series.group.get(key).cloned().unwrap_or_default();
    group_by.iter().map(value).collect()
}

fn points(series: &QuerySeries) -> Vec<Option<f64>> {
    series.points.iter().map(|(_, value)| *value).collect()
}

/// The rows in their order, and the sum of those that are not drawn.
fn rows(answer: &QueryAnswer, metric: &MetricInfo, wholes: &ByGroup) -> (Vec<ExploreRow>, Vec<Option<f64>>) {
    let mut rows: Vec<ExploreRow> = answer
        .series
        .iter()
        .map(|series| row(series, answer, metric, wholes))
        .collect();
    let all: f64 = rows.iter().filter_map(|row| row.whole).sum();
    if metric.adds_up() && all > 0.0 {
        for row in &mut rows {
            row.share = row.whole.map(|whole| whole / all);
        }
    }
    rows.sort_by(|one, other| {
        let by_value = match (one.whole, other.whole) {
            (Some(one), Some(other)) if metric.low_is_bad() => one.total_cmp(&other),
            (Some(one), Some(other)) => other.total_cmp(&one),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        by_value.then_with(|| one.group.cmp(&other.group))
    });
    let mut rest = Vec::new();
    if let Some(folded) = rows.get_mut(MAX_DRAWN..).filter(|folded| !folded.is_empty()) {
        if metric.adds_up() {
            rest = sum(folded);
        }
        folded.iter_mut().for_each(|row| row.points = Vec::new());
    }
    let drawn = rows.len().min(MAX_DRAWN);
    let mut places: Vec<usize> = (0..drawn).collect();
    places.sort_by(|one, other| rows[*one].group.cmp(&rows[*other].group));
    for (colour, place) in places.into_iter().enumerate() {
        rows[place].colour = u8::try_from(colour).ok();
    }
    (rows, rest)
}

fn row(series: &QuerySeries, answer: &QueryAnswer, metric: &MetricInfo, wholes: &ByGroup) -> ExploreRow {
    let group = values(series, &answer.group_by);
    let points = points(series);
    let settled = settled(&points, answer);
    let known = || settled.iter().copied().flatten();
    ExploreRow {
        colour: None,
        last: known().last(),
        min: known().reduce(f64::min),
        max: known().reduce(f64::max),
        whole: match metric.adds_up() {
            true => points.iter().copied().flatten().reduce(|one, other| one + other),
            false => wholes.get(&group).copied(),
        },
        share: None,
        before: None,
        before_points: Vec::new(),
        group,
        points,
    }
}

/// The points without the step that has not ended: it would always be the lowest of a sum. All, when it is the only one
/// that says anything.
fn settled<'a>(points: &'a [Option<f64>], answer: &QueryAnswer) -> &'a [Option<f64>] {
    let ended = |step: usize| answer.from + (step as Millis + 1) * answer.step <= answer.as_of;
    let count = (0..points.len()).take_while(|step| ended(*step)).count();
    match &points[..count] {
        complete if complete.iter().any(Option::is_some) => complete,
        _ => points,
    }
}

fn sum(rows: &[ExploreRow]) -> Vec<Option<f64>> {
    let steps = rows.iter().map(|row| row.points.len()).max().unwrap_or_default();
    let at = |step: usize| {
        let values = rows
            .iter()
            .filter_map(|row| row.points.get(step).copied().flatten());
        values.reduce(|one, other| one + other)
    };
    (0..steps).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(series: &[(&str, &[Option<f64>])], as_of: Millis) -> QueryAnswer {
        let series = series.iter().map(|(name, values)| QuerySeries {
            group: BTreeMap::from([("provider".to_owned(), (*name).to_owned())]),
            points: values
                .iter()
                .enumerate()
                .map(|(step, value)| (step as Millis * 10, *value))
                .collect(),
        });
        QueryAnswer {
            metric: "requests".into(),
            unit: protocol::query::Unit::Count,
            group_by: vec!["provider".into()],
            from: 0,
            to: 30,
            step: 10,
            rung: "10s".into(),
            as_of,
            partial: false,
            open: true,
            series: series.collect(),
            previous: None,
        }
    }

    fn made(answer: &QueryAnswer, name: &str, wholes: &ByGroup) -> (Vec<ExploreRow>, Vec<Option<f64>>) {
        rows(answer, &info(name).unwrap(), wholes)
    }

    #[test]
    fn a_step_that_has_not_ended_is_in_the_total_and_nowhere_else() {
        let answer = answer(&[("a", &[Some(5.0), Some(7.0), Some(1.0)])], 25);
        let (rows, _) = made(&answer, "requests", &ByGroup::new());
        let row = &rows[0];
        assert_eq!((row.last, row.min, row.max), (Some(7.0), Some(5.0), Some(7.0)));
        assert_eq!((row.whole, row.share), (Some(13.0), Some(1.0)));
        let only = self::answer(&[("a", &[None, None, Some(1.0)])], 25);
        assert_eq!(made(&only, "requests", &ByGroup::new()).0[0].last, Some(1.0));
    }

    #[test]
    fn the_largest_is_first_or_the_lowest_where_low_is_bad() {
        let answer = answer(
            &[("a", &[Some(1.0)]), ("b", &[Some(3.0)]), ("c", &[Some(2.0)])],
            100,
        );
        let order =
            |rows: &[ExploreRow]| -> Vec<String> { rows.iter().map(|row| row.group[0].clone()).collect() };
        let (rows, _) = made(&answer, "requests", &ByGroup::new());
        assert_eq!(order(&rows), ["b", "c", "a"]);
        let colours: Vec<_> = rows.iter().map(|row| row.colour).collect();
        assert_eq!(colours, [Some(1), Some(2), Some(0)], "by name");
        let wholes = ByGroup::from([(vec!["a".into()], 0.9), (vec!["b".into()], 0.5)]);
        let (rows, _) = made(&answer, "answered", &wholes);
        assert_eq!(order(&rows), ["b", "a", "c"], "what is not known comes last");
        assert_eq!(rows[0].share, None);
    }

    #[test]
    fn rows_beyond_the_drawn_ones_are_summed_up() {
        let names: Vec<String> = (0..15).map(|nth| format!("p{nth:02}")).collect();
        let values: Vec<[Option<f64>; 2]> = (0..15).map(|nth| [Some(f64::from(nth)), None]).collect();
        let series: Vec<(&str, &[Option<f64>])> = names
            .iter()
            .zip(&values)
            .map(|(name, values)| (name.as_str(), values.as_slice()))
            .collect();
        let answer = answer(&series, 100);
        let (rows, rest) = made(&answer, "requests", &ByGroup::new());
        assert_eq!(rows.len(), 15);
        assert_eq!(rest, [Some(3.0), None]);
        assert!(
            rows[MAX_DRAWN..]
                .iter()
                .all(|row| row.points.is_empty() && row.colour.is_none())
        );
        assert!(rows[..MAX_DRAWN].iter().all(|row| row.points.len() == 2));
        assert!(made(&answer, "latency_mean", &ByGroup::new()).1.is_empty());
    }
}
