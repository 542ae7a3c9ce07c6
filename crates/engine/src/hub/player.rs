//! One viewer's replay: a state of its own that stands at a moment or plays on, told in the frames of the live board.
//!
//! The player is a task of its own, so that neither the hub nor another viewer waits for it. It never overtakes its
//! socket: while frames wait, the moment waits. Orders that come while a moment is built count when it is there, and
//! of several only the newest: dragging through a day builds no more moments than can be seen.
//!
//! Deliberately absent: how a state of the past is made (`crate::replay`).

use std::sync::Arc;
use std::time::Duration;

use domain::Millis;
use parking_lot::Mutex;
use protocol::codec::Codec;
use protocol::{Range, ServerFrame};
use store::TenantScope;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::channel::{Channel, State, ViewKey};
use super::outbox::{Frame, Queue};
use crate::metrics::Counters;
use crate::replay::{Past, ReplayError, Replays};
use crate::tenants::Tenant;

/// While it plays, the board is told this often.
const STEP: Duration = Duration::from_millis(200);
/// A step that came late makes up for at most so much: a replay that cannot keep up gets slower, not jerky.
const LONGEST_STEP: Duration = Duration::from_millis(600);
/// At least one delta a second; a little less, so that the tick does not miss it.
const BEAT: Duration = Duration::from_millis(950);
/// A moment that lies so little ahead is reached by going on.
const AHEAD: Millis = 10 * 60_000;

/// Which moment, and how fast to go on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Show {
    pub range: Range,
    pub at: Millis,
    /// 0 stands still.
    pub speed: u8,
}

pub(super) enum Order {
    Show(Show),
    /// Also a breaker's detail, once the hub has left it.
    Watch(String, oneshot::Receiver<()>),
    Unwatch(String),
    Pause(bool),
}

/// The viewer's end; dropping it ends the replay, and nothing of it is sent any more.
pub(super) struct Player {
    orders: mpsc::UnboundedSender<Order>,
    gate: Arc<Mutex<bool>>,
    stop: CancellationToken,
}

impl Player {
    pub fn order(&self, order: Order) {
        // A closed channel means shutdown.
        let _ = self.orders.send(order);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        *self.gate.lock() = false;
        self.stop.cancel();
    }
}

/// What a player is started with.
pub(super) struct Start {
    pub replays: Arc<Replays>,
    pub counters: Arc<Counters>,
    pub tenant: Arc<Tenant>,
    pub scope: TenantScope,
    pub queue: Arc<Queue>,
    pub codec: Codec,
    pub paused: bool,
    /// The hub has left the board.
    pub left: oneshot::Receiver<()>,
    pub seat: OwnedSemaphorePermit,
}

/// A player and the task that plays.
pub(super) fn player(
    start: Start,
    first: Show,
    stop: CancellationToken,
) -> (Player, impl Future<Output = ()>) {
    let (orders, inbox) = mpsc::unbounded_channel();
    let gate = Arc::new(Mutex::new(true));
    let player = Player {
        orders,
        gate: Arc::clone(&gate),
        stop: stop.clone(),
    };
    let task = async move {
        let _seat = start.seat;
        let mut playing = Playing {
            replays: start.replays,
            counters: start.counters,
            tenant: start.tenant,
            scope: start.scope,
            queue: start.queue,
            codec: start.codec,
            gate,
            wanted: Some(first),
            paused: start.paused,
            past: None,
            speed: 0,
            stepped: Instant::now(),
            sent: Instant::now(),
            views: Vec::new(),
        };
        stop.run_until_cancelled(async {
            // Frames of the live board come before ours, never after.
            let _ = start.left.await;
            playing.run(inbox).await;
        })
        .await;
    };
    (player, task)
}

struct Playing {
    replays: Arc<Replays>,
    counters: Arc<Counters>,
    tenant: Arc<Tenant>,
    scope: TenantScope,
    queue: Arc<Queue>,
    codec: Codec,
    gate: Arc<Mutex<bool>>,
    /// What was ordered and is not shown yet.
    wanted: Option<Show>,
    paused: bool,
    past: Option<Past>,
    speed: u8,
    stepped: Instant,
    sent: Instant,
    /// The board first.
    views: Vec<Channel>,
}

