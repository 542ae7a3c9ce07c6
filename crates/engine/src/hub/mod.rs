//! From live state to every viewer.
//!
//! One task per tenant, started with its first viewer. A view is computed and encoded once per (view, range, codec),
//! however many watch it; a snapshot and the registration for what follows happen in the same turn of the task, so no
//! delta is lost or doubled. Transitions and changes of alerts leave at once, figures at most ten times a second, and at
//! least one delta a second reaches everybody, so that a client can tell silence from a broken line.
//!
//! A viewer may leave the live board for a moment that has passed: then a task of its own tells it that board ([`player`]).
//!
//! Deliberately absent: sockets. A viewer is an [`Outbox`] that somebody drains.

mod channel;
mod outbox;
mod player;
mod task;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use protocol::codec::Codec;
use protocol::{Bye, Hello, MAX_SPEED, Range, ServerFrame};
use store::TenantScope;
use tokio::sync::{mpsc, oneshot};

pub use outbox::{Direct, Frame, Out, Outbox, Tried};

use crate::clock::Clock;
use crate::metrics::Counters;
use crate::replay::{ReplayError, Replays};
use crate::supervisor::Supervisor;
use crate::tenants::Tenant;
use channel::ViewKey;
use outbox::Queue;
use player::{Order, Player, Show, Start};
use task::Command;

/// Views one viewer may have open.
const MAX_VIEWS: usize = 8;

/// The hubs of all tenants.
pub(crate) struct Hubs {
    supervisor: Supervisor,
    shared: Arc<Shared>,
    running: Mutex<HashMap<store::TenantId, mpsc::UnboundedSender<Command>>>,
    next_viewer: AtomicU64,
}

/// What every hub task needs.
pub(crate) struct Shared {
    pub clock: Clock,
    pub build: String,
    pub counters: Arc<Counters>,
    pub replays: Arc<Replays>,
}

/// Why a subscription was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeError {
    /// Short and stable: `unknown_view`, `too_many_views`, `no_replay`, `replay_busy`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// A viewer's wishes. Dropping it detaches the viewer.
pub struct ViewerHandle {
    id: u64,
    wishes: Mutex<Wishes>,
    commands: mpsc::UnboundedSender<Command>,
    queue: Arc<Queue>,
    codec: Codec,
    tenant: Arc<Tenant>,
    scope: TenantScope,
    supervisor: Supervisor,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Wishes {
    views: Vec<ViewKey>,
    paused: bool,
    /// While the viewer replays.
    player: Option<Player>,
}

impl Hubs {
    pub fn new(
        supervisor: Supervisor,
        clock: Clock,
        build: String,
        counters: Arc<Counters>,
        replays: Arc<Replays>,
    ) -> Hubs {
        Hubs {
            supervisor,
            shared: Arc::new(Shared {
                clock,
                build,
                counters,
                replays,
            }),
            running: Mutex::new(HashMap::new()),
            next_viewer: AtomicU64::new(1),
        }
    }

    pub fn attach(&self, tenant: Arc<Tenant>, scope: &TenantScope, codec: Codec) -> (ViewerHandle, Outbox) {
        let id = self.next_viewer.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::default());
        let hello = ServerFrame::Hello(Hello {
            protocol: 1,
            build: self.shared.build.clone(),
            now: self.shared.clock.now(),
            tenant: tenant.id.to_string(),
        });
        queue.push(&Frame::encode(codec, &hello));
        let commands = self.task_of(Arc::clone(&tenant));
        // The task lives as long as the process; a closed channel means shutdown, and then the outbox just ends.
        let _ = commands.send(Command::Attach {
            id,
            queue: Arc::clone(&queue),
            codec,
        });
        Counters::add(&self.shared.counters.viewers, 1);
        let handle = ViewerHandle {
            id,
            wishes: Mutex::default(),
            commands,
            queue: Arc::clone(&queue),
            codec,
            tenant,
            scope: scope.clone(),
            supervisor: self.supervisor.clone(),
            shared: Arc::clone(&self.shared),
        };
        (handle, Outbox::new(queue))
    }

    fn task_of(&self, tenant: Arc<Tenant>) -> mpsc::UnboundedSender<Command> {
        let mut running = self.running.lock();
        if let Some(commands) = running.get(&tenant.id) {
            return commands.clone();
        }
        let (commands, inbox) = mpsc::unbounded_channel();
        running.insert(tenant.id.clone(), commands.clone());
        let stop = self.supervisor.token();
        self.supervisor
            .spawn("hub", task::run(tenant, inbox, Arc::clone(&self.shared), stop));
        commands
    }

    /// Says goodbye to every viewer.
    pub fn bye(&self, retry_after_ms: u32) {
        for commands in self.running.lock().values() {
            let bye = Bye {
                code: 1001,
                reason: "the server restarts".into(),
                retry_after_ms,
            };
            let _ = commands.send(Command::Bye(bye));
        }
    }
}

impl Wishes {
    /// Notes that a view is wanted.
    fn open(&mut self, view: &str, range: Range) -> Result<ViewKey, SubscribeError> {
        let Some(key) = ViewKey::parse(view, range) else {
            let detail =
                format!("there is no view {view:?}; there are board, alerts, connect and breaker:b_…");
            return Err(SubscribeError {
                code: "unknown_view",
                detail,
            });
        };
        self.views.retain(|other| other.name() != key.name());
        if self.views.len() >= MAX_VIEWS {
            let detail = format!("at most {MAX_VIEWS} views per socket");
            return Err(SubscribeError {
                code: "too_many_views",
                detail,
            });
        }
        self.views.push(key.clone());
        Ok(key)
    }

