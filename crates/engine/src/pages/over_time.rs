//! Providers over time: the strips of the rows, and the lines of the charts.

use std::collections::BTreeMap;

use domain::Millis;
use domain::standing::Sample;
use protocol::Span;
use protocol::query::{QueryAnswer, QuerySeries};
use protocol::view::{MAX_LINES, ProviderLine, ProviderLines, ProviderRow, STRIP_CELLS, Steps};

use super::ask::{Ask, JUDGED, count, provider};
use crate::query::STEPS;
use crate::{QueryError, Resolution};

/// Points of a chart: about one per four pixels.
pub(super) const LINE_POINTS: usize = 120;

/// How attempts went over time.
pub(super) struct Strips {
    step: Millis,
    judged: QueryAnswer,
    success: QueryAnswer,
}

impl Strips {
    pub async fn read(ask: Ask<'_>, span: Span) -> Result<Strips, QueryError> {
        let cell = span.millis() / STRIP_CELLS as Millis;
        let fitting = STEPS.into_iter().rev().find(|step| *step <= cell);
        let step = Resolution::Step(fitting.unwrap_or(STEPS[0]));
        let questions = [("attempt_success", ""), ("attempts", JUDGED)];
        let [success, judged] = ask.all(questions, &["provider"], span, step).await?;
        Ok(Strips {
            step: success.step,
            success,
            judged,
        })
    }

    pub fn of(&self, name: &str, span: Span) -> String {
        let line = |answer: &QueryAnswer| -> BTreeMap<i64, f64> {
            let found = answer.series.iter().find(|series| provider(series) == name);
            let points = found.into_iter().flat_map(|series| &series.points);
            points.filter_map(|(at, value)| Some((*at, (*value)?))).collect()
        };
        let judged = line(&self.judged);
        let steps: Vec<(Millis, Sample)> = line(&self.success)
            .into_iter()
            .map(|(at, success)| {
                let judged = count(judged.get(&at));
                let success = Some(success);
                (at, Sample { judged, success })
            })
            .collect();
        cells(&steps, self.step, span)
    }
}

/// The worst of the steps whose middle lies in each cell. Where cells are narrower than steps, the step that is there.
fn cells(steps: &[(Millis, Sample)], step: Millis, span: Span) -> String {
    let edge = |cell: usize| span.from + span.millis() * cell as Millis / STRIP_CELLS as Millis;
    let last = span.to - 1;
    (0..STRIP_CELLS)
        .map(|cell| {
            let (from, to) = (edge(cell), edge(cell + 1));
            let middle = |at: Millis| (at + step / 2).clamp(span.from, last);
            let inside = steps.iter().filter(|(at, _)| (from..to).contains(&middle(*at)));
            let around = steps
                .iter()
                .filter(|(at, _)| to - from < step && (*at..at + step).contains(&((from + to) / 2)));
            match inside
                .chain(around)
                .filter_map(|(_, sample)| sample.level())
                .max()
            {
                None => '-',
                Some(domain::verdict::Level::Ok) => 'k',
                Some(domain::verdict::Level::Unknown) => 'u',
                Some(domain::verdict::Level::Attention) => 'a',
                Some(domain::verdict::Level::Act) => 'x',
            }
        })
        .collect()
}

/// Lines over time, of every provider.
pub(super) struct Lines {
    success: QueryAnswer,
    ttft: QueryAnswer,
}

impl Lines {
    pub async fn read(ask: Ask<'_>, span: Span) -> Result<Lines, QueryError> {
        let points = Resolution::MaxPoints(LINE_POINTS);
        let questions = [("attempt_success", ""), ("ttft_p95", "")];
        let [success, ttft] = ask.all(questions, &["provider"], span, points).await?;
        Ok(Lines { success, ttft })
    }

    /// Those of the busiest, by name, so that their colours stay when one overtakes another.
    pub fn of(&self, rows: &[ProviderRow], now: Millis) -> ProviderLines {
        let mut busy: Vec<(u64, &str)> = rows
            .iter()
            .filter(|row| row.attempts > 0)
            .map(|row| (row.attempts, row.name.as_str()))
            .collect();
        busy.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
        let left_out = busy.len().saturating_sub(MAX_LINES);
        busy.truncate(MAX_LINES);
        busy.sort_unstable_by_key(|(_, name)| *name);
        let lines = busy.into_iter().map(|(_, name)| ProviderLine {
            name: name.to_owned(),
            success: points(&self.success, name, now),
            ttft_p95_ms: points(&self.ttft, name, now),
        });
        ProviderLines {
            from: self.success.from,
            step: self.success.step,
            lines: lines.collect(),
            left_out: left_out.try_into().unwrap_or(u32::MAX),
        }
    }
}

