//! Schedules, held against the clocks of six zones on the days that they are put, and against what must always be true;
//! ladders, step by step.

use domain::alert::Repeat;
use domain::duty::{
    Duty, Escalation, Layer, Length, Override, Rotation, Schedule, Shift, Source, Step, Zone,
};
use proptest::prelude::*;

use crate::alert_repeat::{CHANGES, Change};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn layer(people: &[u64], first: &str, length: Length) -> Layer {
    Layer {
        people: people.to_vec(),
        rotation: Rotation {
            first: Rotation::first(first).expect("a moment"),
            length,
        },
        hours: vec![],
    }
}

fn schedule(zone: &str, layers: Vec<Layer>) -> Schedule {
    Schedule {
        zone: Zone::new(zone).expect("a zone"),
        layers,
        overrides: vec![],
    }
}

fn who(schedule: &Schedule, at: i64) -> Option<u64> {
    schedule.on_call(at).map(|duty| duty.who)
}

/// When the wall shows a minute of a day, computed from the table alone: the first time it does, and where it leaves the
/// minute out, later by what was left out.
fn shown_at(change: &Change, day: i64, minute: i64) -> i64 {
    let wall = day * DAY + minute * MINUTE;
    let (early, late) = (wall - change.before * MINUTE, wall - change.after * MINUTE);
    if early < change.at || late < change.at {
        early
    } else {
        late
    }
}

/// Every kind of minute: ordinary ones, those left out, those shown twice, and the edges.
const MINUTES: [i64; 8] = [0, 1, 90, 120, 150, 180, 540, 1_439];

#[test]
fn hand_overs_stay_at_their_time_of_the_day_where_clocks_are_put() {
    for change in &CHANGES {
        let last = (change.at + change.before * MINUTE).div_euclid(DAY) + 4;
        for minute in MINUTES {
            let first = format!("2026-01-01T{:02}:{:02}", minute / 60, minute % 60);
            let daily = schedule(change.zone, vec![layer(&[1, 2, 3], &first, Length::Days(1))]);
            for day in last - 8..last {
                let (from, to) = (shown_at(change, day, minute), shown_at(change, day + 1, minute));
                // Days since 1970; 2026-01-01 is the 20,454th.
                let turn = u64::try_from(day - 20_454).expect("later") % 3 + 1;
                let found = daily.shifts(from, to);
                let [only] = &found[..] else {
                    panic!("{} {first}: {found:?}", change.zone)
                };
                assert_eq!(
                    only.duty.map(|duty| duty.who),
                    Some(turn),
                    "{} {first}",
                    change.zone
                );
                assert_eq!(
                    who(&daily, from - 1),
                    Some((turn + 1) % 3 + 1),
                    "{} {first}",
                    change.zone
                );
                assert_eq!(daily.until(from), Some(to), "{} {first}", change.zone);
            }
        }
    }
}

