//! A share over time, as a line over an area: what is left of a promise. The line that must not be crossed is zero.

use super::scale::Scale;
use super::svg::{BAD, INK_3, LINE, Place, SERIES, number, percent, rule, tick};
use crate::format;

/// Pixels.
pub(super) const HEIGHT: f64 = 240.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 26.0;
/// Percent of the width.
const LEFT: f64 = 9.0;
const RIGHT: f64 = 98.0;
/// The drawing's own width, stretched to what there is.
const WIDE: f64 = 1000.0;

/// What is drawn.
pub(super) struct Area<'a> {
    /// The left and the right end, epoch milliseconds.
    pub span: (i64, i64),
    /// Moments with values; a gap breaks the line.
    pub points: &'a [(i64, Option<f64>)],
    /// Where it will be zero if it goes on; drawn dashed where it lies within.
    pub zero_at: Option<i64>,
    /// Moments with a name.
    pub ticks: &'a [(i64, String)],
}

/// The inside of the drawing.
pub(super) fn area(what: &Area<'_>) -> String {
    let known = || what.points.iter().filter_map(|(_, value)| *value);
    let low = known().fold(0.0, f64::min);
    let high = known().fold(1.0, f64::max);
    let scale = Scale::over(low, high, 4);
    let tall = HEIGHT - TOP - BOTTOM;
    let y = |value: f64| TOP + tall * (1.0 - scale.share(value));
    let mut out = String::new();
    for line in &scale.lines {
        let y = y(*line);
        // Zero has a line of its own.
        if line.abs() > 1e-9 {
            out.push_str(&rule("kc-grid", LINE, (LEFT, y), (RIGHT, y)));
        }
        let place = Place {
            x: LEFT,
            y: y + 3.5,
            dx: -7.0,
            anchor: "end",
        };
        out.push_str(&tick(place, &format!("{}%", format::fixed(line * 100.0, 0))));
    }
    let length = (what.span.1 - what.span.0).max(1) as f64;
    let part = |at: i64| ((at - what.span.0) as f64 / length).clamp(0.0, 1.0);
    for (at, words) in what.ticks {
        let place = Place {
            x: LEFT + (RIGHT - LEFT) * part(*at),
            y: HEIGHT - 8.0,
            dx: 0.0,
            anchor: "middle",
        };
        out.push_str(&tick(place, words));
    }
    let plot = |at: i64, value: f64| (part(at) * WIDE, y(value) - TOP);
    out.push_str(&format!(
        r#"<svg x="{}" y="{}" width="{}" height="{}" viewBox="0 0 {WIDE} {}" preserveAspectRatio="none" overflow="visible">"#,
        percent(LEFT),
        number(TOP),
        percent(RIGHT - LEFT),
        number(tall),
        number(tall),
    ));
    let floor = y(scale.low.max(0.0)) - TOP;
    for run in runs(what.points) {
        let run: Vec<(f64, f64)> = run.iter().map(|(at, value)| plot(*at, *value)).collect();
        out.push_str(&drawn(&run, floor));
    }
    if let (Some(zero_at), Some((at, value))) = (what.zero_at, last(what.points))
        && zero_at > at
        && zero_at <= what.span.1
    {
        let ((x, y), (to_x, to_y)) = (plot(at, value), plot(zero_at, 0.0));
        out.push_str(&format!(
            r#"<path class="kc-ahead" d="M{} {}L{} {}" fill="none" stroke="{INK_3}" stroke-width="1.4" stroke-dasharray="3 3" vector-effect="non-scaling-stroke"></path>"#,
            number(x),
            number(y),
            number(to_x),
            number(to_y),
        ));
    }
    out.push_str("</svg>");
    out.push_str(&rule("kc-zero", BAD, (LEFT, y(0.0)), (RIGHT, y(0.0))));
    out
}

fn drawn(run: &[(f64, f64)], floor: f64) -> String {
    let (Some(first), Some(end)) = (run.first(), run.last()) else {
        return String::new();
    };
    let mut line = String::new();
    for (nth, (x, y)) in run.iter().enumerate() {
        line.push(if nth == 0 { 'M' } else { 'L' });
        line.push_str(&format!("{} {}", number(*x), number(*y)));
    }
    // A lone value stays visible.
    if run.len() == 1 {
        line.push_str("h4");
    }
    let closed = format!(
        "{line}L{} {f}L{} {f}Z",
        number(end.0),
        number(first.0),
        f = number(floor)
    );
    format!(
        r#"<path class="kc-area" d="{closed}" fill="{SERIES}" fill-opacity="0.09"></path><path class="kc-line" d="{line}" fill="none" stroke="{SERIES}" stroke-width="1.6" stroke-linejoin="round" vector-effect="non-scaling-stroke"></path>"#
    )
}

/// Points without gaps between them.
fn runs(points: &[(i64, Option<f64>)]) -> Vec<Vec<(i64, f64)>> {
    let mut runs: Vec<Vec<(i64, f64)>> = vec![Vec::new()];
    for (at, value) in points {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((*at, *value)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The newest value.
pub(in crate::kpis) fn last(points: &[(i64, Option<f64>)]) -> Option<(i64, f64)> {
    points
        .iter()
        .rev()
        .find_map(|(at, value)| value.map(|value| (*at, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(points: &[(i64, Option<f64>)], zero_at: Option<i64>) -> (usize, usize) {
        let drawn = area(&Area {
            span: (0, 100),
            points,
            zero_at,
            ticks: &[(0, "1".into())],
        });
        (
            drawn.matches("kc-line").count(),
            drawn.matches("kc-ahead").count(),
        )
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let whole = [(0, Some(1.0)), (10, Some(0.8)), (20, Some(0.7))];
        assert_eq!(paths(&whole, None).0, 1);
        let broken = [(0, Some(1.0)), (10, None), (20, Some(0.7)), (30, None)];
        assert_eq!(paths(&broken, None).0, 2);
        assert_eq!(paths(&[(0, None)], None).0, 0, "nothing known draws nothing");
        assert_eq!(paths(&[], None).0, 0);
    }

    #[test]
    fn what_lies_ahead_is_drawn_where_there_is_room() {
        let points = [(0, Some(1.0)), (50, Some(0.2))];
        assert_eq!(paths(&points, Some(80)).1, 1);
        assert_eq!(paths(&points, Some(800)).1, 0, "beyond the page");
        assert_eq!(paths(&points, Some(20)).1, 0, "it has passed");
    }

    #[test]
    fn an_overspent_budget_is_below_zero() {
        let drawn = area(&Area {
            span: (0, 100),
            points: &[(0, Some(1.0)), (100, Some(-0.18))],
            zero_at: None,
            ticks: &[],
        });
        assert!(drawn.contains("\u{2212}50%"), "the axis goes below zero: {drawn}");
    }
}
