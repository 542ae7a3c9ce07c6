use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// 2025-11-20T09:33:54Z, a Thursday.
const NOW: i64 = 1_763_631_234_000;

/// A moment as `2025-11-20T09:33:54.000Z` says it, for people who read a failed test.
fn shown(at: i64) -> String {
    let (year, month, day) = civil::civil_from_days(at.div_euclid(DAY));
    let ms = at.rem_euclid(DAY);
    let (h, m, s) = (ms / HOUR, ms / MINUTE % 60, ms / SECOND % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{:03}Z",
        ms % SECOND
    )
}

/// The moment that a text in UTC names.
fn at(text: &str) -> i64 {
    civil::date_time(text).expect(text).0
}

/// Both ends of a range that stands for itself, as texts.
fn ends(from: &str, to: &str, now: &str, offset: i32) -> (String, String) {
    let now = at(now);
    let span = Span::parse(from, to, now, offset).unwrap_or_else(|error| panic!("{from} {to}: {error}"));
    (shown(span.from), shown(span.to))
}

fn error(from: &str, to: &str) -> String {
    Span::parse(from, to, NOW, 0)
        .expect_err(&format!("{from} {to}"))
        .to_string()
}

fn zulu(from: &str, to: &str) -> (String, String) {
    (format!("{from}:00.000Z"), format!("{to}:00.000Z"))
}

#[test]
fn relative_ends() {
    let now = "2025-11-20T09:33:00Z";
    for (from, to, first, end) in [
        ("now-6h", "now", "2025-11-20T03:33", "2025-11-20T09:33"),
        ("now-1h", "now+10m", "2025-11-20T08:33", "2025-11-20T09:43"),
        ("now-120s", "now-1m", "2025-11-20T09:31", "2025-11-20T09:32"),
        ("now-2w", "now-7d", "2025-11-06T09:33", "2025-11-13T09:33"),
        ("now-1M", "now", "2025-10-20T09:33", "2025-11-20T09:33"),
        ("now-1y", "now+1M", "2024-11-20T09:33", "2025-12-20T09:33"),
        ("now/d", "now/d", "2025-11-20T00:00", "2025-11-21T00:00"),
        ("now-1d/d", "now-1d/d", "2025-11-19T00:00", "2025-11-20T00:00"),
        ("now/w", "now/w", "2025-11-17T00:00", "2025-11-24T00:00"),
        ("now-7d/w", "now-7d/w", "2025-11-10T00:00", "2025-11-17T00:00"),
        ("now/M", "now/M", "2025-11-01T00:00", "2025-12-01T00:00"),
        ("now-1M/M", "now-1M/M", "2025-10-01T00:00", "2025-11-01T00:00"),
        ("now/y", "now/y", "2025-01-01T00:00", "2026-01-01T00:00"),
        ("now/h", "now/h", "2025-11-20T09:00", "2025-11-20T10:00"),
        ("now/m", "now/m", "2025-11-20T09:33", "2025-11-20T09:34"),
        ("now/d+8h", "now/d-4h", "2025-11-20T08:00", "2025-11-20T20:00"),
        (" now-5m ", " now ", "2025-11-20T09:28", "2025-11-20T09:33"),
    ] {
        assert_eq!(ends(from, to, now, 0), zulu(first, end), "{from} {to}");
    }
}

#[test]
fn days_are_those_of_the_offset() {
    // 22:30 UTC on Sunday 30 November is Monday 1 December at +02:00.
    let now = "2025-11-30T22:30:00Z";
    let of = |unit: &str, offset| ends(&format!("now/{unit}"), &format!("now/{unit}"), now, offset);
    assert_eq!(of("d", 120), zulu("2025-11-30T22:00", "2025-12-01T22:00"));
    assert_eq!(of("w", 120), zulu("2025-11-30T22:00", "2025-12-07T22:00"));
    assert_eq!(of("M", 120), zulu("2025-11-30T22:00", "2025-12-31T22:00"));
    assert_eq!(of("w", 0), zulu("2025-11-24T00:00", "2025-12-01T00:00"));
    assert_eq!(of("M", -300), zulu("2025-11-01T05:00", "2025-12-01T05:00"));
    assert_eq!(of("h", 330), zulu("2025-11-30T22:30", "2025-11-30T23:30"));
    assert_eq!(of("h", 0), zulu("2025-11-30T22:00", "2025-11-30T23:00"));
    // The 31st there, and November has none: its 30th there.
    let month = ends("now-1M", "now", "2025-12-30T23:00:00Z", 120);
    assert_eq!(month.0, "2025-11-29T23:00:00.000Z");
}

