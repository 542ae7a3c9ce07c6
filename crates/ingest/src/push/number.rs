//! Numbers, read from their own text so that limits are checked on what was sent, not on what a float made of it.

use domain::Micros;

use super::RefusalCode;
use super::fault::{Fault, kind, shown};
use super::text;

/// The longest duration, in milliseconds: one day.
pub(super) const MAX_DURATION_MS: u64 = 86_400_000;

/// The text of a JSON number.
pub(super) fn literal(raw: &str) -> Result<&str, Fault> {
    match raw.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(raw),
        _ => Err(not_a_number(raw)),
    }
}

fn not_a_number(raw: &str) -> Fault {
    let Ok(text) = text::decode(raw) else {
        return Fault::new(
            RefusalCode::WrongType,
            format!("must be a number, got {}", kind(raw)),
        );
    };
    let got = super::fault::quoted(&text);
    let trimmed = text.trim();
    let hint = match trimmed.parse::<f64>() {
        Ok(value) if value.is_finite() => format!("; drop the quotes: {}", shown(trimmed)),
        Ok(_) => "; when there is no value, leave the field out".to_owned(),
        Err(_) => String::new(),
    };
    Fault::new(
        RefusalCode::WrongType,
        format!("must be a number, got the string {got}{hint}"),
    )
}

/// A number as a double; infinite where it is too large for one.
pub(super) fn real(raw: &str) -> Result<f64, Fault> {
    let literal = literal(raw)?;
    literal.parse::<f64>().map_err(|_| not_a_number(raw))
}

/// A whole number within limits; `12.0` and `1.2e1` count as 12.
pub(super) fn whole(raw: &str, min: u64, max: u64) -> Result<u64, Fault> {
    let text = literal(raw)?;
    let value = if let Some(value) = digits(text) {
        value
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only digits, and many: what does not fit 64 bits is above any limit.
        text.parse::<u64>().unwrap_or(u64::MAX)
    } else {
        let value = real(raw)?;
        if value < 0.0 {
            return Err(below(min, text));
        }
        if value.is_finite() && value.fract() != 0.0 {
            return Err(Fault::new(
                RefusalCode::WrongType,
                format!("must be a whole number, got {}", shown(text)),
            ));
        }
        // A float cast saturates, so infinity is above any limit too.
        value as u64
    };
    if value < min {
        return Err(below(min, text));
    }
    if value > max {
        return Err(above(max, text));
    }
    Ok(value)
}

/// A whole number within limits no wider than 32 bits.
pub(super) fn whole_u32(raw: &str, min: u32, max: u32) -> Result<u32, Fault> {
    whole(raw, min.into(), max.into()).map(|value| u32::try_from(value).unwrap_or(max))
}

/// A number of a few digits and nothing else, as nearly all are: read without a float.
fn digits(text: &str) -> Option<u64> {
    // More could be too large for 64 bits.
    if !(1..=18).contains(&text.len()) {
        return None;
    }
    let next = |value: u64, byte: u8| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'));
    text.bytes().try_fold(0, next)
}

/// Milliseconds, possibly fractional, as whole microseconds.
pub(super) fn duration(raw: &str) -> Result<Micros, Fault> {
    if let Some(millis) = digits(raw).filter(|millis| *millis <= MAX_DURATION_MS) {
        return Ok(millis * 1_000);
    }
    let millis = real(raw)?;
    if millis < 0.0 {
        return Err(below(0, raw));
    }
    if millis > MAX_DURATION_MS as f64 {
        return Err(Fault::new(
            RefusalCode::OutOfRange,
            format!(
                "must be ≤ {} (milliseconds, one day), got {}",
                grouped(MAX_DURATION_MS),
                shown(raw)
            ),
        ));
    }
    Ok((millis * 1_000.0).round() as Micros)
}

/// A fraction 0–1.
pub(super) fn rate(raw: &str) -> Result<f64, Fault> {
    let value = real(raw)?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value.abs());
    }
    let reason = if value == -1.0 {
        "must be ≥ 0, got -1; when it is unknown, leave it out".to_owned()
    } else if value < 0.0 {
        format!("must be ≥ 0, got {}", shown(raw))
    } else if value <= 100.0 {
        format!("is a fraction 0–1; did you mean {}?", short(value / 100.0))
    } else {
        format!("is a fraction 0–1, got {}", shown(raw))
    };
    Err(Fault::new(RefusalCode::OutOfRange, reason))
}

/// A figure from a header: 0 or more, as large as every JSON reader can keep.
pub(super) fn count(raw: &str) -> Result<u64, Fault> {
    const MAX: u64 = (1 << 53) - 1;
    whole(raw, 0, MAX).map_err(|mut fault| {
        if fault.code == RefusalCode::OutOfRange && raw.starts_with('-') {
            fault.reason.push_str("; when it is unknown, leave it out");
        }
        fault
    })
}

pub(super) fn below(min: u64, got: &str) -> Fault {
    Fault::new(
        RefusalCode::OutOfRange,
        format!("must be ≥ {}, got {}", grouped(min), shown(got)),
    )
}

