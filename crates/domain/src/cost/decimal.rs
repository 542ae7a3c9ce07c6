//! Money as people and files write it, to whole pico- and nano-dollars, digit by digit: a float would not keep
//! `0.1` + `0.2`.

use super::PicoUsd;
use crate::NanoUsd;

/// The longest number that is read, in characters.
const LONGEST: usize = 64;
/// The highest price: a million dollars per million tokens, a dollar a token.
const MAX_PRICE: u64 = 1_000_000_000_000;
/// The highest amount, in nano-dollars: a billion dollars.
const MAX_AMOUNT: u64 = 1_000_000_000_000_000_000;

/// Why a text is no price and no amount. The words go behind the name of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is no decimal.
    #[error("must be a decimal of at least 0 such as 2.50, without a currency")]
    NotDecimal,
    /// It has more decimals than are kept.
    #[error("must have at most {0} decimals")]
    TooFine(u32),
    /// It is higher than any.
    #[error("must be at most {0} dollars")]
    TooHigh(&'static str),
}

/// Reads dollars per million tokens, as people write them: `2.50`, `0.0125`.
///
/// # Errors
/// It is no decimal, has more than six decimals, or is above 1,000,000.
pub fn per_million(text: &str) -> Result<PicoUsd, AmountError> {
    plain(text)?;
    match scaled(text, 6, MAX_PRICE) {
        Some(Scaled { exact: false, .. }) => Err(AmountError::TooFine(6)),
        Some(found) => Ok(found.value),
        None => Err(AmountError::TooHigh("1,000,000")),
    }
}

/// Reads dollars per token, as JSON writes numbers: `2.5e-06`. What lies beyond 10^-12 dollars is rounded, half up: files
/// say `2.9999999999999997e-06` where they mean `3e-06`.
///
/// # Errors
/// It is no number of at least 0, or above a dollar.
pub fn per_token(text: &str) -> Result<PicoUsd, AmountError> {
    let (mantissa, _) = parts(text).ok_or(AmountError::NotDecimal)?;
    plain(mantissa)?;
    let found = scaled(text, 12, MAX_PRICE).ok_or(AmountError::TooHigh("1"))?;
    Ok(found.value + u64::from(found.up))
}

/// Reads an amount of dollars: `1234.56`.
///
/// # Errors
/// It is no decimal, has more than nine decimals, or is above a billion.
pub fn dollars(text: &str) -> Result<NanoUsd, AmountError> {
    plain(text)?;
    match scaled(text, 9, MAX_AMOUNT) {
        Some(Scaled { exact: false, .. }) => Err(AmountError::TooFine(9)),
        Some(found) => Ok(NanoUsd::try_from(found.value).unwrap_or(NanoUsd::MAX)),
        None => Err(AmountError::TooHigh("1,000,000,000")),
    }
}

