//! The state as signals, one per entity, so that a delta touches only what it changes.
//!
//! Plain signals instead of `reactive_stores`: a keyed store of that crate panics when a row is patched while it
//! holds keyed fields (docs/adr). Only [`Live`]'s `apply` writes.

use leptos::prelude::*;
use protocol::Moment;
use protocol::view::{Breaker, BreakerDetail, ChartPoint, Connect, Feed, Kpi, Provider, Range, Verdict};

use super::Rows;
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
    pub verdict: RwSignal<Verdict>,
    /// The six key figures, in drawn order.
    pub kpis: StoredValue<Vec<RwSignal<Kpi>>>,
    /// Rails.
    pub providers: Rows<Provider>,
    /// Fuses.
    pub breakers: Rows<Breaker>,
    /// Newest first.
    pub feed: RwSignal<Vec<Feed>>,
    /// Chart points, oldest first; empty until the first socket snapshot.
    pub points: RwSignal<Vec<ChartPoint>>,
    /// When the newest event was received.
    pub last_event: RwSignal<Option<i64>>,
    /// Simulated traffic is part of what is shown.
    pub simulated: RwSignal<bool>,
}

/// Everything live, as a context for all pages.
#[derive(Clone, Copy)]
pub struct Live {
    /// The board; subscribed on every page, for the verdict on top.
    pub board: BoardStore,
    /// The Connect page; subscribed while it is open, or while the board is empty.
    pub connect: RwSignal<Connect>,
    /// The breaker whose detail panel is open: its `b_…` id.
    pub detail_of: RwSignal<Option<String>>,
    /// Its detail; `None` until the snapshot arrives, `Some(None)` when there is no such breaker.
    pub detail: RwSignal<Option<Option<BreakerDetail>>>,
    /// The Connect page is open; see [`Live::shows_connect`].
    pub connect_open: RwSignal<bool>,
    /// The socket.
    pub connection: RwSignal<Connection>,
    /// A snapshot has arrived since the page was opened.
    pub connected_once: RwSignal<bool>,
    /// Server time of the newest frame (at first the seed's), epoch milliseconds.
    pub frame_now: RwSignal<i64>,
    /// The server's clock as well as we know it; equals the seed's `now` on the server and at hydration, ticks once a
    /// second from then on. In a replay it is the moment that is shown. Every relative time on screen is computed from
    /// it.
    pub now: RwSignal<i64>,
    /// The range that the board shows; setting it subscribes anew and ends a pause.
    pub range: RwSignal<Range>,
    /// Live updates are paused by the visitor.
    pub paused: RwSignal<bool>,
    /// The moment that the board is to show instead of now, and how fast it goes on; `None` is live. Setting it
    /// subscribes anew. Where a replay stands is told by [`Live::frame_now`].
    pub replay: RwSignal<Option<Moment>>,
    /// Why the newest wish for a moment was not granted.
    pub refused: RwSignal<Option<String>>,
    /// The server's clock, also while [`Live::now`] is the clock of a replay.
    pub present: RwSignal<i64>,
}

impl Live {
    /// The state of the first paint.
    pub fn seeded(seed: &Seed) -> Live {
        let board = &seed.board;
        Live {
            board: BoardStore {
                verdict: RwSignal::new(board.verdict.clone()),
                kpis: StoredValue::new(board.kpis.iter().cloned().map(RwSignal::new).collect()),
                providers: Rows::new(board.providers.iter().map(|row| (row.id, row.clone()))),
                breakers: Rows::new(board.breakers.iter().map(|row| (row.key, row.clone()))),
                feed: RwSignal::new(board.feed.clone()),
                points: RwSignal::new(board.points.clone()),
                last_event: RwSignal::new(board.last_event),
                simulated: RwSignal::new(board.simulated),
            },
            connect: RwSignal::new(seed.connect.clone()),
            detail_of: RwSignal::new(None),
            detail: RwSignal::new(None),
            connect_open: RwSignal::new(false),
            connection: RwSignal::new(Connection::Connecting),
            connected_once: RwSignal::new(false),
            frame_now: RwSignal::new(board.now),
            now: RwSignal::new(board.now),
            range: RwSignal::new(board.range),
            paused: RwSignal::new(false),
            replay: RwSignal::new(seed.replay.map(|at| Moment { at, speed: 0 })),
            refused: RwSignal::new(seed.refused.clone()),
            present: RwSignal::new(seed.present),
        }
    }

    /// Says that the page being shown is the Connect page, until its owner goes: only then is its view subscribed.
    pub fn shows_connect(&self) {
        let open = self.connect_open;
        Effect::new(move |_| open.set(true));
        on_cleanup(move || open.set(false));
    }
}
