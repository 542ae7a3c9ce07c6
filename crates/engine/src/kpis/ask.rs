//! Questions of the page, and their answers by metric.
//!
//! Days are those of the zone's calendar, read from the coarsest rung that has them. Two roundings, so that nothing is
//! missing and a year is quick: edges older than minutes are kept lie on whole hours, older than hours on stored days, and
//! beyond a quarter days begin where stored days do (midnight of the tenant's zone).

use std::collections::BTreeMap;

use domain::Millis;
use domain::calendar;
use domain::duty::Zone;
use domain::rollup::Rung;
use protocol::query::{CALL_DIMENSIONS, LABEL, QueryAnswer, QuerySeries};
use protocol::{Filter, Span};
use store::TenantScope;

use crate::{Engine, QueryError, QueryRequest, Resolution};

pub(super) const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;
/// Longer periods have stored days.
const QUARTER: Millis = 93 * DAY;

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub engine: &'a Engine,
    pub scope: &'a TenantScope,
    /// A filter over all of it; may be empty.
    pub filter: &'a str,
    pub now: Millis,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub metric: String,
    /// Besides the page's.
    pub filter: String,
    /// Told apart by provider.
    pub by_provider: bool,
    /// Without drills, probes and simulated calls.
    pub counting: bool,
}

impl Part {
    /// What counts of a metric.
    pub fn of(metric: &str) -> Part {
        Part {
            metric: metric.to_owned(),
            filter: String::new(),
            by_provider: false,
            counting: true,
        }
    }
}

/// Two filters as one that shows what both show. One that cannot be read is refused where it is asked.
pub(super) fn both(one: &str, other: &str) -> String {
    let known = [CALL_DIMENSIONS, &[LABEL]].concat();
    match (Filter::parse(one, &known), Filter::parse(other, &known)) {
        (Ok(one), Ok(other)) => one.and(&other).to_string(),
        _ => [one, other].join(" ").trim().to_owned(),
    }
}

/// The days of a period.
pub(super) struct Days {
    /// Edges as the calendar has them.
    pub midnights: Vec<Millis>,
    /// Edges as figures are read.
    pub edges: Vec<Millis>,
}

impl Ask<'_> {
    /// The page's filter and another one: both hold.
    pub fn filter_with(&self, other: &str) -> String {
        both(self.filter, other)
    }

    /// The days of a period.
    pub fn days(&self, zone: &Zone, (from, until): (Millis, Millis)) -> Days {
        let midnights = calendar::days(zone, from, until);
        let last = midnights.len().saturating_sub(1);
        let edge = |(nth, at): (usize, &Millis)| match until - from > QUARTER && nth != 0 && nth != last {
            true => self.stored_day(*at).min(until),
            false => self.readable(*at),
        };
        Days {
            edges: midnights.iter().enumerate().map(edge).collect(),
            midnights,
        }
    }

    /// The nearest edge of stored days.
    fn stored_day(&self, at: Millis) -> Millis {
        let offset = Millis::from(self.engine.utc_offset_min()) * 60_000;
        (at + offset + DAY / 2).div_euclid(DAY) * DAY - offset
    }

    /// Between whole hours nothing is kept for longer than minutes are, and between days for longer than hours.
    fn readable(&self, at: Millis) -> Millis {
        // Stored hours begin where the tenant's do.
        let offset = Millis::from(self.engine.utc_offset_min()) * 60_000;
        // With a day of slack, for chunks are dropped whole.
        let gone = |rung: Rung| {
            let limits = self.engine.rungs().iter().find(|limits| limits.rung == rung);
            let kept = limits.and_then(|limits| limits.kept).unwrap_or(Millis::MAX);
            at < self.now.saturating_sub(kept.saturating_sub(DAY))
        };
        if gone(Rung::Hour) {
            self.stored_day(at)
        } else if gone(Rung::Minute) {
            at - (at + offset).rem_euclid(HOUR)
        } else if gone(Rung::TenSeconds) {
            at - at.rem_euclid(60_000)
        } else {
            at
        }
    }

    /// Answers over a stretch as one.
    pub async fn whole(&self, parts: Vec<Part>, (from, to): (Millis, Millis)) -> Result<Sheet, QueryError> {
        let span = Span {
            from: self.readable(from),
            to: self.readable(to),
        };
        if span.from >= span.to {
            return Ok(Sheet::default());
        }
        let requests = self.requests(&parts, span, Resolution::MaxPoints(1));
        let answers = self.engine.query_all(self.scope, &requests).await?;
        Ok(Sheet { parts, answers })
    }

    /// Answers over the steps between edges.
    pub async fn between(&self, parts: Vec<Part>, edges: &[Millis]) -> Result<Sheet, QueryError> {
        let (Some(from), Some(to)) = (edges.first(), edges.last()) else {
            return Ok(Sheet::default());
        };
        let span = Span { from: *from, to: *to };
        let requests = self.requests(&parts, span, Resolution::MaxPoints(1));
        let answers = self.engine.query_between(self.scope, &requests, edges).await?;
        Ok(Sheet { parts, answers })
    }

    /// Answers by the hour.
    pub async fn hourly(&self, parts: Vec<Part>, span: Span) -> Result<Sheet, QueryError> {
        let requests = self.requests(&parts, span, Resolution::Step(HOUR));
        let answers = self.engine.query_all(self.scope, &requests).await?;
        Ok(Sheet { parts, answers })
    }

    fn requests(&self, parts: &[Part], span: Span, resolution: Resolution) -> Vec<QueryRequest> {
        let request = |part: &Part| QueryRequest {
            metric: part.metric.clone(),
            group_by: match part.by_provider {
                true => vec!["provider".to_owned()],
                false => Vec::new(),
            },
            filter: self.filter_with(&part.filter),
            span,
            resolution,
            compare_previous: false,
            counting: part.counting,
        };
        parts.iter().map(request).collect()
    }
}

