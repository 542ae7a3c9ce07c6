//! US dollars as a JSON number, to whole nano-dollars, digit by digit: a float would not keep `0.1` + `0.2`.

use domain::NanoUsd;

use super::fault::Fault;
use super::number;

/// The highest cost of one call, in dollars.
const MAX_USD: u64 = 100_000;
const MAX_NANO: u64 = MAX_USD * NANO;
const NANO: u64 = 1_000_000_000;

/// Reads a cost of 0 … 100,000 dollars. Decimals after the ninth are rounded half up.
pub(super) fn nano_usd(raw: &str) -> Result<NanoUsd, Fault> {
    let literal = number::literal(raw)?;
    let (negative, magnitude) = match literal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, literal),
    };
    let nano = nano(magnitude);
    if negative
        && magnitude
            .bytes()
            .take_while(|byte| !is_exponent(*byte))
            .any(|byte| matches!(byte, b'1'..=b'9'))
    {
        return Err(number::below(0, raw));
    }
    if nano > MAX_NANO {
        return Err(number::above(MAX_USD, raw));
    }
    Ok(NanoUsd::try_from(nano).unwrap_or(NanoUsd::MAX))
}

const fn is_exponent(byte: u8) -> bool {
    matches!(byte, b'e' | b'E')
}

/// The value of an unsigned JSON number in billionths, or something above [`MAX_NANO`].
fn nano(magnitude: &str) -> u64 {
    let (mantissa, exponent) = match magnitude.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, clamped(exponent)),
        None => (magnitude, 0),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // How many of the digits stand before the point once it has moved by the exponent and nine places more.
    let point = exponent
        .saturating_add(9)
        .saturating_add(i64::try_from(integer.len()).unwrap_or(i64::MAX));
    let mut digits = integer
        .bytes()
        .chain(fraction.bytes())
        .map(|digit| u64::from(digit.wrapping_sub(b'0')));
    let mut value = 0_u64;
    let mut position = 0_i64;
    while position < point {
        let digit = match digits.next() {
            Some(digit) => digit,
            // Only zeros follow: a value of zero stays, any other grows past the limit within 15 turns.
            None if value == 0 => return 0,
            None => 0,
        };
        value = value * 10 + digit;
        if value > MAX_NANO {
            return value;
        }
        position += 1;
    }
    // The digit after the last one kept decides; left of all digits it is a zero.
    let next = if point < 0 { 0 } else { digits.next().unwrap_or(0) };
    value + u64::from(next >= 5)
}

/// An exponent as far as it can matter.
fn clamped(exponent: &str) -> i64 {
    let limit = if exponent.starts_with('-') {
        i64::MIN / 2
    } else {
        i64::MAX / 2
    };
    exponent
        .parse::<i64>()
        .unwrap_or(limit)
        .clamp(i64::MIN / 2, i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RefusalCode;

    #[test]
    fn exact() {
        for (raw, nano) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0e5", 0),
            ("0.000000001", 1),
            ("0.1", 100_000_000),
            ("1", NANO as i64),
            ("0.30000000000000004", 300_000_000),
            ("0.0123", 12_300_000),
            ("1.5e-3", 1_500_000),
            ("1.5E+3", 1_500_000_000_000),
            ("15e-1", 1_500_000_000),
            ("0.0000000004", 0),
            ("0.0000000005", 1),
            ("0.0000000014999", 1),
            ("5e-10", 1),
            ("4.9e-10", 0),
            ("9e-11", 0),
            ("99e-11", 1),
            ("1e-999999999999999999999", 0),
            ("0e999999999999999999999", 0),
            ("99999.999999999", 99_999_999_999_999),
            ("100000", MAX_NANO as i64),
            ("100000.0000000004", MAX_NANO as i64),
            ("0.00001e10", MAX_NANO as i64),
        ] {
            assert_eq!(nano_usd(raw), Ok(nano), "{raw}");
        }
        let zeros = format!("0.{}1e1000", "0".repeat(1_000));
        assert_eq!(nano_usd(&zeros), Ok(100_000_000));
    }

    #[test]
    fn outside() {
        for raw in [
            "100000.000000001",
            "100001",
            "1e308",
            "1e999",
            "1e99999999999999999999",
            "9e18",
        ] {
            let fault = nano_usd(raw).unwrap_err();
            assert_eq!(fault.code, RefusalCode::OutOfRange, "{raw}");
            assert!(
                fault.reason.starts_with("must be ≤ 100,000, got "),
                "{}",
                fault.reason
            );
        }
        for raw in ["-1", "-0.000000001", "-1e-999", "-1e999"] {
            assert_eq!(
                nano_usd(raw).unwrap_err().reason,
                format!("must be ≥ 0, got {raw}")
            );
        }
        assert!(nano_usd(&"9".repeat(1_000_000)).is_err());
        assert_eq!(
            nano_usd("\"0.01\"").unwrap_err().reason,
            "must be a number, got the string \"0.01\"; drop the quotes: 0.01"
        );
    }

    proptest! {
        #[test]
        fn agrees_with_integers(nano in 0..=MAX_NANO, shift in -20_i32..20) {
            let whole = format!("{}.{:09}", nano / NANO, nano % NANO);
            prop_assert_eq!(nano_usd(&whole), Ok(nano as i64));
            // The same value with the point elsewhere: nano × 10^shift, times 10^-shift.
            let digits = format!("{nano}{}", "0".repeat(shift.max(0) as usize));
            let moved = format!("{digits}e{}", -9 - shift.max(0));
            prop_assert_eq!(nano_usd(&moved), Ok(nano as i64));
        }

        #[test]
        fn near_the_float(value in 0.0..100_000.0_f64) {
            let nano = nano_usd(&format!("{value}")).unwrap();
            prop_assert!((nano as f64 - value * 1e9).abs() <= 1.0 + value * 1e-6);
        }
    }
}