#[test]
fn a_shift_across_a_change_is_longer_or_shorter_by_it() {
    let mut lengths = Vec::new();
    for change in &CHANGES {
        let zone = change.zone;
        let weekly = schedule(zone, vec![layer(&[1, 2], "2026-01-05T09:00", Length::Weeks(1))]);
        let found = weekly.shifts(change.at, change.at + 1);
        let until = weekly.until(found[0].from).expect("it ends");
        let begun = (1..=8 * 24 * 60).map(|ago| change.at - ago * MINUTE);
        let begun = begun
            .take_while(|at| who(&weekly, *at) == who(&weekly, change.at))
            .last();
        let length = until - begun.expect("it began");
        assert_eq!(
            length,
            7 * DAY - (change.after - change.before) * MINUTE,
            "{zone}"
        );
        lengths.push(length);
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert_eq!(
        lengths.len(),
        4,
        "an hour and half an hour, both ways: {lengths:?}"
    );
}

#[test]
fn a_day_that_a_zone_left_out_is_handed_over_later() {
    // Samoa went from 2011-12-29 to 2011-12-31.
    let rota = schedule(
        "Pacific/Apia",
        vec![layer(&[1, 2], "2011-12-20T09:00", Length::Hours(1))],
    );
    let middle = 1_325_239_200_000; // 2011-12-30T10:00Z, when the day was left out
    let shifts = rota.shifts(middle - 3 * DAY, middle + 3 * DAY);
    tile(&shifts, middle - 3 * DAY, middle + 3 * DAY);
    assert!(shifts.iter().all(|shift| shift.duty.is_some()));
}

#[test]
fn later_layers_win_at_their_hours_and_overrides_win_always() {
    let mut rota = schedule(
        "Europe/Berlin",
        vec![
            layer(&[1], "2026-01-05T09:00", Length::Weeks(1)),
            Layer {
                hours: vec![
                    Repeat::new(&["sat", "sun"], "08:00", "20:00", "Europe/Berlin").expect("a window"),
                ],
                ..layer(&[2], "2026-01-05T09:00", Length::Weeks(1))
            },
        ],
    );
    let saturday = 1_768_003_200_000; // 2026-01-10T00:00Z
    assert_eq!(who(&rota, saturday + 6 * HOUR), Some(1), "7:00 in Berlin");
    assert_eq!(who(&rota, saturday + 7 * HOUR), Some(2));
    assert_eq!(rota.until(saturday + 7 * HOUR), Some(saturday + 19 * HOUR));
    assert_eq!(who(&rota, saturday + 19 * HOUR), Some(1));
    for (who, hours) in [(3, 1..3), (4, 2..4)] {
        rota.overrides.push(Override {
            who,
            from: saturday + (7 + hours.start) * HOUR,
            to: saturday + (7 + hours.end) * HOUR,
        });
    }
    let day: Vec<(i64, Option<u64>)> = rota
        .shifts(saturday, saturday + DAY)
        .into_iter()
        .map(|shift| ((shift.to - shift.from) / HOUR, shift.duty.map(|duty| duty.who)))
        .collect();
    let expected = [(7, 1), (1, 2), (1, 3), (2, 4), (8, 2), (5, 1)];
    assert_eq!(day, expected.map(|(hours, who)| (hours, Some(who))));
    let duty = rota.on_call(saturday + 9 * HOUR + 1);
    assert_eq!(
        duty,
        Some(Duty {
            who: 4,
            source: Source::Override(1)
        }),
        "of two the later"
    );
    assert_eq!(rota.turns(1, saturday + 8 * HOUR, saturday + 9 * HOUR).len(), 1);
}

#[test]
fn nobody_is_on_call_before_the_first_hand_over() {
    let rota = schedule("UTC", vec![layer(&[7], "2026-11-23T09:00", Length::Days(1))]);
    let first = 1_795_424_400_000; // 2026-11-23T09:00Z
    assert_eq!(who(&rota, first - 1), None);
    assert_eq!(rota.until(first - DAY), Some(first));
    assert_eq!(who(&rota, first), Some(7));
    assert_eq!(rota.until(first), None, "nobody else ever");
}

#[test]
fn what_is_wrong_is_named() {
    let good = schedule("UTC", vec![layer(&[1], "2026-01-01T09:00", Length::Days(1))]);
    assert!(good.check().is_ok());
    let field = |schedule: Schedule| schedule.check().expect_err("wrong").field;
    assert_eq!(
        field(Schedule {
            layers: vec![],
            ..good.clone()
        }),
        "layers"
    );
    let mut nobody = good.clone();
    nobody.layers[0].people.clear();
    assert_eq!(field(nobody), "layers[0].people");
    let mut backwards = good.clone();
    backwards.overrides.push(Override {
        who: 1,
        from: 5,
        to: 5,
    });
    assert_eq!(field(backwards), "overrides[0].to");
    assert!(Zone::new("Europe/Atlantis").is_err());
    assert_eq!(Length::new(0, "days").expect_err("none").field, "every");
    assert_eq!(Length::new(1, "fortnights").expect_err("none").field, "unit");
    for text in [
        "",
        "2026-13-01T09:00",
        "2026-01-01T25:00",
        "1999-01-01T09:00",
        "2026-01-01T09:00:30",
    ] {
        assert!(Rotation::first(text).is_err(), "{text}");
    }
}

#[test]
fn a_ladder_is_climbed_and_climbed_again() {
    let step = |after| Step {
        after,
        channels: vec![1],
        schedules: vec![],
        responders: vec![],
    };
    let ladder = Escalation {
        steps: vec![step(0), step(5 * MINUTE)],
        repeat: 1,
        again: 10 * MINUTE,
    };
    assert!(ladder.check().is_ok());
    assert_eq!(ladder.total(), 4);
    let waits: Vec<Option<i64>> = (0..=5)
        .map(|nth| ladder.step(nth).map(|(_, wait)| wait))
        .collect();
    assert_eq!(
        waits,
        [
            None,
            Some(0),
            Some(5 * MINUTE),
            Some(10 * MINUTE),
            Some(5 * MINUTE),
            None
        ]
    );
    let field = |ladder: &Escalation| ladder.check().expect_err("wrong").field;
    assert_eq!(
        field(&Escalation {
            steps: vec![],
            ..ladder.clone()
        }),
        "steps"
    );
    assert_eq!(
        field(&Escalation {
            steps: vec![step(0), step(0)],
            ..ladder.clone()
        }),
        "steps[1].after_ms"
    );
    assert_eq!(
        field(&Escalation {
            again: 0,
            ..ladder.clone()
        }),
        "again_after_ms"
    );
    assert_eq!(
        field(&Escalation {
            repeat: 10,
            ..ladder.clone()
        }),
        "repeat"
    );
    let mut silent = ladder;
    silent.steps[1].channels.clear();
    assert_eq!(field(&silent), "steps[1].tell");
}

/// They follow each other from one end to the other, and no two neighbours are the same.
fn tile(shifts: &[Shift], from: i64, to: i64) {
    assert_eq!(shifts.first().map(|shift| shift.from), Some(from));
    assert_eq!(shifts.last().map(|shift| shift.to), Some(to));
    assert!(shifts.iter().all(|shift| shift.from < shift.to));
    for pair in shifts.windows(2) {
        assert_eq!(pair[0].to, pair[1].from);
        assert_ne!(pair[0].duty, pair[1].duty);
    }
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![
        (1u16..=36).prop_map(Length::Hours),
        (1u16..=9).prop_map(Length::Days),
        (1u16..=3).prop_map(Length::Weeks),
    ]
}

prop_compose! {
    fn any_layer()(count in 1u64..5, hour in 0u8..24, minute in 0u8..60, day in 1u8..=28, length in length()) -> Layer {
        let people: Vec<u64> = (1..=count).collect();
        layer(&people, &format!("2026-01-{day:02}T{hour:02}:{minute:02}"), length)
    }
}

proptest! {
    /// Each layer has exactly one person at every instant, shifts tile the time, and who is on call within a shift is
    /// who the shift says, wherever one looks.
    #[test]
    fn every_instant_has_one_person(
        change in proptest::sample::select((0..CHANGES.len()).collect::<Vec<_>>()),
        layers in proptest::collection::vec(any_layer(), 1..4),
        back in 0i64..20 * DAY,
        looks in proptest::collection::vec(0i64..20 * DAY, 20),
        taken in proptest::collection::vec((1u64..9, -DAY..2 * DAY, 1i64..DAY), 0..4),
    ) {
        let change = &CHANGES[change];
        let (from, to) = (change.at - back, change.at - back + 20 * DAY);
        let mut rota = schedule(change.zone, layers);
        for place in 0..rota.layers.len() {
            let turns = rota.turns(place, from, to);
            tile(&turns, from, to);
            prop_assert!(turns.iter().all(|turn| turn.duty.is_some()));
        }
        rota.overrides = taken
            .into_iter()
            .map(|(who, begins, length)| Override { who, from: change.at + begins, to: change.at + begins + length })
            .collect();
        let shifts = rota.shifts(from, to);
        tile(&shifts, from, to);
        for look in looks {
            let at = from + look;
            let found = shifts.iter().find(|shift| (shift.from..shift.to).contains(&at));
            prop_assert_eq!(found.and_then(|shift| shift.duty), rota.on_call(at));
            let last = rota.overrides.iter().rfind(|one| (one.from..one.to).contains(&at));
            if let Some(last) = last {
                prop_assert_eq!(who(&rota, at), Some(last.who));
            }
        }
    }

    /// A turn never begins before the one before it.
    #[test]
    fn turns_are_taken_in_order(
        change in proptest::sample::select((0..CHANGES.len()).collect::<Vec<_>>()),
        layer in any_layer(),
        step in 1i64..7,
    ) {
        let change = &CHANGES[change];
        let zone = Zone::new(change.zone).expect("a zone");
        let mut last = None;
        for at in (change.at - DAY..change.at + DAY).step_by(usize::try_from(step * MINUTE).expect("small")) {
            let turn = layer.rotation.turn(at, zone.clock());
            prop_assert!(turn >= last, "{turn:?} after {last:?}");
            last = turn;
        }
    }
}
