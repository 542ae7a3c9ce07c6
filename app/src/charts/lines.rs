//! Lines by provider as flat rows of numbers.

use protocol::view::{MAX_LINES, ProviderLine, Providers};

use super::data::Window;

/// Everything that a chart of lines shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    /// Rows of time and a value per possible line; what there is not is not a number.
    pub rows: Vec<f64>,
    /// The names of the lines there are.
    pub names: Vec<String>,
    /// The range.
    pub window: Window,
    /// Where the axis of values begins, and how far its marks are apart; `None` leaves both to the library.
    pub axis: Option<(f64, f64)>,
}

/// Attempt success in percent.
pub(super) fn success(figures: &Providers, offset_min: i32) -> Lines {
    let percent = |value: f32| (f64::from(value) * 1e4).round() / 1e2;
    let mut lines = lines(figures, offset_min, |line| &line.success, percent);
    let values = || lines.rows.chunks(MAX_LINES + 1).flat_map(|row| &row[1..]);
    let lowest = values()
        .copied()
        .filter(|value| !value.is_nan())
        .fold(100.0, f64::min);
    lines.axis = Some(axis(lowest));
    lines
}

/// First token p95 in seconds.
pub(super) fn first_token(figures: &Providers, offset_min: i32) -> Lines {
    lines(
        figures,
        offset_min,
        |line| &line.ttft_p95_ms,
        |ms| f64::from(ms).round() / 1e3,
    )
}

/// An axis up to 100% that shows the lowest value, and marks that people can read.
fn axis(lowest: f64) -> (f64, f64) {
    const AXES: [(f64, f64); 6] = [
        (99.0, 0.25),
        (98.0, 0.5),
        (96.0, 1.0),
        (90.0, 2.5),
        (80.0, 5.0),
        (60.0, 10.0),
    ];
    AXES.into_iter()
        .find(|(from, _)| *from < lowest)
        .unwrap_or((0.0, 25.0))
}

fn lines(
    figures: &Providers,
    offset_min: i32,
    values: fn(&ProviderLine) -> &Vec<Option<f32>>,
    shown: impl Fn(f32) -> f64,
) -> Lines {
    let shift = i64::from(offset_min) * 60_000;
    let all = &figures.lines;
    let drawn = all.lines.get(..MAX_LINES).unwrap_or(&all.lines);
    let steps = drawn
        .iter()
        .map(|line| values(line).len())
        .max()
        .unwrap_or_default();
    let mut rows = Vec::with_capacity(steps * (MAX_LINES + 1));
    for step in 0..steps {
        rows.push((all.from + step as i64 * all.step + shift) as f64);
        for place in 0..MAX_LINES {
            let value = drawn
                .get(place)
                .and_then(|line| values(line).get(step).copied().flatten());
            rows.push(value.map_or(f64::NAN, &shown));
        }
    }
    Lines {
        rows,
        names: drawn.iter().map(|line| line.name.clone()).collect(),
        window: Window {
            min: (figures.from + shift) as f64,
            max: (figures.to + shift) as f64,
        },
        axis: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(success: &[Option<f32>]) -> Providers {
        let mut figures = Providers {
            from: 500,
            to: 3_500,
            ..Providers::default()
        };
        (figures.lines.from, figures.lines.step) = (0, 1_000);
        figures.lines.lines.push(ProviderLine {
            name: "openai".into(),
            success: success.to_vec(),
            ttft_p95_ms: vec![None, Some(612.4)],
        });
        figures
    }

    #[test]
    fn rows_have_a_place_for_every_line() {
        let lines = first_token(&figures(&[]), 1);
        assert_eq!(lines.rows.len(), 2 * 9);
        assert_eq!(
            (lines.rows[0], lines.rows[9], lines.rows[10]),
            (60_000.0, 61_000.0, 0.612)
        );
        assert!(lines.rows[1].is_nan() && lines.rows[11].is_nan());
        assert_eq!(lines.names, ["openai"]);
        assert_eq!((lines.window.min, lines.window.max), (60_500.0, 63_500.0));
    }

    #[test]
    fn the_axis_shows_the_lowest_and_ends_at_a_hundred() {
        for (lowest, from) in [
            (1.0, 99.0),
            (0.991, 99.0),
            (0.99, 98.0),
            (0.93, 90.0),
            (0.5, 0.0),
            (0.0, 0.0),
        ] {
            let lines = success(&figures(&[Some(1.0), None, Some(lowest)]), 0);
            assert_eq!(lines.axis.map(|(from, _)| from), Some(from), "{lowest}");
        }
        for lowest in 0..100 {
            let (from, apart) = axis(f64::from(lowest));
            assert_eq!((100.0 - from) % apart, 0.0);
        }
    }
}
