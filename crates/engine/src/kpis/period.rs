//! Which stretch of time a page is about, and what it is compared with.
//!
//! Calendar periods are those of a zone's clocks; the period before is taken as far as this one has passed, by days and the
//! time on the clock. A range of one's own is compared with as much time just before it.
//!
//! Deliberately absent: fiscal years. Ends such as `now/d` within a range of one's own are those of the zone as far ahead of
//! UTC as it is now.

use domain::Millis;
use domain::calendar::{self, Unit};
use domain::duty::Zone;
use protocol::Span;
use protocol::view::Period;

use crate::pages::PageError;

/// The longest period, in days: a leap year, and an hour for who changes clocks in it.
const MAX: Millis = 366 * 86_400_000 + 3_600_000;

/// The months by name.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The period of a name, or of a range.
pub(super) fn read(asked: &str, zone: &Zone, now: Millis) -> Result<Period, PageError> {
    let asked = match asked.trim() {
        "" => "month",
        asked => asked,
    };
    let (unit, back) = match asked {
        "day" => (Unit::Day, 0),
        "week" => (Unit::Week, 0),
        "last-week" => (Unit::Week, -1),
        "month" => (Unit::Month, 0),
        "last-month" => (Unit::Month, -1),
        "quarter" => (Unit::Quarter, 0),
        "year" => (Unit::Year, 0),
        other => return own(other, zone, now),
    };
    let start = |count: i32| unit.start(zone, now, count);
    let (from, to, before_from) = (start(back), start(back + 1), start(back - 1));
    let until = to.min(now);
    let passed = match until == to {
        true => from,
        false => calendar::as_far(zone, from, until, before_from).min(from),
    };
    let named = name(unit, back, zone, from, now);
    Ok(Period {
        asked: asked.to_owned(),
        words: match until < to {
            true => format!("{named} so far"),
            false => named,
        },
        from,
        to,
        until,
        before_words: match (unit, back) {
            (Unit::Week, 0) => "last week".to_owned(),
            _ => name(unit, back - 1, zone, before_from, now),
        },
        before_from,
        before_to: passed,
        zone: zone.name().to_owned(),
    })
}

fn name(unit: Unit, back: i32, zone: &Zone, from: Millis, now: Millis) -> String {
    let (first, today) = (zone.shown(from), zone.shown(now));
    let month = MONTHS[usize::try_from(first.month() - 1).unwrap_or_default() % MONTHS.len()];
    match (unit, back) {
        (Unit::Day, 0) => "Today".to_owned(),
        (Unit::Day, _) => "yesterday".to_owned(),
        (Unit::Week, 0) => "This week".to_owned(),
        (Unit::Week, -1) => "Last week".to_owned(),
        (Unit::Week, _) => "the week before".to_owned(),
        (Unit::Month, _) if first.year() == today.year() => month.to_owned(),
        (Unit::Month, _) => format!("{month} {}", first.year()),
        (Unit::Quarter, _) => format!("Q{} {}", (first.month() - 1) / 3 + 1, first.year()),
        (Unit::Year, _) => first.year().to_string(),
    }
}

/// A range of one's own: `from..to`.
fn own(asked: &str, zone: &Zone, now: Millis) -> Result<Period, PageError> {
    let wrong = |reason: String| PageError::Parameter {
        field: "period",
        reason,
    };
    let Some((from, to)) = asked.split_once("..") else {
        return Err(wrong(format!(
            "must be day, week, last-week, month, last-month, quarter, year, or from..to such as now-30d..now, got `{}`",
            protocol::filter::echo(asked)
        )));
    };
    let offset = offset_min(zone, now);
    let span = Span::parse(from, to, now, offset).map_err(|error| wrong(error.to_string()))?;
    if span.millis() > MAX {
        let days = span.millis() / 86_400_000;
        return Err(wrong(format!("must be at most 366 days long, got {days}")));
    }
    if span.from > now {
        return Err(wrong("must begin before now".to_owned()));
    }
    let until = span.to.min(now);
    // Days have 23 or 25 hours now and then: what is as long by the calendar is compared, where days are whole.
    let midnight = |at: Millis| Unit::Day.start(zone, at, 0) == at;
    let before_from = match midnight(span.from) && midnight(span.to) {
        true => {
            let days = calendar::days(zone, span.from, span.to).len().saturating_sub(1);
            calendar::days_later(zone, span.from, -i32::try_from(days).unwrap_or_default())
        }
        false => span.from - (until - span.from),
    };
    let before_to = match until == span.to {
        true => span.from,
        false => (before_from + (until - span.from)).min(span.from),
    };
    let length = Span {
        from: before_from,
        to: before_to.max(before_from + 1),
    };
    Ok(Period {
        asked: asked.to_owned(),
        words: Span::words(from, to, now, offset),
        from: span.from,
        to: span.to,
        until,
        before_words: length.dates(now, offset),
        before_from,
        before_to,
        zone: zone.name().to_owned(),
    })
}

