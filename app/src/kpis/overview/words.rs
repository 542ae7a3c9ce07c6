//! A figure in words: its value, how it stands to its target, how it moved. Nothing is said without data behind it.

use protocol::Level;
use protocol::query::Unit;
use protocol::view::{Figure, Good};

use crate::format::{self, MINUS, fixed, grouped};

/// Shown where nothing says it.
pub(in crate::kpis) const UNKNOWN: &str = "–";
/// Below so many samples a figure says on how few it rests.
const FEW: u64 = 30;
const MINUTE: f64 = 60_000.0;

/// A value with its unit: `99.46%`, `580 ms`, `$0.0029`, `1 min 52 s`.
pub(in crate::kpis) fn value(unit: Unit, value: Option<f64>) -> String {
    let Some(v) = value.filter(|v| v.is_finite()) else {
        return UNKNOWN.to_owned();
    };
    if v < 0.0 {
        return format!("{MINUS}{}", self::value(unit, Some(-v)));
    }
    match unit {
        Unit::Milliseconds if v >= MINUTE => length(v),
        unit => format::value(unit, Some(v)),
    }
}

/// A length of time from a minute on, without what is zero: `5 min`, `1 h 41 min`.
fn length(ms: f64) -> String {
    let text = format::span(ms.round() as i64);
    for none in [" 00 s", " 00 min", " 0 h"] {
        if let Some(short) = text.strip_suffix(none) {
            return short.to_owned();
        }
    }
    text
}

/// A target, as it was written: `99.5%`, `99.95%`, `800 ms`, `5 min`.
pub(in crate::kpis) fn target(unit: Unit, aim: f64) -> String {
    match unit {
        Unit::Fraction => format!("{}%", trimmed(aim * 100.0, 4)),
        Unit::Milliseconds if (1_000.0..MINUTE).contains(&aim) => format!("{} s", trimmed(aim / 1_000.0, 2)),
        unit => value(unit, Some(aim)),
    }
}

fn trimmed(value: f64, decimals: u32) -> String {
    let text = fixed(value, decimals);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// How a figure stands to its target.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kpis) struct Standing {
    /// The shape and the colour.
    pub level: Level,
    /// "target 99.5%, short by 0.04 pt"
    pub words: String,
    /// How much of what is allowed is used, 1 for all of it; `None` where nothing says it.
    pub used: Option<f64>,
}

/// How a figure stands.
pub(in crate::kpis) fn standing(figure: &Figure) -> Standing {
    let Some(aim) = figure.target.filter(|aim| aim.is_finite()) else {
        return Standing {
            level: Level::Unknown,
            words: "no target".to_owned(),
            used: None,
        };
    };
    let named = target(figure.unit, aim);
    let Some(value) = figure.value.filter(|value| value.is_finite()) else {
        return Standing {
            level: Level::Unknown,
            words: format!("target {named}, not known"),
            used: None,
        };
    };
    let short = match figure.good {
        Good::High => aim - value,
        Good::Low => value - aim,
    };
    let used = Some(used(figure, value, aim));
    if short <= 0.0 {
        return Standing {
            level: Level::Ok,
            words: format!("target {named}, met"),
            used,
        };
    }
    let by = difference(figure.unit, short);
    let words = match figure.good {
        Good::High => format!("target {named}, short by {by}"),
        Good::Low => format!("target {named}, over by {by}"),
    };
    Standing {
        level: Level::Act,
        words,
        used,
    }
}

/// Of a share that is to be high, what is used is the rest that may go wrong; of other figures, the target itself.
fn used(figure: &Figure, value: f64, aim: f64) -> f64 {
    let (part, whole) = match (figure.good, figure.unit) {
        (Good::High, Unit::Fraction) => (1.0 - value, 1.0 - aim),
        _ => (value, aim),
    };
    if whole > 0.0 {
        (part / whole).max(0.0)
    } else if part > 0.0 {
        1.0
    } else {
        0.0
    }
}

/// A difference without its sign.
fn difference(unit: Unit, by: f64) -> String {
    let by = by.abs();
    match unit {
        Unit::Fraction if by * 100.0 < 0.005 => "less than 0.01 pt".to_owned(),
        Unit::Fraction => format!("{} pt", fixed(by * 100.0, 2)),
        unit => value(unit, Some(by)),
    }
}

