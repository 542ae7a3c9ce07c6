//! Whose turn it is: hand-overs at a time of the day, every so many hours, days or weeks.
//!
//! Hand-overs are counted on the clock on a wall. Where that clock leaves the time of one out, it is later by as
//! much as was left out; where it shows the time twice, it is the first. Shifts across a change are an hour shorter or longer, and
//! nobody is woken at another time than was agreed.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Millis;
use crate::alert::RuleError;
use crate::alert::error::must;

/// The most that the clocks of any zone were ever put at once, with room: Samoa left out a day.
const FARTHEST_HOURS: i64 = 26;
const HOUR: i64 = 3_600;

/// How long a turn lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many hours.
    Hours(u16),
    /// So many days.
    Days(u16),
    /// So many weeks.
    Weeks(u16),
}

impl Length {
    /// Reads a number and `hours`, `days` or `weeks`.
    ///
    /// # Errors
    /// Names what is wrong, and the limit.
    pub fn new(every: u16, unit: &str) -> Result<Length, RuleError> {
        let (length, most) = match unit {
            "hours" => (Length::Hours(every), 720),
            "days" => (Length::Days(every), 366),
            "weeks" => (Length::Weeks(every), 52),
            _ => return Err(RuleError::new("unit", "must be hours, days or weeks")),
        };
        must((1..=most).contains(&every), "every", || {
            format!("must be 1 to {most} {unit}, got {every}")
        })?;
        Ok(length)
    }

    /// The number, and the unit's name in the API.
    pub const fn parts(self) -> (u16, &'static str) {
        match self {
            Length::Hours(hours) => (hours, "hours"),
            Length::Days(days) => (days, "days"),
            Length::Weeks(weeks) => (weeks, "weeks"),
        }
    }

    /// On a clock that is never put.
    const fn seconds(self) -> i64 {
        match self {
            Length::Hours(hours) => hours as i64 * HOUR,
            Length::Days(days) => days as i64 * 24 * HOUR,
            Length::Weeks(weeks) => weeks as i64 * 7 * 24 * HOUR,
        }
    }
}

/// Turns that follow each other without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The first hand-over, as the clock on the wall shows it: before it there are no turns.
    pub first: DateTime,
    /// How long a turn lasts.
    pub length: Length,
}

impl Rotation {
    /// Reads the first hand-over, `2026-11-23T09:00`.
    ///
    /// # Errors
    /// It is no such moment.
    pub fn first(text: &str) -> Result<DateTime, RuleError> {
        let read = text.parse::<DateTime>().ok();
        let near = read.filter(|first| (2000..=2100).contains(&first.year()) && first.second() == 0);
        near.filter(|_| text.len() <= 19).ok_or_else(|| {
            RuleError::new(
                "starts",
                "must be a day and a time to the minute such as 2026-11-23T09:00, of the years 2000 to 2100",
            )
        })
    }

    /// The number of the turn at a moment, from 0; `None` before the first.
    pub fn turn(&self, at: Millis, zone: &TimeZone) -> Option<u64> {
        let shown = zone.to_datetime(Timestamp::from_millisecond(at).ok()?);
        let passed = shown.duration_since(self.first).as_secs();
        let near = passed.div_euclid(self.length.seconds());
        // Clocks that were put may be ahead of or behind the count by a few turns.
        let mut turn = near + self.margin();
        while turn >= 0 && self.begins(turn, zone).is_none_or(|begins| begins > at) {
            turn -= 1;
        }
        u64::try_from(turn).ok()
    }

    /// The next hand-over after a moment.
    pub fn next(&self, at: Millis, zone: &TimeZone) -> Option<Millis> {
        let from = match self.turn(at, zone) {
            Some(turn) => turn.cast_signed() + 1,
            None => 0,
        };
        let coming = (from..=from + self.margin()).filter_map(|turn| self.begins(turn, zone));
        coming.filter(|begins| *begins > at).min()
    }

    /// When a turn begins; `None` past the end of the calendar.
    fn begins(&self, turn: i64, zone: &TimeZone) -> Option<Millis> {
        let after = self.length.seconds().checked_mul(turn)?;
        let shown = self
            .first
            .checked_add(jiff::SignedDuration::from_secs(after))
            .ok()?;
        let begins = zone.to_ambiguous_timestamp(shown).compatible().ok()?;
        Some(begins.as_millisecond())
    }

    fn margin(&self) -> i64 {
        FARTHEST_HOURS * HOUR / self.length.seconds() + 2
    }
}
