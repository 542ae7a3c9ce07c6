//! The worst values of a range as a line, the limit across it, and a mark for each time.
//!
//! An SVG of percentages, which grows with the page while its words and lines stay as they are. The line of the limit can
//! be dragged (`public/rule.js`); its field in the sentence does the same.

use std::fmt::Write as _;

use leptos::prelude::*;
use protocol::alerts::{Backtest, ConditionDoc};
use protocol::query::Unit;

use super::fields::unit_of;
use crate::format::{self, date_clock, day};

/// A value that has a line of its own.
struct Line {
    name: &'static str,
    value: f64,
    /// It can be dragged.
    field: bool,
}

/// What the numbers of a chart are, its lines, and how its field says one: `1` as it is, `-1` the other way round.
struct Lines {
    unit: Unit,
    lines: Vec<Line>,
    way: f64,
}

/// The limits of a condition; `None` for one that has no curve.
fn lines(condition: &ConditionDoc) -> Option<Lines> {
    let pair = |limit: f64, clear: f64| {
        vec![
            Line {
                name: "limit",
                value: limit,
                field: true,
            },
            Line {
                name: "clear",
                value: clear,
                field: true,
            },
        ]
    };
    let limit = |value: f64| {
        vec![Line {
            name: "limit",
            value,
            field: false,
        }]
    };
    let (unit, lines, way) = match condition {
        ConditionDoc::Threshold {
            metric, limit, clear, ..
        } => (unit_of(metric), pair(*limit, *clear), 1.0),
        ConditionDoc::Change {
            limit, clear, side, ..
        } => (
            Unit::Fraction,
            pair(*limit, *clear),
            if side == "below" { -1.0 } else { 1.0 },
        ),
        ConditionDoc::BurnRate { .. } => (Unit::Fraction, limit(1.0), 1.0),
        ConditionDoc::Absence { after_ms, .. } => (Unit::Milliseconds, limit(*after_ms as f64), 1.0),
        ConditionDoc::BreakerState { .. } | ConditionDoc::Flapping { .. } => return None,
    };
    Some(Lines { unit, lines, way })
}

/// From the lowest to the highest value that is drawn, and where its ticks are.
struct Scale {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Scale {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // From nothing on, unless that would make everything a line at the top.
        if low > 0.0 && low < high * 0.6 {
            low = 0.0;
        }
        let span = if high > low {
            high - low
        } else {
            high.abs().max(1.0)
        };
        let rough = span * 1.1 / 4.0;
        let ten = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
        let step = steps.iter().map(|step| step * ten).find(|step| *step >= rough);
        let step = step.unwrap_or(ten * 10.0);
        let (first, last) = ((low / step + 1e-9).floor(), ((high + span * 0.04) / step).ceil());
        let count = (last - first).clamp(1.0, 8.0) as i32;
        Scale {
            low: first * step,
            high: (first + f64::from(count)) * step,
            ticks: (0..=count).map(|nth| (first + f64::from(nth)) * step).collect(),
        }
    }

    /// From the top, in percent.
    fn place(&self, value: f64) -> f64 {
        ((self.high - value) / (self.high - self.low) * 100.0).clamp(0.0, 100.0)
    }
}

fn percent(place: f64) -> String {
    format!("{place:.2}%")
}

