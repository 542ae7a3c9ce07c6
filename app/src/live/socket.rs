//! The one socket of this tab: opened, watched, closed and opened again for as long as the page lives.
//!
//! One driver owns the connection, the replica and every listener and timer; dropping it (when the owner that started
//! it goes) removes them all. Handlers hold it weakly. A second of this file's life is [`Driver::tick`].
//!
//! A hidden tab is asked not to be served after 30 s and catches up with a snapshot when it is looked at. A visitor's
//! pause keeps what the board shows, also across reconnects. A socket that is open but silent is dead (the server sends
//! at least one frame a second to a tab that is not paused) and is replaced.
//!
//! Deliberately absent: decisions that can be made without a browser; they are in the files next to this one.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use leptos::prelude::*;
use leptos::reactive::owner::WeakOwner;
use protocol::codec::Codec;
use protocol::{Changes, ClientFrame, DecodeError, Moment, Replica, ServerFrame, VIEW_BREAKER};
use wasm_bindgen::JsValue;

use super::backoff::Backoff;
use super::clock::ServerClock;
use super::link::{Handlers, Link, decode, url};
use super::outdated::Outdated;
use super::store::{Connection, Live};
use super::text::{self, Text};
use super::views::{Subscriptions, Wanted};
use crate::browser::{Interval, Listener, Timeout, document, keep, monotonic_ms, random, window};
use crate::seed::Site;

/// The close code that says that nobody is signed in, or not any more.
const SIGNED_OUT: u16 = 4401;
/// A hidden tab is served for so long, milliseconds.
const HIDDEN_MS: i32 = 30_000;
/// Silence after which an open socket counts as dead, milliseconds.
const SILENCE_MS: f64 = 15_000.0;
/// How long a snapshot may take after a pause ends, milliseconds.
const RESUME_MS: f64 = 5_000.0;
/// A repair that brought nothing is asked for again after so long, milliseconds.
const REPAIR_MS: f64 = 5_000.0;
/// How long opening may take, milliseconds.
const OPENING_MS: f64 = 10_000.0;
/// After so many seconds the page has nothing else to do and gets what it needs when its server is replaced.
const SETTLED_TICKS: u32 = 20;

/// Opens the socket and starts the clock; both end with the current owner.
pub(super) fn start(live: Live, site: &Site) {
    let driver = Rc::new(RefCell::new(Driver::new(live, site)));
    let me = Rc::downgrade(&driver);
    {
        let mut driver = driver.borrow_mut();
        driver.me = me.clone();
        driver.listen();
        driver.open();
    }
    // What the page wants is written into signals by the page; each change is told to the server.
    let watch = me.clone();
    Effect::new(move |_| {
        live.range.track();
        live.connect_open.track();
        live.board.last_event.track();
        live.detail_of.track();
        live.replay.track();
        with(&watch, Driver::follow);
    });
    let watch = me.clone();
    Effect::new(move |before: Option<Option<String>>| {
        let now = live.detail_of.get();
        if before.is_some_and(|before| before != now) {
            live.detail.set(None);
        }
        now
    });
    Effect::new(move |before: Option<protocol::Range>| {
        let range = live.range.get();
        if before.is_some_and(|before| before != range) {
            live.paused.set(false);
        }
        range
    });
    Effect::new(move |_| {
        live.paused.track();
        with(&watch, Driver::pause);
    });
    keep(driver);
}

/// Runs something on the driver if it still lives. Nothing that runs inside may call back synchronously; signals do
/// not, their effects run later.
fn with<T>(driver: &Weak<RefCell<Driver>>, run: impl FnOnce(&mut Driver) -> T) -> Option<T> {
    driver.upgrade().map(|driver| run(&mut driver.borrow_mut()))
}

struct Driver {
    me: Weak<RefCell<Driver>>,
    owner: Option<WeakOwner>,
    live: Live,
    build: String,
    url: String,

    link: Option<Link>,
    retry: Option<Timeout>,
    backoff: Backoff,
    clock: ServerClock,
    replica: Replica,
    subscriptions: Subscriptions,
    /// The tab has been hidden for long enough.
    hidden: bool,
    hiding: Option<Timeout>,
    repaired_at: f64,
    /// The server is of another build.
    outdated: Option<Outdated>,
    /// The code for JSON, once it has come.
    text: Option<Text>,
    asked_for_text: bool,
    ticks: u32,
    _ticking: Option<Interval>,
    _listeners: Vec<Listener>,
}

impl Driver {
    fn new(live: Live, site: &Site) -> Driver {
        let at = monotonic_ms();
        Driver {
            me: Weak::new(),
            owner: Owner::current().map(|owner| owner.downgrade()),
            live,
            build: site.build.clone(),
            url: url(site),
            link: None,
            retry: None,
            backoff: Backoff::default(),
            clock: ServerClock::seeded(live.present.get_untracked(), at),
            replica: Replica::new(),
            subscriptions: Subscriptions::default(),
            hidden: false,
            hiding: None,
            repaired_at: 0.0,
            outdated: None,
            text: None,
            asked_for_text: false,
            ticks: 0,
            _ticking: None,
            _listeners: Vec::new(),
        }
    }

