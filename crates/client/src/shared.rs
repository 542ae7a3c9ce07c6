//! What the callers and the sending task share: one mutex over queue and counts, so that every look is consistent.
//! It is held for a push or a take, never across an await.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::event::{Defaults, Report, epoch_ms};
use crate::health::{Health, Link};
use crate::outside::{self, Random};
use crate::queue::{Batch, Bounds, Item, Queue};
use crate::retry::Backoff;

/// See the module.
pub(crate) struct Shared {
    pub state: Mutex<State>,
    /// There is something new to send.
    pub wake: Notify,
    /// A batch was settled, or the task has ended.
    pub settled: Notify,
    /// Set once: until when what waits may still be sent.
    pub stop: watch::Sender<Option<Instant>>,
    pub defaults: Defaults,
    pub flush_every: std::time::Duration,
    pub backoff: Backoff,
    /// Random per client; the first half of every id that it makes.
    pub prefix: String,
    ids: AtomicU64,
}

/// The part under the mutex.
pub(crate) struct State {
    pub queue: Queue,
    pub health: Health,
    pub random: Random,
    /// False from the first call of `shutdown` on.
    open: bool,
    /// The sending task has ended.
    pub ended: bool,
    /// Events given up at the end.
    pub unsent: u64,
    next: u64,
    /// Something that waits should not wait for its batch to fill.
    urgent: bool,
    /// Everything below this number was asked to go now.
    flush_below: u64,
    /// The batch under way: events not settled yet, and the earliest of them.
    in_flight: Option<(u64, u64)>,
    overflowing: bool,
}

/// What the sending task should do now.
pub(crate) enum Due {
    Send(Batch),
    WaitUntil(Instant),
    Wait,
    End,
}

impl Shared {
    pub fn new(
        bounds: Bounds,
        defaults: Defaults,
        flush_every: std::time::Duration,
        backoff: Backoff,
        mut random: Random,
    ) -> Shared {
        let prefix = format!("{:016x}{:08x}", random.next(), random.next() >> 32);
        Shared {
            state: Mutex::new(State {
                queue: Queue::new(bounds),
                health: Health::default(),
                random,
                open: true,
                ended: false,
                unsent: 0,
                next: 0,
                urgent: false,
                flush_below: 0,
                in_flight: None,
                overflowing: false,
            }),
            wake: Notify::new(),
            settled: Notify::new(),
            stop: watch::Sender::new(None),
            defaults,
            flush_every,
            backoff,
            prefix,
            ids: AtomicU64::new(0),
        }
    }

    /// Takes one event from a caller. Never waits for anything but the mutex.
    pub fn report<R: Report>(&self, mut event: R) {
        let id = format!("{}-{}", self.prefix, self.ids.fetch_add(1, Ordering::Relaxed));
        event.complete(epoch_ms(outside::now()), id, &self.defaults);
        let json = serde_json::to_string(&event);
        let (wake, overflow) = {
            let mut state = self.state.lock();
            state.health.reported += 1;
            state.health.queued += 1;
            match json {
                Ok(json) => state.enqueue::<R>(json.into()),
                Err(error) => {
                    state.drop_queued(1);
                    state.health.last_error = Some(format!("not serialisable: {error}"));
                    (false, false)
                }
            }
        };
        if wake {
            self.wake.notify_one();
        }
        if overflow {
            tracing::warn!("fuseboard: the queue is full, the oldest events are dropped until it empties");
        }
    }

    /// What to do now; takes the batch if one is due.
    pub fn due(&self, now: Instant) -> Due {
        let mut state = self.state.lock();
        let Some(since) = state.queue.waiting_since() else {
            return if state.open { Due::Wait } else { Due::End };
        };
        let flush = state
            .queue
            .earliest()
            .is_some_and(|earliest| earliest < state.flush_below);
        let due_at = since + self.flush_every;
        if state.open && !state.urgent && !flush && !state.queue.has_batch() && due_at > now {
            return Due::WaitUntil(due_at);
        }
        let Some(batch) = state.queue.take() else {
            return Due::Wait;
        };
        state.urgent &= !state.queue.states_gone();
        if state.overflowing && !state.queue.has_batch() {
            state.overflowing = false;
            let dropped = state.health.dropped;
            tracing::info!(dropped, "fuseboard: the queue has room again");
        }
        state.in_flight = batch.earliest().map(|earliest| (batch.len(), earliest));
        Due::Send(batch)
    }

    /// Stops taking events and gives what waits until `deadline`. The first call counts.
    pub fn close(&self, deadline: Instant) {
        self.state.lock().open = false;
        self.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert(deadline);
            first
        });
        self.wake.notify_one();
    }

    /// The sending task ends; whatever is left is given up.
    pub fn end(&self) {
        let unsent = {
            let mut state = self.state.lock();
            let waiting = state.queue.clear();
            let in_flight = state.in_flight.take().map_or(0, |(events, _)| events);
            state.drop_queued(waiting + in_flight);
            state.open = false;
            state.ended = true;
            state.unsent = waiting + in_flight;
            state.unsent
        };
        if unsent > 0 {
            tracing::warn!(unsent, "fuseboard: closed before everything was sent");
        }
        self.settled.notify_waiters();
    }
}

impl State {
    /// Queues one event. Says whether the sending task should look, and whether the queue has begun to overflow.
    fn enqueue<R: Report>(&mut self, json: Box<str>) -> (bool, bool) {
        if !self.open {
            self.drop_queued(1);
            return (false, false);
        }
        let was_empty = self.queue.len() == 0;
        let had_batch = self.queue.has_batch();
        // The number is given under the lock, so that numbers rise within each lane.
        let item = Item {
            number: self.next,
            json,
            since: Instant::now(),
        };
        self.next += 1;
        let gone = self.queue.push(R::LANE, item);
        self.drop_queued(gone);
        self.urgent |= R::URGENT;
        let overflow = gone > 0 && !self.overflowing;
        self.overflowing |= gone > 0;
        (
            was_empty || R::URGENT || (!had_batch && self.queue.has_batch()),
            overflow,
        )
    }

    /// A look at the counts.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Asks for everything reported so far to go now, and says up to which number.
    pub fn flush(&mut self) -> u64 {
        self.flush_below = self.next;
        self.next
    }

    /// Events below `number` that are not settled yet.
    pub fn has_unsettled_below(&self, number: u64) -> bool {
        let in_flight = self.in_flight.map(|(_, earliest)| earliest);
        [in_flight, self.queue.earliest()]
            .into_iter()
            .flatten()
            .any(|earliest| earliest < number)
    }

    /// Some events of the batch under way are settled.
    pub fn settle(&mut self, accepted: u64, duplicates: u64, refused: u64) {
        let events = accepted + duplicates + refused;
        self.health.accepted += accepted;
        self.health.duplicates += duplicates;
        self.health.refused += refused;
        self.health.queued = self.health.queued.saturating_sub(events);
        self.in_flight = match self.in_flight {
            Some((left, earliest)) if left > events => Some((left - events, earliest)),
            _ => None,
        };
    }

    /// Notes that the link is in this state and says whether that is news.
    pub fn link(&mut self, link: Link) -> bool {
        let before = std::mem::replace(&mut self.health.link, link);
        before != link && !(before == Link::Untried && link == Link::Up)
    }

    fn drop_queued(&mut self, events: u64) {
        self.health.dropped += events;
        self.health.queued = self.health.queued.saturating_sub(events);
    }
}
