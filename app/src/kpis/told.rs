//! Values of figures whose formula somebody wrote: they may be below zero, and shares above one.

use protocol::query::Unit;

use crate::format::{MINUS, fixed, value};

/// As [`value`], for any number: `−$12.40`, `350%`, `0.031`.
pub(super) fn told(unit: Unit, number: Option<f64>) -> String {
    match (unit, number) {
        (Unit::Fraction, Some(v)) if !(0.0..=1.0).contains(&v) => {
            let decimals = u32::from(v.abs() < 10.0);
            [&fixed(v * 100.0, decimals), "%"].concat()
        }
        (_, Some(v)) if v < 0.0 => format!("{MINUS}{}", told(unit, Some(-v))),
        (Unit::Count | Unit::Tokens | Unit::TokensPerSecond, Some(v))
            if v > 0.0 && v < 10.0 && v.fract() != 0.0 =>
        {
            let text = fixed(v, if v < 0.1 { 4 } else { 2 });
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => value(unit, number),
    }
}

/// A target as a field has it: `99.5%`, `800 ms`, `$0.004`, `12`.
pub(super) fn target_text(unit: Unit, target: Option<f64>) -> String {
    let Some(target) = target else {
        return String::new();
    };
    // Without the noise of binary fractions.
    let plain = |number: f64| {
        let text = format!("{number:.9}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match unit {
        Unit::Fraction => [&plain(target * 100.0), "%"].concat(),
        Unit::Milliseconds => [&plain(target), " ms"].concat(),
        Unit::Usd if target >= 0.0 => ["$", &plain(target)].concat(),
        _ => plain(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_is_told() {
        for (unit, number, expected) in [
            (Unit::Fraction, Some(3.5), "350.0%"),
            (Unit::Fraction, Some(-0.25), "\u{2212}25.0%"),
            (Unit::Fraction, Some(12.0), "1,200%"),
            (Unit::Fraction, Some(0.995), "99.50%"),
            (Unit::Usd, Some(-12.4), "\u{2212}$12.40"),
            (Unit::Count, Some(0.031), "0.031"),
            (Unit::Count, Some(1_284.0), "1,284"),
            (Unit::Milliseconds, Some(800.0), "800 ms"),
            (Unit::Usd, None, "—"),
        ] {
            assert_eq!(told(unit, number), expected, "{unit:?} {number:?}");
        }
    }

    #[test]
    fn targets_are_written_as_they_are_entered() {
        for (unit, target, expected) in [
            (Unit::Fraction, 0.995, "99.5%"),
            (Unit::Fraction, 0.07, "7%"),
            (Unit::Milliseconds, 800.0, "800 ms"),
            (Unit::Usd, 0.004, "$0.004"),
            (Unit::Usd, -2.5, "-2.5"),
            (Unit::Tokens, 1_000.0, "1000"),
        ] {
            assert_eq!(target_text(unit, Some(target)), expected);
        }
        assert_eq!(target_text(Unit::Usd, None), "");
    }
}
