//! Decimal figures without the tables of the standard library, which a page would have to download.

/// From here on a mantissa takes no more digits; one more fits.
const FULL: u64 = 1_000_000_000_000_000_000;

/// A figure, without the tables of the standard library: between 1e-22 and 1e22 exact to 15 digits and off by a unit in
/// the 16th place at most, which is what the contract promises.
pub(super) fn figure(text: &str) -> Option<f64> {
    let (text, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest, -1.0),
        None => (text, 1.0),
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    if whole.is_empty() || part.is_empty() {
        return None;
    }
    let (mut mantissa, mut power) = (0_u64, exponent);
    for (digit, places) in whole
        .bytes()
        .map(|digit| (digit, 0))
        .chain(part.bytes().map(|digit| (digit, 1)))
    {
        if !digit.is_ascii_digit() {
            return None;
        }
        if mantissa < FULL {
            mantissa = mantissa * 10 + u64::from(digit - b'0');
            power = power.saturating_sub(places);
        } else {
            // More digits than a figure holds.
            power = power.saturating_add(1 - places);
        }
    }
    let scale = |power: i32| 10_f64.powi(power);
    let figure = match power {
        0.. => mantissa as f64 * scale(power),
        // In two steps: the second alone would be nothing.
        ..-300 => mantissa as f64 / scale(300) / scale(power.saturating_add(300).saturating_neg()),
        _ => mantissa as f64 / scale(-power),
    };
    // An overflow times nothing is no number.
    Some(if mantissa == 0 { 0.0 } else { figure } * sign)
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "0.0",
            "1",
            "-1.5",
            "118.0",
            "0.9921",
            "1650",
            "1e3",
            "1E+3",
            "2.5e-7",
            "123456789012345",
            "0.000001",
            "999999999999.999",
            "1e22",
            "0e400",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(figure(text), Some(expected), "{text}");
        }
        for text in [
            "0.30000000000000004",
            "5e-324",
            "18446744073709551619",
            "123456789012345678901234567890",
            "0.1234567890123456789012345678901",
            "1e300",
        ] {
            let (read, expected) = (figure(text).unwrap(), text.parse::<f64>().unwrap());
            assert!((read - expected).abs() <= expected * 4e-15, "{text}: {read}");
        }
        for text in ["", "-", ".", "1.", ".5", "1e", "e5", "1x", "--1", "NaN", "null"] {
            assert_eq!(figure(text), None, "{text}");
        }
    }
}
