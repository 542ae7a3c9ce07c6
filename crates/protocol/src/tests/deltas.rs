//! A delta leads to the board it was made from; what it cannot tell, it does not pretend to.

use proptest::prelude::*;

use crate::diff::{FEED_MAX, apply_board, diff, normalise};
use crate::testkit::Gen;
use crate::view::Board;

/// What a client shows that held `old` and received the delta to `new`.
fn shown(old: &Board, new: &Board) -> Option<Board> {
    let delta = diff(old, new)?;
    let mut board = old.clone();
    board.now = new.now;
    apply_board(&mut board, &delta);
    Some(board)
}

/// Two boards with nothing in common but what deltas can never take away.
fn strangers(seed: u64) -> (Board, Board) {
    let mut random = Gen::new(seed);
    let (old, mut new) = (random.board(), random.board());
    new.range = old.range;
    new.last_event = new.last_event.or(old.last_event);
    // Feed entries and points are only ever added, or leave at the old end. What `new` holds wins.
    new.feed = [old.feed.clone(), new.feed].concat();
    let first = new.points.first().map_or(i64::MIN, |point| point.t);
    let held = old
        .points
        .iter()
        .filter(|point| point.t >= first)
        .cloned()
        .collect();
    new.points = [held, new.points].concat();
    normalise(&mut new);
    (old, new)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_delta_leads_to_its_board(seed: u64) {
        let (old, new) = strangers(seed);
        prop_assert_eq!(shown(&old, &new), Some(new));
    }

    #[test]
    fn any_delta_is_right_or_refused(seed: u64) {
        let mut random = Gen::new(seed);
        let (old, new) = (random.board(), random.board());
        if let Some(board) = shown(&old, &new) {
            prop_assert_eq!(board, new);
        }
    }

    #[test]
    fn nothing_new_gives_an_empty_delta_and_changes_nothing(seed: u64) {
        let board = Gen::new(seed).board();
        let delta = diff(&board, &board).unwrap();
        prop_assert!(delta.is_empty());
        let mut same = board.clone();
        let changes = apply_board(&mut same, &delta);
        prop_assert_eq!(changes, Default::default());
        prop_assert_eq!(same, board);
    }

    #[test]
    fn changes_name_exactly_the_rows_that_differ(seed: u64) {
        let (old, new) = strangers(seed);
        let mut board = old.clone();
        let changes = apply_board(&mut board, &diff(&old, &new).unwrap());
        let was = |key| old.breakers.iter().find(|row| row.key == key);
        let is = |key| new.breakers.iter().find(|row| row.key == key);
        for key in 0..40 {
            prop_assert_eq!(changes.breakers.added.contains(&key), was(key).is_none() && is(key).is_some());
            prop_assert_eq!(changes.breakers.removed.contains(&key), was(key).is_some() && is(key).is_none());
            let differs = was(key).is_some() && is(key).is_some() && was(key) != is(key);
            prop_assert_eq!(changes.breakers.changed.contains(&key), differs);
        }
        let keys = |board: &Board| board.breakers.iter().map(|row| row.key).collect::<Vec<_>>();
        if keys(&old) != keys(&new) {
            prop_assert!(changes.breakers.reordered());
        }
        prop_assert_eq!(changes.verdict, old.verdict != new.verdict);
    }

    #[test]
    fn order_does_not_depend_on_how_the_server_built_it(seed: u64, shuffle: u64) {
        let board = Gen::new(seed).board();
        let mut other = board.clone();
        let mut random = Gen::new(shuffle);
        for index in (1..other.breakers.len()).rev() {
            other.breakers.swap(index, random.below(index as u64 + 1) as usize);
        }
        other.providers.reverse();
        other.feed.reverse();
        other.points.reverse();
        normalise(&mut other);
        prop_assert_eq!(other, board);
    }
}

#[test]
fn what_a_delta_cannot_tell_is_refused() {
    let rich = |board: &Board| {
        (3..FEED_MAX).contains(&board.feed.len()) && board.points.len() > 2 && board.last_event.is_some()
    };
    let old = (0..).map(|seed| Gen::new(seed).board()).find(rich).unwrap();
    let refused = |change: fn(&mut Board)| {
        let mut new = old.clone();
        change(&mut new);
        diff(&old, &new).is_none()
    };
    assert!(refused(
        |board| board.range = if board.range == crate::Range::H1 {
            crate::Range::M5
        } else {
            crate::Range::H1
        }
    ));
    assert!(refused(|board| board.last_event = None));
    assert!(refused(|board| {
        board.kpis.pop();
    }));
    assert!(refused(|board| {
        board.feed.remove(1);
    }));
    assert!(
        refused(|board| {
            board.points.remove(1);
        }),
        "a hole"
    );
    assert!(refused(|board| board.points.clear()));
    assert!(
        !refused(|board| {
            board.points.remove(0);
        }),
        "the old end may go"
    );
}
