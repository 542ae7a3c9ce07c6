//! Days of prices and of invoices as moments.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Millis;
use crate::alert::RuleError;
use crate::alert::error::must;
use crate::duty::Zone;

/// The longest that an invoice covers, days.
const LONGEST: i32 = 366;

/// The moment from which a price holds: a day, which begins at midnight UTC, or a moment with its offset,
/// `2026-10-01T00:00:00+02:00`.
///
/// # Errors
/// It is neither, or not of the years 2000 to 2100.
pub fn since(text: &str) -> Result<Millis, RuleError> {
    let wrong = || {
        let what = "must be a day such as 2026-10-01 or a moment such as 2026-10-01T00:00:00Z, of the years 2000 to 2100";
        RuleError::new("from", what)
    };
    if let Ok(date) = day(text, "from") {
        return midnight(date, &TimeZone::UTC).ok_or_else(wrong);
    }
    let moment = (text.len() <= 40)
        .then(|| text.parse::<Timestamp>().ok())
        .flatten();
    let year = |at: &Timestamp| TimeZone::UTC.to_datetime(*at).year();
    let moment = moment.filter(|at| (2000..=2100).contains(&year(at)));
    moment.map(Timestamp::as_millisecond).ok_or_else(wrong)
}

/// From the beginning of one day to the end of another, on the clocks of a zone.
///
/// # Errors
/// One is no day, the last is before the first, or they are more than a year.
pub fn whole_days(zone: &Zone, from: &str, to: &str) -> Result<(Millis, Millis), RuleError> {
    let (first, last) = (day(from, "from")?, day(to, "to")?);
    let days = first.until(last).map_or(i32::MAX, |span| span.get_days());
    must((0..LONGEST).contains(&days), "to", || {
        format!("must be the last day, on or after from, and at most {LONGEST} days in all")
    })?;
    let ends = last.tomorrow().ok().and_then(|next| midnight(next, zone.clock()));
    let begins = midnight(first, zone.clock());
    let both = begins.zip(ends);
    both.ok_or_else(|| RuleError::new("to", "must be within the calendar"))
}

fn day(text: &str, field: &str) -> Result<Date, RuleError> {
    let form = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = form.then(|| text.parse::<Date>().ok()).flatten();
    let date = date.filter(|date| (2000..=2100).contains(&date.year()));
    date.ok_or_else(|| {
        RuleError::new(
            field,
            "must be a day such as 2026-10-01, of the years 2000 to 2100",
        )
    })
}

/// The first moment of a day.
fn midnight(date: Date, zone: &TimeZone) -> Option<Millis> {
    let begins = zone
        .to_ambiguous_timestamp(date.at(0, 0, 0, 0))
        .compatible()
        .ok()?;
    Some(begins.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 3_600_000;

    #[test]
    fn a_price_holds_since_a_day_or_a_moment() {
        let october = 1_790_812_800_000;
        for (text, at) in [
            ("2026-10-01", october),
            ("2026-10-01T00:00:00Z", october),
            ("2026-10-01T02:00:00+02:00", october),
            ("2026-10-01T00:00:01.5Z", october + 1_500),
        ] {
            assert_eq!(since(text), Ok(at), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026-10",
            "2026-10-32",
            "2026-10-01T00:00:00",
            "1999-12-31",
            "2101-01-01",
            "+02026-1-1",
        ] {
            assert_eq!(since(text).unwrap_err().field, "from", "{text}");
        }
    }

    #[test]
    fn days_of_an_invoice_are_those_of_its_zone() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        let (from, to) = whole_days(&berlin, "2026-10-01", "2026-10-31").unwrap();
        assert_eq!(from, 1_790_812_800_000 - 2 * HOUR);
        // Summer time ends within: an hour more than 31 days.
        assert_eq!(to - from, 31 * 24 * HOUR + HOUR);
        let one = whole_days(&berlin, "2026-10-01", "2026-10-01").unwrap();
        assert_eq!(one.1 - one.0, 24 * HOUR);
        for (from, to, field) in [
            ("2026-10-02", "2026-10-01", "to"),
            ("2025-10-01", "2026-10-02", "to"),
            ("October", "2026-10-01", "from"),
            ("2026-10-01", "2026-10-01T00:00", "to"),
        ] {
            assert_eq!(
                whole_days(&berlin, from, to).unwrap_err().field,
                field,
                "{from} {to}"
            );
        }
    }
}