/// A price as dollars per million tokens, with as many decimals as it needs: `2.5`, `0.0125`, `0`.
pub fn exact(price: PicoUsd) -> String {
    let text = format!("{}.{:06}", price / 1_000_000, price % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The same for people: with cents at least, `$2.50`, `$0.0125`, `$0.00`.
pub fn words(price: PicoUsd) -> String {
    let text = exact(price);
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let rest = match decimals {
        0 => ".00",
        1 => "0",
        _ => "",
    };
    format!("${text}{rest}")
}

/// Digits, with a point between some of them or without one.
fn plain(text: &str) -> Result<(), AmountError> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() <= LONGEST && digits(integer) && digits(fraction) {
        true => Ok(()),
        false => Err(AmountError::NotDecimal),
    }
}

/// A number without a sign, and its exponent.
fn parts(text: &str) -> Option<(&str, i64)> {
    match text.split_once(['e', 'E']) {
        // What no `i32` holds is far beyond any price, in either direction.
        Some((mantissa, exponent)) => Some((mantissa, exponent.parse::<i32>().ok()?.into())),
        None => Some((text, 0)),
    }
}

struct Scaled {
    value: u64,
    /// Nothing was cut off.
    exact: bool,
    /// What was cut off is a half or more.
    up: bool,
}

/// The value in units of 10^-`places`; `None` above `most`. The text is checked.
fn scaled(text: &str, places: i64, most: u64) -> Option<Scaled> {
    let (mantissa, exponent) = parts(text)?;
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = integer.bytes().chain(fraction.bytes());
    let digits: Vec<u64> = digits.map(|digit| u64::from(digit.wrapping_sub(b'0'))).collect();
    // How many digits stand before the point once it has moved.
    let point = i64::try_from(integer.len()).ok()? + exponent + places;
    let kept = usize::try_from(point.max(0)).ok()?;
    let mut value = 0_u64;
    for place in 0..kept {
        let digit = match digits.get(place) {
            Some(digit) => *digit,
            // Only zeros follow: zero stays zero, and anything else is soon above the limit.
            None if value == 0 => break,
            None => 0,
        };
        value = value.checked_mul(10)?.checked_add(digit)?;
        if value > most {
            return None;
        }
    }
    let cut = digits.get(kept.min(digits.len())..).unwrap_or_default();
    Some(Scaled {
        value,
        exact: cut.iter().all(|digit| *digit == 0),
        // Left of all digits there are zeros.
        up: point >= 0 && cut.first().is_some_and(|digit| *digit >= 5),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_per_million() {
        for (text, price) in [
            ("0", 0),
            ("2.50", 2_500_000),
            ("2.5", 2_500_000),
            ("0.0125", 12_500),
            ("0.000001", 1),
            ("0.0000010000", 1),
            ("15", 15_000_000),
            ("1000000", MAX_PRICE),
            ("0000000000000000000000000000000000000000000003.1", 3_100_000),
        ] {
            assert_eq!(per_million(text), Ok(price), "{text}");
        }
        for text in [
            "", "-1", "+1", ".5", "5.", "1e3", "$2.50", "2,50", "1,000", " 1", "NaN", "0x1", "٣",
        ] {
            assert_eq!(per_million(text), Err(AmountError::NotDecimal), "{text}");
        }
        assert_eq!(per_million(&"1".repeat(65)), Err(AmountError::NotDecimal));
        assert_eq!(per_million("0.0000001"), Err(AmountError::TooFine(6)));
        for text in ["1000000.000001", "1000001", "99999999999999999999999999"] {
            assert!(
                matches!(per_million(text), Err(AmountError::TooHigh(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn prices_per_token() {
        for (text, price) in [
            ("2.5e-06", 2_500_000),
            ("2.5E-6", 2_500_000),
            ("0.0000025", 2_500_000),
            ("7.5e-08", 75_000),
            ("2.9999999999999997e-06", 3_000_000),
            ("3.0000000000000001e-06", 3_000_000),
            ("1e-12", 1),
            ("5e-13", 1),
            ("4.9e-13", 0),
            ("9e-14", 0),
            ("1e-400", 0),
            ("0", 0),
            ("0.0", 0),
            ("0e99", 0),
            ("1", MAX_PRICE),
        ] {
            assert_eq!(per_token(text), Ok(price), "{text}");
        }
        for text in ["-1e-6", "\"1\"", "null", "1e", "1e99999999999", "{}", ""] {
            assert_eq!(per_token(text), Err(AmountError::NotDecimal), "{text}");
        }
        for text in ["1.1", "1e3", "1e2147483647"] {
            assert!(matches!(per_token(text), Err(AmountError::TooHigh(_))), "{text}");
        }
    }

    #[test]
    fn amounts_and_words() {
        assert_eq!(dollars("1234.56"), Ok(1_234_560_000_000));
        assert_eq!(dollars("0.0000000001"), Err(AmountError::TooFine(9)));
        assert_eq!(dollars("1000000000"), Ok(1_000_000_000_000_000_000));
        assert!(dollars("1000000000.01").is_err());
        for (price, told) in [
            (2_500_000, "$2.50"),
            (12_500, "$0.0125"),
            (15_000_000, "$15.00"),
            (150_000, "$0.15"),
            (0, "$0.00"),
            (1, "$0.000001"),
        ] {
            assert_eq!(words(price), told);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(price in 0..=MAX_PRICE) {
            prop_assert_eq!(per_million(&exact(price)), Ok(price));
            prop_assert_eq!(per_token(&format!("{price}e-12")), Ok(price));
        }
    }
}
