//! Windows that come back, held against the clocks of six zones on the days that they are put forward and back.

use domain::alert::{Matcher, Op, Repeat, Silence, SilenceState, Who};
use proptest::prelude::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const ALL: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A zone whose clock is put from one offset to another at a moment: minutes east of UTC before and after.
pub(crate) struct Change {
    pub(crate) zone: &'static str,
    pub(crate) at: i64,
    pub(crate) before: i64,
    pub(crate) after: i64,
}

/// Of 2026, as the zones' authorities have announced them: IANA tzdata 2025b (europe, northamerica, australasia).
pub(crate) const CHANGES: [Change; 12] = [
    change("Europe/Berlin", 1_774_746_000, 60, 120),
    change("Europe/Berlin", 1_792_890_000, 120, 60),
    change("Europe/London", 1_774_746_000, 0, 60),
    change("Europe/London", 1_792_890_000, 60, 0),
    change("America/New_York", 1_772_953_200, -300, -240),
    change("America/New_York", 1_793_512_800, -240, -300),
    change("America/St_Johns", 1_772_947_800, -210, -150),
    change("America/St_Johns", 1_793_507_400, -150, -210),
    change("Australia/Lord_Howe", 1_775_314_800, 660, 630),
    change("Australia/Lord_Howe", 1_791_041_400, 630, 660),
    change("Pacific/Chatham", 1_775_311_200, 825, 765),
    change("Pacific/Chatham", 1_790_431_200, 765, 825),
];

const fn change(zone: &'static str, at: i64, before: i64, after: i64) -> Change {
    Change {
        zone,
        at: at * 1_000,
        before,
        after,
    }
}

/// Minutes of the day.
fn minute_of(text: &str) -> i64 {
    let (hours, minutes) = text.split_once(':').expect("a time");
    hours.parse::<i64>().expect("a number") * 60 + minutes.parse::<i64>().expect("a number")
}

/// What the clock on the wall shows, computed from the table alone: the day since 1970, and the minute of it.
fn wall(change: &Change, at: i64) -> (i64, i64) {
    let offset = if at < change.at {
        change.before
    } else {
        change.after
    };
    let shown = at + offset * MINUTE;
    (shown.div_euclid(DAY), shown.rem_euclid(DAY) / MINUTE)
}

/// 1970-01-01 was a Thursday.
fn weekday(day: i64) -> &'static str {
    ALL[(day + 3).rem_euclid(7) as usize]
}

/// 6 zones, forward and back, 4 kinds of windows: around the change, within what is left out or doubled, over midnight,
/// the whole day. Every minute of the two days around the change.
#[test]
fn every_minute_is_as_the_clock_shows_it() {
    let windows = [
        ("01:30", "04:00"),
        ("02:10", "02:40"),
        ("22:00", "06:00"),
        ("00:00", "00:00"),
    ];
    let mut cases = 0;
    for change in &CHANGES {
        for (from, to) in windows {
            let (day, _) = wall(change, change.at);
            let days = [weekday(day - 1), weekday(day)];
            let repeat = Repeat::new(&days, from, to, change.zone).unwrap();
            let (from, to) = (minute_of(from), minute_of(to));
            let on = |day: i64| days.contains(&weekday(day));
            let (mut covered, mut changes) = (0, vec![]);
            for at in (change.at - DAY..change.at + DAY).step_by(MINUTE as usize) {
                let (day, minute) = wall(change, at);
                let expected = if from < to {
                    on(day) && (from..to).contains(&minute)
                } else {
                    on(day) && minute >= from || on(day - 1) && minute < to
                };
                assert_eq!(repeat.covers(at), expected, "{} {repeat} at {at}", change.zone);
                covered += i64::from(expected);
                changes.push(expected);
            }
            // Where it changes next is where the minutes say it.
            let start = change.at - DAY;
            let first = changes.iter().position(|now| *now != changes[0]);
            if let Some(first) = first {
                assert_eq!(repeat.changes_after(start), Some(start + first as i64 * MINUTE));
            }
            if (from, to) == (130, 160) && change.zone == "Europe/Berlin" {
                let expected = if change.after > change.before { 30 } else { 60 };
                assert_eq!(
                    covered, expected,
                    "the day before alone, or the same half hour twice"
                );
            }
            cases += 1;
        }
    }
    assert_eq!(cases, 48);
}

