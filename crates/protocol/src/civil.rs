//! Calendar arithmetic on plain numbers: days since 1970-01-01 in the proleptic Gregorian calendar, and the date and
//! zone of an RFC 3339 text.
//!
//! A calendar date is `(year, month, day)`, month and day counted from 1. Years are counted from March inside, so that
//! the leap day is the last of its year and no month has to know about it.
//!
//! Deliberately absent: zones by name, summer time, leap seconds, the clock, words.

/// Days from 1 March of year 0 to 1970-01-01.
const TO_EPOCH: i64 = 719_468;
/// Days of 400 years, of a century that does not end in a leap year, and of 4 years that do.
const DAYS_400: i64 = 146_097;
const DAYS_100: i64 = 36_524;
const DAYS_4: i64 = 1_461;
const DAYS_1: i64 = 365;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The day of a date, counted from 1970-01-01. The month must be 1 to 12; a day beyond its month runs into the next.
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // January and February belong to the year that began in the March before.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From March on, months of 31 and 30 days alternate with a period of 153 days in 5 months.
    let before_month = (153 * month + 2) / 5;
    year * DAYS_1 + leap_days + before_month + day - 1 - TO_EPOCH
}

/// Year, month and day of a day counted from 1970-01-01.
pub const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + TO_EPOCH;
    let mut year = days.div_euclid(DAYS_400) * 400;
    let mut rest = days.rem_euclid(DAYS_400);
    // The last century of 400 years and the last year of 4 are a day longer: that day must not begin a fifth one.
    let centuries = at_most_3(rest / DAYS_100);
    rest -= centuries * DAYS_100;
    let fours = rest / DAYS_4;
    rest -= fours * DAYS_4;
    let years = at_most_3(rest / DAYS_1);
    rest -= years * DAYS_1;
    year += centuries * 100 + fours * 4 + years;

    let month = (5 * rest + 2) / 153;
    let day = rest - (153 * month + 2) / 5 + 1;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

const fn at_most_3(value: i64) -> i64 {
    if value > 3 { 3 } else { value }
}

/// The day of the week, 0 for Monday to 6 for Sunday.
pub const fn weekday(days: i64) -> i64 {
    // The epoch began on a Thursday.
    (days + 3).rem_euclid(7)
}

/// How many days a month has, 1 to 12.
pub const fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    days_from_civil(next_year, next, 1) - days_from_civil(year, month, 1)
}

/// The same day some months later, or earlier when negative; the last of the month where it has no such day.
pub const fn add_months(days: i64, months: i64) -> i64 {
    let (year, month, day) = civil_from_days(days);
    let months = year * 12 + month - 1 + months;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let longest = days_in_month(year, month);
    days_from_civil(year, month, if day > longest { longest } else { day })
}

/// Reads `2026-01-31T09:30:00` with an optional fraction: milliseconds since the epoch on the clock that it was read
/// from, and what follows. A lower-case `t` and a space are read as `T`; a second 60 counts as 59; digits after the
/// milliseconds are dropped.
pub fn date_time(text: &str) -> Option<(i64, &str)> {
    let head: &[u8; 19] = text.as_bytes().first_chunk()?;
    let [
        _,
        _,
        _,
        _,
        b'-',
        _,
        _,
        b'-',
        _,
        _,
        b'T' | b't' | b' ',
        _,
        _,
        b':',
        _,
        _,
        b':',
        _,
        _,
    ] = head
    else {
        return None;
    };
    let (year, month, day) = (number(&head[..4])?, number(&head[5..7])?, number(&head[8..10])?);
    let (hour, minute, second) = (
        number(&head[11..13])?,
        number(&head[14..16])?,
        number(&head[17..])?,
    );
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // All of the head was ASCII.
    let (millis, rest) = fraction(text.get(19..)?)?;
    let clock = hour * HOUR + minute * MINUTE + second.min(59) * SECOND + millis;
    Some((days_from_civil(year, month, day) * DAY + clock, rest))
}

/// Reads the zone of an RFC 3339 text, all of it: minutes east of UTC for `Z`, `+01:00`, `-09:30`.
pub fn zone(text: &str) -> Option<i64> {
    match text.as_bytes() {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', m1, m2] if hours.len() == 2 => {
            let (hours, minutes) = (number(hours)?, number(&[*m1, *m2])?);
            let east = hours * 60 + minutes;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -east } else { east })
        }
        _ => None,
    }
}

