//! The hub's task: one per tenant.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::Millis;
use hashbrown::HashMap;
use protocol::codec::Codec;
use protocol::{Bye, ServerFrame};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::channel::{Channel, ViewKey};
use super::outbox::{Frame, Queue};
use crate::metrics::Counters;
use crate::tenants::Tenant;

/// Figures leave at most ten times a second.
const FIGURES: Duration = Duration::from_millis(100);
/// Transitions leave at once, but not closer than this.
const URGENT_GAP: Duration = Duration::from_millis(25);
/// At least one delta a second reaches everybody; a little less, so that the tick does not miss it.
const BEAT_MS: Millis = 950;
/// Time changes figures without any event: the views are computed this often even when nothing came.
const IDLE: Duration = Duration::from_millis(1_000);
/// So many viewers are told before others get their turn: each may cost a system call.
const TOGETHER: usize = 256;
/// A viewer that has not drained for so long is closed.
const STALLED: Duration = Duration::from_secs(30);

pub(super) enum Command {
    Attach {
        id: u64,
        queue: Arc<Queue>,
        codec: Codec,
    },
    Subscribe {
        id: u64,
        key: ViewKey,
    },
    Unsubscribe {
        id: u64,
        view: String,
        /// Told when no frame of the view follows any more.
        left: Option<oneshot::Sender<()>>,
    },
    Pause {
        id: u64,
        on: bool,
    },
    Detach {
        id: u64,
    },
    Bye(Bye),
}

struct Viewer {
    queue: Arc<Queue>,
    codec: Codec,
    views: Vec<ViewKey>,
    paused: bool,
    /// Since when it has been behind.
    lagging: Option<Instant>,
}

struct Hub {
    tenant: Arc<Tenant>,
    shared: Arc<Shared>,
    viewers: HashMap<u64, Viewer>,
    channels: HashMap<ViewKey, Channel>,
    last_turn: Instant,
}

pub(super) async fn run(
    tenant: Arc<Tenant>,
    mut inbox: mpsc::UnboundedReceiver<Command>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let mut hub = Hub {
        tenant: Arc::clone(&tenant),
        shared,
        viewers: HashMap::new(),
        channels: HashMap::new(),
        last_turn: Instant::now(),
    };
    let mut tick = tokio::time::interval(FIGURES);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            command = inbox.recv() => match command {
                Some(command) => hub.handle(command),
                None => return,
            },
            () = tenant.urgent.notified() => {
                let soonest = hub.last_turn + URGENT_GAP;
                tokio::time::sleep_until(soonest).await;
                hub.turn().await;
            }
            _ = tick.tick() => {
                // `take_dirty` first: a change during the turn must count for the next one.
                if tenant.take_dirty() || hub.last_turn.elapsed() >= IDLE {
                    hub.turn().await;
                }
                hub.rescue();
            }
            () = stop.cancelled() => {
                // Viewers hear of it through `Bye`; commands that were sent before still count.
                while let Ok(command) = inbox.try_recv() {
                    hub.handle(command);
                }
                hub.close_all("the server stops");
                return;
            }
        }
    }
}

impl Hub {
    fn handle(&mut self, command: Command) {
        match command {
            Command::Attach { id, queue, codec } => {
                let viewer = Viewer {
                    queue,
                    codec,
                    views: Vec::new(),
                    paused: false,
                    lagging: None,
                };
                self.viewers.insert(id, viewer);
            }
            Command::Subscribe { id, key } => self.subscribe(id, key),
            Command::Unsubscribe { id, view, left } => {
                if let Some(viewer) = self.viewers.get_mut(&id) {
                    viewer.views.retain(|key| key.name() != view);
                }
                self.forget_unwatched();
                if let Some(left) = left {
                    // Whoever asked may be gone.
                    let _ = left.send(());
                }
            }
            Command::Pause { id, on } => {
                let Some(viewer) = self.viewers.get_mut(&id) else {
                    return;
                };
                let resumed = viewer.paused && !on;
                viewer.paused = on;
                if resumed {
                    self.snapshots(id);
                }
            }
            Command::Detach { id } => {
                self.viewers.remove(&id);
                self.forget_unwatched();
            }
            Command::Bye(bye) => {
                for viewer in self.viewers.values() {
                    viewer
                        .queue
                        .push(&Frame::encode(viewer.codec, &ServerFrame::Bye(bye.clone())));
                    viewer.queue.close(bye.code, &bye.reason);
                }
            }
        }
    }

