//! Lengths of time and figures as people write them in a rule: `3 min`, `1.6 s`, `95%`, `$20`.
//!
//! What is said is what is read again, to the last bit: where rounding would lose something, it is not rounded.

use protocol::query::Unit;

const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 3_600_000.0;
const DAY: f64 = 86_400_000.0;

/// How a length is written, for whoever wrote another.
pub(super) const LENGTH: &str = "a length of time such as 30 s, 5 min, 1 h or 2 d";

/// `90 s`, `3 min`, `7 d`: in the largest unit that divides it; `0 s` for none.
pub(super) fn say_length(ms: i64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
    let found = units
        .into_iter()
        .find(|(unit, _)| ms != 0 && ms % *unit as i64 == 0);
    match found {
        Some((unit, word)) => format!("{} {word}", ms / unit as i64),
        None if ms == 0 => "0 s".to_owned(),
        None => format!("{ms} ms"),
    }
}

/// Milliseconds; `None` for what is no length, or has a part of a millisecond.
pub(super) fn read_length(text: &str) -> Option<i64> {
    let (number, unit) = parts(text)?;
    let number: f64 = number.parse().ok()?;
    let ms = match unit.as_str() {
        "" if number == 0.0 => 0.0,
        unit => number * time(unit)?,
    };
    (ms.fract() == 0.0 && (0.0..1e15).contains(&ms)).then_some(ms as i64)
}

/// How a figure of this unit is written, for whoever wrote another.
pub(super) const fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Count | Unit::Tokens => "a number such as 50 or 1,200",
        Unit::Fraction => "a share such as 95% or 99.9%",
        Unit::Milliseconds => "a length of time such as 800 ms or 2 s",
        Unit::TokensPerSecond => "a number per second such as 20/s",
        Unit::Usd => "an amount of dollars such as $20 or $0.02",
    }
}

/// A figure in the words of its unit.
pub(in crate::alerts) fn say(unit: Unit, value: f64) -> String {
    let plain = value.to_string();
    match unit {
        Unit::Fraction => format!("{}%", shifted(&plain, 2)),
        Unit::Milliseconds if value.abs() >= 1_000.0 => format!("{} s", shifted(&plain, -3)),
        Unit::Milliseconds => format!("{plain} ms"),
        Unit::Usd => match plain.strip_prefix('-') {
            Some(owed) => format!("-${owed}"),
            None => format!("${plain}"),
        },
        Unit::TokensPerSecond => format!("{plain}/s"),
        Unit::Count | Unit::Tokens => plain,
    }
}

/// A figure; `None` for what is none of this unit. A share without a sign is one of 1 up to 1, and a percentage above.
pub(super) fn read(unit: Unit, text: &str) -> Option<f64> {
    let bare = text.trim();
    let (sign, bare) = match bare.strip_prefix(['-', '−']) {
        Some(rest) => (-1.0, rest),
        None => (1.0, bare),
    };
    let (number, word) = parts(bare.strip_prefix('$').unwrap_or(bare))?;
    let plain: f64 = number.parse().ok()?;
    // Tens are moved in the text, so that nothing is rounded on the way.
    let tens = match (unit, word.as_str()) {
        (Unit::Fraction, "%") => -2,
        (Unit::Fraction, "") if plain > 1.0 => -2,
        (_, "") | (Unit::Milliseconds, "ms") | (Unit::TokensPerSecond, "/s") | (Unit::Usd, "$" | "usd") => 0,
        (Unit::Milliseconds, "s" | "sec" | "second" | "seconds") => 3,
        (Unit::Milliseconds, word) => return Some(sign * plain * time(word)?),
        (Unit::Count | Unit::Tokens, "k") => 3,
        (Unit::Count | Unit::Tokens, "m") => 6,
        _ => return None,
    };
    let value: f64 = shifted(&number, tens).parse().ok()?;
    Some(sign * value)
}