    /// Tells the player, where there is one.
    fn order(&self, order: impl FnOnce() -> Order) {
        if let Some(player) = &self.player {
            player.order(order());
        }
    }
}

impl ViewerHandle {
    /// Opens a view, or changes its range: a snapshot follows. A board that replays is live again.
    ///
    /// # Errors
    /// When there is no such view, or too many are open.
    pub fn subscribe(&self, view: &str, range: Range) -> Result<(), SubscribeError> {
        let mut wishes = self.wishes.lock();
        let key = wishes.open(view, range)?;
        match &key {
            ViewKey::Board(_) => wishes.player = None,
            ViewKey::Breaker(id) => wishes.order(|| Order::Unwatch(id.clone())),
            ViewKey::Connect | ViewKey::Alerts => {}
        }
        self.send(Command::Subscribe { id: self.id, key });
        Ok(())
    }

    /// Opens the board at a moment that has passed: a snapshot follows, and deltas as it plays on at `speed`, or only
    /// beats when that is 0. A breaker's view follows the board of the same viewer.
    ///
    /// # Errors
    /// When there is no such view or none with a past, too many are open, the moment has not been, the speed is too
    /// high, or all seats are taken. What goes wrong later comes as a frame.
    pub fn replay(&self, view: &str, range: Range, at: i64, speed: u8) -> Result<(), SubscribeError> {
        if speed > MAX_SPEED {
            return Err(no_replay(format!("speed: must be 0 to {MAX_SPEED}, got {speed}")));
        }
        let replays = &self.shared.replays;
        replays.not_in_future(at).map_err(|error| refused(&error))?;
        let mut wishes = self.wishes.lock();
        match ViewKey::parse(view, range) {
            Some(ViewKey::Connect | ViewKey::Alerts) => {
                return Err(no_replay(format!("view: {view} has no past")));
            }
            Some(ViewKey::Breaker(_)) if wishes.player.is_none() => {
                return Err(no_replay(
                    "view: a breaker follows the board, replay the board first".into(),
                ));
            }
            _ => {}
        }
        // Before anything is noted: who is refused keeps what there was.
        let seat = match &wishes.player {
            None => Some(replays.seat().map_err(|error| refused(&error))?),
            Some(_) => None,
        };
        let key = wishes.open(view, range)?;
        let show = Show { range, at, speed };
        match (key, seat) {
            (ViewKey::Breaker(id), _) => {
                let left = self.leave(view);
                wishes.order(|| Order::Watch(id, left));
            }
            (_, None) => wishes.order(|| Order::Show(show)),
            (_, Some(seat)) => {
                let start = Start {
                    replays: Arc::clone(replays),
                    counters: Arc::clone(&self.shared.counters),
                    tenant: Arc::clone(&self.tenant),
                    scope: self.scope.clone(),
                    queue: Arc::clone(&self.queue),
                    codec: self.codec,
                    paused: wishes.paused,
                    left: self.leave(view),
                    seat,
                };
                let stop = self.supervisor.token().child_token();
                let (player, task) = player::player(start, show, stop);
                self.supervisor.spawn("replay", task);
                wishes.player = Some(player);
            }
        }
        Ok(())
    }

    /// Closes a view.
    pub fn unsubscribe(&self, view: &str) {
        let mut wishes = self.wishes.lock();
        wishes.views.retain(|other| other.name() != view);
        match ViewKey::parse(view, Range::default()) {
            Some(ViewKey::Board(_)) => wishes.player = None,
            Some(ViewKey::Breaker(id)) => wishes.order(|| Order::Unwatch(id)),
            _ => {}
        }
        self.send(Command::Unsubscribe {
            id: self.id,
            view: view.to_owned(),
            left: None,
        });
    }

    /// Stops or resumes deltas; on resume every view gets a snapshot.
    pub fn pause(&self, on: bool) {
        let mut wishes = self.wishes.lock();
        wishes.paused = on;
        wishes.order(|| Order::Pause(on));
        self.send(Command::Pause { id: self.id, on });
    }

    /// The hub sends nothing of a view any more, once the answer is there.
    fn leave(&self, view: &str) -> oneshot::Receiver<()> {
        let (left, told) = oneshot::channel();
        self.send(Command::Unsubscribe {
            id: self.id,
            view: view.to_owned(),
            left: Some(left),
        });
        told
    }

    fn send(&self, command: Command) {
        // A closed channel means shutdown.
        let _ = self.commands.send(command);
    }
}

fn refused(error: &ReplayError) -> SubscribeError {
    SubscribeError {
        code: error.code(),
        detail: error.detail(),
    }
}

fn no_replay(detail: String) -> SubscribeError {
    SubscribeError {
        code: "no_replay",
        detail,
    }
}

impl Drop for ViewerHandle {
    fn drop(&mut self) {
        self.queue.end();
        self.wishes.lock().player = None;
        self.send(Command::Detach { id: self.id });
        Counters::sub(&self.shared.counters.viewers, 1);
    }
}