    /// Snapshot and registration in one turn: the next delta of the channel continues what the viewer got.
    fn subscribe(&mut self, id: u64, key: ViewKey) {
        let now = self.shared.clock.now();
        let Some(viewer) = self.viewers.get_mut(&id) else {
            return;
        };
        let name = key.name();
        viewer.views.retain(|other| other.name() != name);
        viewer.views.push(key.clone());
        let tenant = &self.tenant;
        let channel = self.channels.entry(key.clone()).or_insert_with(|| {
            let state = key.compute(tenant, now);
            Channel::new(key, state, now)
        });
        let frame = channel.snapshot(viewer.codec);
        send(&self.shared.counters, viewer, frame);
        self.forget_unwatched();
    }

    /// Sends every view of a viewer afresh.
    fn snapshots(&mut self, id: u64) {
        let Some(viewer) = self.viewers.get_mut(&id) else {
            return;
        };
        for key in viewer.views.clone() {
            if let Some(channel) = self.channels.get_mut(&key) {
                let frame = channel.snapshot(viewer.codec);
                send(&self.shared.counters, viewer, frame);
            }
        }
    }

    /// Computes every watched view and tells its viewers what changed.
    async fn turn(&mut self) {
        self.last_turn = Instant::now();
        let now = self.shared.clock.now();
        for (key, channel) in &mut self.channels {
            let beat = channel.silent_for(now) >= BEAT_MS;
            channel.turn(key.compute(&self.tenant, now), now, beat);
        }
        let (channels, counters) = (&mut self.channels, &self.shared.counters);
        for (nth, viewer) in self.viewers.values_mut().enumerate() {
            if nth % TOGETHER == TOGETHER - 1 {
                tokio::task::yield_now().await;
            }
            if viewer.paused || viewer.lagging.is_some() {
                continue;
            }
            for nth in 0..viewer.views.len() {
                let channel = channels.get_mut(&viewer.views[nth]);
                if let Some(frame) = channel.and_then(|channel| channel.told(viewer.codec)) {
                    send(counters, viewer, frame);
                }
            }
        }
    }

    /// Viewers that fell behind: a fresh snapshot once they have caught up, the door when they never do.
    fn rescue(&mut self) {
        let lagging: Vec<u64> = self
            .viewers
            .iter()
            .filter(|(_, viewer)| viewer.lagging.is_some())
            .map(|(id, _)| *id)
            .collect();
        for id in lagging {
            let Some(viewer) = self.viewers.get_mut(&id) else {
                continue;
            };
            if viewer.queue.drained() {
                viewer.lagging = None;
                for key in &viewer.views {
                    let frame = ServerFrame::Resync { view: key.name() };
                    viewer.queue.push(&Frame::encode(viewer.codec, &frame));
                }
                self.snapshots(id);
            } else if viewer.lagging.is_some_and(|since| since.elapsed() > STALLED) {
                viewer
                    .queue
                    .close(4008, "too slow: frames were not read for 30 s");
                self.viewers.remove(&id);
                Counters::add(&self.shared.counters.slow_closed, 1);
            }
        }
    }

    fn forget_unwatched(&mut self) {
        let watched: HashSet<&ViewKey> = self.viewers.values().flat_map(|viewer| &viewer.views).collect();
        self.channels.retain(|key, _| watched.contains(key));
    }

    fn close_all(&mut self, reason: &str) {
        for viewer in self.viewers.values() {
            viewer.queue.close(1001, reason);
        }
        self.viewers.clear();
        self.channels.clear();
    }
}

fn send(counters: &Counters, viewer: &mut Viewer, frame: &Frame) {
    if viewer.lagging.is_some() {
        return;
    }
    let bytes = frame.len() as u64;
    if viewer.queue.push(frame) {
        Counters::add(&counters.frames, 1);
        Counters::add(&counters.frame_bytes, bytes);
    } else {
        viewer.lagging = Some(Instant::now());
        Counters::add(&counters.resyncs, 1);
    }
}