/// How far the zone is ahead of UTC at a moment, minutes.
fn offset_min(zone: &Zone, at: Millis) -> i32 {
    let shown = zone.shown(at);
    let day = protocol::civil::days_from_civil(
        i64::from(shown.year()),
        i64::from(shown.month()),
        i64::from(shown.day()),
    );
    let minutes = day * 1_440 + i64::from(shown.hour()) * 60 + i64::from(shown.minute());
    i32::try_from(minutes - at.div_euclid(60_000)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday, 22 November 2026, 12:00 in Berlin.
    const NOW: Millis = 1_795_345_200_000;
    const HOUR: Millis = 3_600_000;
    const DAY: Millis = 24 * HOUR;

    fn period(asked: &str) -> Period {
        let zone = Zone::new("Europe/Berlin").unwrap();
        read(asked, &zone, NOW).unwrap()
    }

    #[test]
    fn a_month_so_far_is_compared_with_as_much_of_the_month_before() {
        let found = period("");
        assert_eq!(
            (found.asked.as_str(), found.words.as_str()),
            ("month", "November so far")
        );
        assert_eq!(found.until, NOW);
        assert_eq!(found.until - found.from, 21 * DAY + 12 * HOUR);
        assert_eq!(found.to - found.from, 30 * DAY);
        assert_eq!(found.before_words, "October");
        assert_eq!(
            found.from - found.before_from,
            31 * DAY + HOUR,
            "clocks went back in October"
        );
        assert_eq!(found.before_to - found.before_from, 21 * DAY + 12 * HOUR);
    }

    #[test]
    fn a_period_that_is_over_is_compared_with_all_of_the_one_before() {
        let found = period("last-month");
        assert_eq!(
            (found.words.as_str(), found.before_words.as_str()),
            ("October", "September")
        );
        assert_eq!((found.until, found.before_to), (found.to, found.from));
        assert_eq!(found.to - found.from, 31 * DAY + HOUR);
        let found = period("last-week");
        assert_eq!(
            (found.words.as_str(), found.before_words.as_str()),
            ("Last week", "the week before")
        );
        assert_eq!(found.to - found.from, 7 * DAY);
    }

    #[test]
    fn every_name_has_words() {
        for (asked, words, before) in [
            ("day", "Today so far", "yesterday"),
            ("week", "This week so far", "last week"),
            ("quarter", "Q4 2026 so far", "Q3 2026"),
            ("year", "2026 so far", "2025"),
            ("now-7d/d..now-1d/d", "15 Nov to 21 Nov", "8 Nov to 14 Nov"),
        ] {
            let found = period(asked);
            assert_eq!(
                (found.words.as_str(), found.before_words.as_str()),
                (words, before)
            );
            assert!(
                found.before_from < found.before_to && found.before_to <= found.from,
                "{asked}"
            );
            assert!(found.from < found.until && found.until <= found.to, "{asked}");
        }
    }

    #[test]
    fn nonsense_names_the_field() {
        let zone = Zone::new("UTC").unwrap();
        for (asked, says) in [
            ("soon", "period: must be day, week"),
            ("now-2y..now", "period: must be at most 366 days long"),
            ("now+1d..now+2d", "period: must begin before now"),
            ("now..now-1d", "period: from: "),
        ] {
            let error = read(asked, &zone, NOW).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
