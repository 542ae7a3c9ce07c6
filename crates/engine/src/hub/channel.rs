//! One view that somebody watches: its state as last sent, and how it is told.

use std::collections::HashMap;

use domain::Millis;
use protocol::codec::Codec;
use protocol::view::{Board, BreakerDetail, Connect};
use protocol::{Delta, DeltaBody, Range, ServerFrame, Snapshot, ViewBody};

use super::outbox::Frame;
use crate::tenants::Tenant;

/// Which view.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ViewKey {
    Board(Range),
    Connect,
    /// By its `b_…` id.
    Breaker(String),
}

impl ViewKey {
    pub fn parse(view: &str, range: Range) -> Option<ViewKey> {
        match view {
            "board" => Some(ViewKey::Board(range)),
            "connect" => Some(ViewKey::Connect),
            _ => {
                let id = view.strip_prefix("breaker:")?;
                domain::breaker::BreakerId::parse(id).map(|_| ViewKey::Breaker(id.to_owned()))
            }
        }
    }

    /// Its name in frames.
    pub fn name(&self) -> String {
        match self {
            ViewKey::Board(_) => "board".into(),
            ViewKey::Connect => "connect".into(),
            ViewKey::Breaker(id) => format!("breaker:{id}"),
        }
    }

    pub fn compute(&self, tenant: &Tenant, now: Millis) -> State {
        match self {
            ViewKey::Board(range) => {
                let mut board = tenant.board(*range, now, true);
                protocol::diff::normalise(&mut board);
                State::Board(Box::new(board))
            }
            ViewKey::Connect => State::Connect(tenant.connect(now)),
            ViewKey::Breaker(id) => State::Breaker(tenant.detail(id, now).map(Box::new)),
        }
    }
}

/// What a view shows.
pub(super) enum State {
    Board(Box<Board>),
    Connect(Connect),
    Breaker(Option<Box<BreakerDetail>>),
}

/// A watched view.
pub(super) struct Channel {
    key: ViewKey,
    name: String,
    seq: u64,
    now: Millis,
    state: State,
    /// When a frame was last sent.
    sent: Millis,
    snapshots: HashMap<Codec, Frame>,
}

/// What a turn gives the viewers of a channel.
pub(super) enum Told {
    /// Nothing to say yet.
    Nothing,
    /// One frame, encoded for each codec that asked.
    Delta(HashMap<Codec, Frame>),
    /// A delta cannot tell it: everybody needs a snapshot.
    Snapshot,
}

impl Channel {
    pub fn new(key: ViewKey, state: State, now: Millis) -> Channel {
        Channel {
            name: key.name(),
            key,
            seq: 0,
            now,
            state,
            sent: now,
            snapshots: HashMap::new(),
        }
    }

    /// Which view it is.
    pub fn key(&self) -> &ViewKey {
        &self.key
    }

    /// How long ago a frame was sent.
    pub fn silent_for(&self, now: Millis) -> Millis {
        now - self.sent
    }

    /// The view as of the newest frame: what follows continues it.
    pub fn snapshot(&mut self, codec: Codec) -> Frame {
        if let Some(frame) = self.snapshots.get(&codec) {
            return frame.clone();
        }
        let body = match &self.state {
            State::Board(board) => ViewBody::Board(board.clone()),
            State::Connect(connect) => ViewBody::Connect(connect.clone()),
            State::Breaker(detail) => ViewBody::Breaker(detail.clone()),
        };
        let snapshot = Snapshot {
            view: self.name.clone(),
            seq: self.seq,
            now: self.now,
            body,
        };
        let frame = Frame::encode(codec, &ServerFrame::Snapshot(Box::new(snapshot)));
        self.snapshots.insert(codec, frame.clone());
        frame
    }

    /// Takes the view as it is now and says what changed since the last frame; with `beat` also that nothing did.
    pub fn turn(&mut self, state: State, now: Millis, beat: bool, codecs: &[Codec]) -> Told {
        let body = match (&self.state, &state) {
            (State::Board(old), State::Board(new)) => match protocol::diff::diff(old, new) {
                Some(delta) if delta == protocol::view::BoardDelta::default() => None,
                Some(delta) => Some(DeltaBody::Board(Box::new(delta))),
                None => {
                    self.replace(state, now);
                    return Told::Snapshot;
                }
            },
            (State::Connect(old), State::Connect(new)) if old != new => Some(DeltaBody::Connect(new.clone())),
            (State::Breaker(old), State::Breaker(new)) if old != new => Some(DeltaBody::Breaker(new.clone())),
            _ => None,
        };
        let body = match body {
            Some(body) => body,
            None if beat => DeltaBody::Beat,
            None => return Told::Nothing,
        };
        self.replace(state, now);
        let delta = Delta {
            view: self.name.clone(),
            seq: self.seq,
            now,
            body,
        };
        let frame = ServerFrame::Delta(Box::new(delta));
        Told::Delta(
            codecs
                .iter()
                .map(|codec| (*codec, Frame::encode(*codec, &frame)))
                .collect(),
        )
    }

    fn replace(&mut self, state: State, now: Millis) {
        self.state = state;
        self.seq += 1;
        self.now = now;
        self.sent = now;
        self.snapshots.clear();
    }
}
