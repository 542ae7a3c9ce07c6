//! A client's state: the views it subscribed to, kept current by the frames that arrive.
//!
//! The browser, `fuseboard tail`, the load generator and the server's tests share it. It never asks for anything by
//! itself: on a [`Gap`] the caller subscribes again, and the snapshot that follows repairs everything.
//!
//! Deliberately absent: sockets, codecs, time, signals.

use std::collections::HashMap;

use crate::diff::{BoardChanges, apply_board};
use crate::frame::{Bye, Delta, DeltaBody, Hello, ServerFrame, Snapshot, ViewBody};
use crate::view::{Alerts, Board, BreakerDetail, Connect};

/// Every view that a client holds.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    views: HashMap<String, Held>,
    hello: Option<Hello>,
    now: Option<i64>,
}

#[derive(Debug, Clone)]
struct Held {
    seq: u64,
    body: ViewBody,
}

/// What a frame changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Changes {
    /// The server introduced itself; see [`Replica::hello`].
    Hello,
    /// A snapshot: everything in this view may be different.
    Reset {
        /// Which view.
        view: String,
    },
    /// Only the time moved.
    Beat {
        /// Which view.
        view: String,
    },
    /// Parts of the board.
    Board {
        /// Which view.
        view: String,
        /// Which parts.
        changes: Box<BoardChanges>,
    },
    /// A view without parts has a new value.
    Replaced {
        /// Which view.
        view: String,
    },
    /// The server took the view back; a snapshot follows by itself.
    Dropped {
        /// Which view.
        view: String,
    },
    /// The server says goodbye.
    Bye(Bye),
    /// The server could not serve a frame of ours.
    Refused {
        /// Short and stable.
        code: String,
        /// For people.
        detail: String,
    },
}

/// A delta does not continue what we hold. The view is forgotten; subscribe again if it is still wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("view {view}: frame {got} does not follow {held:?}")]
pub struct Gap {
    /// Which view.
    pub view: String,
    /// The sequence number that we hold; `None` when we hold no such view.
    pub held: Option<u64>,
    /// The sequence number that arrived.
    pub got: u64,
}

impl Replica {
    /// Nothing held.
    pub fn new() -> Replica {
        Replica::default()
    }

    /// Takes one frame in, in the order of arrival.
    ///
    /// # Errors
    ///
    /// [`Gap`] when a delta's number is not the one after what we hold, when we do not hold its view, or when it is of
    /// another kind than the view. Nothing but that view is affected.
    pub fn apply(&mut self, frame: ServerFrame) -> Result<Changes, Gap> {
        match frame {
            ServerFrame::Hello(hello) => {
                // A new socket numbers its frames anew.
                self.views.clear();
                self.saw(hello.now);
                self.hello = Some(hello);
                Ok(Changes::Hello)
            }
            ServerFrame::Snapshot(snapshot) => Ok(self.snapshot(*snapshot)),
            ServerFrame::Delta(delta) => self.delta(*delta),
            ServerFrame::Resync { view } => {
                self.views.remove(&view);
                Ok(Changes::Dropped { view })
            }
            ServerFrame::Bye(bye) => Ok(Changes::Bye(bye)),
            ServerFrame::Error { code, detail } => Ok(Changes::Refused { code, detail }),
        }
    }

    fn snapshot(&mut self, snapshot: Snapshot) -> Changes {
        let Snapshot { view, seq, now, body } = snapshot;
        self.saw(now);
        self.views.insert(view.clone(), Held { seq, body });
        Changes::Reset { view }
    }

    fn delta(&mut self, delta: Delta) -> Result<Changes, Gap> {
        let Delta { view, seq, now, body } = delta;
        let held = self.views.get_mut(&view);
        let before = held.as_ref().map(|held| held.seq);
        let Some(held) = held.filter(|held| seq == held.seq.wrapping_add(1)) else {
            return Err(self.gap(view, before, seq));
        };
        let changes = match (&mut held.body, body) {
            (ViewBody::Board(board), DeltaBody::Beat) => {
                board.now = now;
                Changes::Beat { view }
            }
            (_, DeltaBody::Beat) => Changes::Beat { view },
            (ViewBody::Board(board), DeltaBody::Board(delta)) => {
                board.now = now;
                let changes = apply_board(board, &delta);
                Changes::Board {
                    view,
                    changes: Box::new(changes),
                }
            }
            (ViewBody::Breaker(held), DeltaBody::Breaker(detail)) => {
                *held = detail;
                Changes::Replaced { view }
            }
            (ViewBody::Connect(held), DeltaBody::Connect(connect)) => {
                *held = connect;
                Changes::Replaced { view }
            }
            (ViewBody::Alerts(held), DeltaBody::Alerts(alerts)) => {
                *held = alerts;
                Changes::Replaced { view }
            }
            _ => return Err(self.gap(view, before, seq)),
        };
        held.seq = seq;
        self.saw(now);
        Ok(changes)
    }

    fn gap(&mut self, view: String, held: Option<u64>, got: u64) -> Gap {
        self.views.remove(&view);
        Gap { view, held, got }
    }

    fn saw(&mut self, now: i64) {
        self.now = Some(now);
    }

    /// Forgets a view, after an unsubscribe. A delta that was still on its way is a [`Gap`] to ignore.
    pub fn forget(&mut self, view: &str) {
        self.views.remove(view);
    }

    /// Forgets everything, when a socket is gone.
    pub fn clear(&mut self) {
        *self = Replica::default();
    }

    /// Who the server said it is.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// Server time of the newest frame, epoch milliseconds.
    pub fn now(&self) -> Option<i64> {
        self.now
    }

    /// The sequence number of a view.
    pub fn seq(&self, view: &str) -> Option<u64> {
        self.views.get(view).map(|held| held.seq)
    }

    /// A view.
    pub fn view(&self, view: &str) -> Option<&ViewBody> {
        self.views.get(view).map(|held| &held.body)
    }

    /// The view `board`.
    pub fn board(&self) -> Option<&Board> {
        match self.view(crate::VIEW_BOARD)? {
            ViewBody::Board(board) => Some(board),
            _ => None,
        }
    }

    /// The view `connect`.
    pub fn connect(&self) -> Option<&Connect> {
        match self.view(crate::VIEW_CONNECT)? {
            ViewBody::Connect(connect) => Some(connect),
            _ => None,
        }
    }

    /// The view `alerts`, once the server has read them.
    pub fn alerts(&self) -> Option<&Alerts> {
        match self.view(crate::VIEW_ALERTS)? {
            ViewBody::Alerts(alerts) => alerts.as_ref(),
            _ => None,
        }
    }

    /// The view `breaker:{id}`: `None` when it is not held, `Some(None)` when there is no such breaker.
    pub fn breaker(&self, id: &str) -> Option<Option<&BreakerDetail>> {
        match self.view(&crate::breaker_view(id))? {
            ViewBody::Breaker(detail) => Some(detail.as_deref()),
            _ => None,
        }
    }
}
