//! What is left of a budget over time, as SVG: a line with its gaps, the line of nothing left, days below.
//!
//! Places are percent, so it grows with the page while words and lines stay as they are (as the chart of a rule does). It is
//! drawn for the eye: a sentence and a table beside it say the same.

use std::fmt::Write as _;

use leptos::prelude::*;

use crate::format::{date_clock, fixed};

/// Dates below the chart, at most.
const DATES: usize = 6;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// From the lowest to the highest share that is drawn, in percent of the budget.
struct Scale {
    low: f64,
    step: f64,
}

impl Scale {
    /// From all to nothing, and below it as far as it was overspent.
    fn of(left: &[(i64, Option<f64>)]) -> Scale {
        let lowest = left.iter().filter_map(|(_, value)| *value).fold(0.0, f64::min) * 100.0;
        let span = 100.0 - lowest;
        let steps = [25.0, 50.0, 100.0, 200.0, 500.0];
        let step = steps.into_iter().find(|step| span / step <= 8.0);
        let step = step.unwrap_or_else(|| 10_f64.powf((span / 4.0).log10().ceil()));
        Scale {
            low: (lowest / step).floor() * step,
            step,
        }
    }

    /// From the top, in percent of the height.
    fn place(&self, left: f64) -> f64 {
        ((100.0 - left) / (100.0 - self.low) * 100.0).clamp(0.0, 100.0)
    }

    /// From the lowest up; all of it last, unless there is no room for its words.
    fn ticks(&self) -> Vec<f64> {
        // Counts are at most about ten.
        let count = ((100.0 - self.low) / self.step).ceil() as i32;
        let ticks = (0..count).map(|nth| self.low + f64::from(nth) * self.step);
        ticks.chain((self.step <= 400.0).then_some(100.0)).collect()
    }
}

fn percent(place: f64) -> String {
    format!("{place:.2}%")
}

/// A share of the budget for people: `62%`, `−30%`.
pub(crate) fn left_words(left: f64) -> String {
    let value = left * 100.0;
    let digits = u32::from(value.abs() < 9.95 && value.abs() > 0.05);
    match value < 0.0 {
        true => format!("−{}%", fixed(-value, digits)),
        false => format!("{}%", fixed(value, digits)),
    }
}

/// The chart from `from` to `to`; of a period that is open there is room for what comes.
pub(crate) fn burndown(left: &[(i64, Option<f64>)], (from, to): (i64, i64), offset: i32) -> AnyView {
    let scale = Scale::of(left);
    let ticks = scale.ticks();
    let words: Vec<_> = ticks
        .iter()
        .map(|tick| {
            let y = percent(scale.place(*tick));
            view! { <text x="100%" y=y dy="4" text-anchor="end">{left_words(tick / 100.0)}</text> }
        })
        .collect();
    let grid: Vec<_> = ticks
        .iter()
        .map(|tick| {
            let y = percent(scale.place(*tick));
            let class = if *tick == 0.0 { "slo-none" } else { "slo-grid" };
            view! { <line class=class x1="0" x2="100%" y1=y.clone() y2=y></line> }
        })
        .collect();
    let across = |at: i64| (at - from) as f64 / (to - from).max(1) as f64;
    let dates: Vec<_> = dates((from, to), offset)
        .into_iter()
        .map(|(at, words)| {
            view! { <text x=percent(across(at) * 100.0) y="14" text-anchor="middle">{words}</text> }
        })
        .collect();
    let (path, area) = curve(left, &scale, from, across);
    view! {
        <div class="slo-chart">
            <svg class="slo-ticks" aria-hidden="true">{words}</svg>
            <svg class="slo-plot" aria-hidden="true">
                {grid}
                <svg width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none">
                    <path class="slo-area" d=area></path>
                    <path class="slo-curve" d=path vector-effect="non-scaling-stroke"></path>
                </svg>
            </svg>
            <svg class="slo-dates" aria-hidden="true">{dates}</svg>
        </div>
    }
    .into_any()
}

