//! Time ranges as people and links write them, in Grafana's grammar, and the presets of the picker.
//!
//! An end is `now`, `now` with steps behind it (`now-6h`, `now+10m`, `now/d`, `now-1d/d`), epoch milliseconds, or
//! RFC 3339 with a zone. Units are `s m h d w M y`; months and years are the calendar's, and the 31st less a month is
//! the last of a month without one. `/d` rounds down to the start of its unit in `from`, and up to the end of it in
//! `to`; ranges are half-open, so that end is the start of the next unit, also for who stands exactly on a start. Weeks
//! begin on Monday.
//!
//! Deliberately absent: defaults for an end that is not given, quarters and fiscal years, the clock, and time zones:
//! days are those of one fixed offset from UTC, so a day on which clocks change has 24 hours here.

mod words;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::civil;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// The first moment of 2200 UTC; nothing lies after it, and nothing before 1970.
const LATEST: i64 = civil::days_from_civil(2_200, 1, 1) * DAY;
/// The longest range in days: five years with two leap days.
pub const MAX_DAYS: i64 = 5 * 365 + 2;
/// How many characters of a text an error repeats.
const ECHOED: usize = 64;

/// From one moment to another, epoch milliseconds, the second not included; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first moment.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
}

/// A range that the picker offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Preset {
    /// Its name on screen, the same as [`Span::words`] gives.
    pub label: &'static str,
    /// Its beginning, as in a URL.
    pub from: &'static str,
    /// Its end, as in a URL.
    pub to: &'static str,
}

/// What the picker offers, in its order. "Today", "This week" and "This month" are whole, as Grafana's are: they have
/// an end at midnight too, when nothing of them has passed.
pub const PRESETS: [Preset; 13] = [
    preset("Last 5 min", "now-5m", "now"),
    preset("Last 15 min", "now-15m", "now"),
    preset("Last hour", "now-1h", "now"),
    preset("Last 6 hours", "now-6h", "now"),
    preset("Last 24 hours", "now-24h", "now"),
    preset("Last 7 days", "now-7d", "now"),
    preset("Last 30 days", "now-30d", "now"),
    preset("Last 90 days", "now-90d", "now"),
    preset("Today", "now/d", "now/d"),
    preset("Yesterday", "now-1d/d", "now-1d/d"),
    preset("This week", "now/w", "now/w"),
    preset("This month", "now/M", "now/M"),
    preset("Last month", "now-1M/M", "now-1M/M"),
];

const fn preset(label: &'static str, from: &'static str, to: &'static str) -> Preset {
    Preset { label, from, to }
}

/// One of the two ends of a range, or a moment alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The beginning; rounds down.
    From,
    /// The end; rounds up.
    To,
    /// No range; rounds down.
    At,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::From => "from",
            End::To => "to",
            End::At => "at",
        })
    }
}

/// Why two texts are not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not a moment.
    #[error(
        "{end}: `{text}`: {reason}; understood are now, now-6h, now-1d/d (units s m h d w M y), \
         epoch milliseconds, and RFC 3339 with a zone like 2026-01-31T09:30:00Z"
    )]
    Malformed {
        /// Which end.
        end: End,
        /// As it was written.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A moment, or a step on the way to it, that is too far away.
    #[error("{end}: `{text}` must lie between the years 1970 and 2200")]
    Years {
        /// Which end.
        end: End,
        /// As it was written.
        text: String,
    },
    /// Nothing lies between the ends.
    #[error("from: `{from}` must be before to: `{to}`")]
    Order {
        /// As it was written.
        from: String,
        /// As it was written.
        to: String,
    },
    /// Too much lies between the ends.
    #[error(
        "from: `{from}` and to: `{to}` are {days} days apart, at most {} (5 years)",
        MAX_DAYS
    )]
    TooLong {
        /// As it was written.
        from: String,
        /// As it was written.
        to: String,
        /// How far they are apart, rounded up.
        days: i64,
    },
}

impl Span {
    /// Reads a range. Days begin at midnight at `utc_offset_min` minutes east of UTC.
    ///
    /// # Errors
    ///
    /// [`SpanError`] when an end cannot be read or lies outside of 1970 to 2200, when `from` is not before `to`, and
    /// when they are more than five years apart.
    pub fn parse(from: &str, to: &str, now_ms: i64, utc_offset_min: i32) -> Result<Span, SpanError> {
        let (from, to) = (from.trim(), to.trim());
        let moment = |end, text: &str| {
            let at = moment(end, text, now_ms, millis(utc_offset_min));
            at.map_err(|fault| fault.of(end, text))
        };
        let span = Span {
            from: moment(End::From, from)?,
            to: moment(End::To, to)?,
        };
        if span.from >= span.to {
            return Err(SpanError::Order {
                from: echo(from),
                to: echo(to),
            });
        }
        if span.millis() > MAX_DAYS * DAY {
            return Err(SpanError::TooLong {
                from: echo(from),
                to: echo(to),
                days: (span.millis() + DAY - 1) / DAY,
            });
        }
        Ok(span)
    }

    /// Reads a moment alone, in the grammar of the ends of a range.
    ///
    /// # Errors
    ///
    /// [`SpanError`] when it cannot be read or lies outside of 1970 to 2200.
    pub fn moment(text: &str, now_ms: i64, utc_offset_min: i32) -> Result<i64, SpanError> {
        let text = text.trim();
        let at = moment(End::At, text, now_ms, millis(utc_offset_min));
        at.map_err(|fault| fault.of(End::At, text))
    }

