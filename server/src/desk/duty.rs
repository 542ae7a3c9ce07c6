//! What the pages of schedules have in common: moments by a schedule's own clocks, and shifts as bars.

use app::alerts::{Bar, Row};
use domain::Millis;
use domain::duty::Zone;
use protocol::duty::{OverrideDoc, ScheduleDoc, ShiftItem};

use crate::http::Problem;
use crate::http::people::bad_field;

/// Days that are drawn.
pub(super) const DAYS: i64 = 14;
const DAY: Millis = 86_400_000;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The zone of a schedule; one that the database has lost since is read as UTC.
pub(super) fn zone_of(doc: &ScheduleDoc) -> Result<Zone, Problem> {
    let zone = Zone::new(&doc.zone).or_else(|_| Zone::new("UTC"));
    zone.map_err(|error| bad_field(&error.field, error.to_string()))
}

/// `Mon 23 Nov 09:00`, by the clocks of a zone.
pub(super) fn said(zone: &Zone, at: Millis) -> String {
    let shown = zone.shown(at);
    format!("{} {:02}:{:02}", day(zone, at), shown.hour(), shown.minute())
}

/// `Mon 23 Nov`
fn day(zone: &Zone, at: Millis) -> String {
    let shown = zone.shown(at);
    let weekday = usize::from(shown.weekday().to_monday_zero_offset().unsigned_abs());
    let month = usize::from(shown.month().unsigned_abs()) - 1;
    let (weekday, month) = (WEEKDAYS.get(weekday), MONTHS.get(month));
    format!(
        "{} {} {}",
        weekday.copied().unwrap_or_default(),
        shown.day(),
        month.copied().unwrap_or_default()
    )
}

/// What a field for a day and a time holds: `2026-11-23T09:00`.
pub(super) fn field(zone: &Zone, at: Millis) -> String {
    zone.shown(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The span that is drawn: from the beginning of today, by the clocks of a zone.
pub(super) fn drawn(zone: &Zone, now: Millis) -> (Millis, Millis) {
    let midnight = zone.shown(now).strftime("%Y-%m-%dT00:00").to_string();
    let begins = zone.moment(&midnight).unwrap_or(now);
    (begins, begins + DAYS * DAY)
}

/// Where days begin within a span, and what they are called.
pub(super) fn days(zone: &Zone, (from, to): (Millis, Millis)) -> Vec<(f64, String)> {
    let days = (0..DAYS).map(|nth| {
        let middle = from + nth * DAY + DAY / 2;
        let (begins, _) = drawn(zone, middle);
        let name = day(zone, middle);
        // The weekday and the number; the month where one begins, and first.
        let short: Vec<&str> = name.split(' ').collect();
        let name = match short[..] {
            [weekday, number, month] if nth == 0 || number == "1" => format!("{weekday} {number} {month}"),
            [weekday, number, _] => format!("{weekday} {number}"),
            _ => name,
        };
        (part(begins.max(from), (from, to)), name)
    });
    days.collect()
}

fn part(at: Millis, (from, to): (Millis, Millis)) -> f64 {
    (at - from) as f64 * 100.0 / (to - from).max(1) as f64
}

/// Shifts as a row of bars.
pub(super) fn row(name: &str, zone: &Zone, shifts: &[ShiftItem], span: (Millis, Millis)) -> Row {
    let bars = shifts.iter().map(|shift| {
        let left = part(shift.from.max(span.0), span);
        let who = shift.name.clone().unwrap_or_default();
        let title = match who.as_str() {
            "" => "Nobody".to_owned(),
            who => who.to_owned(),
        };
        Bar {
            left,
            width: part(shift.to.min(span.1), span) - left,
            title: format!("{title}, {} to {}", said(zone, shift.from), said(zone, shift.to)),
            name: who,
            tint: usize::try_from(shift.responder.unwrap_or(0) % 3).unwrap_or(0),
            taken: shift.taken.is_some(),
        }
    });
    Row {
        name: name.to_owned(),
        bars: bars.collect(),
    }
}

/// Overrides that are not past, the next first.
pub(super) fn coming(doc: &ScheduleDoc, now: Millis) -> Vec<OverrideDoc> {
    let mut coming: Vec<OverrideDoc> = doc.overrides.iter().filter(|one| one.to > now).cloned().collect();
    coming.sort_by_key(|one| one.from);
    coming
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_where_the_clocks_of_the_zone_say_so() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        // 2026-03-28T13:30 in Berlin; the clocks go forward on the 29th.
        let now = 1_774_701_000_000;
        let span = drawn(&berlin, now);
        assert_eq!(field(&berlin, span.0), "2026-03-28T00:00");
        assert_eq!(said(&berlin, now), "Sat 28 Mar 13:30");
        let named = days(&berlin, span);
        assert_eq!(named.len(), 14);
        assert_eq!(named[0], (0.0, "Sat 28 Mar".to_owned()));
        assert_eq!(named[4].1, "Wed 1 Apr");
        // The third day begins an hour early, as the second was 23 hours long.
        let third = 100.0 * 47.0 / (14.0 * 24.0);
        assert!((named[2].0 - third).abs() < 1e-9, "{named:?}");
    }
}