#[test]
fn a_window_is_read_as_it_is_written() {
    let repeat = Repeat::new(&["sun", "mon", "mon"], "22:00", "06:05", "Europe/Berlin").unwrap();
    assert_eq!(repeat.to_string(), "mon,sun 22:00 06:05 Europe/Berlin");
    assert_eq!(Repeat::parse(&repeat.to_string()), Some(repeat));
    for text in [
        "",
        "mon 22:00 06:00",
        "mon 22:00 06:00 UTC x",
        "someday 22:00 06:00 UTC",
        "mon 6:00 22:00 UTC",
    ] {
        assert_eq!(Repeat::parse(text), None, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |days: &[&str], from, to, zone| Repeat::new(days, from, to, zone).unwrap_err().field;
    assert_eq!(wrong(&[], "22:00", "06:00", "UTC"), "repeat.days");
    assert_eq!(wrong(&["monday"], "22:00", "06:00", "UTC"), "repeat.days");
    for time in ["24:00", "22:60", "22", "2:00", "ab:cd", "+1:00", ""] {
        assert_eq!(wrong(&["mon"], time, "06:00", "UTC"), "repeat.from", "{time}");
        assert_eq!(wrong(&["mon"], "06:00", time, "UTC"), "repeat.to", "{time}");
    }
    for zone in ["", "Europe/Atlantis", "../../etc/passwd", &"x".repeat(1_000)] {
        assert_eq!(wrong(&["mon"], "22:00", "06:00", zone), "repeat.zone", "{zone}");
    }
}

fn silence(repeat: Repeat, starts: i64, ends: i64) -> Silence {
    Silence {
        matchers: vec![Matcher::new("provider", Op::Is, "openai").expect("a matcher")],
        starts,
        ends,
        by: Who {
            id: "account:ada".into(),
            name: "ada".into(),
        },
        repeat: Some(repeat),
        comment: "the provider's nightly work".into(),
        created: starts,
    }
}

#[test]
fn a_silence_hides_in_its_window_until_it_ends() {
    // 1970-01-01 was a Thursday.
    let repeat = Repeat::new(&["thu", "fri"], "10:00", "12:00", "UTC").unwrap();
    let silence = silence(repeat, HOUR, 9 * DAY + 11 * HOUR);
    let state = |at| silence.state(at);
    assert_eq!(state(9 * HOUR), SilenceState::Pending);
    assert_eq!(silence.changes_after(9 * HOUR), Some(10 * HOUR));
    assert_eq!(state(10 * HOUR), SilenceState::Active);
    assert_eq!(silence.changes_after(10 * HOUR + 1), Some(12 * HOUR));
    assert_eq!(state(12 * HOUR), SilenceState::Pending);
    assert_eq!(silence.changes_after(DAY + 12 * HOUR), Some(7 * DAY + 10 * HOUR));
    // It ends on a Saturday between two windows: after Friday's it does nothing any more.
    assert_eq!(silence.changes_after(8 * DAY + 13 * HOUR), None);
    assert_eq!(state(9 * DAY + 11 * HOUR), SilenceState::Expired);
    let labels = [("provider".to_owned(), "openai".to_owned())].into();
    assert!(silence.hides(&labels, 11 * HOUR) && !silence.hides(&labels, 13 * HOUR));
}

/// Minutes east of UTC in 2026, from the table alone.
fn offset(zone: &str, at: i64) -> i64 {
    let mut changes: Vec<&Change> = CHANGES.iter().filter(|change| change.zone == zone).collect();
    changes.sort_by_key(|change| change.at);
    let passed = changes.iter().rev().find(|change| change.at <= at);
    passed.map_or(changes[0].before, |change| change.after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Any moment of 2026, any window.
    #[test]
    fn any_moment_is_as_the_clock_shows_it(
        at in 1_767_225_600_000_i64..1_798_761_600_000,
        (from, to) in (0_i64..1_440, 0_i64..1_440),
        chosen in proptest::sample::subsequence(ALL.to_vec(), 1..=7),
        place in 0_usize..12,
    ) {
        let zone = CHANGES[place].zone;
        let text = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let repeat = Repeat::new(&chosen, &text(from), &text(to), zone).unwrap();
        let shown = at + offset(zone, at) * MINUTE;
        let (day, minute) = (shown.div_euclid(DAY), shown.rem_euclid(DAY) / MINUTE);
        let on = |day: i64| chosen.contains(&weekday(day));
        let expected = if from < to {
            on(day) && (from..to).contains(&minute)
        } else {
            on(day) && minute >= from || on(day - 1) && minute < to
        };
        prop_assert_eq!(repeat.covers(at), expected, "{} at {}", repeat, at);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// From change to change, a week holds the window once, but for what a clock leaves out or shows twice.
    #[test]
    fn a_week_holds_its_window(
        start in 0_i64..2_000_000_000,
        (from, to) in (0_i64..1_440, 0_i64..1_440),
        day in 0_usize..7,
        place in 0_usize..12,
    ) {
        let text = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let repeat = Repeat::new(&[ALL[day]], &text(from), &text(to), CHANGES[place].zone).unwrap();
        let end = start * 1_000 + 7 * DAY;
        let (mut at, mut covered) = (start * 1_000, 0);
        while at < end {
            let next = repeat.changes_after(at).unwrap_or(end).min(end);
            prop_assert!(next > at);
            if repeat.covers(at) {
                covered += next - at;
            }
            at = next;
        }
        let length = (to - from).rem_euclid(1_440) * MINUTE;
        let length = if length == 0 { DAY } else { length };
        prop_assert!((covered - length).abs() <= HOUR + MINUTE, "{}: {} for {}", repeat, covered, length);
    }
}