pub(super) fn above(max: u64, got: &str) -> Fault {
    Fault::new(
        RefusalCode::OutOfRange,
        format!("must be ≤ {}, got {}", grouped(max), shown(got)),
    )
}

/// `86400000` as `86,400,000`.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// At most six decimals, no trailing zeros: `0.333` rather than `0.33299999999999996`.
fn short(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        result.unwrap_err().reason
    }

    #[test]
    fn whole_numbers() {
        for (raw, value) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0e999999999999", 0),
            ("12", 12),
            ("12.0", 12),
            ("1.2e1", 12),
            ("100", 100),
            ("1e2", 100),
            ("100.0000", 100),
            ("1e-999", 0),
        ] {
            assert_eq!(whole(raw, 0, 100), Ok(value), "{raw}");
        }
        assert_eq!(reason(whole("12.5", 0, 100)), "must be a whole number, got 12.5");
        assert_eq!(whole("12.5", 0, 100).unwrap_err().code, RefusalCode::WrongType);
        for raw in [
            "101",
            "1e3",
            "18446744073709551615",
            "18446744073709551616",
            "1e308",
            "1e999",
            "9e18",
        ] {
            assert_eq!(
                whole(raw, 0, 100).unwrap_err().code,
                RefusalCode::OutOfRange,
                "{raw}"
            );
        }
        for raw in ["-1", "-1e308", "-9223372036854775808", "-1e999", "-0.5"] {
            assert_eq!(reason(whole(raw, 0, 100)), format!("must be ≥ 0, got {raw}"));
        }
        assert_eq!(reason(whole("0", 1, 100)), "must be ≥ 1, got 0");
        let limit = i64::MAX as u64;
        assert_eq!(whole("9223372036854775807", 0, limit), Ok(limit));
        assert!(whole("9223372036854775808", 0, limit).is_err());
        assert!(whole("9.3e18", 0, limit).is_err());
        assert!(whole("9223372036854775808.0", 0, limit).is_err());
    }

    #[test]
    fn not_numbers() {
        for (raw, expected) in [
            (
                r#""12""#,
                "must be a number, got the string \"12\"; drop the quotes: 12",
            ),
            (
                r#"" 1.5 ""#,
                "must be a number, got the string \" 1.5 \"; drop the quotes: 1.5",
            ),
            (
                r#""NaN""#,
                "must be a number, got the string \"NaN\"; when there is no value, leave the field out",
            ),
            (r#""12ms""#, "must be a number, got the string \"12ms\""),
            ("true", "must be a number, got true"),
            ("[1]", "must be a number, got an array"),
            ("{}", "must be a number, got an object"),
        ] {
            let fault = whole(raw, 0, 100).unwrap_err();
            assert_eq!(
                (fault.code, fault.reason.as_str()),
                (RefusalCode::WrongType, expected)
            );
        }
    }

    #[test]
    fn durations() {
        for (raw, micros) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("5e-324", 0),
            ("0.0004", 0),
            ("0.0005", 1),
            ("1", 1_000),
            ("812.345", 812_345),
            ("86399999", 86_399_999_000),
            ("86400000", 86_400_000_000),
        ] {
            assert_eq!(duration(raw), Ok(micros), "{raw}");
        }
        assert_eq!(reason(duration("-1")), "must be ≥ 0, got -1");
        for raw in ["86400000.01", "86400001", "1e308", "1e999", "9223372036854775807"] {
            assert_eq!(duration(raw).unwrap_err().code, RefusalCode::OutOfRange, "{raw}");
        }
        assert_eq!(
            reason(duration("86400001")),
            "must be ≤ 86,400,000 (milliseconds, one day), got 86400001"
        );
    }

    #[test]
    fn rates() {
        for (raw, value) in [
            ("0", 0.0),
            ("1", 1.0),
            ("1.0", 1.0),
            ("0.5", 0.5),
            ("5e-324", 5e-324),
        ] {
            assert_eq!(rate(raw), Ok(value));
        }
        assert!(rate("-0").unwrap().is_sign_positive());
        for (raw, expected) in [
            ("62.5", "is a fraction 0–1; did you mean 0.625?"),
            ("50", "is a fraction 0–1; did you mean 0.5?"),
            ("33.3", "is a fraction 0–1; did you mean 0.333?"),
            ("100", "is a fraction 0–1; did you mean 1?"),
            ("101", "is a fraction 0–1, got 101"),
            ("1e308", "is a fraction 0–1, got 1e308"),
            ("1e999", "is a fraction 0–1, got 1e999"),
            ("-1", "must be ≥ 0, got -1; when it is unknown, leave it out"),
            ("-0.5", "must be ≥ 0, got -0.5"),
        ] {
            assert_eq!(reason(rate(raw)), expected);
        }
        assert!(rate("1.0000001").is_err());
    }

    #[test]
    fn counts() {
        assert_eq!(count("9007199254740991"), Ok((1 << 53) - 1));
        assert!(count("9007199254740992").is_err());
        assert_eq!(
            reason(count("-1")),
            "must be ≥ 0, got -1; when it is unknown, leave it out"
        );
        assert!(!reason(count("9007199254740992")).contains("leave"));
    }

    #[test]
    fn grouping() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (86_400_000, "86,400,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(value), text);
        }
    }
}
