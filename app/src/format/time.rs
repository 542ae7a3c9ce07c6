//! Moments and lengths of time. Moments are epoch milliseconds and are shown at a fixed offset from UTC, given in
//! minutes; which zone a page uses is decided elsewhere (cookie, else tenant).

use super::NOTHING;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// The epoch began on a Thursday.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

fn two(value: i64) -> String {
    if value < 10 {
        format!("0{value}")
    } else {
        value.to_string()
    }
}

fn local_day(at: i64, offset_min: i32) -> i64 {
    (at + i64::from(offset_min) * MINUTE).div_euclid(DAY)
}

/// Year, month (1 to 12) and day of the month of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
/// Months are counted from March, so that the leap day is the last of a year, and years in eras of 400.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_month)
}

/// `14:28:02`.
pub fn clock(at: i64, offset_min: i32) -> String {
    let seconds = (at + i64::from(offset_min) * MINUTE).rem_euclid(DAY) / SECOND;
    [two(seconds / 3600), two(seconds / 60 % 60), two(seconds % 60)].join(":")
}

/// `14:28:02` today, `Thu 09:10` within the last week, `30 Jul 09:10` before.
pub fn moment(at: i64, now: i64, offset_min: i32) -> String {
    let day = local_day(at, offset_min);
    let age = local_day(now, offset_min) - day;
    let time = clock(at, offset_min);
    if age == 0 {
        return time;
    }
    let minutes = &time[..5];
    if (1..7).contains(&age) {
        return [DAYS[day.rem_euclid(7) as usize], " ", minutes].concat();
    }
    let (_, month, day) = civil(day);
    [&day.to_string(), " ", MONTHS[month as usize - 1], " ", minutes].concat()
}

/// The day that a moment lies in: `Today`, `Thu` within the last week, `30 Jul` before.
pub fn day(at: i64, now: i64, offset_min: i32) -> String {
    let day = local_day(at, offset_min);
    let age = local_day(now, offset_min) - day;
    if age == 0 {
        return "Today".to_owned();
    }
    if (1..7).contains(&age) {
        return DAYS[day.rem_euclid(7) as usize].to_owned();
    }
    let (_, month, day) = civil(day);
    [&day.to_string(), " ", MONTHS[month as usize - 1]].concat()
}

/// `2026-07-30 14:28`: the end of a table of points.
pub fn date_clock(at: i64, offset_min: i32) -> String {
    let (year, month, day) = civil(local_day(at, offset_min));
    [
        year.to_string(),
        "-".into(),
        two(month),
        "-".into(),
        two(day),
        " ".into(),
        clock(at, offset_min)[..5].to_owned(),
    ]
    .concat()
}

/// `2026-07-30 14:28:02 UTC+02:00`: for `title`.
pub fn full(at: i64, offset_min: i32) -> String {
    let (year, month, day) = civil(local_day(at, offset_min));
    let zone = match offset_min {
        0 => "UTC".to_owned(),
        m => {
            let sign = if m < 0 { super::MINUS } else { '+' };
            let m = i64::from(m.unsigned_abs());
            format!("UTC{sign}{}:{}", two(m / 60), two(m % 60))
        }
    };
    format!(
        "{year}-{}-{} {} {zone}",
        two(month),
        two(day),
        clock(at, offset_min)
    )
}

/// `2026-07-30T14:28:02+02:00`, as a field for a moment takes it.
pub fn iso(at: i64, offset_min: i32) -> String {
    let (year, month, day) = civil(local_day(at, offset_min));
    let sign = if offset_min < 0 { '-' } else { '+' };
    let m = i64::from(offset_min.unsigned_abs());
    format!(
        "{year}-{}-{}T{}{sign}{}:{}",
        two(month),
        two(day),
        clock(at, offset_min),
        two(m / 60),
        two(m % 60)
    )
}