/// Milliseconds of a fraction, if one is there, and what follows.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(digits) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &digits.as_bytes()[..digits.len() - rest.len()];
    if digits.is_empty() {
        return None;
    }
    let millis = (0..3).fold(0, |millis, place| {
        millis * 10 + digits.get(place).map_or(0, |digit| i64::from(digit - b'0'))
    });
    Some((millis, rest))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The calendar as a child knows it.
    fn tomorrow((year, month, day): (i64, i64, i64)) -> (i64, i64, i64) {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let longest = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            (_, day) if day == longest => (year, month + 1, 1),
            _ => (year, month, day + 1),
        }
    }

    #[test]
    fn every_day_of_nine_centuries_is_the_one_after_the_one_before() {
        let mut date = (1_599, 12, 31);
        let first = days_from_civil(1_599, 12, 31);
        for days in first..=days_from_civil(2_500, 1, 1) {
            assert_eq!(civil_from_days(days), date);
            assert_eq!(days_from_civil(date.0, date.1, date.2), days, "{date:?}");
            date = tomorrow(date);
        }
    }

    #[test]
    fn known_days() {
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(1969, 12, 31), -1);
        assert_eq!(days_from_civil(2000, 2, 29), 11_016);
        assert_eq!(days_from_civil(2025, 11, 20), 20_412);
        assert_eq!(civil_from_days(11_017), (2000, 3, 1));
        assert_eq!(civil_from_days(-TO_EPOCH), (0, 3, 1));
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(weekday(0), 3, "1970-01-01 was a Thursday");
        assert_eq!(
            weekday(-4),
            6,
            "and the Sunday before came at the end of its week"
        );
        assert_eq!(weekday(days_from_civil(2026, 7, 27)), 0);
    }

    #[test]
    fn months_have_their_days() {
        assert_eq!(days_in_month(2024, 2), 29);
        assert_eq!(days_in_month(2025, 2), 28);
        assert_eq!(days_in_month(2100, 2), 28);
        assert_eq!(days_in_month(2025, 4), 30);
        assert_eq!(days_in_month(2025, 12), 31);
    }

    #[test]
    fn a_day_that_the_month_lacks_becomes_its_last() {
        let months = |(year, month, day), months| {
            civil_from_days(add_months(days_from_civil(year, month, day), months))
        };
        assert_eq!(months((2025, 3, 31), -1), (2025, 2, 28));
        assert_eq!(months((2024, 3, 31), -1), (2024, 2, 29));
        assert_eq!(months((2024, 2, 29), -12), (2023, 2, 28));
        assert_eq!(months((2025, 1, 15), -1), (2024, 12, 15));
        assert_eq!(months((2025, 10, 31), 1), (2025, 11, 30));
        assert_eq!(months((2025, 12, 31), 1), (2026, 1, 31));
        assert_eq!(months((2025, 11, 20), 0), (2025, 11, 20));
    }

    #[test]
    fn written_times_are_read() {
        let at = days_from_civil(2026, 1, 31) * DAY + 9 * HOUR + 30 * MINUTE;
        assert_eq!(date_time("2026-01-31T09:30:00Z"), Some((at, "Z")));
        assert_eq!(
            date_time("2026-01-31t09:30:00.5+01:00"),
            Some((at + 500, "+01:00"))
        );
        assert_eq!(
            date_time("2026-01-31 09:30:07.123456789z"),
            Some((at + 7_123, "z"))
        );
        assert_eq!(date_time("2026-01-31T09:30:00"), Some((at, "")));
        assert_eq!(
            date_time("2016-12-31T23:59:60Z"),
            date_time("2016-12-31T23:59:59Z")
        );
        for wrong in [
            "",
            "2026-01-31",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T09:60:00Z",
            "2026-01-31T09:30:61Z",
            "2026-01-31T09:30:00.Z",
            "2026-01-31T+9:30:00Z",
            "2026-01-31T09:30:0٣Z",
            "2026/01/31T09:30:00Z",
        ] {
            assert_eq!(date_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn zones_are_read() {
        assert_eq!(zone("Z"), Some(0));
        assert_eq!(zone("+05:30"), Some(330));
        assert_eq!(zone("-09:30"), Some(-570));
        for wrong in [
            "", "+1:00", "+0100", "+24:00", "+01:60", "01:00", "Zulu", "+01:00 ",
        ] {
            assert_eq!(zone(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_day_survives_the_calendar(days in -1_000_000_000_i64..1_000_000_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert!((1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day));
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn months_are_exact_and_days_only_shrink(days in -1_000_000_i64..1_000_000, by in -5_000_i64..5_000) {
            let (year, month, day) = civil_from_days(days);
            let (later_year, later_month, later_day) = civil_from_days(add_months(days, by));
            prop_assert_eq!(later_year * 12 + later_month, year * 12 + month + by);
            prop_assert!(later_day == day || later_day == days_in_month(later_year, later_month));
            prop_assert!(later_day <= day);
        }

        #[test]
        fn what_strangers_write_never_panics(text in ".{0,40}", tail in ".{0,8}") {
            let _ = (date_time(&text), zone(&text));
            let _ = date_time(&format!("2026-01-31T09:30:00{tail}"));
        }
    }
}
