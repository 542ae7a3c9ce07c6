//! Bars from left to right, one below the other: what something cost, part by part. A bar may go below zero.

use super::scale::Scale;
use super::svg::{INK_3, LINE, Place, SERIES, cut, escaped, label, number, percent, rule, tick};
use crate::format;

/// Pixels.
const ROW: f64 = 46.0;
const BAR: f64 = 16.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;
/// Percent of the width.
const LEFT: f64 = 36.0;
const RIGHT: f64 = 88.0;
/// Letters of a name that have room.
const LETTERS: usize = 24;

/// One bar.
pub(super) struct Row<'a> {
    /// Its name.
    pub name: &'a str,
    /// US dollars.
    pub usd: Option<f64>,
}

/// The height of the drawing, pixels.
pub(super) fn height(rows: usize) -> f64 {
    TOP + ROW * rows.max(1) as f64 + BOTTOM
}

/// The inside of the drawing.
pub(super) fn bars(rows: &[Row<'_>]) -> String {
    let known = || rows.iter().filter_map(|row| row.usd);
    let low = known().fold(0.0, f64::min);
    let high = known().fold(0.0, f64::max);
    let scale = Scale::over(low, high, 4);
    let x = |value: f64| LEFT + (RIGHT - LEFT) * scale.share(value);
    let floor = height(rows.len()) - BOTTOM;
    let mut out = String::new();
    for line in &scale.lines {
        out.push_str(&rule("kc-grid", LINE, (x(*line), TOP), (x(*line), floor)));
        let place = Place {
            x: x(*line),
            y: floor + 17.0,
            dx: 0.0,
            anchor: "middle",
        };
        out.push_str(&tick(place, &dollars(*line)));
    }
    for (nth, row) in rows.iter().enumerate() {
        let middle = TOP + ROW * (nth as f64 + 0.5);
        let name = Place {
            x: LEFT,
            y: middle + 4.0,
            dx: -9.0,
            anchor: "end",
        };
        out.push_str(&label(name, &cut(row.name, LETTERS)));
        let (from, to) = match row.usd {
            Some(usd) => (x(usd.min(0.0)), x(usd.max(0.0))),
            None => (x(0.0), x(0.0)),
        };
        if let Some(usd) = row.usd {
            out.push_str(&format!(
                r#"<rect class="kc-bar" x="{}" y="{}" width="{}" height="{}" rx="2" fill="{SERIES}"><title>{}: {}</title></rect>"#,
                percent(from),
                number(middle - BAR / 2.0),
                percent(to - from),
                number(BAR),
                escaped(row.name),
                money(usd),
            ));
        }
        let words = row.usd.map_or_else(|| "– no price".to_owned(), money);
        let place = Place {
            x: to,
            y: middle + 4.0,
            dx: 6.0,
            anchor: "start",
        };
        out.push_str(&label(place, &words));
    }
    out.push_str(&rule("kc-axis", INK_3, (x(0.0), TOP), (x(0.0), floor)));
    out
}

/// US dollars with a sign where they were saved.
pub(in crate::kpis) fn money(usd: f64) -> String {
    let amount = format::money(Some(usd.abs()));
    if usd < 0.0 && amount != "$0" {
        return format!("{}{amount}", format::MINUS);
    }
    amount
}

/// On the axis, in few letters.
fn dollars(usd: f64) -> String {
    let amount = format::tick(protocol::query::Unit::Usd, usd.abs());
    match usd < 0.0 {
        true => format!("{}{amount}", format::MINUS),
        false => amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_price_has_no_bar_and_says_so() {
        let drawn = bars(&[
            Row {
                name: "Failed calls <paid> for",
                usd: Some(214.0),
            },
            Row {
                name: "Retries",
                usd: None,
            },
        ]);
        assert_eq!(drawn.matches("kc-bar").count(), 1);
        assert!(drawn.contains("– no price") && drawn.contains("$214"), "{drawn}");
        assert!(!drawn.contains("<paid>"), "{drawn}");
    }

    #[test]
    fn what_was_saved_lies_on_the_other_side() {
        let drawn = bars(&[Row {
            name: "Fallback",
            usd: Some(-40.0),
        }]);
        assert!(drawn.contains("\u{2212}$40"), "{drawn}");
        assert!(!drawn.contains("width=\"-"), "{drawn}");
        assert_eq!(money(-0.0), "$0");
    }

    #[test]
    fn nothing_is_still_a_drawing() {
        assert!(bars(&[]).contains("kc-axis"));
        assert!(height(0) > 0.0 && height(4) > height(1));
    }
}