impl Playing {
    async fn run(&mut self, mut inbox: mpsc::UnboundedReceiver<Order>) {
        let mut tick = tokio::time::interval(STEP);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            if let Some(show) = self.wanted.take()
                && let Err(error) = self.show(show).await
            {
                self.refuse(&error);
            }
            tokio::select! {
                order = inbox.recv() => match order {
                    Some(order) => self.take(order).await,
                    None => return,
                },
                _ = tick.tick() => {
                    if let Err(error) = self.step().await {
                        self.refuse(&error);
                        self.past = None;
                    }
                }
            }
            while let Ok(order) = inbox.try_recv() {
                self.take(order).await;
            }
        }
    }

    async fn take(&mut self, order: Order) {
        match order {
            Order::Show(show) => self.wanted = Some(show),
            Order::Watch(id, left) => {
                let _ = left.await;
                let key = ViewKey::Breaker(id);
                self.views.retain(|view| *view.key() != key);
                if let Err(error) = self.learn(&key).await {
                    self.refuse(&error);
                }
                if let Some(past) = &mut self.past {
                    let view = Channel::new(key.clone(), key.compute_past(past), past.moment());
                    self.views.push(view);
                    self.tell_snapshot(self.views.len() - 1);
                }
            }
            Order::Unwatch(id) => self
                .views
                .retain(|view| *view.key() != ViewKey::Breaker(id.clone())),
            Order::Pause(on) => {
                let resumed = self.paused && !on;
                self.paused = on;
                self.stepped = Instant::now();
                if resumed {
                    (0..self.views.len()).for_each(|nth| self.tell_snapshot(nth));
                }
            }
        }
    }

    /// Goes to a moment, and from there on at a speed.
    async fn show(&mut self, show: Show) -> Result<(), ReplayError> {
        self.replays.not_in_future(show.at)?;
        let behind = self.behind();
        match &mut self.past {
            // Another speed, said by somebody who sees a picture that is a little older than ours: the moment stays.
            Some(past) if show.speed != self.speed && (0..=behind).contains(&(past.moment() - show.at)) => {}
            Some(past) if (0..=AHEAD).contains(&(show.at - past.moment())) => {
                past.advance(&self.replays, show.at).await?;
            }
            _ => {
                let past = self.replays.open(&self.tenant, &self.scope, show.at).await?;
                self.past = Some(past);
                for nth in 1..self.views.len() {
                    let key = self.views[nth].key().clone();
                    self.learn(&key).await?;
                }
            }
        }
        self.speed = show.speed;
        self.stepped = Instant::now();
        let Some(past) = &mut self.past else { return Ok(()) };
        let key = ViewKey::Board(show.range);
        let board = Channel::new(key.clone(), key.compute_past(past), past.moment());
        if self.views.is_empty() {
            self.views.push(board);
        } else {
            self.views[0] = board;
        }
        self.tell_snapshot(0);
        self.tell_changes(1);
        Ok(())
    }

    /// How far a viewer's picture may lie behind: a second of play.
    fn behind(&self) -> Millis {
        1_000 * Millis::from(self.speed.max(1))
    }

    async fn learn(&mut self, key: &ViewKey) -> Result<(), ReplayError> {
        match (key, &mut self.past) {
            (ViewKey::Breaker(id), Some(past)) => past.learn_transitions(&self.replays, id).await,
            _ => Ok(()),
        }
    }

    /// Time passes.
    async fn step(&mut self) -> Result<(), ReplayError> {
        let passed = self.stepped.elapsed().min(LONGEST_STEP);
        self.stepped = Instant::now();
        let Some(past) = &mut self.past else { return Ok(()) };
        if self.paused || !self.queue.is_light() {
            return Ok(());
        }
        if self.speed > 0 {
            let on = passed.as_millis() as Millis * Millis::from(self.speed);
            // At its end a replay is live.
            let to = (past.moment() + on)
                .min(self.replays.clock.now())
                .max(past.moment());
            past.advance(&self.replays, to).await?;
            self.tell_changes(0);
        } else if self.sent.elapsed() >= BEAT {
            self.tell_changes(0);
        }
        Ok(())
    }

    fn tell_changes(&mut self, from: usize) {
        let Some(past) = &mut self.past else { return };
        let moment = past.moment();
        let mut frames = Vec::new();
        for view in self.views.iter_mut().skip(from) {
            let state = view.key().compute_past(past);
            view.turn(state, moment, true);
            frames.extend(view.told(self.codec).cloned());
        }
        frames.iter().for_each(|frame| self.send(frame));
    }

    fn tell_snapshot(&mut self, nth: usize) {
        if let Some(view) = self.views.get_mut(nth) {
            let frame = view.snapshot(self.codec).clone();
            self.send(&frame);
        }
    }

    fn refuse(&mut self, error: &ReplayError) {
        if let ReplayError::Store(error) = error {
            tracing::error!(%error, "a moment could not be shown");
        }
        let frame = ServerFrame::Error {
            code: error.code().into(),
            detail: error.detail(),
        };
        self.send(&Frame::encode(self.codec, &frame));
    }

    /// Puts a frame into the viewer's queue, unless the viewer has gone back to live meanwhile. There is room: nothing is
    /// told while more than a few frames wait.
    fn send(&mut self, frame: &Frame) {
        let open = self.gate.lock();
        if !*open {
            return;
        }
        let bytes = frame.len() as u64;
        if self.queue.push(frame) {
            Counters::add(&self.counters.frames, 1);
            Counters::add(&self.counters.frame_bytes, bytes);
        }
        drop(open);
        self.sent = Instant::now();
    }
}

impl ViewKey {
    fn compute_past(&self, past: &mut Past) -> State {
        match self {
            ViewKey::Board(range) => {
                let mut board = past.board(*range, true);
                protocol::diff::normalise(&mut board);
                State::Board(Box::new(board))
            }
            ViewKey::Breaker(id) => State::Breaker(past.detail(id).map(Box::new)),
            // They have no past; nobody subscribes to them here.
            ViewKey::Connect | ViewKey::Alerts => State::Breaker(None),
        }
    }
}