#[test]
fn months_are_clamped() {
    let first = |from, now| ends(from, "now", now, 0).0;
    assert_eq!(
        first("now-1M", "2025-03-31T10:00:00Z"),
        "2025-02-28T10:00:00.000Z"
    );
    assert_eq!(
        first("now-1M", "2024-03-31T10:00:00Z"),
        "2024-02-29T10:00:00.000Z"
    );
    assert_eq!(
        first("now-1y", "2024-02-29T10:00:00Z"),
        "2023-02-28T10:00:00.000Z"
    );
    assert_eq!(
        first("now-1M/M", "2025-03-31T10:00:00Z"),
        "2025-02-01T00:00:00.000Z"
    );
}

#[test]
fn who_stands_on_midnight_has_the_day_before_them() {
    let now = "2025-11-20T00:00:00Z";
    assert_eq!(
        ends("now/d", "now/d", now, 0),
        zulu("2025-11-20T00:00", "2025-11-21T00:00")
    );
    for preset in PRESETS {
        assert!(
            Span::parse(preset.from, preset.to, at(now), 0).is_ok(),
            "{preset:?}"
        );
    }
}

#[test]
fn absolute_ends() {
    let span = |from: i64, to: i64| Ok(Span { from, to });
    assert_eq!(
        Span::parse("1763631234000", "1763631234001", NOW, 60),
        span(NOW, NOW + 1)
    );
    assert_eq!(Span::parse("0", "86400000", NOW, 0), span(0, DAY));
    assert_eq!(
        Span::parse("2025-11-20T09:33:54Z", "2025-11-20T10:33:54.25+01:00", NOW, 60),
        span(NOW, NOW + 250),
        "the zone that is written counts, not the reader's"
    );
    assert_eq!(
        Span::parse("2025-11-20T00:03:54-09:30", "now+1s", NOW, 0),
        span(NOW, NOW + SECOND)
    );
    assert_eq!(
        Span::parse("2199-12-31T00:00:00Z", "2200-01-01T00:00:00Z", NOW, 0),
        span(LATEST - DAY, LATEST)
    );
}

#[test]
fn errors_name_the_end_the_text_and_what_would_do() {
    assert_eq!(
        error("yesterday", "now"),
        "from: `yesterday`: it is not a time; understood are now, now-6h, now-1d/d (units s m h d w M y), epoch \
         milliseconds, and RFC 3339 with a zone like 2026-01-31T09:30:00Z"
    );
    for (to, reason) in [
        ("", "it is not a time"),
        ("-5", "it is not a time"),
        ("2025-11-20", "it is not a time"),
        ("2025-02-29T00:00:00Z", "it is not a time"),
        ("2025-11-20T09:00:00", "it has no zone"),
        ("2025-11-20T09:00:00 01:00", "%2B"),
        ("2025-11-20T09:00:00+1", "its zone is not like"),
        ("now 10m", "%2B"),
        ("now-", "a number follows a + or -"),
        ("now-d", "a number follows a + or -"),
        ("now-6", "the unit is not one of s m h d w M y"),
        ("now-6H", "the unit is not one of"),
        ("now/", "the unit is not one of"),
        ("now/Q", "the unit is not one of"),
        ("now/2d", "a unit without a number follows a /"),
        ("now-6h30m", "only +, - or / follows now"),
        ("nowhere", "only +, - or / follows now"),
        ("now−6h", "only +, - or / follows now"),
        ("1763631234", "it looks like seconds"),
        ("now+175y", "between the years 1970 and 2200"),
        ("now-56y+56y", "between the years 1970 and 2200"),
        ("now-99999999999999999999s", "between the years"),
        ("now-9223372036854775807y", "between the years"),
        ("now+9223372036854775807w", "between the years"),
        ("99999999999999999999", "between the years"),
        ("2200-01-01T00:00:01Z", "between the years"),
        ("1970-01-01T00:00:00+00:01", "between the years"),
    ] {
        let error = error("now-1h", to);
        assert!(error.starts_with(&format!("to: `{to}`")), "{error}");
        assert!(error.contains(reason), "{to}: {error}");
    }
    assert!(error(&"x".repeat(9_999), "now").len() < 300);
}

#[test]
fn ranges_have_a_direction_and_a_limit() {
    assert_eq!(error("now", "now-1h"), "from: `now` must be before to: `now-1h`");
    assert_eq!(error("now", "now"), "from: `now` must be before to: `now`");
    assert!(Span::parse("now-5y", "now", NOW, 0).is_ok());
    assert!(Span::parse("now-4y/y", "now/y", NOW, 0).is_ok());
    assert_eq!(
        error("now-1827d", "now+1s"),
        "from: `now-1827d` and to: `now+1s` are 1828 days apart, at most 1827 (5 years)"
    );
}

