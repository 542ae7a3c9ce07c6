//! When a silence comes back: between two times of the day, on days of the week, as a clock on a wall shows them.
//!
//! The clock decides, not a length: where it is put forward, a time that it leaves out is in no window, and a window across
//! it is an hour shorter; where it is put back, what it shows twice is in the window twice. So "22:00 to 06:00" is right on
//! every day of the year, and a changed rule of a zone needs no migration.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::MINUTE;
use super::error::{RuleError, must};
use crate::Millis;

/// So far ahead it is looked for the next change: every window comes back within a week.
const AHEAD: Millis = 8 * super::DAY;
const DAY_MINUTES: u16 = 24 * 60;

/// The days of the week, by their names in the API and in the store.
pub const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A window that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The days on which it begins, Monday first; at least one.
    days: Vec<Weekday>,
    /// When it begins, minutes of the day.
    from: u16,
    /// When it ends, minutes of the day: at or before `from` on the day after.
    to: u16,
    /// The name of the zone, as the IANA's database has it.
    zone: String,
}

impl Repeat {
    /// Reads what people write: days by name, times as `22:00`, the zone as `Europe/Berlin`.
    ///
    /// # Errors
    /// Names the field that is wrong, and what it must be.
    pub fn new(days: &[impl AsRef<str>], from: &str, to: &str, zone: &str) -> Result<Repeat, RuleError> {
        let mut chosen = Vec::new();
        for name in days {
            let name = name.as_ref();
            let found = DAYS.iter().find(|(known, _)| *known == name);
            let (_, day) = found.ok_or_else(|| {
                RuleError::new(
                    "repeat.days",
                    "must be of mon, tue, wed, thu, fri, sat, sun".to_owned(),
                )
            })?;
            if !chosen.contains(day) {
                chosen.push(*day);
            }
        }
        chosen.sort_by_key(|day| day.to_monday_zero_offset());
        must(!chosen.is_empty(), "repeat.days", || {
            "must be at least one day".into()
        })?;
        let known = zone.len() <= 64 && TimeZone::get(zone).is_ok();
        must(known, "repeat.zone", || {
            "must be a time zone such as UTC or Europe/Berlin".into()
        })?;
        Ok(Repeat {
            days: chosen,
            from: minutes(from, "repeat.from")?,
            to: minutes(to, "repeat.to")?,
            zone: zone.to_owned(),
        })
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Repeat> {
        let mut parts = text.split(' ');
        let (days, from, to, zone) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let days: Vec<&str> = days.split(',').collect();
        Repeat::new(&days, from, to, zone)
            .ok()
            .filter(|_| parts.next().is_none())
    }

    /// The names of the days.
    pub fn days(&self) -> impl Iterator<Item = &'static str> {
        let names = self.days.iter();
        names.filter_map(|day| DAYS.iter().find(|(_, known)| known == day).map(|(name, _)| *name))
    }

    /// When it begins, `22:00`.
    pub fn from(&self) -> String {
        clock(self.from)
    }

    /// When it ends.
    pub fn to(&self) -> String {
        clock(self.to)
    }

    /// The name of the zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Whether a moment is in the window.
    pub fn covers(&self, at: Millis) -> bool {
        self.shows(at, &self.clock())
    }

    /// When it begins or ends next, to the minute; `None` when it is one window without an end.
    pub fn changes_after(&self, now: Millis) -> Option<Millis> {
        let zone = self.clock();
        let is_in = self.shows(now, &zone);
        let first = now - now.rem_euclid(MINUTE) + MINUTE;
        let mut minutes = (first..=now + AHEAD).step_by(MINUTE as usize);
        minutes.find(|at| self.shows(*at, &zone) != is_in)
    }

    /// The zone; one that the database has lost since is read as UTC.
    fn clock(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    fn shows(&self, at: Millis, zone: &TimeZone) -> bool {
        let Ok(at) = Timestamp::from_millisecond(at) else {
            return false;
        };
        let shown = zone.to_datetime(at);
        let minute = shown.hour() as u16 * 60 + shown.minute() as u16;
        let on = |day: Weekday| self.days.contains(&day);
        let today = shown.weekday();
        if self.from < self.to {
            on(today) && (self.from..self.to).contains(&minute)
        } else {
            on(today) && minute >= self.from || on(today.previous()) && minute < self.to
        }
    }
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<&str> = self.days().collect();
        write!(
            f,
            "{} {} {} {}",
            days.join(","),
            self.from(),
            self.to(),
            self.zone
        )
    }
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A time of the day in minutes.
fn minutes(text: &str, field: &str) -> Result<u16, RuleError> {
    let read = || {
        let (hours, minutes) = text.split_once(':')?;
        let two = |part: &str| {
            let is_two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_two.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    let found = read().filter(|minutes| *minutes < DAY_MINUTES);
    found.ok_or_else(|| RuleError::new(field, "must be a time of the day such as 22:00".to_owned()))
}