    /// Its length in milliseconds.
    pub const fn millis(self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

enum Fault {
    Malformed(&'static str),
    Years,
}

impl Fault {
    fn of(self, end: End, text: &str) -> SpanError {
        let text = echo(text);
        match self {
            Fault::Malformed(reason) => SpanError::Malformed { end, text, reason },
            Fault::Years => SpanError::Years { end, text },
        }
    }
}

/// One end, `offset` milliseconds east of UTC.
fn moment(end: End, text: &str, now: i64, offset: i64) -> Result<i64, Fault> {
    if let Some(steps) = text.strip_prefix("now") {
        return relative(end, steps, now, offset);
    }
    let (number, rest) = digits(text);
    if rest.is_empty() && !number.is_empty() {
        // Only too many digits can be wrong with them.
        let at = number.parse().map_err(|_| Fault::Years)?;
        return match at {
            1_000_000_000..100_000_000_000 => {
                Err(Fault::Malformed("it looks like seconds, not milliseconds"))
            }
            _ => within_years(at),
        };
    }
    let Some((at, zone)) = civil::date_time(text) else {
        return Err(Fault::Malformed("it is not a time"));
    };
    match civil::zone(zone) {
        Some(east) => within_years(at - east * MINUTE),
        None if zone.is_empty() => Err(Fault::Malformed("it has no zone, such as Z or +01:00")),
        None if zone.starts_with(' ') => Err(Fault::Malformed(LOST_PLUS)),
        None => Err(Fault::Malformed("its zone is not like Z or +01:00")),
    }
}

/// A form decodes `+` as a space.
const LOST_PLUS: &str = "there is a space in it; a + is written %2B in a URL";

/// Takes the steps behind `now`, from left to right.
fn relative(end: End, steps: &str, now: i64, offset: i64) -> Result<i64, Fault> {
    let mut at = within_years(now)?;
    let mut rest = steps;
    while let Some(sign) = rest.chars().next() {
        let (number, after) = digits(&rest[sign.len_utf8()..]);
        match (sign, number) {
            ('/', "") => {}
            ('/', _) => return Err(Fault::Malformed("a unit without a number follows a /")),
            ('+' | '-', "") => return Err(Fault::Malformed("a number follows a + or -")),
            ('+' | '-', _) => {}
            (' ', _) => return Err(Fault::Malformed(LOST_PLUS)),
            _ => return Err(Fault::Malformed("only +, - or / follows now and its steps")),
        }
        let Some((unit, after)) = Unit::read(after) else {
            return Err(Fault::Malformed("the unit is not one of s m h d w M y"));
        };
        let moved = match sign {
            '/' => {
                let start = unit.floor(at, offset);
                match end {
                    End::From | End::At => Some(start),
                    End::To => unit.add(start, 1, offset),
                }
            }
            _ => {
                let number: i64 = number.parse().map_err(|_| Fault::Years)?;
                unit.add(at, if sign == '-' { -number } else { number }, offset)
            }
        };
        at = within_years(moved.ok_or(Fault::Years)?)?;
        rest = after;
    }
    Ok(at)
}

fn within_years(at: i64) -> Result<i64, Fault> {
    (0..=LATEST).contains(&at).then_some(at).ok_or(Fault::Years)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Always as many milliseconds, and begins with the day or divides it.
    Clock(i64),
    Week,
    /// So many calendar months.
    Months(i64),
}

impl Unit {
    /// The unit that a text begins with, and what follows.
    fn read(text: &str) -> Option<(Unit, &str)> {
        let unit = match text.chars().next()? {
            's' => Unit::Clock(SECOND),
            'm' => Unit::Clock(MINUTE),
            'h' => Unit::Clock(HOUR),
            'd' => Unit::Clock(DAY),
            'w' => Unit::Week,
            'M' => Unit::Months(1),
            'y' => Unit::Months(12),
            _ => return None,
        };
        Some((unit, &text[1..]))
    }

    /// The start of the unit that a moment lies in.
    fn floor(self, at: i64, offset: i64) -> i64 {
        let local = at + offset;
        let day = local.div_euclid(DAY);
        let start = match self {
            Unit::Clock(length) => local.div_euclid(length) * length,
            Unit::Week => (day - civil::weekday(day)) * DAY,
            Unit::Months(months) => {
                let (year, month, _) = civil::civil_from_days(day);
                let first = if months == 12 { 1 } else { month };
                civil::days_from_civil(year, first, 1) * DAY
            }
        };
        start - offset
    }

    /// So many units later; `None` when that leaves all calendars.
    fn add(self, at: i64, count: i64, offset: i64) -> Option<i64> {
        match self {
            Unit::Clock(length) => at.checked_add(count.checked_mul(length)?),
            Unit::Week => at.checked_add(count.checked_mul(WEEK)?),
            Unit::Months(months) => {
                // More than all the years between the limits.
                let months = count
                    .checked_mul(months)
                    .filter(|months| months.abs() <= 12 * 230)?;
                let local = at + offset;
                let day = civil::add_months(local.div_euclid(DAY), months);
                Some(day * DAY + local.rem_euclid(DAY) - offset)
            }
        }
    }
}

/// Minutes as milliseconds.
fn millis(minutes: i32) -> i64 {
    i64::from(minutes) * MINUTE
}

/// The decimal digits that a text begins with, and what follows.
fn digits(text: &str) -> (&str, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.split_at(text.len() - rest.len())
}

fn echo(text: &str) -> String {
    match text.char_indices().nth(ECHOED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
