//! Points in time: RFC 3339 with a zone, or epoch milliseconds, within a window around the arrival.

use domain::Millis;
use jiff::Timestamp;
use jiff::civil;

use super::fault::{Fault, kind, quoted, shown};
use super::{Limits, RefusalCode, number, text};

/// How far ahead a retry or a reset may lie, in days.
const MAX_AHEAD_DAYS: i64 = 366;
const DAY: Millis = 24 * 3_600_000;
const MINUTE: Millis = 60_000;

/// When a body came and how far from that its times may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    received: Millis,
    max_past: Millis,
    max_future: Millis,
}

impl Arrival {
    pub(super) fn new(received: Millis, limits: &Limits) -> Arrival {
        Arrival {
            received,
            max_past: limits.max_past,
            max_future: limits.max_future,
        }
    }

    /// When the body came.
    pub(super) const fn received(&self) -> Millis {
        self.received
    }

    /// The time of an event: when it counts, and the time sent where that lies after its arrival.
    pub(super) fn event(&self, raw: &str) -> Result<(Millis, Option<Millis>), Fault> {
        let sent = instant(raw)?;
        self.within(sent, raw, self.max_future)?;
        Ok(if sent > self.received {
            (self.received, Some(sent))
        } else {
            (sent, None)
        })
    }

    /// A moment that is expected: a retry, a reset.
    pub(super) fn expected(&self, raw: &str) -> Result<Millis, Fault> {
        let sent = instant(raw)?;
        self.within(sent, raw, MAX_AHEAD_DAYS * DAY)?;
        Ok(sent)
    }

    fn within(&self, sent: Millis, raw: &str, ahead: Millis) -> Result<(), Fault> {
        let earliest = self.received.saturating_sub(self.max_past);
        let latest = self.received.saturating_add(ahead);
        if (earliest..=latest).contains(&sent) {
            return Ok(());
        }
        let got = match Timestamp::from_millisecond(sent) {
            Ok(time) if !raw.starts_with('"') => format!("{} ({time:.0})", shown(raw)),
            _ => shown(raw.trim_matches('"')),
        };
        Err(bad(format!(
            "must lie between {} before and {} after arrival, got {got}",
            period(self.max_past),
            period(ahead)
        )))
    }
}

/// Reads a point in time, wherever it lies.
fn instant(raw: &str) -> Result<Millis, Fault> {
    match raw.as_bytes().first() {
        Some(b'"') => written(&text::decode(raw)?),
        Some(b'-' | b'0'..=b'9') => epoch(raw),
        _ => Err(Fault::new(
            RefusalCode::WrongType,
            format!(
                "must be a time (RFC 3339 or epoch milliseconds), got {}",
                kind(raw)
            ),
        )),
    }
}

/// Epoch milliseconds; other units are recognised by their size and refused.
fn epoch(raw: &str) -> Result<Millis, Fault> {
    let value = number::real(raw)?;
    let unit = match value {
        1e9..1e11 => Some(("seconds", value * 1e3)),
        1e14..1e17 => Some(("microseconds", value / 1e3)),
        1e17..1e20 => Some(("nanoseconds", value / 1e6)),
        _ => None,
    };
    if let Some((unit, millis)) = unit {
        return Err(bad(format!(
            "looks like {unit}; use milliseconds: {}",
            millis.round() as i64
        )));
    }
    // What is outside is outside every window, and would not survive the cast unharmed.
    if value.abs() >= 1e14 {
        return Err(bad(format!(
            "is not a time in epoch milliseconds: {}",
            shown(raw)
        )));
    }
    Ok(value.floor() as Millis)
}

/// RFC 3339, zone required.
fn written(sent: &str) -> Result<Millis, Fault> {
    // A bracketed zone name is not RFC 3339, and looking one up would need a database.
    if sent.len() <= 64 && !sent.contains('[') {
        if let Ok(time) = sent.parse::<Timestamp>() {
            return Ok(time.as_millisecond());
        }
        if sent.parse::<civil::DateTime>().is_ok() {
            return Err(bad(format!(
                "has no time zone: add Z or an offset such as +01:00, got {}",
                quoted(sent)
            )));
        }
    }
    let hint = match sent.parse::<f64>() {
        Ok(_) => "; send epoch milliseconds as a number, without quotes",
        Err(_) => "",
    };
    Err(bad(format!(
        "must be RFC 3339 like 2026-01-31T09:30:00Z or epoch milliseconds, got {}{hint}",
        quoted(sent)
    )))
}

fn bad(reason: String) -> Fault {
    Fault::new(RefusalCode::BadTime, reason)
}