#[test]
fn words_are_short() {
    let words = |from: &str, to: &str| Span::words(from, to, NOW, 60);
    for preset in PRESETS {
        assert_eq!(words(preset.from, preset.to), preset.label);
    }
    for (from, to, expected) in [
        ("now-30s", "now", "Last 30 s"),
        ("now-1m", "now", "Last 1 min"),
        ("now-1d", "now", "Last 1 day"),
        ("now-1w", "now", "Last 1 week"),
        ("now-1w/w", "now-1w/w", "Last week"),
        ("now-3M", "now", "Last 3 months"),
        ("now-2y", "now", "Last 2 years"),
        ("now/d", "now", "Today so far"),
        ("now-2d/d", "now-2d/d", "18 Nov"),
        ("now-3d/d", "now-1d/d", "17 Nov to 19 Nov"),
        ("now/d+8h", "now", "20 Nov 08:00 to 10:33"),
        (
            "2025-11-20T14:00:00+01:00",
            "2025-11-20T15:30:00+01:00",
            "20 Nov 14:00 to 15:30",
        ),
        (
            "2025-11-20T21:00:00Z",
            "2025-11-21T05:00:00Z",
            "20 Nov 22:00 to 21 Nov 06:00",
        ),
        (
            "2025-11-20T13:00:05Z",
            "2025-11-20T13:30:00Z",
            "20 Nov 14:00:05 to 14:30:00",
        ),
        (
            "2025-11-20T13:00:05Z",
            "2025-11-20T15:30:10Z",
            "20 Nov 14:00 to 16:30",
        ),
        (
            "2024-11-20T13:00:00Z",
            "2024-11-20T14:00:00Z",
            "20 Nov 2024 14:00 to 15:00",
        ),
        (
            "2024-12-28T23:00:00Z",
            "2025-01-02T23:00:00Z",
            "29 Dec 2024 to 2 Jan 2025",
        ),
        ("now", "soon", "now to soon"),
        ("now", "now", "now to now"),
    ] {
        assert_eq!(words(from, to), expected, "{from} {to}");
    }
}

/// Texts that are often moments, and often just not.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = select(vec![
        "now", "-", "+", "/", "1", "9", "07", "s", "m", "h", "d", "w", "M", "y", " ", "Q", "é",
    ]);
    proptest::collection::vec(scrap, 0..8)
        .prop_map(|scraps| scraps.concat())
        .prop_flat_map(|text| {
            prop_oneof![
                Just(text.clone()),
                Just(format!("now{text}")),
                Just(format!("now-1{text}"))
            ]
        })
}

const UNITS: [&str; 7] = ["s", "m", "h", "d", "w", "M", "y"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_strangers_write_never_panics(
        from in scraps(), to in scraps(), odd in ".{0,30}", now: i64, near in 0..=LATEST, offset: i32,
    ) {
        for (from, to) in [(&from, &to), (&from, &odd), (&odd, &to)] {
            for now in [now, near] {
                if let Ok(span) = Span::parse(from, to, now, offset) {
                    prop_assert!(0 <= span.from && span.from < span.to && span.to <= LATEST);
                    prop_assert!(span.millis() <= MAX_DAYS * DAY);
                }
                Span::words(from, to, now, offset);
            }
        }
        Span { from: now, to: near }.dates(near, offset);
    }

    #[test]
    fn a_unit_holds_its_moment_and_meets_the_next(
        now in 800 * DAY..LATEST - 800 * DAY, offset in -1_080..=1_080_i32, unit in select(&UNITS[..]),
    ) {
        let text = format!("now/{unit}");
        let of = |now| Span::parse(&text, &text, now, offset).unwrap();
        let span = of(now);
        prop_assert!(span.from <= now && now < span.to);
        prop_assert_eq!(of(span.from), span, "a start is in its unit");
        prop_assert_eq!(of(span.to - 1), span, "so is the last moment");
        prop_assert_eq!(of(span.to).from, span.to, "the end is in the next");
        let local = span.from + i64::from(offset) * MINUTE;
        if ["d", "w", "M", "y"].contains(&unit) {
            prop_assert_eq!(local.rem_euclid(DAY), 0);
        }
        let (_, month, day) = civil::civil_from_days(local.div_euclid(DAY));
        prop_assert!(unit != "w" || civil::weekday(local.div_euclid(DAY)) == 0);
        prop_assert!(!["M", "y"].contains(&unit) || day == 1);
        prop_assert!(unit != "y" || month == 1);
    }

    #[test]
    fn what_is_written_is_read(at in 0..LATEST - 1, east in -1_439..=1_439_i64) {
        prop_assume!(!(1_000_000_000..100_000_000_000).contains(&at));
        let written = shown(at + east * MINUTE);
        let sign = if east < 0 { '-' } else { '+' };
        let zone = format!("{sign}{:02}:{:02}", east.abs() / 60, east.abs() % 60);
        prop_assume!(!written.starts_with('-'));
        let written = written.replace('Z', &zone);
        let digits = (at + 1).to_string();
        prop_assume!(at + 1 != 1_000_000_000);
        prop_assert_eq!(Span::parse(&written, &digits, NOW, 0), Ok(Span { from: at, to: at + 1 }), "{}", written);
    }
}
