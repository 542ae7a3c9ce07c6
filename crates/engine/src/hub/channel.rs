//! One view that somebody watches: its state as last sent, and how it is told.

use domain::Millis;
use protocol::codec::Codec;
use protocol::view::{Alerts, Board, BreakerDetail, Connect};
use protocol::{Delta, DeltaBody, Range, ServerFrame, Snapshot, ViewBody};

use super::outbox::Frame;
use crate::tenants::Tenant;

/// Which view.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ViewKey {
    Board(Range),
    Connect,
    Alerts,
    /// By its `b_…` id.
    Breaker(String),
}

impl ViewKey {
    pub fn parse(view: &str, range: Range) -> Option<ViewKey> {
        match view {
            "board" => Some(ViewKey::Board(range)),
            "connect" => Some(ViewKey::Connect),
            "alerts" => Some(ViewKey::Alerts),
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
            ViewKey::Alerts => "alerts".into(),
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
            ViewKey::Alerts => State::Alerts(tenant.alerts()),
            ViewKey::Breaker(id) => State::Breaker(tenant.detail(id, now).map(Box::new)),
        }
    }
}

/// What a view shows.
pub(super) enum State {
    Board(Box<Board>),
    Connect(Connect),
    Alerts(Option<Alerts>),
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
    snapshot: Encodings,
    told: Told,
}

/// What a turn has for the viewers of a channel.
enum Told {
    /// Nothing to say yet.
    Nothing,
    /// What changed.
    Delta(ServerFrame, Encodings),
    /// A delta cannot tell it: everybody needs a snapshot.
    Snapshot,
}

/// One frame as each codec writes it, once somebody wants it so.
#[derive(Default)]
struct Encodings {
    json: Option<Frame>,
    postcard: Option<Frame>,
}

impl Encodings {
    fn of(&mut self, codec: Codec, frame: impl FnOnce() -> Frame) -> &Frame {
        let encoded = match codec {
            Codec::Json => &mut self.json,
            Codec::Postcard => &mut self.postcard,
        };
        encoded.get_or_insert_with(frame)
    }
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
            snapshot: Encodings::default(),
            told: Told::Nothing,
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
    pub fn snapshot(&mut self, codec: Codec) -> &Frame {
        let Channel {
            name,
            seq,
            now,
            state,
            snapshot,
            ..
        } = self;
        snapshot.of(codec, || {
            let body = match state {
                State::Board(board) => ViewBody::Board(board.clone()),
                State::Connect(connect) => ViewBody::Connect(connect.clone()),
                State::Alerts(alerts) => ViewBody::Alerts(*alerts),
                State::Breaker(detail) => ViewBody::Breaker(detail.clone()),
            };
            let snapshot = Snapshot {
                view: name.clone(),
                seq: *seq,
                now: *now,
                body,
            };
            Frame::encode(codec, &ServerFrame::Snapshot(Box::new(snapshot)))
        })
    }

    /// Takes the view as it is now; [`Channel::told`] then says what changed since the last frame, with `beat` also that
    /// nothing did.
    pub fn turn(&mut self, state: State, now: Millis, beat: bool) {
        let body = match (&self.state, &state) {
            (State::Board(old), State::Board(new)) => match protocol::diff::diff(old, new) {
                Some(delta) if delta == protocol::view::BoardDelta::default() => None,
                Some(delta) => Some(DeltaBody::Board(Box::new(delta))),
                None => {
                    self.replace(state, now);
                    self.told = Told::Snapshot;
                    return;
                }
            },
            (State::Connect(old), State::Connect(new)) if old != new => Some(DeltaBody::Connect(new.clone())),
            (State::Alerts(old), State::Alerts(new)) if old != new => Some(DeltaBody::Alerts(*new)),
            (State::Breaker(old), State::Breaker(new)) if old != new => Some(DeltaBody::Breaker(new.clone())),
            _ => None,
        };
        let body = match body {
            Some(body) => body,
            None if beat => DeltaBody::Beat,
            None => {
                self.told = Told::Nothing;
                return;
            }
        };
        self.replace(state, now);
        let delta = Delta {
            view: self.name.clone(),
            seq: self.seq,
            now,
            body,
        };
        self.told = Told::Delta(ServerFrame::Delta(Box::new(delta)), Encodings::default());
    }

    /// The frame of the last turn, where there is something to say.
    pub fn told(&mut self, codec: Codec) -> Option<&Frame> {
        match self.told {
            Told::Nothing => None,
            Told::Delta(ref delta, ref mut encodings) => {
                Some(encodings.of(codec, || Frame::encode(codec, delta)))
            }
            Told::Snapshot => Some(self.snapshot(codec)),
        }
    }

    fn replace(&mut self, state: State, now: Millis) {
        self.state = state;
        self.seq += 1;
        self.now = now;
        self.sent = now;
        self.snapshot = Encodings::default();
    }
}
