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
use protocol::codec::{self, Codec, Encoded};
use protocol::{
    Changes, ClientFrame, DecodeError, Replica, SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD, ServerFrame,
    VIEW_BREAKER, json,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::backoff::Backoff;
use super::clock::ServerClock;
use super::reload::Moment;
use super::store::{Connection, Live};
use super::views::{Subscriptions, Wanted};
use crate::browser::{Interval, Listener, Timeout, document, keep, monotonic_ms, now_ms, random, window};
use crate::seed::Site;

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
/// Where a tab remembers that it reloaded itself for a new build.
const RELOADED_AT: &str = "fb_reloaded_at";

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
    other_build: bool,
    touched_at: f64,
    touches: Vec<Listener>,
    _ticking: Option<Interval>,
    _listeners: Vec<Listener>,
}

/// One WebSocket with its listeners. Dropping it closes it, and nothing of it is heard any more.
struct Link {
    socket: WebSocket,
    codec: Codec,
    open: bool,
    /// What the server was last told.
    paused: bool,
    /// When something last happened on it.
    heard_at: f64,
    _listeners: [Listener; 3],
}

impl Drop for Link {
    fn drop(&mut self) {
        // Closing twice is allowed; other failures leave nothing to do.
        let _ = self.socket.close();
    }
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
            clock: ServerClock::seeded(live.frame_now.get_untracked(), at),
            replica: Replica::new(),
            subscriptions: Subscriptions::default(),
            hidden: false,
            hiding: None,
            repaired_at: 0.0,
            other_build: false,
            touched_at: at,
            touches: Vec::new(),
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
        let protocols = js_sys::Array::of2(
            &JsValue::from_str(SUBPROTOCOL_POSTCARD),
            &JsValue::from_str(SUBPROTOCOL_JSON),
        );
        // Fails only for URLs that are none, and where policy forbids sockets; both may be different next time.
        let Ok(socket) = WebSocket::new_with_str_sequence(&self.url, &protocols) else {
            self.closed(1006);
            return;
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let me = self.me.clone();
        let opened = Listener::new(&socket, "open", move |_| {
            with(&me, Driver::opened);
        });
        let me = self.me.clone();
        let message = Listener::new(&socket, "message", move |event| {
            let event: MessageEvent = event.unchecked_into();
            with(&me, |driver| driver.heard(&event.data()));
        });
        let me = self.me.clone();
        let closed = Listener::new(&socket, "close", move |event| {
            let event: CloseEvent = event.unchecked_into();
            with(&me, |driver| driver.closed(event.code()));
        });
        self.link = Some(Link {
            socket,
            codec: Codec::Json,
            open: false,
            paused: false,
            heard_at: monotonic_ms(),
            _listeners: [opened, message, closed],
        });
    }

    fn opened(&mut self) {
        let at = monotonic_ms();
        self.backoff.opened(at);
        self.replica.clear();
        if let Some(link) = &mut self.link {
            link.open = true;
            link.heard_at = at;
            // A server that chose none speaks JSON.
            link.codec = Codec::from_subprotocol(&link.socket.protocol()).unwrap_or(Codec::Json);
        }
        self.follow();
        self.pause();
    }

    /// Tells the server which views are wanted, as far as that changed.
    fn follow(&mut self) {
        if !self.link.as_ref().is_some_and(|link| link.open) {
            return;
        }
        let live = &self.live;
        let wanted = Wanted {
            range: live.range.get_untracked(),
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
        let Some(link) = &self.link else { return };
        // A socket that cannot send is closing and says so by itself.
        let _ = match link.codec.encode_client(frame) {
            Encoded::Text(text) => link.socket.send_with_str(&text),
            Encoded::Binary(bytes) => link.socket.send_with_u8_array(&bytes),
        };
    }

    fn heard(&mut self, data: &JsValue) {
        if let Some(link) = &mut self.link {
            link.heard_at = monotonic_ms();
        }
        match decode(data) {
            Ok(frame) => self.take(frame),
            // A newer server may say more than we understand.
            Err(DecodeError::UnknownFrame(_)) => {}
            Err(DecodeError::Malformed(reason)) => {
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
                    if hello.build == self.build {
                        self.other_build = false;
                        self.touches.clear();
                    } else {
                        self.expect_reload();
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
                return;
            }
            _ => {}
        }
        if let Some(now) = self.replica.now() {
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
    }

    fn closed(&mut self, code: u16) {
        let at = monotonic_ms();
        self.link = None;
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
        if self.other_build {
            self.maybe_reload(at);
        }
    }

    fn set_now(&self, at: f64) {
        // Whole seconds of the frame's time would be too coarse for ages, milliseconds change anyway.
        self.live.now.set(self.clock.now(at));
    }

    fn set_connection(&self, connection: Connection) {
        if self.live.connection.get_untracked() != connection {
            self.live.connection.set(connection);
        }
    }

    /// The server is of another build: from now on watch for a moment in which nobody minds a reload.
    fn expect_reload(&mut self) {
        if self.other_build {
            return;
        }
        self.other_build = true;
        self.touched_at = monotonic_ms();
        self.touches = ["pointermove", "pointerdown", "keydown", "wheel"]
            .into_iter()
            .map(|event| {
                let me = self.me.clone();
                Listener::new(&document(), event, move |_| {
                    with(&me, |driver| driver.touched_at = monotonic_ms());
                })
            })
            .collect();
    }

    fn maybe_reload(&mut self, at: f64) {
        // Without storage there is no way to know how often it happened: then never.
        let Ok(Some(storage)) = window().session_storage() else {
            return;
        };
        let Ok(last) = storage.get_item(RELOADED_AT) else {
            return;
        };
        let moment = Moment {
            now: now_ms(),
            last_reload: last.and_then(|last| last.parse().ok()),
            hidden: document().hidden(),
            untouched: at - self.touched_at,
        };
        if moment.allows_reload() && storage.set_item(RELOADED_AT, &moment.now.to_string()).is_ok() {
            // Fails only while the page is being left already.
            let _ = window().location().reload();
        }
    }
}

/// A socket that is served again has little time to show that it lives.
fn resumed_at() -> f64 {
    monotonic_ms() - (SILENCE_MS - RESUME_MS)
}

/// The address of the socket, beside the page.
fn url(site: &Site) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") {
        "wss"
    } else {
        "ws"
    };
    let host = location.host().unwrap_or_default();
    // As it is: the server compares it letter by letter.
    format!("{scheme}://{host}{}/ws/v1?build={}", site.base, site.build)
}

fn decode(data: &JsValue) -> Result<ServerFrame, DecodeError> {
    if let Some(text) = data.as_string() {
        json::decode_server(&text)
    } else if let Some(buffer) = data.dyn_ref::<js_sys::ArrayBuffer>() {
        codec::decode_server(&js_sys::Uint8Array::new(buffer).to_vec())
    } else {
        Err(DecodeError::Malformed("neither text nor bytes".to_owned()))
    }
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