/// Answers by question.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    parts: Vec<Part>,
    pub answers: Vec<QueryAnswer>,
}

impl Sheet {
    /// A part of the stretch is older than anything that is kept.
    pub fn partial(&self) -> bool {
        self.answers.iter().any(|answer| answer.partial)
    }

    /// The one value of what counts of a metric.
    pub fn one(&self, metric: &str, filter: &str) -> Option<f64> {
        self.at(0, metric, filter)
    }

    /// The value of a step.
    pub fn at(&self, step: usize, metric: &str, filter: &str) -> Option<f64> {
        let part = Part {
            filter: filter.to_owned(),
            ..Part::of(metric)
        };
        self.value(step, &part)
    }

    /// The value of a question that is not told apart.
    pub fn value(&self, step: usize, part: &Part) -> Option<f64> {
        let mut sum = None;
        for series in self.series(part) {
            let value = series.points.get(step).and_then(|(_, value)| *value);
            // Only `outcomes` has more than one line.
            sum = match (sum, value) {
                (Some(sum), Some(value)) => Some(sum + value),
                (sum, value) => sum.or(value),
            };
        }
        sum
    }

    /// The lines of a question.
    pub fn series(&self, part: &Part) -> &[QuerySeries] {
        let place = self.parts.iter().position(|known| known == part);
        let answer = place.and_then(|place| self.answers.get(place));
        answer.map_or(&[], |answer| &answer.series)
    }

    /// The one value of each provider.
    pub fn by_provider(&self, metric: &str) -> BTreeMap<&str, f64> {
        let part = Part {
            by_provider: true,
            ..Part::of(metric)
        };
        let one = |series: &'_ QuerySeries| series.points.first().and_then(|(_, value)| *value);
        let lines = self.series(&part).iter();
        lines
            .filter_map(|series| Some((provider(series), one(series)?)))
            .collect()
    }
}

/// The provider that a line is of.
pub(super) fn provider(series: &QuerySeries) -> &str {
    series.group.get("provider").map_or("", String::as_str)
}

/// A sum of weights as the count it is.
pub(super) fn count(value: Option<f64>) -> u64 {
    // The cast saturates.
    value.map_or(0, |value| value.round() as u64)
}
