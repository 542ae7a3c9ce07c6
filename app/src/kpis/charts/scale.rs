//! Where the lines of an axis are: few, at round values, and never outside of what is drawn.

/// An axis of values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    /// The lowest value that is drawn.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// The values that have a line, lowest first.
    pub lines: Vec<f64>,
}

impl Scale {
    /// From `low` to `high` in about `steps` round steps; both ends lie on a line.
    pub(super) fn over(low: f64, high: f64, steps: u32) -> Scale {
        let (low, high) = if low.is_finite() && high.is_finite() && low < high {
            (low, high)
        } else {
            (0.0, 1.0)
        };
        let step = round_step((high - low) / f64::from(steps.max(1)));
        let first = (low / step + 1e-9).floor();
        let last = (high / step - 1e-9).ceil();
        // A count of round steps: at most a few more than were asked for.
        let count = (last - first).clamp(1.0, 20.0) as u32;
        let lines: Vec<f64> = (0..=count).map(|nth| (first + f64::from(nth)) * step).collect();
        Scale {
            low: first * step,
            high: (first + f64::from(count)) * step,
            lines,
        }
    }

    /// How far up a value is, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The next of 1, 2, 2.5 and 5 times a power of ten.
fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let first = rough / power;
    let round = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|round| first <= round + 1e-9)
        .unwrap_or(10.0);
    round * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_round_and_hold_the_data() {
        let scale = Scale::over(0.0, 1.0, 4);
        assert_eq!(scale.lines, [0.0, 0.25, 0.5, 0.75, 1.0]);
        let scale = Scale::over(0.0, 214.0, 5);
        assert_eq!(scale.lines, [0.0, 50.0, 100.0, 150.0, 200.0, 250.0]);
        let scale = Scale::over(-0.18, 1.0, 4);
        assert!(scale.low <= -0.18 && scale.high >= 1.0, "{scale:?}");
        assert!(scale.lines.contains(&0.0), "{scale:?}");
    }

    #[test]
    fn nothing_to_scale_is_a_scale_too() {
        for (low, high) in [(0.0, 0.0), (f64::NAN, 1.0), (3.0, 2.0)] {
            let scale = Scale::over(low, high, 4);
            assert_eq!((scale.low, scale.high), (0.0, 1.0));
        }
        assert!(Scale::over(0.0, 1e-9, 3).lines.len() < 8);
        assert!(Scale::over(-1e12, 1e12, 3).lines.len() < 8);
    }

    #[test]
    fn shares_stay_within() {
        let scale = Scale::over(0.0, 100.0, 4);
        assert_eq!(scale.share(50.0), 0.5);
        assert_eq!(scale.share(-9.0), 0.0);
        assert_eq!(scale.share(900.0), 1.0);
    }
}
