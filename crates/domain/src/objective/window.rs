//! Over what something is promised: the last days, or a period of somebody's calendar.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use crate::Millis;
use crate::alert::RuleError;
use crate::alert::error::must;
use crate::duty::Zone;

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;
/// The longest rolling window.
const MOST_DAYS: u16 = 90;

/// A period of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// From Monday.
    Week,
    /// From the first.
    Month,
    /// From the first of January, April, July, October.
    Quarter,
}

impl Unit {
    /// All of them.
    pub const ALL: [Unit; 3] = [Unit::Week, Unit::Month, Unit::Quarter];

    /// Its name in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
        }
    }

    /// The unit of this name.
    pub fn parse(name: &str) -> Option<Unit> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == name)
    }

    /// The first day of the period that a day lies in, and that of the next.
    fn around(self, day: Date) -> (Date, Date) {
        let first = match self {
            Unit::Week => {
                let since = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(since.days()).unwrap_or(day)
            }
            Unit::Month => day.first_of_month(),
            Unit::Quarter => {
                let since = i64::from((day.month() - 1) % 3);
                let first = day.first_of_month();
                first.checked_sub(since.months()).unwrap_or(first)
            }
        };
        let length = match self {
            Unit::Week => 7.days(),
            Unit::Month => 1.month(),
            Unit::Quarter => 3.months(),
        };
        (first, first.checked_add(length).unwrap_or(Date::MAX))
    }
}

/// Over what something is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// So many days that end now; it begins with a full hour.
    Rolling(u16),
    /// The period that now lies in, by the clocks of a zone.
    Calendar(Unit, Zone),
}

impl Window {
    /// The last days.
    ///
    /// # Errors
    /// None, or more than can be kept in sight.
    pub fn rolling(days: u16) -> Result<Window, RuleError> {
        must((1..=MOST_DAYS).contains(&days), "window.rolling.days", || {
            format!("must be 1 to {MOST_DAYS}, got {days}")
        })?;
        Ok(Window::Rolling(days))
    }

    /// A period of a calendar.
    ///
    /// # Errors
    /// There is no such period or zone.
    pub fn calendar(unit: &str, zone: &str) -> Result<Window, RuleError> {
        let unit = Unit::parse(unit).ok_or_else(|| {
            let unit: String = unit.chars().take(40).collect();
            let must = format!("must be week, month or quarter, got `{unit}`");
            RuleError::new("window.calendar.unit", must)
        })?;
        let zone = Zone::new(zone).map_err(|error| RuleError {
            field: "window.calendar.zone".into(),
            ..error
        })?;
        Ok(Window::Calendar(unit, zone))
    }

    /// Where it begins and ends, looked at from a moment. The end of a period may lie ahead.
    pub fn around(&self, now: Millis) -> (Millis, Millis) {
        match self {
            Window::Rolling(days) => {
                let from = now - Millis::from(*days) * DAY;
                (from - from.rem_euclid(HOUR), now)
            }
            Window::Calendar(unit, zone) => {
                let (first, next) = unit.around(zone.shown(now).date());
                (begins(zone, first, now), begins(zone, next, now))
            }
        }
    }

    /// How long it is, as far as one length can be told: a month has 30 days here, a quarter 91.
    pub fn usual(&self) -> Millis {
        let days = match self {
            Window::Rolling(days) => Millis::from(*days),
            Window::Calendar(Unit::Week, _) => 7,
            Window::Calendar(Unit::Month, _) => 30,
            Window::Calendar(Unit::Quarter, _) => 91,
        };
        days * DAY
    }
}

/// The first moment of a day by the clocks of a zone: where midnight is left out, the moment after.
fn begins(zone: &Zone, day: Date, otherwise: Millis) -> Millis {
    let midnight: DateTime = day.at(0, 0, 0, 0);
    let at = zone.clock().to_ambiguous_timestamp(midnight).compatible();
    at.map_or(otherwise, |at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, text: &str) -> Millis {
        Zone::new(zone).unwrap().moment(text).unwrap()
    }

    fn calendar(unit: &str, zone: &str, now: &str) -> (Millis, Millis) {
        Window::calendar(unit, zone).unwrap().around(at(zone, now))
    }

    #[test]
    fn periods_begin_and_end_by_the_clock_on_the_wall() {
        let berlin = "Europe/Berlin";
        for (unit, now, from, to) in [
            ("week", "2026-11-22T13:00", "2026-11-16T00:00", "2026-11-23T00:00"),
            ("week", "2026-11-23T00:00", "2026-11-23T00:00", "2026-11-30T00:00"),
            (
                "month",
                "2026-12-31T23:59",
                "2026-12-01T00:00",
                "2027-01-01T00:00",
            ),
            (
                "month",
                "2024-02-29T12:00",
                "2024-02-01T00:00",
                "2024-03-01T00:00",
            ),
            (
                "quarter",
                "2026-11-22T13:00",
                "2026-10-01T00:00",
                "2027-01-01T00:00",
            ),
            (
                "quarter",
                "2026-01-31T13:00",
                "2026-01-01T00:00",
                "2026-04-01T00:00",
            ),
        ] {
            let expected = (at(berlin, from), at(berlin, to));
            assert_eq!(calendar(unit, berlin, now), expected, "{unit} around {now}");
        }
    }

    #[test]
    fn a_period_in_which_clocks_change_is_an_hour_longer_or_shorter() {
        let length = |unit, now| {
            let (from, to) = calendar(unit, "Europe/Berlin", now);
            (to - from) / HOUR
        };
        assert_eq!(length("week", "2026-03-25T12:00"), 7 * 24 - 1);
        assert_eq!(length("week", "2026-10-25T12:00"), 7 * 24 + 1);
        assert_eq!(length("month", "2026-03-15T12:00"), 31 * 24 - 1);
        assert_eq!(length("month", "2026-10-15T12:00"), 31 * 24 + 1);
        // Out and back again: the third quarter keeps summer time, the second half of the year ends in winter time.
        assert_eq!(length("quarter", "2026-08-15T12:00"), 92 * 24);
    }

    #[test]
    fn a_day_without_midnight_begins_after_it() {
        // Clocks in Santiago went forward at midnight on Sunday, 2023-09-03.
        let zone = Zone::new("America/Santiago").unwrap();
        let begins = begins(&zone, jiff::civil::date(2023, 9, 3), 0);
        assert_eq!(zone.shown(begins).to_string(), "2023-09-03T01:00:00");
    }

    #[test]
    fn rolling_windows_begin_with_a_full_hour() {
        let now = 1_763_640_123_000;
        let (from, to) = Window::rolling(30).unwrap().around(now);
        assert_eq!((from % HOUR, to), (0, now));
        assert!((30 * DAY..30 * DAY + HOUR).contains(&(to - from)));
        assert!(Window::rolling(0).is_err() && Window::rolling(91).is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            Window::calendar("year", "UTC").unwrap_err().field,
            "window.calendar.unit"
        );
        assert_eq!(
            Window::calendar("week", "Mars").unwrap_err().field,
            "window.calendar.zone"
        );
    }
}
