//! UTC days, the unit in which the journal is kept and dropped.

use domain::Millis;

/// A day has this many milliseconds; leap seconds do not exist in Unix time.
pub const LENGTH: Millis = 24 * 3_600_000;

/// The day of a time, counted from 1970-01-01.
pub fn of(time: Millis) -> i64 {
    time.div_euclid(LENGTH)
}

/// When it begins.
pub fn start(day: i64) -> Millis {
    day.saturating_mul(LENGTH)
}

/// When the next one begins.
pub fn end(day: i64) -> Millis {
    day.saturating_add(1).saturating_mul(LENGTH)
}

/// Whether retention may touch it: it ended at least [`RECENT_KEPT`](crate::recent::RECENT_KEPT) ago, so that none of
/// its event ids has to be remembered any more.
pub fn is_over(day: i64, now: Millis) -> bool {
    end(day).saturating_add(crate::recent::RECENT_KEPT) <= now
}

/// Its name, `YYYYMMDD`, for years 0 to 9999.
///
/// Civil date from a count of days, after the era-based method described by Howard Hinnant ("chrono-Compatible
/// Low-Level Date Algorithms"): the year is taken to begin in March, so that the leap day is its last.
pub fn name(day: i64) -> String {
    let days = day + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}{month:02}{day_of_month:02}")
}

/// The day with this name.
pub fn parse(name: &str) -> Option<i64> {
    if name.len() != 8 || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i64 = name[..4].parse().ok()?;
    let month: i64 = name[4..6].parse().ok()?;
    let day_of_month: i64 = name[6..].parse().ok()?;
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + day_of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    let day = year.div_euclid(400) * 146_097 + of_era - 719_468;
    // Refuses what is no date, such as the 31st of February: it would come back under another name.
    (self::name(day) == name).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_days() {
        for (day, expected) in [
            (0, "19700101"),
            (-1, "19691231"),
            (11_016, "20000229"),
            (19_723, "20240101"),
            (20_512, "20260228"),
        ] {
            assert_eq!(name(day), expected);
            assert_eq!(parse(expected), Some(day));
        }
        for wrong in ["20260230", "2026011", "2026-1-1", "00000000", "20261301"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_has_its_own_name() {
        let mut previous = name(-1);
        for day in 0..146_097 {
            let name = name(day);
            assert!(name > previous);
            assert_eq!(parse(&name), Some(day));
            previous = name;
        }
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(of(LENGTH - 1), 0);
        assert_eq!(of(LENGTH), 1);
        assert_eq!(of(-1), -1);
        assert_eq!((start(1), end(1)), (LENGTH, 2 * LENGTH));
    }
}