/// `7 days`, `10 minutes`, `1500 ms`.
fn period(millis: Millis) -> String {
    match millis {
        _ if millis > 0 && millis % DAY == 0 => format!("{} days", millis / DAY),
        _ if millis > 0 && millis % MINUTE == 0 => format!("{} minutes", millis / MINUTE),
        _ => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-11-20T09:33:54Z
    const NOW: Millis = 1_763_631_234_000;

    fn arrival() -> Arrival {
        Arrival::new(NOW, &Limits::default())
    }

    fn reason<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        let fault = result.unwrap_err();
        assert_eq!(fault.code, RefusalCode::BadTime);
        fault.reason
    }

    #[test]
    fn forms() {
        for (raw, millis) in [
            ("1763631234000", NOW),
            ("1763631234000.75", NOW),
            ("1.763631234e12", NOW),
            ("\"2025-11-20T09:33:54Z\"", NOW),
            ("\"2025-11-20t09:33:54z\"", NOW),
            ("\"2025-11-20T09:33:54.000999Z\"", NOW),
            ("\"2025-11-20T10:33:54+01:00\"", NOW),
            ("\"2025-11-20T04:03:54.000-05:30\"", NOW),
            ("\"2025-11-20 09:33:54Z\"", NOW),
        ] {
            assert_eq!(arrival().event(raw), Ok((millis, None)), "{raw}");
        }
    }

    #[test]
    fn window() {
        let limits = Limits::default();
        for (offset, good) in [
            (-limits.max_past - 1, false),
            (-limits.max_past, true),
            (-limits.max_past + 1, true),
            (0, true),
            (limits.max_future - 1, true),
            (limits.max_future, true),
            (limits.max_future + 1, false),
        ] {
            let sent = NOW + offset;
            let result = arrival().event(&sent.to_string());
            assert_eq!(result.is_ok(), good, "{offset}");
            if good {
                let expected = if offset > 0 {
                    (NOW, Some(sent))
                } else {
                    (sent, None)
                };
                assert_eq!(result, Ok(expected));
            }
        }
        assert_eq!(
            reason(arrival().event("\"2020-01-01T00:00:00Z\"")),
            "must lie between 7 days before and 10 minutes after arrival, got 2020-01-01T00:00:00Z"
        );
        assert_eq!(
            reason(arrival().event("1577836800000")),
            "must lie between 7 days before and 10 minutes after arrival, got 1577836800000 (2020-01-01T00:00:00Z)"
        );
    }

    #[test]
    fn other_units() {
        assert_eq!(
            reason(arrival().event("1763631234")),
            "looks like seconds; use milliseconds: 1763631234000"
        );
        assert_eq!(
            reason(arrival().event("1763631234.567")),
            "looks like seconds; use milliseconds: 1763631234567"
        );
        assert_eq!(
            reason(arrival().event("1763631234000000")),
            "looks like microseconds; use milliseconds: 1763631234000"
        );
        assert_eq!(
            reason(arrival().event("1763631234000000000")),
            "looks like nanoseconds; use milliseconds: 1763631234000"
        );
        assert!(reason(arrival().event("1000000000")).contains("seconds"));
        assert!(!reason(arrival().event("999999999")).contains("seconds"));
        assert!(reason(arrival().event("99999999999")).contains("seconds"));
        assert!(!reason(arrival().event("100000000000")).contains("seconds"));
    }

    #[test]
    fn edges() {
        for raw in [
            "0",
            "-0",
            "-1",
            "9e18",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "1e308",
            "-1e308",
            "1e999",
            "-1e999",
            "253402300799999",
            "5e-324",
            "\"9999-12-31T23:59:59Z\"",
            "\"0001-01-01T00:00:00Z\"",
            "\"-009999-01-01T00:00:00Z\"",
        ] {
            reason(arrival().event(raw));
        }
        for received in [Millis::MIN, 0, Millis::MAX] {
            for raw in ["0", "99999999999999", "-99999999999999"] {
                let _ = Arrival::new(received, &Limits::default()).event(raw);
            }
        }
        assert_eq!(arrival().event("true").unwrap_err().code, RefusalCode::WrongType);
        assert_eq!(arrival().event("[1]").unwrap_err().code, RefusalCode::WrongType);
    }

    #[test]
    fn strings_that_are_no_times() {
        for raw in ["\"2025-11-20T09:33:54\"", "\"2025-11-20 09:33:54.123\""] {
            assert!(
                reason(arrival().event(raw)).starts_with("has no time zone: add Z or an offset"),
                "{raw}"
            );
        }
        for raw in [
            "\"\"",
            "\"yesterday\"",
            "\"20 Nov 2025\"",
            "\"2025-13-01T00:00:00Z\"",
            "\"2025-02-30T00:00:00Z\"",
            "\"2025-11-20T09:33:54+01:00[Europe/Berlin]\"",
            "\"2025-11-20T25:00:00Z\"",
        ] {
            assert!(
                reason(arrival().event(raw)).starts_with("must be RFC 3339"),
                "{raw}"
            );
        }
        assert!(reason(arrival().event("\"1763631234000\"")).ends_with("without quotes"));
        reason(arrival().event(&format!("\"{}\"", "9".repeat(100_000))));
    }

    #[test]
    fn expected_moments() {
        for (offset, good) in [
            (-7 * DAY - 1, false),
            (-7 * DAY, true),
            (30_000, true),
            (366 * DAY, true),
            (366 * DAY + 1, false),
        ] {
            assert_eq!(
                arrival().expected(&(NOW + offset).to_string()).is_ok(),
                good,
                "{offset}"
            );
        }
        assert!(reason(arrival().expected("60")).contains("366 days after arrival"));
    }
}