/// The line through the ends of steps, and what lies between it and nothing left. It begins with all of it, and is broken
/// where nothing was sent.
fn curve(
    left: &[(i64, Option<f64>)],
    scale: &Scale,
    from: i64,
    across: impl Fn(i64) -> f64,
) -> (String, String) {
    let (mut path, mut area) = (String::new(), String::new());
    let none = scale.place(0.0) * 10.0;
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut known = 1.0;
    let ends = left.iter().copied().chain([(0, None)]);
    let mut start = from;
    for (at, value) in ends {
        let Some(value) = value else {
            if let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) {
                let points: Vec<String> = run.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
                let line = points.join("L");
                let _ = write!(path, "M{line}");
                let _ = write!(area, "M{first:.1} {none:.1}L{line}L{last:.1} {none:.1}Z");
            }
            run.clear();
            start = at;
            continue;
        };
        if run.is_empty() {
            // A step's fall begins where the last known value was left.
            run.push((across(start) * 1_000.0, scale.place(known * 100.0) * 10.0));
        }
        run.push((across(at) * 1_000.0, scale.place(value * 100.0) * 10.0));
        known = value;
        start = at;
    }
    (path, area)
}

/// Where days begin, not too many of them, with `16 Nov`.
fn dates((from, to): (i64, i64), offset: i32) -> Vec<(i64, String)> {
    const DAY: i64 = 86_400_000;
    let shift = i64::from(offset) * 60_000;
    let first = (from + shift + DAY - 1).div_euclid(DAY);
    let last = (to + shift).div_euclid(DAY);
    let every = usize::try_from(last - first + 1)
        .unwrap_or(1)
        .max(1)
        .div_ceil(DATES);
    (first..=last)
        .step_by(every)
        .map(|day| {
            let at = day * DAY - shift;
            (at, date(at, offset))
        })
        .collect()
}

/// `16 Nov`
fn date(at: i64, offset: i32) -> String {
    // `2026-11-16 00:00`
    let text = date_clock(at, offset);
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<usize>().ok());
    let month = part(5..7).and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!(
        "{} {}",
        part(8..10).unwrap_or(1),
        month.copied().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_and_nothing_are_always_drawn() {
        for (lowest, low, count) in [
            (1.0, 0.0, 5),
            (0.4, 0.0, 5),
            (-0.3, -50.0, 7),
            (-1.0, -100.0, 9),
            (-9.0, -1_000.0, 7),
        ] {
            let scale = Scale::of(&[(1, Some(1.0)), (2, None), (3, Some(lowest))]);
            assert_eq!((scale.low, scale.ticks().len()), (low, count), "{lowest}");
            assert!(
                scale.ticks().contains(&0.0) && scale.ticks().contains(&100.0),
                "{lowest}"
            );
        }
    }

    #[test]
    fn a_gap_is_a_gap() {
        let left = [(100, Some(1.0)), (200, None), (300, Some(0.5)), (400, Some(-0.2))];
        let scale = Scale::of(&left);
        let (path, area) = curve(&left, &scale, 0, |at| at as f64 / 400.0);
        assert_eq!(
            (path.matches('M').count(), area.matches('Z').count()),
            (2, 2),
            "{path}"
        );
        assert!(
            path.contains("M500.0 0.0L750.0"),
            "the fall begins where the gap ends: {path}"
        );
        assert!(curve(&[(100, None)], &scale, 0, |_| 0.0).0.is_empty());
    }

    #[test]
    fn what_is_left_is_said_with_its_sign() {
        assert_eq!(left_words(0.62), "62%");
        assert_eq!(left_words(-0.3), "−30%");
        assert_eq!(left_words(0.018), "1.8%");
        assert_eq!(left_words(1.0), "100%");
        assert_eq!(left_words(0.0), "0%");
    }

    #[test]
    fn dates_are_few_and_where_days_begin() {
        let day = 86_400_000;
        // 2025-11-20T12:00Z and 30 days before it.
        let now = 1_763_640_000_000;
        let found = dates((now - 30 * day, now), 0);
        assert!((5..=6).contains(&found.len()), "{found:?}");
        assert_eq!(found[0].1, "22 Oct");
        assert!(found.iter().all(|(at, _)| at % day == 0));
    }
}
