//! A server in miniature, for tests of clients.

use super::Gen;
use crate::diff::diff;
use crate::frame::{Delta, DeltaBody, ServerFrame, Snapshot, ViewBody};
use crate::view::{Alerts, Board, BreakerDetail, Connect};
use crate::{VIEW_ALERTS, VIEW_BOARD, VIEW_CONNECT, breaker_view};

/// A server in miniature: a board, a breaker's detail, a Connect page and counts of alerts that change, told in correct frames.
#[derive(Debug, Clone)]
pub struct Story {
    /// Makes the changes.
    pub random: Gen,
    /// What a client must show of `board` after every frame told so far.
    pub board: Board,
    /// The same for `breaker:b_1`.
    pub detail: Option<BreakerDetail>,
    /// The same for `connect`.
    pub connect: Connect,
    /// The same for `alerts`.
    pub alerts: Option<Alerts>,
    seqs: [u64; 4],
}

impl Story {
    /// The breaker whose detail is told.
    pub const BREAKER: &'static str = "b_1";

    /// A story that begins with [`Story::opening`].
    pub fn new(seed: u64) -> Story {
        let mut random = Gen::new(seed);
        let (board, connect) = (random.board(), random.connect());
        Story {
            board,
            detail: None,
            connect,
            alerts: None,
            seqs: [random.below(1000), 0, 7, 1],
            random,
        }
    }

    /// The frames after a subscribe to all four views.
    pub fn opening(&self) -> Vec<ServerFrame> {
        (0..4).map(|which| self.snapshot(which)).collect()
    }

    fn view(which: usize) -> String {
        [
            VIEW_BOARD.to_owned(),
            breaker_view(Self::BREAKER),
            VIEW_CONNECT.to_owned(),
            VIEW_ALERTS.to_owned(),
        ][which]
            .clone()
    }

    fn snapshot(&self, which: usize) -> ServerFrame {
        let body = match which {
            0 => ViewBody::Board(Box::new(self.board.clone())),
            1 => ViewBody::Breaker(self.detail.clone().map(Box::new)),
            2 => ViewBody::Connect(self.connect.clone()),
            _ => ViewBody::Alerts(self.alerts),
        };
        let (view, seq) = (Self::view(which), self.seqs[which]);
        ServerFrame::Snapshot(Box::new(Snapshot {
            view,
            seq,
            now: self.board.now,
            body,
        }))
    }

    /// The next thing that happens: one frame, or a resync with its snapshot.
    pub fn step(&mut self) -> Vec<ServerFrame> {
        let which = self.random.pick(&[0, 0, 0, 0, 1, 2, 3]);
        self.seqs[which] += 1;
        let body = if which == 0 {
            let old = self.board.clone();
            let mut new = old.clone();
            self.random.evolve(&mut new);
            self.board = new;
            match diff(&old, &self.board) {
                Some(delta) if delta.is_empty() => DeltaBody::Beat,
                Some(delta) => DeltaBody::Board(Box::new(delta)),
                None => return vec![self.snapshot(0)],
            }
        } else if which == 1 {
            self.detail = self.random.maybe(Gen::detail);
            DeltaBody::Breaker(self.detail.clone().map(Box::new))
        } else if which == 3 {
            self.alerts = self.random.maybe(Gen::alerts);
            DeltaBody::Alerts(self.alerts)
        } else {
            self.connect = self.random.connect();
            DeltaBody::Connect(self.connect.clone())
        };
        if self.random.once_in(30) {
            return vec![
                ServerFrame::Resync {
                    view: Self::view(which),
                },
                self.snapshot(which),
            ];
        }
        let (view, seq) = (Self::view(which), self.seqs[which]);
        vec![ServerFrame::Delta(Box::new(Delta {
            view,
            seq,
            now: self.board.now,
            body,
        }))]
    }
}