/// A length of time in its two largest units: `18 s`, `4 min 06 s`, `2 h 40 min`, `2 d 4 h`. Under a second: `0 s`.
pub fn span(ms: i64) -> String {
    match ms {
        i64::MIN..MINUTE => format!("{} s", (ms / SECOND).max(0)),
        MINUTE..HOUR => format!("{} min {} s", ms / MINUTE, two(ms / SECOND % 60)),
        HOUR..DAY => format!("{} h {} min", ms / HOUR, two(ms / MINUTE % 60)),
        _ => format!("{} d {} h", ms / DAY, ms / HOUR % 24),
    }
}

/// A length of time in one unit: `18 s`, `4 min`, `2 h`, `3 d`.
pub fn span_short(ms: i64) -> String {
    match ms {
        i64::MIN..MINUTE => format!("{} s", (ms / SECOND).max(0)),
        MINUTE..HOUR => format!("{} min", ms / MINUTE),
        HOUR..DAY => format!("{} h", ms / HOUR),
        _ => format!("{} d", ms / DAY),
    }
}

/// How long ago: `now`, `3 s ago`, `4 min ago`; "—" without a moment. A clock that is ahead of ours reads `now`.
pub fn ago(at: Option<i64>, now: i64) -> String {
    match at {
        None => NOTHING.to_owned(),
        Some(at) if now - at < SECOND => "now".to_owned(),
        Some(at) => [&span_short(now - at), " ago"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-30 12:28:02 UTC, a Thursday.
    const AT: i64 = 1_785_414_482_000;

    #[test]
    fn the_clock_follows_the_offset() {
        assert_eq!(clock(AT, 0), "12:28:02");
        assert_eq!(clock(AT, 120), "14:28:02");
        assert_eq!(clock(AT, -750), "23:58:02");
        assert_eq!(clock(0, 0), "00:00:00");
    }

    #[test]
    fn dates_are_the_calendars() {
        assert_eq!(full(AT, 120), "2026-07-30 14:28:02 UTC+02:00");
        assert_eq!(full(AT, -570), "2026-07-30 02:58:02 UTC−09:30");
        assert_eq!(full(0, 0), "1970-01-01 00:00:00 UTC");
        assert_eq!(
            full(951_782_400_000, 0),
            "2000-02-29 00:00:00 UTC",
            "a leap day of a century year"
        );
        assert_eq!(full(1_767_225_599_000, 0), "2025-12-31 23:59:59 UTC");
        assert_eq!(date_clock(AT, 0), "2026-07-30 12:28");
    }

    #[test]
    fn moments_get_shorter_the_older_they_are() {
        assert_eq!(moment(AT, AT + 5_000, 0), "12:28:02");
        assert_eq!(moment(AT, AT + DAY, 0), "Thu 12:28");
        assert_eq!(moment(AT, AT + 30 * DAY, 0), "30 Jul 12:28");
        assert_eq!(
            moment(AT, AT + 12 * HOUR, 0),
            "Thu 12:28",
            "midnight has passed, a day has not"
        );
    }

    #[test]
    fn days_have_names_for_a_week() {
        assert_eq!(day(AT, AT, 0), "Today");
        assert_eq!(day(AT, AT + 6 * DAY, 0), "Thu");
        assert_eq!(day(AT, AT + 7 * DAY, 0), "30 Jul");
    }

    #[test]
    fn spans_have_two_units() {
        assert_eq!(span(-5), "0 s");
        assert_eq!(span(18_900), "18 s");
        assert_eq!(span(246_000), "4 min 06 s");
        assert_eq!(span(9_600_000), "2 h 40 min");
        assert_eq!(span(187_200_000), "2 d 4 h");
        assert_eq!(span_short(246_000), "4 min");
        assert_eq!(span_short(59_999), "59 s");
    }

    #[test]
    fn ago_is_never_in_the_future() {
        assert_eq!(ago(None, AT), "—");
        assert_eq!(ago(Some(AT + 9_000), AT), "now");
        assert_eq!(ago(Some(AT - 3_000), AT), "3 s ago");
        assert_eq!(ago(Some(AT - 246_000), AT), "4 min ago");
    }
}
