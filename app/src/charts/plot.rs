//! What a chart over a range shows: lines, lines on top of each other, or a row of cells per line; and how its figures
//! become flat rows of numbers, the form that ECharts takes.

use protocol::query::Unit;

/// How lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drawn {
    /// As lines.
    #[default]
    Lines,
    /// As areas on top of each other.
    Stacked,
    /// As a row of cells, stronger is more.
    Cells,
}

/// A chart over a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// How.
    pub drawn: Drawn,
    /// What its values are.
    pub unit: Unit,
    /// The range, epoch milliseconds.
    pub window: (i64, i64),
    /// Start of the first step.
    pub from: i64,
    /// Width of a step, milliseconds.
    pub step: i64,
    /// Values are shares whose fall is what matters: the axis ends at 100% and begins where it shows the lowest.
    pub from_top: bool,
    /// In their order.
    pub lines: Vec<PlotLine>,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotLine {
    /// Its name in the tooltip.
    pub name: String,
    /// Its place among the colours; see [`super::line_look`]. `None` is grey.
    pub colour: Option<u8>,
    /// Of another time: dotted and thin.
    pub past: bool,
    /// Others stand out.
    pub faint: bool,
    /// At each step.
    pub values: Vec<Option<f64>>,
}

impl Plot {
    /// How many steps there are.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn steps(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.values.len())
            .max()
            .unwrap_or_default()
    }

    /// When a step begins, in the page's zone (see `option`).
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn start(&self, step: usize, offset_min: i32) -> i64 {
        self.from + step as i64 * self.step + shift(offset_min)
    }

    /// Rows of time and a value per line; what there is not is not a number.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn rows(&self, offset_min: i32) -> Vec<f64> {
        let steps = self.steps();
        let mut rows = Vec::with_capacity(steps * (self.lines.len() + 1));
        for step in 0..steps {
            rows.push(self.start(step, offset_min) as f64);
            let value = |line: &PlotLine| line.values.get(step).copied().flatten().unwrap_or(f64::NAN);
            rows.extend(self.lines.iter().map(value));
        }
        rows
    }

    /// Rows of column, row and value; the last line is at the bottom.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn cells(&self) -> Vec<f64> {
        let mut cells = Vec::new();
        for (row, line) in self.lines.iter().rev().enumerate() {
            for (column, value) in line.values.iter().enumerate() {
                if let Some(value) = value {
                    cells.extend([column as f64, row as f64, *value]);
                }
            }
        }
        cells
    }

    /// The lowest and the highest value.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn extent(&self) -> Option<(f64, f64)> {
        let values = || self.lines.iter().flat_map(|line| &line.values).copied().flatten();
        Some((values().reduce(f64::min)?, values().reduce(f64::max)?))
    }

    /// Where the axis of values begins, and how far its marks are apart; `None` leaves both to the library.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn axis(&self) -> Option<(f64, f64)> {
        let lowest = self.extent().map_or(1.0, |(lowest, _)| lowest);
        self.from_top.then(|| axis(lowest))
    }

    /// The range in the page's zone.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn window(&self, offset_min: i32) -> (f64, f64) {
        let (from, to) = self.window;
        ((from + shift(offset_min)) as f64, (to + shift(offset_min)) as f64)
    }
}

#[cfg(any(feature = "hydrate", test))]
fn shift(offset_min: i32) -> i64 {
    i64::from(offset_min) * 60_000
}

/// An axis up to 1 that shows the lowest value, and marks that people can read.
#[cfg(any(feature = "hydrate", test))]
fn axis(lowest: f64) -> (f64, f64) {
    const AXES: [(f64, f64); 6] = [
        (0.99, 0.0025),
        (0.98, 0.005),
        (0.96, 0.01),
        (0.9, 0.025),
        (0.8, 0.05),
        (0.6, 0.1),
    ];
    AXES.into_iter()
        .find(|(from, _)| *from < lowest)
        .unwrap_or((0.0, 0.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(lines: &[&[Option<f64>]]) -> Plot {
        let line = |values: &&[Option<f64>]| PlotLine {
            name: "openai".into(),
            colour: Some(0),
            past: false,
            faint: false,
            values: values.to_vec(),
        };
        Plot {
            drawn: Drawn::Lines,
            unit: Unit::Fraction,
            window: (500, 3_500),
            from: 0,
            step: 1_000,
            from_top: true,
            lines: lines.iter().map(line).collect(),
        }
    }

    #[test]
    fn rows_have_a_place_for_every_line() {
        let plot = plot(&[&[None, Some(0.25)], &[Some(0.5)]]);
        let rows = plot.rows(1);
        assert_eq!(rows.len(), 2 * 3);
        assert_eq!(
            (rows[0], rows[2], rows[3], rows[4]),
            (60_000.0, 0.5, 61_000.0, 0.25)
        );
        assert!(rows[1].is_nan() && rows[5].is_nan());
        assert_eq!(plot.window(1), (60_500.0, 63_500.0));
        assert_eq!(plot.extent(), Some((0.25, 0.5)));
    }

    #[test]
    fn cells_begin_at_the_bottom() {
        let cells = plot(&[&[Some(1.0), None], &[None, Some(2.0)]]).cells();
        assert_eq!(cells, [1.0, 0.0, 2.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn the_axis_shows_the_lowest_and_ends_at_a_hundred() {
        for (lowest, from) in [
            (1.0, 0.99),
            (0.991, 0.99),
            (0.99, 0.98),
            (0.93, 0.9),
            (0.5, 0.0),
            (0.0, 0.0),
        ] {
            let plot = plot(&[&[Some(1.0), None, Some(lowest)]]);
            assert_eq!(plot.axis().map(|(from, _)| from), Some(from), "{lowest}");
        }
        let mut sum = plot(&[&[Some(1.0)]]);
        sum.from_top = false;
        assert_eq!(sum.axis(), None);
    }
}