/// How a figure moved since the period before, which is called so. A share moves by points, anything else by percent.
pub(in crate::kpis) fn trend(figure: &Figure, before_words: &str) -> String {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let (value, before) = match (finite(figure.value), finite(figure.before)) {
        (_, None) => return "no earlier data".to_owned(),
        (None, Some(before)) => {
            return format!("{before_words}: {}", self::value(figure.unit, Some(before)));
        }
        (Some(value), Some(before)) => (value, before),
    };
    let change = value - before;
    let sign = if change < 0.0 { MINUS } else { '+' };
    let since = format!("since {before_words}");
    if change == 0.0 {
        return format!("unchanged {since}");
    }
    if figure.unit == Unit::Fraction {
        let by = fixed(change.abs() * 100.0, 2);
        return match by.as_str() {
            "0.00" => format!("unchanged {since}"),
            by => format!("{sign}{by} pt {since}"),
        };
    }
    // Of nothing there is no percentage.
    if before.abs() < f64::EPSILON {
        return format!("{sign}{} {since}", difference(figure.unit, change));
    }
    let share = change.abs() / before.abs();
    match share {
        s if s < 0.005 => format!("unchanged {since}"),
        s if s > 9.99 => format!(">{sign}999% {since}"),
        s => format!("{sign}{}% {since}", fixed(s * 100.0, 0)),
    }
}

/// What is to be known before believing a figure; empty when there is enough behind it.
pub(in crate::kpis) fn caution(figure: &Figure) -> String {
    match (figure.value, figure.samples) {
        (None, 0) => "Nothing in this period says it.".to_owned(),
        (None, samples) => format!("Not known, though there are {}.", sampled(samples)),
        (Some(_), samples) if samples < FEW => format!("Little data: {}.", sampled(samples)),
        _ => String::new(),
    }
}

fn sampled(samples: u64) -> String {
    match samples {
        1 => "1 sample".to_owned(),
        samples => format!("{} samples", grouped(samples)),
    }
}

/// A count in few letters: `1.62 M`.
pub(in crate::kpis) fn count(value: u64) -> String {
    match value {
        v if v < 100_000 => grouped(v),
        v if v < 999_500 => format!("{} k", fixed(v as f64 / 1e3, 0)),
        v if v < 999_500_000 => format!("{} M", trimmed(v as f64 / 1e6, 2)),
        v => format!("{} G", trimmed(v as f64 / 1e9, 2)),
    }
}

