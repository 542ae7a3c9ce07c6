//! The signals show what the replica holds, and speak only when something changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use leptos::prelude::*;
use protocol::testkit::{Gen, Story};
use protocol::view::{Board, Range};
use protocol::{Changes, Replica};

use super::{Live, Rows};
use crate::seed::{Seed, Site};

pub(crate) fn seed(board: Board) -> Seed {
    Seed {
        connect: Gen::new(1).connect(),
        figures: None,
        nobody: false,
        activity: None,
        replay: None,
        refused: None,
        present: board.now,
        board,
        site: Site {
            build: "test".into(),
            root: String::new(),
            base: String::new(),
            origin: "http://127.0.0.1:3000".into(),
            local_key: None,
            may_make_keys: false,
            theme: None,
            utc_offset_min: 0,
        },
    }
}

fn rows<T: Clone + PartialEq + Send + Sync + 'static>(rows: Rows<T>) -> Vec<T> {
    let order = rows.order.get_untracked();
    order
        .into_iter()
        .map(|id| rows.get(id).expect("a listed row exists").get_untracked())
        .collect()
}

/// The board as the page shows it.
fn shown(live: &Live, range: Range) -> Board {
    Board {
        now: live.frame_now.get_untracked(),
        range,
        verdict: live.board.verdict.get_untracked(),
        kpis: live
            .board
            .kpis
            .with_value(|kpis| kpis.iter().map(|kpi| kpi.get_untracked()).collect()),
        providers: rows(live.board.providers),
        breakers: rows(live.board.breakers),
        feed: live.board.feed.get_untracked(),
        points: live.board.points.get_untracked(),
        last_event: live.board.last_event.get_untracked(),
        simulated: live.board.simulated.get_untracked(),
    }
}

#[test]
fn a_thousand_frames_leave_what_the_replica_holds() {
    for number in 0..4 {
        let owner = Owner::new();
        owner.with(|| {
            let mut story = Story::new(number);
            let live = Live::seeded(&seed(Gen::new(number + 100).board()));
            live.detail_of.set(Some(Story::BREAKER.to_owned()));
            let mut replica = Replica::new();
            for frame in story.opening() {
                let changes = replica.apply(frame).unwrap();
                live.apply(&replica, &changes);
            }
            let mut told = 0;
            while told < 1_000 {
                for frame in story.step() {
                    told += 1;
                    let changes = replica.apply(frame).unwrap();
                    live.apply(&replica, &changes);
                }
                let board = Board {
                    now: story.board.now,
                    ..replica.board().unwrap().clone()
                };
                let shown = Board {
                    now: story.board.now,
                    ..shown(&live, board.range)
                };
                assert_eq!(shown, board, "seed {number}, frame {told}");
            }
            assert_eq!(
                shown(&live, story.board.range),
                Board {
                    now: replica.now().unwrap(),
                    ..story.board.clone()
                }
            );
            assert_eq!(live.connect.get_untracked(), story.connect);
            assert_eq!(live.detail.get_untracked(), Some(story.detail.clone()));
        });
        owner.cleanup();
    }
}

#[test]
fn a_detail_that_is_not_open_is_not_shown() {
    let owner = Owner::new();
    owner.with(|| {
        let story = Story::new(9);
        let live = Live::seeded(&seed(story.board.clone()));
        let mut replica = Replica::new();
        for frame in story.opening() {
            let changes = replica.apply(frame).unwrap();
            live.apply(&replica, &changes);
        }
        assert_eq!(live.detail.get_untracked(), None);
    });
}

#[test]
fn a_row_that_leaves_and_comes_back_keeps_its_signal() {
    let owner = Owner::new();
    owner.with(|| {
        let mut random = Gen::new(5);
        let board = (0..)
            .map(|_| random.board())
            .find(|board| board.breakers.len() > 1)
            .unwrap();
        let live = Live::seeded(&seed(board.clone()));
        let key = board.breakers[0].key;
        let signal = live.board.breakers.get(key).unwrap();

        let mut replica = Replica::new();
        let mut show = |board: &Board, seq: u64| {
            let snapshot = protocol::Snapshot {
                view: "board".into(),
                seq,
                now: board.now,
                body: protocol::ViewBody::Board(Box::new(board.clone())),
            };
            let changes = replica
                .apply(protocol::ServerFrame::Snapshot(Box::new(snapshot)))
                .unwrap();
            assert_eq!(changes, Changes::Reset { view: "board".into() });
            live.apply(&replica, &changes);
        };
        let mut without = board.clone();
        without.breakers.remove(0);
        show(&without, 1);
        assert!(live.board.breakers.get(key).is_none());
        assert_eq!(
            signal.get_untracked(),
            board.breakers[0],
            "who still holds the signal may read it"
        );
        show(&board, 2);
        assert_eq!(live.board.breakers.get(key), Some(signal));
    });
}

#[test]
fn a_delta_speaks_only_through_the_rows_it_changed() {
    let owner = Owner::new();
    owner.with(|| {
        let mut random = Gen::new(11);
        let board = (0..)
            .map(|_| random.board())
            .find(|board| board.breakers.len() > 5)
            .unwrap();
        let live = Live::seeded(&seed(board.clone()));
        // A memo computes again only if its signal spoke since it was last read.
        let heard = Arc::new(AtomicUsize::new(0));
        let watch = |key: u64| {
            let (signal, heard) = (live.board.breakers.get(key).unwrap(), heard.clone());
            Memo::new(move |_| {
                heard.fetch_add(1, Ordering::Relaxed);
                signal.with(|row| row.calls)
            })
        };
        let memos: Vec<_> = board.breakers.iter().map(|row| watch(row.key)).collect();
        let order = {
            let (heard, order) = (heard.clone(), live.board.breakers.order);
            Memo::new(move |_| {
                heard.fetch_add(1, Ordering::Relaxed);
                order.with(Vec::len)
            })
        };
        let read = || {
            heard.store(0, Ordering::Relaxed);
            memos.iter().for_each(|memo| _ = memo.get_untracked());
            order.get_untracked();
            heard.load(Ordering::Relaxed)
        };
        read();

        let mut replica = Replica::new();
        let mut next = board.clone();
        next.breakers[2].calls ^= 1;
        let delta = protocol::diff::diff(&board, &next).unwrap();
        for frame in [
            protocol::ServerFrame::Snapshot(Box::new(protocol::Snapshot {
                view: "board".into(),
                seq: 1,
                now: board.now,
                body: protocol::ViewBody::Board(Box::new(board.clone())),
            })),
            protocol::ServerFrame::Delta(Box::new(protocol::Delta {
                view: "board".into(),
                seq: 2,
                now: board.now + 100,
                body: protocol::DeltaBody::Board(Box::new(delta)),
            })),
        ] {
            let changes = replica.apply(frame).unwrap();
            live.apply(&replica, &changes);
            let expected = if matches!(changes, Changes::Reset { .. }) {
                0
            } else {
                1
            };
            assert_eq!(read(), expected, "{changes:?}");
        }
    });
}