/// The chart of what a rule would have done.
pub(super) fn chart(condition: &ConditionDoc, told: &Backtest, now: i64, offset: i32) -> AnyView {
    let lines = lines(condition);
    let across = |at: i64| (at - told.from) as f64 / (told.to - told.from).max(1) as f64 * 100.0;
    let marks: Vec<_> = told
        .times
        .iter()
        .map(|time| {
            let from = across(time.since.max(told.from));
            let to = across(time.ended.unwrap_or(told.to));
            let title = format!("{}: {}", date_clock(time.fired, offset), time.title);
            view! {
                <g data-flapping=time.flapping.to_string()>
                    <title>{title}</title>
                    <rect x=percent(from) width=percent((to - from).max(0.15)) y="0" height="100%"></rect>
                    <circle cx=percent(across(time.fired)) cy="0" r="4"></circle>
                </g>
            }
        })
        .collect();
    let days = days(told, offset).into_iter().map(|at| {
        view! { <text x=percent(across(at)) y="14" text-anchor="middle">{day(at, now, offset)}</text> }
    });
    let days: Vec<_> = days.collect();
    let Some(Lines { unit, lines, way }) = lines else {
        return view! {
            <div class="rule-chart" data-kind="marks">
                <svg class="rule-plot" aria-hidden="true"><g class="rule-marks">{marks}</g></svg>
                <svg class="rule-days" aria-hidden="true">{days}</svg>
            </div>
        }
        .into_any();
    };
    let values = told.worst.iter().flatten().copied();
    let scale = Scale::of(values.chain(lines.iter().map(|line| line.value)));
    let ticks: Vec<_> = scale
        .ticks
        .iter()
        .map(|tick| {
            let words = words(condition, unit, *tick);
            view! { <text x="100%" y=percent(scale.place(*tick)) dy="4" text-anchor="end">{words}</text> }
        })
        .collect();
    let grid: Vec<_> = scale
        .ticks
        .iter()
        .map(|tick| {
            let y = percent(scale.place(*tick));
            view! { <line x1="0" x2="100%" y1=y.clone() y2=y></line> }
        })
        .collect();
    let (path, area) = curve(told, &scale);
    let steps = told.worst.len().max(1);
    let drawn = lines.iter().map(|line| {
        let y = percent(scale.place(line.value));
        view! {
            <g class="rule-line" data-line=line.name data-drag=line.field.then_some("")>
                <line class="rule-grab" x1="0" x2="100%" y1=y.clone() y2=y.clone()></line>
                <line x1="0" x2="100%" y1=y.clone() y2=y.clone()></line>
                {line.field.then(|| view! { <circle cx="100%" cy=y.clone() r="6"></circle> })}
            </g>
        }
    });
    let drawn: Vec<_> = drawn.collect();
    let names = lines.iter().map(|line| {
        let text = words(condition, unit, line.value);
        view! {
            <text data-line=line.name x="12" y=percent(scale.place(line.value)) dy="4">{text}</text>
        }
    });
    let names: Vec<_> = names.collect();
    view! {
        <div
            class="rule-chart"
            data-chart=""
            data-low=scale.low.to_string()
            data-high=scale.high.to_string()
            data-unit=unit_key(unit)
            data-way=way.to_string()
        >
            <svg class="rule-ticks" aria-hidden="true">{ticks}</svg>
            <svg class="rule-plot" aria-hidden="true">
                <g class="rule-grid">{grid}</g>
                <g class="rule-marks">{marks}</g>
                <svg width="100%" height="100%" viewBox=format!("0 0 {steps} 1000") preserveAspectRatio="none">
                    <path class="rule-area" d=area></path>
                    <path class="rule-curve" d=path vector-effect="non-scaling-stroke"></path>
                </svg>
                {drawn}
            </svg>
            <svg class="rule-names" aria-hidden="true">{names}</svg>
            <svg class="rule-days" aria-hidden="true">{days}</svg>
        </div>
    }
    .into_any()
}

/// A value as its axis says it.
pub(super) fn words(condition: &ConditionDoc, of: Unit, value: f64) -> String {
    match condition {
        ConditionDoc::BurnRate { .. } => format!("{}×", format::tick(Unit::Count, value)),
        _ if value < 0.0 => format!("−{}", format::tick(of, -value)),
        _ => format::tick(of, value),
    }
}

/// What the numbers of a condition are.
pub(super) fn unit_of_condition(condition: &ConditionDoc) -> Option<Unit> {
    lines(condition).map(|lines| lines.unit)
}

/// Whether its chart has a line that says what a field says.
pub(super) fn can_be_dragged(condition: &ConditionDoc) -> bool {
    lines(condition).is_some_and(|lines| lines.lines.iter().any(|line| line.field))
}

