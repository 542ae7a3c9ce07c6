//! The figures of a chart as flat rows of numbers, the form that ECharts takes without copying each one into an object.

use protocol::view::{ChartPoint, HEAT_EDGES_MS, Range};

/// What a chart covers: from here to there, milliseconds of the page's zone (see `option`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    pub min: f64,
    pub max: f64,
}

/// The columns of the heat map and its cells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heat {
    /// Of each column: `14:32`.
    pub labels: Vec<String>,
    /// Columns whose label is shown.
    pub shown: Vec<f64>,
    /// Rows of column, row, answers, duration from.
    pub cells: Vec<f64>,
    /// The most answers in a cell; at least 1.
    pub most: f64,
    /// When the first column begins, in the page's zone, milliseconds.
    pub first: i64,
    /// How wide a column is, milliseconds.
    pub step: i64,
}

/// The stretch of a range that ends now.
pub(super) fn window(now: i64, range: Range, offset_min: i32) -> Window {
    let max = now + shift(offset_min);
    Window {
        min: (max - range.seconds() * 1_000) as f64,
        max: max as f64,
    }
}

fn shift(offset_min: i32) -> i64 {
    i64::from(offset_min) * 60_000
}

/// Rows of time, p50, p95, p99; a gap is not a number.
pub(super) fn latency_rows(points: &[ChartPoint], offset_min: i32) -> Vec<f64> {
    let mut rows = Vec::with_capacity(points.len() * 4);
    for point in points {
        rows.push((point.t + shift(offset_min)) as f64);
        rows.extend([point.p50, point.p95, point.p99].map(|ms| ms.map_or(f64::NAN, short)));
    }
    rows
}

/// Rows of time and the bands, per second.
pub(super) fn outcome_rows(points: &[ChartPoint], offset_min: i32) -> Vec<f64> {
    let mut rows = Vec::with_capacity(points.len() * 9);
    for point in points {
        rows.push((point.t + shift(offset_min)) as f64);
        rows.extend(point.bands.map(short));
    }
    rows
}

/// Bands that have nothing to show anywhere: a tooltip leaves them out, because with all eight it barely fits.
pub(super) fn empty_bands(points: &[ChartPoint]) -> [bool; 8] {
    std::array::from_fn(|band| points.iter().all(|point| short(point.bands[band]) == 0.0))
}

/// No more digits than a tooltip should show.
fn short(value: f32) -> f64 {
    let value = f64::from(value);
    let factor = if value >= 100.0 {
        1.0
    } else if value >= 10.0 {
        10.0
    } else {
        100.0
    };
    (value * factor).round() / factor
}

/// The heat map of a range that ends now.
pub(super) fn heat(points: &[ChartPoint], now: i64, range: Range, offset_min: i32) -> Heat {
    let step = range.step_seconds() * 1_000;
    let columns = range.seconds() / range.step_seconds() + 1;
    let first = now.div_euclid(step) * step - (columns - 1) * step;
    let every = match range {
        Range::M5 => 60_000,
        Range::M15 => 180_000,
        Range::H1 => 600_000,
    };
    let mut heat = Heat {
        labels: Vec::new(),
        shown: Vec::new(),
        cells: Vec::new(),
        most: 1.0,
        first: first + shift(offset_min),
        step,
    };
    for column in 0..columns {
        let t = first + column * step + shift(offset_min);
        heat.labels.push(format!(
            "{:02}:{:02}",
            t.div_euclid(3_600_000).rem_euclid(24),
            t.div_euclid(60_000).rem_euclid(60)
        ));
        if t.rem_euclid(every) == 0 {
            heat.shown.push(column as f64);
        }
    }
    for point in points {
        let column = (point.t - first).div_euclid(step);
        if !(0..columns).contains(&column) {
            continue;
        }
        for (row, count) in point.heat.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = f64::from(*count);
            heat.most = heat.most.max(count);
            heat.cells
                .extend([column as f64, row as f64, count, f64::from(HEAT_EDGES_MS[row])]);
        }
    }
    heat
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(t: i64, row: usize, count: u32) -> ChartPoint {
        let mut point = ChartPoint {
            t,
            p50: Some(480.52),
            p95: Some(12.345),
            p99: None,
            bands: [0.0; 8],
            heat: [0; 14],
        };
        point.bands[1] = 1.2345;
        point.heat[row] = count;
        point
    }

    #[test]
    fn rows_are_in_the_pages_zone_and_gaps_are_gaps() {
        let rows = latency_rows(&[point(1_000_000, 0, 0)], 90);
        assert_eq!(rows[..3], [6_400_000.0, 481.0, 12.3]);
        assert!(rows[3].is_nan());
        let rows = outcome_rows(&[point(0, 0, 0)], -60);
        assert_eq!(rows, [-3_600_000.0, 0.0, 1.23, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn only_bands_that_show_nothing_are_empty() {
        let mut point = point(0, 0, 0);
        point.bands[7] = 0.001;
        let empty = empty_bands(&[point]);
        assert_eq!(empty, [true, false, true, true, true, true, true, true]);
        assert_eq!(empty_bands(&[]), [true; 8]);
    }

    #[test]
    fn the_window_ends_now() {
        let window = window(1_000_000, Range::M5, 1);
        assert_eq!((window.min, window.max), (760_000.0, 1_060_000.0));
    }

    #[test]
    fn heat_columns_cover_the_range_and_strangers_are_left_out() {
        // 14:32:08 UTC
        let now = 1_795_185_128_000;
        let last = 1_795_185_120_000;
        let points = [
            point(last - 900_000 - 10_000, 3, 9),
            point(last - 900_000, 2, 4),
            point(last, 13, 7),
        ];
        let heat = heat(&points, now, Range::M15, 0);
        assert_eq!(heat.labels.len(), 91);
        assert_eq!(
            (heat.labels[0].as_str(), heat.labels[90].as_str()),
            ("14:17", "14:32")
        );
        assert_eq!(heat.cells, [0.0, 2.0, 4.0, 80.0, 90.0, 13.0, 7.0, 12_500.0]);
        assert_eq!(heat.most, 7.0);
        assert_eq!((heat.first, heat.step), (last - 900_000, 10_000));
        // 14:18, 14:21, 14:24, 14:27, 14:30
        assert_eq!(heat.shown, [6.0, 24.0, 42.0, 60.0, 78.0]);
        for column in heat.shown {
            assert!(
                ["14:18", "14:21", "14:24", "14:27", "14:30"]
                    .contains(&heat.labels[column as usize].as_str())
            );
        }
    }

    #[test]
    fn an_hour_has_few_labels_in_any_zone() {
        for offset in [-570, 0, 345, 840] {
            let heat = heat(&[], 1_795_185_128_000, Range::H1, offset);
            assert_eq!(heat.labels.len(), 121);
            assert!((6..=7).contains(&heat.shown.len()), "{offset}");
            assert!(
                heat.shown
                    .iter()
                    .all(|column| heat.labels[*column as usize].ends_with('0'))
            );
        }
    }
}