    fn listen(&mut self) {
        let me = self.me.clone();
        let online = Listener::new(&window(), "online", move |_| {
            with(&me, Driver::come_back);
        });
        let me = self.me.clone();
        let visible = Listener::new(&document(), "visibilitychange", move |_| {
            with(&me, Driver::visibility);
        });
        let me = self.me.clone();
        // A page taken out of the back/forward cache has a dead socket.
        let shown = Listener::new(&window(), "pageshow", move |_| {
            with(&me, Driver::come_back);
        });
        self._listeners = vec![online, visible, shown];
        let me = self.me.clone();
        self._ticking = Some(Interval::new(1_000, move || {
            with(&me, Driver::tick);
        }));
    }

    /// Opens a socket, whatever there was before.
    fn open(&mut self) {
        self.retry = None;
        self.link = None;
        self.subscriptions = Subscriptions::default();
        self.set_connection(Connection::Connecting);
        let me = [(); 3].map(|()| self.me.clone());
        let [opened, heard, closed] = me;
        let handlers = Handlers {
            opened: move || {
                with(&opened, Driver::opened);
            },
            heard: move |data: &JsValue| {
                with(&heard, |driver| driver.heard(data));
            },
            closed: move |code: u16| {
                with(&closed, |driver| driver.closed(code));
            },
        };
        // Fails only for URLs that are none, and where policy forbids sockets; both may be different next time.
        match Link::open(&self.url, handlers) {
            Ok(link) => self.link = Some(link),
            Err(_) => self.closed(1006),
        }
    }

    fn opened(&mut self) {
        let at = monotonic_ms();
        self.backoff.opened(at);
        self.replica.clear();
        if let Some(link) = &mut self.link {
            link.opened(at);
            if link.codec == Codec::Json && self.text.is_none() {
                // Nothing that comes before can be read; with the code a new socket is opened.
                self.fetch_text();
                return;
            }
        }
        // What played goes on where it was.
        let playing = self.live.replay.get_untracked().filter(|moment| moment.speed > 0);
        if let Some(moment) = playing {
            let at = self.live.frame_now.get_untracked();
            self.live.replay.set(Some(Moment { at, ..moment }));
        }
        self.follow();
        self.pause();
    }

    /// Fetches the code for JSON, once.
    fn fetch_text(&mut self) {
        if std::mem::replace(&mut self.asked_for_text, true) {
            return;
        }
        let me = self.me.clone();
        leptos::task::spawn_local(async move {
            let text = text::fetch_text().await;
            with(&me, |driver| {
                driver.text = Some(text);
                let waiting = |link: &Link| link.open && link.codec == Codec::Json;
                if driver.link.as_ref().is_some_and(waiting) {
                    driver.open();
                }
            });
        });
    }

    /// Tells the server which views are wanted, as far as that changed.
    fn follow(&mut self) {
        if !self.link.as_ref().is_some_and(|link| link.open) {
            return;
        }
        let live = &self.live;
        let wanted = Wanted {
            range: live.range.get_untracked(),
            replay: live.replay.get_untracked(),
            connect: live.connect_open.get_untracked() || live.board.last_event.get_untracked().is_none(),
            breaker: live.detail_of.get_untracked(),
        };
        for frame in self.subscriptions.follow(&wanted) {
            if let ClientFrame::Unsubscribe { view } = &frame {
                self.replica.forget(view);
            }
            self.send(&frame);
        }
    }

    /// Tells the server whether anybody watches, as far as that changed.
    fn pause(&mut self) {
        let on = self.hidden || self.live.paused.get_untracked();
        let Some(link) = self.link.as_mut().filter(|link| link.open && link.paused != on) else {
            return;
        };
        link.paused = on;
        link.heard_at = resumed_at();
        self.send(&ClientFrame::Pause { on });
    }

    fn send(&self, frame: &ClientFrame) {
        if let Some(link) = &self.link {
            link.send(frame, self.text);
        }
    }

    fn heard(&mut self, data: &JsValue) {
        if let Some(link) = &mut self.link {
            link.heard_at = monotonic_ms();
        }
        match decode(data, self.text) {
            Some(Ok(frame)) => self.take(frame),
            // A newer server may say more than we understand.
            None | Some(Err(DecodeError::UnknownFrame(_))) => {}
            Some(Err(DecodeError::Malformed(reason))) => {
                leptos::logging::warn!("a frame could not be read, opening a new socket: {reason}");
                self.link = None;
                self.closed(1002);
            }
        }
    }

