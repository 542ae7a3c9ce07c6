//! The state as signals, one per entity, so that a delta touches only what it changes.
//!
//! Plain signals instead of `reactive_stores`: a keyed store of that crate panics when a row is patched while it
//! holds keyed fields (docs/adr). Only [`Live`]'s `apply` writes.

use leptos::prelude::*;
use protocol::Moment;
use protocol::view::{Breaker, BreakerDetail, ChartPoint, Connect, Feed, Kpi, Provider, Range, Verdict};

use super::Rows;
use crate::lasting::Lasting;
use crate::seed::Seed;

/// How the socket is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Not open yet, or opening again.
    Connecting,
    /// Open, and a snapshot has arrived.
    Open,
    /// Closed; it will be tried again at this time (server clock, epoch milliseconds).
    Waiting {
        /// When.
        retry_at: i64,
    },
}

/// The board as signals.
#[derive(Clone, Copy)]
pub struct BoardStore {
    /// The sentence on top.
    pub verdict: Lasting<Verdict>,
    /// The six key figures, in drawn order.
    pub kpis: StoredValue<Vec<Lasting<Kpi>>>,
    /// Rails.
    pub providers: Rows<Provider>,
    /// Fuses.
    pub breakers: Rows<Breaker>,
    /// Newest first.
    pub feed: Lasting<Vec<Feed>>,
    /// Chart points, oldest first; empty until the first socket snapshot.
    pub points: Lasting<Vec<ChartPoint>>,
    /// When the newest event was received.
    pub last_event: Lasting<Option<i64>>,
    /// Simulated traffic is part of what is shown.
    pub simulated: Lasting<bool>,
}

/// Everything live, as a context for all pages.
#[derive(Clone, Copy)]
pub struct Live {
    /// The board; subscribed on every page, for the verdict on top.
    pub board: BoardStore,
    /// The Connect page; subscribed while it is open, or while the board is empty.
    pub connect: Lasting<Connect>,
    /// The breaker whose detail panel is open: its `b_…` id.
    pub detail_of: Lasting<Option<String>>,
    /// Its detail; `None` until the snapshot arrives, `Some(None)` when there is no such breaker.
    pub detail: Lasting<Option<Option<BreakerDetail>>>,
    /// The Connect page is open; see [`Live::shows_connect`].
    pub connect_open: Lasting<bool>,
    /// The socket.
    pub connection: Lasting<Connection>,
    /// A snapshot has arrived since the page was opened.
    pub connected_once: Lasting<bool>,
    /// Server time of the newest frame (at first the seed's), epoch milliseconds.
    pub frame_now: Lasting<i64>,
    /// The server's clock as well as we know it; equals the seed's `now` on the server and at hydration, ticks once a
    /// second from then on. In a replay it is the moment that is shown. Every relative time on screen is computed from
    /// it.
    pub now: Lasting<i64>,
    /// The range that the board shows; setting it subscribes anew and ends a pause.
    pub range: Lasting<Range>,
    /// Live updates are paused by the visitor.
    pub paused: Lasting<bool>,
    /// The moment that the board is to show instead of now, and how fast it goes on; `None` is live. Setting it
    /// subscribes anew. Where a replay stands is told by [`Live::frame_now`].
    pub replay: Lasting<Option<Moment>>,
    /// Why the newest wish for a moment was not granted.
    pub refused: Lasting<Option<String>>,
    /// The server's clock, also while [`Live::now`] is the clock of a replay.
    pub present: Lasting<i64>,
}

impl Live {
    /// The state of the first paint.
    pub fn seeded(seed: &Seed) -> Live {
        let board = &seed.board;
        Live {
            board: BoardStore {
                verdict: Lasting::new(board.verdict.clone()),
                kpis: StoredValue::new(board.kpis.iter().cloned().map(Lasting::new).collect()),
                providers: Rows::new(board.providers.iter().map(|row| (row.id, row.clone()))),
                breakers: Rows::new(board.breakers.iter().map(|row| (row.key, row.clone()))),
                feed: Lasting::new(board.feed.clone()),
                points: Lasting::new(board.points.clone()),
                last_event: Lasting::new(board.last_event),
                simulated: Lasting::new(board.simulated),
            },
            connect: Lasting::new(seed.connect.clone()),
            detail_of: Lasting::new(None),
            detail: Lasting::new(None),
            connect_open: Lasting::new(false),
            connection: Lasting::new(Connection::Connecting),
            connected_once: Lasting::new(false),
            frame_now: Lasting::new(board.now),
            now: Lasting::new(board.now),
            range: Lasting::new(board.range),
            paused: Lasting::new(false),
            replay: Lasting::new(seed.replay.map(|at| Moment { at, speed: 0 })),
            refused: Lasting::new(seed.refused.clone()),
            present: Lasting::new(seed.present),
        }
    }

    /// Says that the page being shown is the Connect page, until its owner goes: only then is its view subscribed.
    pub fn shows_connect(&self) {
        let open = self.connect_open;
        Effect::new(move |_| open.set(true));
        on_cleanup(move || open.set(false));
    }
}
