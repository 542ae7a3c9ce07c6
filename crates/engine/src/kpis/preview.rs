//! What a definition gives before it is saved: now, in the period before, by day, and what each part was.

use std::collections::BTreeMap;

use domain::Millis;
use protocol::Span;
use protocol::civil::{add_months, civil_from_days, days_from_civil, weekday};
use protocol::kpis::kpi::{Calendar, KpiDoc, KpiPart, KpiPreview};
use protocol::query::{QueryAnswer, QuerySeries, Unit, info};
use store::TenantScope;

use super::formula::{Formula, split};
use super::meaning::{Meaning, field_of, meaning, request};
use crate::alerts::AlertError;
use crate::{Engine, QueryError, Resolution};

const DAY: Millis = 86_400_000;
/// What a range is rounded to.
const FINEST: Millis = 10_000;
/// The most groups that are told.
const MAX_GROUPS: usize = 50;

impl Engine {
    /// What a definition gives.
    ///
    /// # Errors
    /// A field is not as it must be, a label that it names is not kept, or the store cannot be read.
    pub async fn kpi_preview(&self, scope: &TenantScope, doc: &KpiDoc) -> Result<KpiPreview, AlertError> {
        let meaning = meaning(doc)?;
        let offset = Millis::from(self.utc_offset_min()) * 60_000;
        let times = Times::of(doc.calendar, self.clock().now(), offset);
        let mut preview = empty(doc, &meaning, times);
        let Some(formula) = &meaning.formula else {
            preview.note = "It follows from alerts, not from calls: its page computes it.".into();
            return Ok(preview);
        };
        preview.formula = formula.text();
        let parts = formula.metrics();
        let ask = |group_by: &'static str, span, resolution| {
            let questions = parts
                .iter()
                .map(|part| request(part, &meaning.filter, group_by, span, resolution));
            questions.collect::<Vec<_>>()
        };
        let whole = Resolution::MaxPoints(1);
        let (now, before) = (
            span(times.from, times.until),
            span(times.before_from, times.before_to),
        );
        let mut requests = ask("", now, whole);
        requests.extend(ask("", before, whole));
        requests.extend(ask(
            "",
            span(times.before_from, times.until),
            Resolution::Step(DAY),
        ));
        if !doc.group_by.is_empty() {
            let told_apart = parts
                .iter()
                .map(|part| request(part, &meaning.filter, &doc.group_by, now, whole));
            requests.extend(told_apart);
        }
        let answers = self.query_all(scope, &requests).await.map_err(refused)?;
        let mut answers = answers.chunks(parts.len());
        let mut next = || answers.next().unwrap_or_default();
        let (now, before, days, groups) = (next(), next(), next(), next());
        preview.value = value(formula, &parts, now.iter().map(one));
        preview.before = value(formula, &parts, before.iter().map(one));
        let told = parts.iter().zip(now.iter().zip(before));
        preview.parts = told
            .map(|(part, (now, before))| KpiPart {
                part: part.clone(),
                unit: info(split(part).0).map_or(Unit::Count, |metric| metric.unit),
                value: one(now),
                before: one(before),
            })
            .collect();
        preview.days = by_day(formula, &parts, days);
        preview.groups = by_group(formula, &parts, groups, &doc.group_by);
        if now.iter().chain(days).any(|answer| answer.partial) {
            preview.note = "A part of the time is older than what is kept.".into();
        }
        Ok(preview)
    }
}

/// The period, and as much of the one before as has passed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    from: Millis,
    until: Millis,
    before_from: Millis,
    before_to: Millis,
}

impl Times {
    fn of(calendar: Calendar, now: Millis, offset: Millis) -> Times {
        let today = (now + offset).div_euclid(DAY);
        let (year, month, _) = civil_from_days(today);
        let (first, before) = match calendar {
            Calendar::Week => {
                let monday = today - weekday(today);
                (monday, monday - 7)
            }
            Calendar::Month => {
                let first = days_from_civil(year, month, 1);
                (first, add_months(first, -1))
            }
            Calendar::Quarter => {
                let first = days_from_civil(year, (month - 1) / 3 * 3 + 1, 1);
                (first, add_months(first, -3))
            }
        };
        let start = |day: i64| day * DAY - offset;
        let (from, before_from) = (start(first), start(before));
        // Even at its very beginning a period has some length.
        let until = now.max(from + FINEST);
        Times {
            from,
            until,
            before_from,
            before_to: from.min(before_from + (until - from)),
        }
    }
}

