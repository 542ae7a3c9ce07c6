//! Histories against a model that looks at every millisecond.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::Millis;
use domain::breaker::history::{cells, disagreement, tracks, worst};
use domain::breaker::{Cell, Segment, State, StoredTransition, Summary, Track};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn moved(at: Millis, instance: &str, to: State) -> StoredTransition<'_> {
    StoredTransition {
        at,
        instance,
        from: None,
        to,
        cause: "",
        lasted: None,
    }
}

fn segment(start: Millis, end: Millis, state: State) -> Segment {
    Segment { start, end, state }
}

/// One instance, nothing known at the start.
fn track(transitions: &[StoredTransition<'static>], to: Millis) -> Track {
    let mut tracks = tracks(transitions.iter().copied(), &BTreeMap::new(), 0..to);
    tracks.remove("a").expect("a track")
}

fn letters(cells: &[Cell]) -> String {
    cells.iter().map(|cell| cell.as_char()).collect()
}

#[test]
fn an_outage_in_full() {
    let because = |at, to, cause| StoredTransition {
        cause,
        ..moved(at, "a", to)
    };
    let track = track(
        &[
            because(10, State::Closed, "first report"),
            because(100, State::Open, "24 × overloaded, 5 × timeout, of 50 calls"),
            because(130, State::HalfOpen, "waited 30 s"),
            because(131, State::Open, "1 × timeout, of 1 call"),
            because(161, State::Unknown, "silent"),
            because(200, State::Open, "heard from again"),
            because(210, State::HalfOpen, ""),
            because(211, State::Closed, "5 of 5 trial calls ok"),
            because(300, State::Open, "30 × overloaded, of 50 calls"),
            because(400, State::Closed, ""),
            because(500, State::Open, "deploy"),
            because(510, State::ForcedOpen, "maintenance"),
            because(600, State::Closed, ""),
            because(900, State::Open, "31 of 50 calls failed"),
            because(2_000, State::Closed, ""),
        ],
        1_000,
    );
    assert_eq!(track.before, State::Unknown);
    assert_eq!(track.segments.len(), 15);
    assert_eq!(track.segments[0], segment(0, 10, State::Unknown));
    assert_eq!(track.segments[14], segment(900, 1_000, State::Open));
    let causes = [("deploy", 1), ("overloaded", 2)];
    assert_eq!(
        track.causes,
        causes.map(|(cause, count)| (cause.to_owned(), count)).into()
    );
    assert_eq!(
        track.summary(),
        Summary {
            opened: 4,
            reopened: 1,
            open_ms: 30 + 30 + 10 + 100 + 10 + 100,
            longest_ms: 100,
            still_open: true,
            top_cause: Some(("overloaded".into(), 2)),
            state_ms: [90 + 89 + 100 + 300, 280, 2, 90, 0, 0, 49],
        }
    );
}

#[test]
fn the_start_is_told_by_whatever_tells_it() {
    let left = |from, lasted| StoredTransition {
        from,
        lasted,
        ..moved(50, "a", State::Open)
    };
    let (closed, open) = (segment(0, 50, State::Closed), segment(50, 100, State::Open));
    let unknown = segment(0, 50, State::Unknown);
    let state = Some(State::Closed);
    for (transition, before, expected) in [
        (left(None, None), State::Unknown, vec![unknown, open]),
        (left(None, Some(9)), State::Unknown, vec![unknown, open]),
        (left(state, None), State::Closed, vec![unknown, open]),
        (left(state, Some(50)), State::Closed, vec![closed, open]),
        (left(state, Some(9_999)), State::Closed, vec![closed, open]),
        (
            left(state, Some(20)),
            State::Unknown,
            vec![
                segment(0, 30, State::Unknown),
                segment(30, 50, State::Closed),
                open,
            ],
        ),
    ] {
        let track = track(&[transition], 100);
        assert_eq!((track.before, &track.segments), (before, &expected));
        assert_eq!(track.summary().opened, 1);
    }
    // One that comes after the range says what was in it.
    let late = track(&[left(state, Some(40))], 20);
    assert_eq!(
        late.segments,
        [segment(0, 10, State::Unknown), segment(10, 20, State::Closed)]
    );
    // One that came before it too; and what is given as known needs no transition.
    let earlier = [moved(-5, "a", State::Open), moved(-3, "a", State::Unknown)];
    let start = BTreeMap::from([("b", State::HalfOpen)]);
    let both = tracks(earlier, &start, 0..10);
    assert_eq!(both["a"].before, State::Open);
    assert_eq!(both["a"].segments, [segment(0, 10, State::Unknown)]);
    assert_eq!(both["b"].segments, [segment(0, 10, State::HalfOpen)]);
}

#[test]
fn ranges_that_touch_share_no_opening() {
    let moves = [moved(0, "a", State::Closed), moved(10, "a", State::Open)];
    for (range, opened, segments) in [
        (0..10, 0, vec![segment(0, 10, State::Closed)]),
        (10..20, 1, vec![segment(10, 20, State::Open)]),
        (11..20, 0, vec![segment(11, 20, State::Open)]),
        (10..10, 0, vec![]),
        (Range { start: 20, end: 10 }, 0, vec![]),
    ] {
        let track = &tracks(moves, &BTreeMap::new(), range)["a"];
        assert_eq!((track.summary().opened, &track.segments), (opened, &segments));
    }
}

#[test]
fn a_moment_is_counted_and_shows() {
    let moves = [
        moved(0, "a", State::Closed),
        moved(25, "a", State::Open),
        moved(25, "a", State::HalfOpen),
    ];
    let one = track(&moves, 40);
    assert_eq!(one.segments[1], segment(25, 25, State::Open));
    assert_eq!((one.summary().opened, one.summary().open_ms), (1, 0));
    assert_eq!(letters(&cells(&one.segments, 0..40, 4)), "ccoh");
    let other = &tracks([], &BTreeMap::from([("b", State::Closed)]), 0..40)["b"];
    assert_eq!(worst([&one, other]).segments, one.segments);
    let forced = &tracks([], &BTreeMap::from([("b", State::Open)]), 0..40)["b"];
    assert_eq!(worst([&one, forced]).segments, forced.segments);
}

#[test]
fn the_whole_is_the_worst_of_the_living() {
    let moves = [
        moved(10, "a", State::Open),
        moved(20, "b", State::Open),
        moved(30, "a", State::HalfOpen),
        moved(40, "b", State::Unknown),
        moved(50, "a", State::Closed),
        moved(60, "a", State::Unknown),
    ];
    let start = BTreeMap::from([("a", State::Closed), ("b", State::Closed)]);
    let tracks = tracks(moves, &start, 0..70);
    let whole = worst(tracks.values());
    assert_eq!(
        whole.segments,
        [
            segment(0, 10, State::Closed),
            segment(10, 40, State::Open),
            segment(40, 50, State::HalfOpen),
            segment(50, 60, State::Closed),
            segment(60, 70, State::Unknown),
        ]
    );
    let summary = whole.summary();
    assert_eq!((summary.opened, summary.open_ms, summary.longest_ms), (1, 30, 30));
    assert_eq!(disagreement(tracks.values()), 20);
    assert_eq!(letters(&cells(&whole.segments, 0..70, 7)), "cooohc-");
    assert_eq!(worst([]).segments, []);
    assert_eq!(disagreement([]), 0);
}

#[test]
fn cells_of_any_width() {
    let segments = [segment(0, 2, State::Closed), segment(2, 3, State::Open)];
    for (range, count, expected) in [
        (0..3, 3, "cco"),
        (0..3, 1, "o"),
        (0..3, 2, "co"),
        (0..3, 6, "ccccoo"),
        (0..3, 0, ""),
        (-3..3, 2, "-o"),
        (1..9, 4, "o---"),
        (3..9, 2, "--"),
        (5..5, 2, "--"),
        (Millis::MIN..Millis::MAX, 2, "-o"),
    ] {
        assert_eq!(letters(&cells(&segments, range, count)), expected);
    }
}

/// From −100 to 300, often at the same moment.
fn moves() -> impl Strategy<Value = Vec<StoredTransition<'static>>> {
    let state = || proptest::sample::select(State::ALL.to_vec());
    let lasted = proptest::option::of(0i64..200);
    let step = (
        0usize..3,
        state(),
        proptest::option::of(state()),
        lasted,
        0i64..20,
    );
    proptest::collection::vec(step, 0..40).prop_map(|steps| {
        let mut at = -100;
        let mut transition = |(name, to, from, lasted, pause): (usize, _, _, _, _)| {
            at += pause;
            StoredTransition {
                from,
                lasted,
                ..moved(at, NAMES[name], to)
            }
        };
        steps.into_iter().map(&mut transition).collect()
    })
}