/// A number without its commas, and the word behind it in small letters.
fn parts(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let is_digit = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let end = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (number, word) = text.split_at(end);
    let number = number.replace(',', "");
    (number.len() <= 40 && number.contains(|c: char| c.is_ascii_digit()))
        .then(|| (number, word.trim().to_lowercase()))
}

/// A decimal number times ten to the power of `tens`, as text.
fn shifted(number: &str, tens: i32) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let zeros = "0".repeat(tens.unsigned_abs() as usize);
    let (whole, part) = match tens {
        0.. => {
            let moved = [part, &zeros].concat();
            let (moved, rest) = moved.split_at(tens as usize);
            ([whole, moved].concat(), rest.to_owned())
        }
        _ => {
            let whole = [&zeros, whole].concat();
            let (whole, moved) = whole.split_at(whole.len() - zeros.len());
            (whole.to_owned(), [moved, part].concat())
        }
    };
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    match part {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

/// A unit of time, milliseconds.
fn time(word: &str) -> Option<f64> {
    Some(match word {
        "ms" => 1.0,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "h" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [Unit; 6] = [
        Unit::Count,
        Unit::Fraction,
        Unit::Milliseconds,
        Unit::Tokens,
        Unit::TokensPerSecond,
        Unit::Usd,
    ];

    #[test]
    fn what_is_said_is_read() {
        let mut value = 0.001_f64;
        while value < 1e9 {
            for unit in UNITS {
                for value in [value, -value, 1.0 - value, value.round()] {
                    let said = say(unit, value);
                    assert_eq!(read(unit, &said), Some(value), "{said} of {unit:?}");
                }
            }
            value *= 1.37;
        }
        for ms in [
            0,
            1,
            999,
            1_000,
            10_000,
            90_000,
            180_000,
            3_600_000,
            5_400_000,
            604_800_000,
        ] {
            let said = say_length(ms);
            assert_eq!(read_length(&said), Some(ms), "{said}");
        }
    }

    #[test]
    fn it_is_said_as_people_do() {
        assert_eq!(say(Unit::Fraction, 0.95), "95%");
        assert_eq!(say(Unit::Fraction, 0.07), "7%");
        assert_eq!(say(Unit::Fraction, 0.9995), "99.95%");
        assert_eq!(say(Unit::Milliseconds, 1_600.0), "1.6 s");
        assert_eq!(say(Unit::Milliseconds, 250.0), "250 ms");
        assert_eq!(say(Unit::Usd, 0.02), "$0.02");
        assert_eq!(say_length(180_000), "3 min");
        assert_eq!(say_length(90_000), "90 s");
        assert_eq!(say_length(86_400_000), "1 d");
    }

    #[test]
    fn people_write_it_in_many_ways() {
        assert_eq!(read_length(" 3min"), Some(180_000));
        assert_eq!(read_length("1.5 h"), Some(5_400_000));
        assert_eq!(read_length("0"), Some(0));
        assert_eq!(read(Unit::Fraction, "95"), Some(0.95));
        assert_eq!(read(Unit::Fraction, "0.95"), Some(0.95));
        assert_eq!(read(Unit::Milliseconds, "2000"), Some(2_000.0));
        assert_eq!(read(Unit::Milliseconds, "2 sec"), Some(2_000.0));
        assert_eq!(read(Unit::Count, "1,200"), Some(1_200.0));
        assert_eq!(read(Unit::Tokens, "3 M"), Some(3e6));
        assert_eq!(read(Unit::Usd, "20 $"), Some(20.0));
    }

    #[test]
    fn what_is_none_is_none() {
        for text in [
            "",
            "soon",
            "3",
            "3 fortnights",
            "-3 min",
            "1e400 s",
            "0.0001 s",
            "3 min 5 s",
        ] {
            assert_eq!(read_length(text), None, "{text}");
        }
        for unit in UNITS {
            for text in ["", "much", "%", "1.2.3", "5 apples", "inf", "NaN"] {
                assert_eq!(read(unit, text), None, "{text} of {unit:?}");
            }
        }
        assert_eq!(read(Unit::Usd, "5%"), None);
        assert_eq!(read(Unit::Count, "5 s"), None);
    }
}