/// A share in whole percent, with decimals near the ends: `4%`, `99.98%`; "–" where nothing says it.
pub(in crate::kpis) fn share(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        None => UNKNOWN.to_owned(),
        Some(value) if value <= 0.0 => "0%".to_owned(),
        Some(value) if value < 0.005 => "<1%".to_owned(),
        Some(value) if value < 0.99 => format!("{}%", fixed(value * 100.0, 0)),
        Some(value) => format::percent_fine(Some(value)).text(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::view::Working;

    use super::*;

    fn figure(
        unit: Unit,
        good: Good,
        value: Option<f64>,
        before: Option<f64>,
        target: Option<f64>,
    ) -> Figure {
        Figure {
            key: "answered".into(),
            title: "Answered".into(),
            unit,
            good,
            value,
            before,
            target,
            samples: 4_000,
            days: Vec::new(),
            owner: String::new(),
            working: Working {
                words: String::new(),
                formula: String::new(),
                queries: Vec::new(),
            },
        }
    }

    #[test]
    fn a_missed_target_says_by_how_much() {
        let missed = standing(&figure(
            Unit::Fraction,
            Good::High,
            Some(0.9946),
            None,
            Some(0.995),
        ));
        assert_eq!(missed.words, "target 99.5%, short by 0.04 pt");
        assert_eq!(missed.level, Level::Act);
        assert!(missed.used.is_some_and(|used| (used - 1.08).abs() < 1e-6));
        let slow = figure(Unit::Milliseconds, Good::Low, Some(950.0), None, Some(800.0));
        assert_eq!(standing(&slow).words, "target 800 ms, over by 150 ms");
        let barely = figure(Unit::Fraction, Good::High, Some(0.994_999), None, Some(0.995));
        assert_eq!(
            standing(&barely).words,
            "target 99.5%, short by less than 0.01 pt"
        );
    }

    #[test]
    fn a_met_target_is_met_and_no_target_is_said() {
        let met = figure(Unit::Usd, Good::Low, Some(0.0029), None, Some(0.0035));
        assert_eq!(standing(&met).words, "target $0.0035, met");
        assert_eq!(standing(&met).level, Level::Ok);
        let even = figure(Unit::Fraction, Good::High, Some(0.995), None, Some(0.995));
        assert_eq!(standing(&even).words, "target 99.5%, met");
        let none = figure(Unit::Usd, Good::Low, Some(0.0029), None, None);
        assert_eq!(
            (standing(&none).level, standing(&none).used),
            (Level::Unknown, None)
        );
        let unknown = figure(Unit::Milliseconds, Good::Low, None, None, Some(300_000.0));
        assert_eq!(standing(&unknown).words, "target 5 min, not known");
        assert_eq!(standing(&unknown).level, Level::Unknown, "never green");
        let all = figure(Unit::Fraction, Good::High, Some(1.0), None, Some(1.0));
        assert_eq!(
            standing(&all).used,
            Some(0.0),
            "nothing is allowed and nothing is used"
        );
    }

    #[test]
    fn without_history_there_is_no_change() {
        let trend =
            |unit, value, before| super::trend(&figure(unit, Good::High, value, before, None), "October");
        assert_eq!(trend(Unit::Fraction, Some(0.99), None), "no earlier data");
        assert_eq!(trend(Unit::Fraction, None, None), "no earlier data");
        assert_eq!(
            trend(Unit::Fraction, Some(0.9946), Some(0.9934)),
            "+0.12 pt since October"
        );
        assert_eq!(
            trend(Unit::Fraction, Some(0.99), Some(0.990_001)),
            "unchanged since October"
        );
        assert_eq!(trend(Unit::Usd, Some(96.0), Some(100.0)), "−4% since October");
        assert_eq!(trend(Unit::Usd, Some(3.0), Some(0.0)), "+$3.00 since October");
        assert_eq!(
            trend(Unit::Usd, Some(100.0), Some(100.1)),
            "unchanged since October"
        );
        assert_eq!(trend(Unit::Usd, Some(900.0), Some(1.0)), ">+999% since October");
        assert_eq!(trend(Unit::Usd, None, Some(4.0)), "October: $4.00");
    }

    #[test]
    fn little_data_says_so() {
        let mut few = figure(Unit::Fraction, Good::High, Some(1.0), None, None);
        assert_eq!(caution(&few), "");
        few.samples = 12;
        assert_eq!(caution(&few), "Little data: 12 samples.");
        few.value = None;
        assert_eq!(caution(&few), "Not known, though there are 12 samples.");
        few.samples = 0;
        assert_eq!(caution(&few), "Nothing in this period says it.");
        assert_eq!(value(few.unit, few.value), "–");
    }

    #[test]
    fn values_read_as_one_says_them() {
        for (unit, v, text) in [
            (Unit::Fraction, 0.9946, "99.46%"),
            (Unit::Milliseconds, 580.0, "580 ms"),
            (Unit::Milliseconds, 112_000.0, "1 min 52 s"),
            (Unit::Milliseconds, 300_000.0, "5 min"),
            (Unit::Milliseconds, 6_060_000.0, "1 h 41 min"),
            (Unit::Usd, 0.0029, "$0.0029"),
            (Unit::Usd, -4.0, "−$4.00"),
        ] {
            assert_eq!(value(unit, Some(v)), text);
        }
        assert_eq!(value(Unit::Usd, Some(f64::NAN)), "–");
        assert_eq!(target(Unit::Fraction, 0.9999), "99.99%");
        assert_eq!(target(Unit::Fraction, 0.99999), "99.999%");
        assert_eq!(target(Unit::Milliseconds, 1_500.0), "1.5 s");
        assert_eq!(count(1_620_000), "1.62 M");
        assert_eq!(count(3_100_000), "3.1 M");
        assert_eq!(count(18_204), "18,204");
        assert_eq!(share(Some(0.76)), "76%");
        assert_eq!(share(Some(0.9998)), "99.98%");
        assert_eq!(share(Some(0.001)), "<1%");
    }
}
