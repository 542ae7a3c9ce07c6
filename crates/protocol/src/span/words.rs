//! A range in words, for the face of the picker and the head of a page.
//!
//! Deliberately absent: other languages, twelve-hour clocks.

use super::{DAY, HOUR, MINUTE, PRESETS, Preset, SECOND, Span, digits, echo, millis, preset};
use crate::civil;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Ranges with a name that the picker does not offer.
const NAMED: [Preset; 7] = [
    preset("Today so far", "now/d", "now"),
    preset("This week so far", "now/w", "now"),
    preset("This month so far", "now/M", "now"),
    preset("Last week", "now-1w/w", "now-1w/w"),
    preset("This year", "now/y", "now/y"),
    preset("This year so far", "now/y", "now"),
    preset("Last year", "now-1y/y", "now-1y/y"),
];

impl Span {
    /// A range as it was written, in words: "Last 6 hours", "Yesterday", else [`Span::dates`]. What is not a range is
    /// given back as it is.
    pub fn words(from: &str, to: &str, now_ms: i64, utc_offset_min: i32) -> String {
        let (from, to) = (from.trim(), to.trim());
        let Ok(span) = Span::parse(from, to, now_ms, utc_offset_min) else {
            return format!("{} to {}", echo(from), echo(to));
        };
        let mut named = PRESETS.iter().chain(&NAMED);
        if let Some(preset) = named.find(|preset| preset.from == from && preset.to == to) {
            return preset.label.to_owned();
        }
        match to {
            "now" => last(from).unwrap_or_else(|| span.dates(now_ms, utc_offset_min)),
            _ => span.dates(now_ms, utc_offset_min),
        }
    }

    /// Its ends: "20 Nov 14:00 to 15:30", "20 Nov 22:00 to 21 Nov 06:00", and for whole days "20 Nov" or "18 Nov to
    /// 20 Nov". Years where one is not this year; seconds where less than an hour does not begin and end on a minute.
    pub fn dates(self, now_ms: i64, utc_offset_min: i32) -> String {
        let local = |at: i64| at.saturating_add(millis(utc_offset_min));
        let (start, end) = (local(self.from), local(self.to));
        let whole = start.rem_euclid(DAY) == 0 && end.rem_euclid(DAY) == 0;
        let first = start.div_euclid(DAY);
        let last = end.div_euclid(DAY) - i64::from(whole);

        let this_year = year(local(now_ms).div_euclid(DAY));
        let years = year(first) != this_year || year(last) != this_year;
        let (first, last) = (date(first, years), date(last, years));
        if whole {
            return if first == last {
                first
            } else {
                [&first, " to ", &last].concat()
            };
        }
        let even = start % MINUTE == 0 && end % MINUTE == 0;
        let seconds = !even && self.millis() < HOUR;
        let (start, end) = (clock(start, seconds), clock(end, seconds));
        if first == last {
            [&first, " ", &start, " to ", &end].concat()
        } else {
            [&first, " ", &start, " to ", &last, " ", &end].concat()
        }
    }
}

/// "Last 6 hours" for `now-6h`.
fn last(from: &str) -> Option<String> {
    let (number, unit) = digits(from.strip_prefix("now-")?);
    let number: i64 = number.parse().ok()?;
    let unit = match (unit, number) {
        ("s", _) => "s",
        ("m", _) => "min",
        ("h", 1) => return Some("Last hour".to_owned()),
        ("h", _) => "hours",
        // With the number: "Last week" and "Last month" are those of the calendar.
        ("d", 1) => "day",
        ("d", _) => "days",
        ("w", 1) => "week",
        ("w", _) => "weeks",
        ("M", 1) => "month",
        ("M", _) => "months",
        ("y", 1) => "year",
        ("y", _) => "years",
        _ => return None,
    };
    Some(format!("Last {number} {unit}"))
}

fn year(day: i64) -> i64 {
    civil::civil_from_days(day).0
}

/// `20 Nov`, `20 Nov 2025`.
fn date(day: i64, with_year: bool) -> String {
    let (year, month, day) = civil::civil_from_days(day);
    let month = MONTHS[month as usize - 1];
    if with_year {
        format!("{day} {month} {year}")
    } else {
        format!("{day} {month}")
    }
}

/// `14:28`, `14:28:02`.
fn clock(local: i64, with_seconds: bool) -> String {
    let seconds = local.rem_euclid(DAY) / SECOND;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if with_seconds {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{hour:02}:{minute:02}")
    }
}