    fn take(&mut self, frame: ServerFrame) {
        let at = monotonic_ms();
        if self.live.paused.get_untracked() && holds_still(&frame) {
            self.set_connection(Connection::Open);
            return;
        }
        let changes = match self.replica.apply(frame) {
            Ok(changes) => changes,
            Err(gap) => {
                // Deltas that were on their way before the repair are gaps as well; ask only once for all of them.
                let overdue = at - self.repaired_at > REPAIR_MS;
                if let Some(frame) = self.subscriptions.again(&gap.view)
                    && (gap.held.is_some() || overdue)
                {
                    self.repaired_at = at;
                    self.send(&frame);
                }
                return;
            }
        };
        match &changes {
            Changes::Hello => {
                if let Some(hello) = self.replica.hello() {
                    self.clock.hello(hello.now, at);
                    // Watches for a good moment from here on, unless it does already.
                    if hello.build == self.build {
                        self.outdated = None;
                    } else if self.outdated.is_none() {
                        self.outdated = Some(Outdated::new(at));
                    }
                }
                return;
            }
            Changes::Bye(bye) => {
                self.backoff.asked_to_wait(bye.retry_after_ms);
                return;
            }
            Changes::Refused { code, detail } => {
                leptos::logging::warn!("the server refused a frame: {code}: {detail}");
                if self.replays() {
                    self.live.refused.set(Some(detail.clone()));
                }
                return;
            }
            _ => {}
        }
        // A frame of a replay tells the time of its moment.
        if let Some(now) = self.replica.now().filter(|_| !self.replays()) {
            self.clock.frame(now, at);
        }
        if matches!(changes, Changes::Reset { .. }) {
            self.live.connected_once.set(true);
            self.set_connection(Connection::Open);
            self.set_now(at);
        }
        // New rows belong to whoever started us, not to whatever runs at the moment.
        match self.owner.as_ref().and_then(WeakOwner::upgrade) {
            Some(owner) => owner.with(|| self.live.apply(&self.replica, &changes)),
            None => self.live.apply(&self.replica, &changes),
        }
        if self.replays() {
            self.set_now(at);
        }
    }

    fn closed(&mut self, code: u16) {
        let at = monotonic_ms();
        self.link = None;
        if code == SIGNED_OUT {
            // Nothing can be shown any more: the server leads to where one signs in, and back to this page.
            let _ = window().location().reload();
            return;
        }
        let wait = self.backoff.closed(at, code, random());
        let me = self.me.clone();
        self.retry = Some(Timeout::new(wait, move || {
            with(&me, Driver::open);
        }));
        self.set_connection(Connection::Waiting {
            retry_at: self.clock.now(at) + i64::from(wait),
        });
    }

    /// The network is back, or somebody looks again: no reason to wait any longer.
    fn come_back(&mut self) {
        if self.link.is_none() && self.backoff.may_hurry(monotonic_ms()) {
            self.open();
        }
    }

    fn visibility(&mut self) {
        if document().hidden() {
            let me = self.me.clone();
            self.hiding = Some(Timeout::new(HIDDEN_MS, move || {
                with(&me, |driver| {
                    driver.hidden = true;
                    driver.pause();
                });
            }));
        } else {
            self.hiding = None;
            self.hidden = false;
            if let Some(link) = &mut self.link {
                // The silence of a throttled tab says nothing about the socket.
                link.heard_at = resumed_at();
            }
            self.set_now(monotonic_ms());
            self.pause();
            self.come_back();
        }
    }

    /// Once a second; less often in a hidden tab.
    fn tick(&mut self) {
        let at = monotonic_ms();
        self.set_now(at);
        self.ticks = self.ticks.saturating_add(1);
        if self.ticks == SETTLED_TICKS {
            self.fetch_text();
        }
        if let Some(link) = &self.link {
            let silent = at - link.heard_at;
            let dead = if link.open {
                !link.paused && silent > SILENCE_MS
            } else {
                silent > OPENING_MS
            };
            if dead && !document().hidden() {
                self.closed(1006);
            }
        }
        if let Some(outdated) = &self.outdated {
            outdated.maybe_reload(at);
        }
    }

    fn set_now(&self, at: f64) {
        // Whole seconds of the frame's time would be too coarse for ages, milliseconds change anyway.
        let present = self.clock.now(at);
        self.live.present.set(present);
        let now = if self.replays() {
            self.live.frame_now.get_untracked()
        } else {
            present
        };
        self.live.now.set(now);
    }

    /// The board is to show a moment that has passed.
    fn replays(&self) -> bool {
        self.live.replay.get_untracked().is_some()
    }

    fn set_connection(&self, connection: Connection) {
        if self.live.connection.get_untracked() != connection {
            self.live.connection.set(connection);
        }
    }
}

/// A socket that is served again has little time to show that it lives.
fn resumed_at() -> f64 {
    monotonic_ms() - (SILENCE_MS - RESUME_MS)
}

/// A visitor who paused keeps what the board shows, whatever still arrives; a detail that is opened now may load.
fn holds_still(frame: &ServerFrame) -> bool {
    let view = match frame {
        ServerFrame::Snapshot(snapshot) => &snapshot.view,
        ServerFrame::Delta(delta) => &delta.view,
        ServerFrame::Resync { view } => view,
        _ => return false,
    };
    !view.starts_with(VIEW_BREAKER)
}
