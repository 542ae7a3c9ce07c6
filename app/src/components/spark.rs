//! Sparklines: a line over a faint area, scaled to its own smallest and largest value, broken where there is no data.

use leptos::prelude::*;

use crate::part::{IntoPart, Part};

const WIDTH: i64 = 120;
const HEIGHT: i64 = 26;
/// Kept free above and below, so that the stroke is not cut.
const MARGIN: i64 = 2;

/// From so many points on a line has a height.
const TREND: usize = 4;

/// The two paths of a sparkline in a viewBox of 120 × 26.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SparkPaths {
    /// The stroke.
    pub line: String,
    /// The area under it.
    pub area: String,
}

/// Tenths as `12.3`: coordinates need no float formatting.
fn push_tenths(path: &mut String, tenths: i64) {
    path.push_str(&(tenths / 10).to_string());
    if tenths % 10 != 0 {
        path.push('.');
        path.push_str(&(tenths % 10).to_string());
    }
}

fn push_point(path: &mut String, command: char, (x, y): (i64, i64)) {
    path.push(command);
    push_tenths(path, x);
    path.push(' ');
    push_tenths(path, y);
}

/// The paths of these points. A single point between two gaps becomes a short dash; without any value both are empty.
pub fn spark_paths(points: &[Option<f32>]) -> SparkPaths {
    let values = || points.iter().flatten().filter(|value| value.is_finite());
    let low = values().fold(f32::INFINITY, |low, value| low.min(*value));
    let high = values().fold(f32::NEG_INFINITY, |high, value| high.max(*value));
    if low > high {
        return SparkPaths::default();
    }
    // Two or three points are no trend yet: they lie flat instead of looking like a cliff.
    let reach = if values().count() < TREND { 0.0 } else { high - low };
    let steps = (points.len().max(2) - 1) as i64;
    let place = |index: usize, value: f32| {
        let x = index as i64 * WIDTH * 10 / steps;
        // A flat series runs through the middle: its height says nothing.
        let share = if reach > 0.0 { (value - low) / reach } else { 0.5 };
        let y = (HEIGHT - MARGIN) * 10 - (share * ((HEIGHT - 2 * MARGIN) * 10) as f32).round() as i64;
        (x, y)
    };
    let mut paths = SparkPaths::default();
    let known = |value: &Option<f32>| value.is_some_and(f32::is_finite);
    for run in (0..points.len())
        .collect::<Vec<_>>()
        .chunk_by(|a, b| known(&points[*a]) == known(&points[*b]))
    {
        let run: Vec<(i64, i64)> = run
            .iter()
            .filter_map(|index| points[*index].filter(|v| v.is_finite()).map(|v| place(*index, v)))
            .collect();
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        for (nth, point) in run.iter().enumerate() {
            push_point(&mut paths.line, if nth == 0 { 'M' } else { 'L' }, *point);
            push_point(&mut paths.area, if nth == 0 { 'M' } else { 'L' }, *point);
        }
        if run.len() == 1 {
            paths.line.push_str("h1");
        }
        push_point(&mut paths.area, 'L', (last.0, HEIGHT * 10));
        push_point(&mut paths.area, 'L', (first.0, HEIGHT * 10));
        paths.area.push('Z');
    }
    paths
}

/// Draws a sparkline of these points. The figure above it is its text, so assistive technology skips it.
pub fn spark(area: Signal<String>, line: Signal<String>) -> Part {
    view! {
        <svg class="spark" viewBox="0 0 120 26" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path class="spark-area" d=area></path>
            <path class="spark-line" d=line></path>
        </svg>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_spans_the_width_and_keeps_its_margin() {
        let paths = spark_paths(&[Some(0.0), Some(5.0), Some(10.0), Some(10.0)]);
        assert_eq!(paths.line, "M0 24L40 13L80 2L120 2");
        assert_eq!(paths.area, "M0 24L40 13L80 2L120 2L120 26L0 26Z");
    }

    #[test]
    fn gaps_break_the_line_and_lone_points_stay_visible() {
        let paths = spark_paths(&[Some(1.0), None, Some(2.0), Some(1.0), Some(1.0)]);
        assert_eq!(paths.line, "M0 24h1M60 2L90 24L120 24");
        assert_eq!(paths.area.matches('Z').count(), 2);
    }

    #[test]
    fn nothing_known_draws_nothing_and_a_flat_series_runs_in_the_middle() {
        assert_eq!(spark_paths(&[None, None]), SparkPaths::default());
        assert_eq!(spark_paths(&[]), SparkPaths::default());
        assert_eq!(spark_paths(&[Some(3.0), Some(3.0)]).line, "M0 13L120 13");
        assert_eq!(spark_paths(&[Some(f32::NAN), Some(1.0)]).line, "M120 13h1");
        let two = spark_paths(&[Some(1.0), Some(9.0)]);
        assert_eq!(two.line, "M0 13L120 13", "too few for a trend");
    }
}
