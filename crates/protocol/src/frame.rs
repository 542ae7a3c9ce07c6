//! The frames of `GET /ws/v1`.

use serde::{Deserialize, Serialize};

use crate::view::{Alerts, Board, BoardDelta, BreakerDetail, Connect, Range};

/// From server to client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    /// First frame of every socket.
    Hello(Hello),
    /// A full view; answers a subscribe, and follows every resync.
    Snapshot(Box<Snapshot>),
    /// What changed in a view.
    Delta(Box<Delta>),
    /// The client fell behind: forget the view's state, a snapshot follows.
    Resync {
        /// Which view.
        view: String,
    },
    /// The server ends the socket.
    Bye(Bye),
    /// A client frame could not be served; the socket stays open.
    Error {
        /// Short and stable: `unknown_view`, `bad_frame`, `too_many_views`, `no_replay`, `replay_busy`.
        code: String,
        /// For people.
        detail: String,
    },
}

/// Who is speaking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's number, 1.
    pub protocol: u16,
    /// The server's build; a page of another build uses JSON, or reloads when it is idle.
    pub build: String,
    /// Server time, epoch milliseconds.
    pub now: i64,
    /// The tenant that is shown.
    pub tenant: String,
}

/// A full view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// `board`, `connect`, `breaker:{id}`, `alerts`.
    pub view: String,
    /// The next delta of this view has `seq + 1`.
    pub seq: u64,
    /// Server time, epoch milliseconds: the one timestamp of everything inside.
    pub now: i64,
    /// The view.
    pub body: ViewBody,
}

/// The views there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewBody {
    /// View `board`.
    Board(Box<Board>),
    /// View `breaker:{id}`; `None` when there is no such breaker (any more).
    Breaker(Option<Box<BreakerDetail>>),
    /// View `connect`.
    Connect(Connect),
    /// View `alerts`; `None` until they are read, within a second or two of a start.
    Alerts(Option<Alerts>),
}

/// What changed in a view. At least one a second reaches a visible tab, changed or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    /// As in the snapshot.
    pub view: String,
    /// One more than the frame before.
    pub seq: u64,
    /// Server time, epoch milliseconds.
    pub now: i64,
    /// The changes.
    pub body: DeltaBody,
}

/// Changes of a view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeltaBody {
    /// Nothing changed; only `now` moved.
    Beat,
    /// Changed entities of the board.
    Board(Box<BoardDelta>),
    /// The whole detail.
    Breaker(Option<Box<BreakerDetail>>),
    /// The whole Connect view.
    Connect(Connect),
    /// The whole view of alerts.
    Alerts(Option<Alerts>),
}

/// The server ends the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// The close code that follows: 1001, 4008, 4401, 4403, 4408, 4009.
    pub code: u16,
    /// In words.
    pub reason: String,
    /// Do not come back sooner; add jitter.
    pub retry_after_ms: u32,
}

/// From client to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame {
    /// Start or change a view: a snapshot follows. A second subscribe to the same view replaces the first.
    Subscribe {
        /// `board`, `connect`, `breaker:{id}`, `alerts`.
        view: String,
        /// Only `board` has ranges.
        range: Range,
        /// A moment that has passed; `None` is live.
        replay: Option<Moment>,
    },
    /// End a view.
    Unsubscribe {
        /// Which.
        view: String,
    },
    /// Stop or resume deltas of all views; on resume each view gets a snapshot.
    Pause {
        /// Stop.
        on: bool,
    },
}

/// A moment that has passed, and how it goes on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Epoch milliseconds.
    pub at: i64,
    /// How many seconds pass in one: 0 stands still, at most [`MAX_SPEED`].
    pub speed: u8,
}

/// The fastest a replay plays.
pub const MAX_SPEED: u8 = 60;
