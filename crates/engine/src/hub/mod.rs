//! From live state to every viewer.
//!
//! One task per tenant, started with its first viewer. A view is computed and encoded once per (view, range, codec),
//! however many watch it; a snapshot and the registration for what follows happen in the same turn of the task, so no
//! delta is lost or doubled. Transitions leave at once, figures at most ten times a second, and at least one delta a
//! second reaches everybody, so that a client can tell silence from a broken line.
//!
//! Deliberately absent: sockets. A viewer is an [`Outbox`] that somebody drains.

mod channel;
mod outbox;
mod task;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use protocol::codec::Codec;
use protocol::{Bye, Hello, Range, ServerFrame};
use tokio::sync::mpsc;

pub use outbox::{Frame, Out, Outbox};

use crate::clock::Clock;
use crate::metrics::Counters;
use crate::supervisor::Supervisor;
use crate::tenants::Tenant;
use channel::ViewKey;
use outbox::Queue;
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
}

/// Why a subscription was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeError {
    /// Short and stable: `unknown_view`, `too_many_views`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// A viewer's wishes. Dropping it detaches the viewer.
pub struct ViewerHandle {
    id: u64,
    views: Mutex<Vec<ViewKey>>,
    commands: mpsc::UnboundedSender<Command>,
    queue: Arc<Queue>,
    counters: Arc<Counters>,
}

impl Hubs {
    pub fn new(supervisor: Supervisor, clock: Clock, build: String, counters: Arc<Counters>) -> Hubs {
        Hubs {
            supervisor,
            shared: Arc::new(Shared {
                clock,
                build,
                counters,
            }),
            running: Mutex::new(HashMap::new()),
            next_viewer: AtomicU64::new(1),
        }
    }

    pub fn attach(&self, tenant: Arc<Tenant>, codec: Codec) -> (ViewerHandle, Outbox) {
        let id = self.next_viewer.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::default());
        let hello = ServerFrame::Hello(Hello {
            protocol: 1,
            build: self.shared.build.clone(),
            now: self.shared.clock.now(),
            tenant: tenant.id.to_string(),
        });
        queue.push(Frame::encode(codec, &hello));
        let commands = self.task_of(tenant);
        // The task lives as long as the process; a closed channel means shutdown, and then the outbox just ends.
        let _ = commands.send(Command::Attach {
            id,
            queue: Arc::clone(&queue),
            codec,
        });
        Counters::add(&self.shared.counters.viewers, 1);
        let handle = ViewerHandle {
            id,
            views: Mutex::new(Vec::new()),
            commands,
            queue: Arc::clone(&queue),
            counters: Arc::clone(&self.shared.counters),
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

impl ViewerHandle {
    /// Opens a view, or changes its range: a snapshot follows.
    ///
    /// # Errors
    /// When there is no such view, or too many are open.
    pub fn subscribe(&self, view: &str, range: Range) -> Result<(), SubscribeError> {
        let Some(key) = ViewKey::parse(view, range) else {
            let detail = format!("there is no view {view:?}; there are board, connect and breaker:b_…");
            return Err(SubscribeError {
                code: "unknown_view",
                detail,
            });
        };
        let mut views = self.views.lock();
        views.retain(|other| other.name() != key.name());
        if views.len() >= MAX_VIEWS {
            let detail = format!("at most {MAX_VIEWS} views per socket");
            return Err(SubscribeError {
                code: "too_many_views",
                detail,
            });
        }
        views.push(key.clone());
        self.send(Command::Subscribe { id: self.id, key });
        Ok(())
    }

    /// Closes a view.
    pub fn unsubscribe(&self, view: &str) {
        self.views.lock().retain(|other| other.name() != view);
        self.send(Command::Unsubscribe {
            id: self.id,
            view: view.to_owned(),
        });
    }

    /// Stops or resumes deltas; on resume every view gets a snapshot.
    pub fn pause(&self, on: bool) {
        self.send(Command::Pause { id: self.id, on });
    }

    fn send(&self, command: Command) {
        // A closed channel means shutdown.
        let _ = self.commands.send(command);
    }
}

impl Drop for ViewerHandle {
    fn drop(&mut self) {
        self.queue.end();
        self.send(Command::Detach { id: self.id });
        Counters::sub(&self.counters.viewers, 1);
    }
}
