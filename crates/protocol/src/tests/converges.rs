//! The replica shows what the server shows, whatever way the frames took.

use proptest::prelude::*;

use crate::frame::{Delta, DeltaBody, ServerFrame};
use crate::replica::{Changes, Replica};
use crate::testkit::Story;
use crate::{codec, json};

/// Sends a frame over one codec or the other.
fn over_the_wire(frame: &ServerFrame, odd: bool) -> ServerFrame {
    if odd {
        codec::decode_server(&codec::encode_server(frame)).unwrap()
    } else {
        json::decode_server(&json::encode_server(frame)).unwrap()
    }
}

fn delta(view: &str, seq: u64, body: DeltaBody) -> ServerFrame {
    ServerFrame::Delta(Box::new(Delta {
        view: view.to_owned(),
        seq,
        now: 5,
        body,
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_thousand_frames_converge(seed: u64) {
        let mut story = Story::new(seed);
        let mut replica = Replica::new();
        for frame in story.opening() {
            replica.apply(frame).unwrap();
        }
        let mut told = 0;
        while told < 1_000 {
            for frame in story.step() {
                told += 1;
                replica.apply(over_the_wire(&frame, told % 2 == 0)).unwrap();
            }
            let board = replica.board().expect("the board was subscribed");
            prop_assert_eq!(&board.feed, &story.board.feed);
            prop_assert_eq!(&board.breakers, &story.board.breakers);
        }
        let mut board = replica.board().unwrap().clone();
        board.now = story.board.now;
        prop_assert_eq!(&board, &story.board);
        prop_assert_eq!(replica.connect(), Some(&story.connect));
        prop_assert_eq!(replica.alerts(), story.alerts.as_ref());
        prop_assert_eq!(replica.breaker(Story::BREAKER), Some(story.detail.as_ref()));
    }

    #[test]
    fn a_lost_frame_is_noticed_and_a_snapshot_repairs_it(seed: u64, lost in 1_usize..50) {
        let mut story = Story::new(seed);
        let mut replica = Replica::new();
        for frame in story.opening() {
            replica.apply(frame).unwrap();
        }
        let mut number = 0;
        for _ in 0..120 {
            for frame in story.step() {
                number += 1;
                if number == lost {
                    continue;
                }
                if let Err(gap) = replica.apply(frame) {
                    prop_assert!(replica.view(&gap.view).is_none(), "a view with a gap is not shown as if it were whole");
                    // What the server answers to the new subscribe.
                    for snapshot in story.opening() {
                        replica.apply(snapshot).unwrap();
                    }
                }
            }
        }
        for frame in story.opening() {
            replica.apply(frame).unwrap();
        }
        prop_assert_eq!(replica.board(), Some(&story.board));
    }
}

#[test]
fn a_gap_forgets_only_its_view() {
    let story = Story::new(1);
    let mut replica = Replica::new();
    for frame in story.opening() {
        replica.apply(frame).unwrap();
    }
    let held = replica.seq("board").unwrap();
    let gap = replica
        .apply(delta("board", held + 2, DeltaBody::Beat))
        .unwrap_err();
    assert_eq!(
        (gap.view.as_str(), gap.held, gap.got),
        ("board", Some(held), held + 2)
    );
    assert!(replica.board().is_none());
    assert!(replica.connect().is_some());
    assert_eq!(
        replica
            .apply(delta("board", held + 3, DeltaBody::Beat))
            .unwrap_err()
            .held,
        None
    );
}

#[test]
fn a_repeated_frame_is_a_gap() {
    let story = Story::new(2);
    let mut replica = Replica::new();
    for frame in story.opening() {
        replica.apply(frame).unwrap();
    }
    let held = replica.seq("connect").unwrap();
    assert!(replica.apply(delta("connect", held, DeltaBody::Beat)).is_err());
}

#[test]
fn a_delta_of_another_kind_is_a_gap() {
    let story = Story::new(3);
    let mut replica = Replica::new();
    for frame in story.opening() {
        replica.apply(frame).unwrap();
    }
    let seq = replica.seq("connect").unwrap() + 1;
    assert!(
        replica
            .apply(delta("connect", seq, DeltaBody::Breaker(None)))
            .is_err()
    );
}

#[test]
fn a_beat_moves_only_the_time() {
    let story = Story::new(4);
    let mut replica = Replica::new();
    for frame in story.opening() {
        replica.apply(frame).unwrap();
    }
    let mut expected = replica.board().unwrap().clone();
    expected.now = 5;
    let seq = replica.seq("board").unwrap() + 1;
    let changes = replica.apply(delta("board", seq, DeltaBody::Beat)).unwrap();
    assert_eq!(
        changes,
        Changes::Beat {
            view: "board".to_owned()
        }
    );
    assert_eq!(replica.board(), Some(&expected));
    assert_eq!(replica.now(), Some(5));
}
