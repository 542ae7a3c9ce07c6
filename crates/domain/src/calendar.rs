//! Days, weeks, months, quarters and years as the clocks of a zone show them, right when those are changed.
//!
//! Weeks begin on Monday. Where a day has no midnight, because clocks are put forward then, it begins with its first
//! moment; where it has two, with the first. Deliberately absent: which period a page shows, and words.

use jiff::civil::{Date, Time};
use jiff::{Span, Timestamp};

use crate::Millis;
use crate::duty::Zone;

/// A length of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// From midnight to midnight.
    Day,
    /// From Monday on.
    Week,
    /// From the 1st on.
    Month,
    /// Three months, the first begins in January.
    Quarter,
    /// From 1 January on.
    Year,
}

impl Unit {
    /// The start of the unit that lies `count` after the one in which the moment is; before it when negative.
    pub fn start(self, zone: &Zone, at: Millis, count: i32) -> Millis {
        let first = self.first(zone.shown(at).date());
        let count = i64::from(count);
        let step = match self {
            Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Quarter => Span::new().try_months(count * 3),
            Unit::Year => Span::new().try_years(count),
        };
        let moved = step.and_then(|step| first.checked_add(step));
        // Only beyond the calendar's year 9999.
        midnight(zone, moved.unwrap_or(first))
    }

    fn first(self, date: Date) -> Date {
        let first = match self {
            Unit::Day => Ok(date),
            Unit::Week => date.checked_sub(Span::new().days(date.weekday().to_monday_zero_offset())),
            Unit::Month => Ok(date.first_of_month()),
            Unit::Quarter => Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1),
            Unit::Year => Date::new(date.year(), 1, 1),
        };
        first.unwrap_or(date)
    }
}

/// The moment at which the clocks show the same time so many days later.
pub fn days_later(zone: &Zone, at: Millis, days: i32) -> Millis {
    let shown = zone.shown(at);
    let step = Span::new().try_days(i64::from(days));
    let date = step.and_then(|step| shown.date().checked_add(step));
    moment(zone, date.unwrap_or(shown.date()), shown.time())
}

/// As far into what begins at `other` as `at` is into what begins at `from`, by days and the time on the clock.
pub fn as_far(zone: &Zone, from: Millis, at: Millis, other: Millis) -> Millis {
    let (from, at, other) = (zone.shown(from), zone.shown(at), zone.shown(other));
    let date = from
        .date()
        .until(at.date())
        .and_then(|passed| other.date().checked_add(passed));
    moment(zone, date.unwrap_or(other.date()), at.time())
}

/// The edges of the days of a stretch: its beginning, every midnight in it, its end. None for an empty one.
pub fn days(zone: &Zone, from: Millis, to: Millis) -> Vec<Millis> {
    let mut edges = Vec::new();
    let mut at = from;
    while at < to {
        edges.push(at);
        let next = Unit::Day.start(zone, at, 1);
        at = if next > at { next } else { to };
    }
    if !edges.is_empty() {
        edges.push(to);
    }
    edges
}

fn midnight(zone: &Zone, date: Date) -> Millis {
    moment(zone, date, Time::midnight())
}

fn moment(zone: &Zone, date: Date, time: Time) -> Millis {
    let at = zone
        .clock()
        .to_ambiguous_timestamp(date.to_datetime(time))
        .compatible();
    at.unwrap_or(Timestamp::MAX).as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 3_600_000;

    fn berlin() -> Zone {
        Zone::new("Europe/Berlin").unwrap()
    }

    fn at(text: &str) -> Millis {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn units_begin_by_the_clock_on_the_wall() {
        // A Sunday, the day on which clocks go back.
        let now = at("2026-10-25T12:00:00Z");
        for (unit, count, expected) in [
            (Unit::Day, 0, "2026-10-24T22:00:00Z"),
            (Unit::Day, 1, "2026-10-25T23:00:00Z"),
            (Unit::Week, 0, "2026-10-18T22:00:00Z"),
            (Unit::Week, 1, "2026-10-25T23:00:00Z"),
            (Unit::Month, 0, "2026-09-30T22:00:00Z"),
            (Unit::Month, 1, "2026-10-31T23:00:00Z"),
            (Unit::Month, -1, "2026-08-31T22:00:00Z"),
            (Unit::Quarter, 0, "2026-09-30T22:00:00Z"),
            (Unit::Quarter, -1, "2026-06-30T22:00:00Z"),
            (Unit::Year, 0, "2025-12-31T23:00:00Z"),
            (Unit::Year, -1, "2024-12-31T23:00:00Z"),
        ] {
            assert_eq!(
                unit.start(&berlin(), now, count),
                at(expected),
                "{unit:?} {count}"
            );
        }
    }

    #[test]
    fn a_day_may_have_25_hours() {
        let edges = days(&berlin(), at("2026-10-24T22:00:00Z"), at("2026-10-26T12:00:00Z"));
        let lengths: Vec<Millis> = edges.windows(2).map(|edge| edge[1] - edge[0]).collect();
        assert_eq!(lengths, [25 * HOUR, 13 * HOUR]);
        assert!(days(&berlin(), 5, 5).is_empty());
    }

    #[test]
    fn as_far_is_by_days_and_the_clock() {
        // November until the 22nd, 12:00; October until its 22nd, 12:00 by its own summer time.
        let (november, october) = (at("2026-10-31T23:00:00Z"), at("2026-09-30T22:00:00Z"));
        let found = as_far(&berlin(), november, at("2026-11-22T11:00:00Z"), october);
        assert_eq!(found, at("2026-10-22T10:00:00Z"));
        assert_eq!(
            days_later(&berlin(), at("2026-10-27T11:00:00Z"), -7),
            at("2026-10-20T10:00:00Z")
        );
    }
}
