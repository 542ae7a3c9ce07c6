//! Hours as cells, one row for each provider: when something was open, and how much of the hour. A long period has wider
//! cells, so that each can still be seen.

use super::svg::{BAD, LINE, Place, cut, escaped, label, number, percent, rule, tick};
use crate::format;

/// Pixels.
const ROW: f64 = 29.0;
const TOP: f64 = 6.0;
const BOTTOM: f64 = 26.0;
/// Percent of the width.
const LEFT: f64 = 16.0;
const RIGHT: f64 = 98.5;
/// Letters of a name that have room.
const LETTERS: usize = 14;
/// Cells in a row that can still be told apart.
const MOST_CELLS: u32 = 800;

const HOUR: i64 = 3_600_000;

/// What is drawn.
pub(super) struct Hours<'a> {
    /// The beginning and the end, epoch milliseconds.
    pub span: (i64, i64),
    /// A name, and hours from the beginning with milliseconds that were open.
    pub rows: &'a [(&'a str, &'a [(u32, u32)])],
    /// Moments with a name.
    pub ticks: &'a [(i64, String)],
    /// A moment in words.
    pub moment: &'a dyn Fn(i64) -> String,
}

/// The height of the drawing, pixels.
pub(super) fn height(rows: usize) -> f64 {
    TOP + ROW * rows.max(1) as f64 + BOTTOM
}

/// How many hours a cell is, where there are so many hours.
pub(in crate::kpis) fn hours_a_cell(hours: u32) -> u32 {
    let fits = |cell: &u32| hours.div_ceil(*cell) <= MOST_CELLS;
    [1, 2, 3, 6, 12, 24, 48]
        .into_iter()
        .find(fits)
        .unwrap_or(hours.div_ceil(MOST_CELLS))
}

/// Hours of a period, the last one begun.
pub(in crate::kpis) fn hours_of((from, to): (i64, i64)) -> u32 {
    let hours = (to - from).max(0).div_euclid(HOUR) + i64::from((to - from).rem_euclid(HOUR) > 0);
    u32::try_from(hours).unwrap_or(u32::MAX).max(1)
}

/// Cells with milliseconds, of hours with milliseconds.
fn cells(hours: &[(u32, u32)], each: u32) -> Vec<(u32, u64)> {
    let mut cells: Vec<(u32, u64)> = Vec::new();
    for (hour, open) in hours {
        let cell = hour / each.max(1);
        match cells.last_mut() {
            Some((known, sum)) if *known == cell => *sum += u64::from(*open),
            _ => cells.push((cell, u64::from(*open))),
        }
    }
    cells
}

/// How dark a cell is, of four steps: a little open can be seen, and all of it is darkest.
fn step(share: f64) -> usize {
    match share {
        s if s < 0.1 => 1,
        s if s < 0.35 => 2,
        s if s < 0.7 => 3,
        _ => 4,
    }
}

const SHADES: [&str; 5] = ["0", "0.3", "0.5", "0.75", "1"];

/// The inside of the drawing.
pub(super) fn hours(what: &Hours<'_>) -> String {
    let count = hours_of(what.span);
    let each = hours_a_cell(count);
    let columns = count.div_ceil(each);
    let floor = height(what.rows.len()) - BOTTOM;
    let mut out = String::new();
    for (nth, (name, _)) in what.rows.iter().enumerate() {
        let y = TOP + ROW * nth as f64;
        let place = Place {
            x: LEFT,
            y: y + ROW / 2.0 + 4.0,
            dx: -9.0,
            anchor: "end",
        };
        let words = if name.is_empty() { "no provider" } else { name };
        out.push_str(&label(place, &cut(words, LETTERS)));
        out.push_str(&rule("kc-grid", LINE, (LEFT, y + ROW), (RIGHT, y + ROW)));
    }
    let length = (what.span.1 - what.span.0).max(1) as f64;
    for (at, words) in what.ticks {
        let part = (at - what.span.0) as f64 / length;
        if !(0.0..=1.0).contains(&part) {
            continue;
        }
        let place = Place {
            x: LEFT + (RIGHT - LEFT) * part,
            y: floor + 17.0,
            dx: 0.0,
            anchor: "middle",
        };
        out.push_str(&tick(place, words));
    }
    out.push_str(&format!(
        r#"<svg x="{}" y="{}" width="{}" height="{}" viewBox="0 0 {columns} {}" preserveAspectRatio="none">"#,
        percent(LEFT),
        number(TOP),
        percent(RIGHT - LEFT),
        number(floor - TOP),
        number(floor - TOP),
    ));
    for (nth, (name, hours)) in what.rows.iter().enumerate() {
        let y = ROW * nth as f64 + 1.0;
        for (cell, open) in cells(hours, each) {
            if cell >= columns || open == 0 {
                continue;
            }
            let share = open as f64 / (f64::from(each) * HOUR as f64);
            let step = step(share);
            let at = what.span.0 + i64::from(cell) * i64::from(each) * HOUR;
            let open = format::span(i64::try_from(open).unwrap_or(i64::MAX));
            out.push_str(&format!(
                r#"<rect class="kc-cell" data-step="{step}" x="{cell}" y="{}" width="1" height="{}" fill="{BAD}" fill-opacity="{}"><title>{}, {}: open {open}</title></rect>"#,
                number(y),
                number(ROW - 2.0),
                SHADES.get(step).copied().unwrap_or("1"),
                escaped(name),
                escaped(&(what.moment)(at)),
            ));
        }
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_hours_and_a_year_wider_cells() {
        assert_eq!(hours_a_cell(1), 1);
        assert_eq!(hours_a_cell(744), 1);
        assert_eq!(hours_a_cell(8_784), 12);
        assert!(43_848_u32.div_ceil(hours_a_cell(43_848)) <= MOST_CELLS);
        assert_eq!(hours_of((0, HOUR * 2 + 1)), 3);
        assert_eq!(hours_of((5, 5)), 1);
    }

    #[test]
    fn hours_of_a_cell_add_up() {
        assert_eq!(cells(&[(0, 5), (1, 7), (3, 1)], 2), [(0, 12), (1, 1)]);
        assert_eq!(cells(&[(0, 5), (1, 7)], 1), [(0, 5), (1, 7)]);
    }

    #[test]
    fn cells_are_drawn_with_what_they_say() {
        let long: &[(u32, u32)] = &[(1, 3_600_000), (2, 60_000), (900, 5)];
        let drawn = hours(&Hours {
            span: (0, HOUR * 24),
            rows: &[("a<b", long), ("", &[])],
            ticks: &[(0, "1".into()), (HOUR * 99, "later".into())],
            moment: &|at| format!("{at}"),
        });
        assert_eq!(
            drawn.matches("kc-cell").count(),
            2,
            "what lies outside is not drawn"
        );
        assert!(drawn.contains("a&lt;b, 3600000: open 1 h 00 min"), "{drawn}");
        assert!(drawn.contains(r#"data-step="4""#) && drawn.contains(r#"data-step="1""#));
        assert!(drawn.contains("no provider") && !drawn.contains("later"));
    }
}