fn starts() -> impl Strategy<Value = BTreeMap<&'static str, State>> {
    let name = proptest::sample::select(NAMES.to_vec());
    let state = proptest::sample::select(State::ALL.to_vec());
    proptest::collection::btree_map(name, state, 0..3)
}

/// The state at a moment, as the track says.
fn at(track: &Track, time: Millis) -> State {
    let mut held = track
        .segments
        .iter()
        .filter(|segment| segment.start <= time && time < segment.end);
    let state = held.next().expect("a state at every moment").state;
    assert!(held.next().is_none(), "two states at {time}");
    state
}

fn live(tracks: &BTreeMap<&str, Track>, time: Millis) -> Vec<State> {
    let states = tracks.values().map(|track| at(track, time));
    states.filter(|state| *state != State::Unknown).collect()
}

fn covers(track: &Track, from: Millis, to: Millis) {
    let segments = &track.segments;
    assert_eq!((segments[0].start, segments[segments.len() - 1].end), (from, to));
    assert!(segments.iter().all(|segment| segment.start <= segment.end));
    for pair in segments.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
        assert_ne!(pair[0].state, pair[1].state);
    }
}

proptest! {
    #[test]
    fn every_moment_is_in_one_state(moves in moves(), start in starts(), length in 1i64..200) {
        let tracks = tracks(moves.iter().copied(), &start, 0..length);
        for (name, track) in &tracks {
            covers(track, 0, length);
            let mine = || moves.iter().filter(|transition| transition.instance == *name);
            for time in 0..length {
                let last = mine().rfind(|transition| transition.at <= time);
                let known = last.map(|last| last.to).or(start.get(name).copied());
                // Without either, the first may tell.
                let told = mine().next().and_then(|first| {
                    let began = first.at - first.lasted?;
                    first.from.filter(|_| began <= time && time < first.at)
                });
                prop_assert_eq!(at(track, time), known.or(told).unwrap_or(State::Unknown), "{} {}", name, time);
            }
        }
    }

    #[test]
    fn the_summary_adds_up(moves in moves(), start in starts(), length in 1i64..200) {
        let tracks = tracks(moves.iter().copied(), &start, 0..length);
        for track in tracks.values().chain([&worst(tracks.values())]) {
            let summary = track.summary();
            let covered = if tracks.is_empty() { 0 } else { length };
            prop_assert_eq!(summary.state_ms.iter().sum::<Millis>(), covered);
            prop_assert_eq!(summary.open_ms, summary.state_ms[State::Open as usize]);
            prop_assert!(summary.longest_ms <= summary.open_ms);
            let entered = |state| track.segments.iter().filter(|segment| segment.state == state).count();
            prop_assert!((summary.opened + summary.reopened) as usize <= entered(State::Open));
            // One may have begun before; and who is first heard of half-open opened unseen.
            let most = summary.opened as usize + entered(State::HalfOpen) + 1;
            prop_assert!(summary.longest_ms * most as Millis >= summary.open_ms);
        }
    }

    #[test]
    fn the_whole_is_the_worst_at_every_moment(moves in moves(), start in starts(), length in 1i64..200) {
        let tracks = tracks(moves, &start, 0..length);
        prop_assume!(!tracks.is_empty());
        let whole = worst(tracks.values());
        covers(&whole, 0, length);
        let mut disagreed = 0;
        for time in 0..length {
            let live = live(&tracks, time);
            let expected = live.iter().copied().reduce(State::worse).unwrap_or(State::Unknown);
            prop_assert_eq!(at(&whole, time), expected);
            disagreed += Millis::from(live.iter().any(|state| *state != live[0]));
        }
        prop_assert_eq!(disagreement(tracks.values()), disagreed);
        prop_assert_eq!(worst([&whole]).segments, whole.segments.clone());
        prop_assert_eq!(disagreement([&whole]), 0);
    }

    #[test]
    fn a_cell_shows_the_worst_that_was_in_it(moves in moves(), start in starts(), width in 1i64..20, count in 1usize..20) {
        let length = width * count as Millis;
        for track in tracks(moves, &start, 0..length).values() {
            let cells = cells(&track.segments, 0..length, count);
            for (number, cell) in cells.iter().enumerate() {
                let (from, to) = (number as Millis * width, (number as Millis + 1) * width);
                let within = track.segments.iter().filter(|segment| {
                    let touches = segment.start < to && segment.end > from;
                    touches || segment.start == segment.end && (from..to).contains(&segment.start)
                });
                let known = within.map(|segment| segment.state).filter(|state| *state != State::Unknown);
                let expected = known.reduce(State::worse).map_or(Cell::None, Cell::of);
                prop_assert_eq!(*cell, expected);
            }
        }
    }
}