const fn unit_key(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Fraction => "fraction",
        Unit::Milliseconds => "milliseconds",
        Unit::Tokens => "tokens",
        Unit::TokensPerSecond => "tokens_per_second",
        Unit::Usd => "usd",
    }
}

/// The line, and what is below it. Where nothing could be judged there is none.
fn curve(told: &Backtest, scale: &Scale) -> (String, String) {
    let (mut path, mut area) = (String::new(), String::new());
    let mut run: Vec<(usize, f64)> = Vec::new();
    let ends = told.worst.iter().copied().chain([None]).enumerate();
    for (step, value) in ends {
        if let Some(value) = value {
            run.push((step, scale.place(value) * 10.0));
            continue;
        }
        let Some(((first, _), (last, _))) = run.first().zip(run.last()) else {
            continue;
        };
        let points = run.iter().map(|(step, y)| format!("{}.5 {y:.1}", step));
        let points: Vec<String> = points.collect();
        // A single value is a dash as wide as its step.
        let (from, to) = match run.len() {
            1 => (
                format!("{first} {:.1}L", run[0].1),
                format!("L{} {:.1}", last + 1, run[0].1),
            ),
            _ => (String::new(), String::new()),
        };
        let line = format!("{from}{}{to}", points.join("L"));
        let _ = write!(path, "M{line}");
        let _ = write!(area, "M{first}.5 1000L{line}L{last}.5 1000Z");
        run.clear();
    }
    (path, area)
}

/// Where days begin, not too many of them.
fn days(told: &Backtest, offset: i32) -> Vec<i64> {
    const DAY: i64 = 86_400_000;
    let shift = i64::from(offset) * 60_000;
    let first = (told.from + shift).div_euclid(DAY) + 1;
    let last = (told.to + shift).div_euclid(DAY);
    let every = ((last - first + 1).max(1) as usize).div_ceil(7);
    (first..=last)
        .step_by(every)
        .map(|day| day * DAY - shift)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(worst: Vec<Option<f64>>) -> Backtest {
        Backtest {
            from: 0,
            to: 10_000 * worst.len() as i64,
            fired: 0,
            flapped: 0,
            longest_ms: 0,
            short: 0,
            with_breaker: 0,
            noise: "none".into(),
            step_ms: 10_000,
            worst,
            times: vec![],
        }
    }

    #[test]
    fn ticks_are_round_and_hold_everything() {
        for (values, low, high) in [
            (vec![250.0, 2_000.0], 0.0, 3_000.0),
            (vec![0.97, 1.0, 0.95], 0.94, 1.02),
            (vec![-0.4, 0.2], -0.4, 0.4),
            (vec![5.0, 5.0], 4.0, 6.0),
            (vec![], 0.0, 1.5),
        ] {
            let scale = Scale::of(values.iter().copied());
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(
                near(scale.low, low) && near(scale.high, high),
                "{values:?}: {} to {}",
                scale.low,
                scale.high
            );
            assert!((2..=9).contains(&scale.ticks.len()), "{:?}", scale.ticks);
            for value in values {
                assert!((scale.low - 1e-9..=scale.high).contains(&value));
            }
        }
    }

    #[test]
    fn a_gap_is_a_gap() {
        let scale = Scale::of([0.0, 1.0].into_iter());
        let (path, area) = curve(&told(vec![Some(0.0), Some(1.0), None, Some(0.5)]), &scale);
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert_eq!(area.matches('Z').count(), 2, "{area}");
        let (path, area) = curve(&told(vec![None, None]), &scale);
        assert!(path.is_empty() && area.is_empty());
    }

    #[test]
    fn days_begin_where_people_live() {
        let mut fortnight = told(vec![]);
        fortnight.to = 14 * 86_400_000;
        let found = days(&fortnight, 120);
        assert!((5..=8).contains(&found.len()), "{found:?}");
        assert!(
            found.iter().all(|at| (at + 7_200_000) % 86_400_000 == 0),
            "{found:?}"
        );
    }
}