fn empty(doc: &KpiDoc, meaning: &Meaning, times: Times) -> KpiPreview {
    KpiPreview {
        title: meaning.title.clone(),
        unit: meaning.unit,
        good: meaning.good,
        target: doc.target.or_else(|| {
            let ours = protocol::kpis::kpi::built_in(doc.key.as_deref()?)?;
            ours.target
        }),
        formula: String::new(),
        from: times.from,
        until: times.until,
        before_from: times.before_from,
        before_to: times.before_to,
        value: None,
        before: None,
        parts: Vec::new(),
        days: Vec::new(),
        group_by: doc.group_by.clone(),
        groups: Vec::new(),
        note: String::new(),
    }
}

fn span(from: Millis, to: Millis) -> Span {
    Span { from, to }
}

/// What the query layer refuses is a field of the definition.
fn refused(error: QueryError) -> AlertError {
    match error {
        QueryError::Store(error) => AlertError::Store(error),
        error => AlertError::Invalid(field_of(error)),
    }
}

/// The one value of an answer.
fn one(answer: &QueryAnswer) -> Option<f64> {
    first(answer.series.first()?)
}

fn first(series: &QuerySeries) -> Option<f64> {
    series.points.first()?.1
}

/// The formula over what its parts were, in their order.
fn value(formula: &Formula, parts: &[String], values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<Option<f64>> = values.collect();
    formula.value(&|wanted| {
        let place = parts.iter().position(|part| part == wanted)?;
        values.get(place).copied().flatten()
    })
}

fn by_day(formula: &Formula, parts: &[String], answers: &[QueryAnswer]) -> Vec<(i64, Option<f64>)> {
    let Some(some) = answers.first() else {
        return Vec::new();
    };
    let steps = (some.to - some.from) / some.step.max(1);
    let day = |step: i64| {
        let place = usize::try_from(step).unwrap_or(usize::MAX);
        let of = |answer: &QueryAnswer| answer.series.first()?.points.get(place)?.1;
        (
            some.from + step * some.step,
            value(formula, parts, answers.iter().map(of)),
        )
    };
    (0..steps).map(day).collect()
}

fn by_group(
    formula: &Formula,
    parts: &[String],
    answers: &[QueryAnswer],
    group_by: &str,
) -> Vec<(String, Option<f64>)> {
    let mut lines: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    for (place, answer) in answers.iter().enumerate() {
        for series in &answer.series {
            let name = series.group.get(group_by).map_or("", String::as_str);
            let line = lines.entry(name).or_insert_with(|| vec![None; parts.len()]);
            line[place] = first(series);
        }
    }
    let told = lines.into_iter().map(|(name, values)| {
        let value = value(formula, parts, values.into_iter());
        (name.to_owned(), value)
    });
    let mut told: Vec<_> = told.collect();
    // What is unknown comes last.
    told.sort_by(|(_, one), (_, other)| {
        let rank = |value: &Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
        rank(other).total_cmp(&rank(one))
    });
    told.truncate(MAX_GROUPS);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i64, month: i64, day: i64) -> Millis {
        days_from_civil(year, month, day) * DAY
    }

    #[test]
    fn periods_follow_the_calendar() {
        // Friday, 20 November 2026, noon.
        let now = at(2026, 11, 20) + DAY / 2;
        let times = Times::of(Calendar::Month, now, 0);
        assert_eq!((times.from, times.until), (at(2026, 11, 1), now));
        assert_eq!(times.before_from, at(2026, 10, 1));
        assert_eq!(times.before_to, at(2026, 10, 20) + DAY / 2);
        let times = Times::of(Calendar::Week, now, 0);
        assert_eq!(
            (times.from, times.before_from),
            (at(2026, 11, 16), at(2026, 11, 9))
        );
        let times = Times::of(Calendar::Quarter, now, 0);
        assert_eq!((times.from, times.before_from), (at(2026, 10, 1), at(2026, 7, 1)));
    }

    #[test]
    fn a_short_period_before_ends_where_this_one_begins() {
        let times = Times::of(Calendar::Month, at(2026, 3, 31), 0);
        assert_eq!(
            (times.before_from, times.before_to),
            (at(2026, 2, 1), at(2026, 3, 1))
        );
        // An hour ahead of UTC the month has begun already.
        let times = Times::of(Calendar::Month, at(2026, 4, 1) - 3_600_000, 3_600_000);
        assert_eq!(
            (times.from, times.until),
            (at(2026, 4, 1) - 3_600_000, at(2026, 4, 1) - 3_590_000)
        );
    }
}