/// A line's values. A step that has only begun is a handful of calls and would look like a cliff: it is left out until
/// half of it has passed, unless it is all there is.
fn points(answer: &QueryAnswer, name: &str, now: Millis) -> Vec<Option<f32>> {
    let series = answer.series.iter().find(|series| provider(series) == name);
    let half = answer.step / 2;
    let shown = shown(answer, series, half, now);
    shown
        .into_iter()
        .map(|value| value.map(|value| value as f32))
        .collect()
}

/// The values of a line, without those of a step of which less than `least` has passed.
pub(super) fn shown(answer: &QueryAnswer, series: Option<&QuerySeries>, least: Millis, now: Millis) -> Steps {
    let steps = usize::try_from((answer.to - answer.from) / answer.step).unwrap_or_default();
    let Some(series) = series else {
        return vec![None; steps];
    };
    let complete = |(at, value): &&(Millis, Option<f64>)| value.is_some() && at + answer.step <= now;
    let has_past = series.points.iter().any(|point| complete(&point));
    let value = |(at, value): &(Millis, Option<f64>)| {
        let begun = has_past && at + least > now;
        value.filter(|_| !begun)
    };
    series.points.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(from: Millis, step: Millis, ok: &[Option<u64>]) -> Vec<(Millis, Sample)> {
        let place = |(nth, ok): (usize, &Option<u64>)| {
            let sample = Sample {
                judged: 100,
                success: ok.map(|ok| ok as f64 / 100.0),
            };
            (from + nth as Millis * step, sample)
        };
        ok.iter().enumerate().map(place).collect()
    }

    #[test]
    fn a_cell_is_as_bad_as_its_worst_step() {
        let span = Span { from: 0, to: 48_000 };
        let mut ok = vec![Some(100); 96];
        ok[3] = Some(90);
        ok[4] = Some(10);
        ok[94] = None;
        ok[95] = None;
        let strip = cells(&steps(0, 500, &ok), 500, span);
        assert_eq!(strip, format!("kax{}-", "k".repeat(44)));
    }

    #[test]
    fn steps_that_do_not_begin_with_the_range_fill_every_cell() {
        let span = Span {
            from: 700,
            to: 48_700,
        };
        let strip = cells(&steps(0, 1_000, &[Some(100); 49]), 1_000, span);
        assert_eq!(strip, "k".repeat(48));
    }

    #[test]
    fn wide_steps_fill_the_cells_that_they_cover() {
        let span = Span { from: 0, to: 48_000 };
        let strip = cells(
            &steps(0, 12_000, &[Some(100), None, Some(50), Some(100)]),
            12_000,
            span,
        );
        let part = |letter: &str| letter.repeat(12);
        assert_eq!(strip, [part("k"), part("-"), part("x"), part("k")].concat());
    }

    #[test]
    fn a_step_that_has_only_begun_is_left_out() {
        let answer = |points: &[(Millis, Option<f64>)]| QueryAnswer {
            metric: "attempt_success".into(),
            unit: protocol::query::Unit::Fraction,
            group_by: vec!["provider".into()],
            from: 0,
            to: 30,
            step: 10,
            rung: "10s".into(),
            as_of: 0,
            partial: false,
            open: true,
            series: vec![protocol::query::QuerySeries {
                group: BTreeMap::from([("provider".into(), "a".into())]),
                points: points.to_vec(),
            }],
            previous: None,
        };
        let full = answer(&[(0, Some(1.0)), (10, Some(0.5)), (20, Some(1.0))]);
        assert_eq!(points(&full, "a", 24), [Some(1.0), Some(0.5), None]);
        assert_eq!(points(&full, "a", 25), [Some(1.0), Some(0.5), Some(1.0)]);
        assert_eq!(points(&full, "other", 25), [None; 3]);
        let first = answer(&[(0, None), (10, None), (20, Some(1.0))]);
        assert_eq!(points(&first, "a", 21), [None, None, Some(1.0)]);
    }
}
