//! The bounded queue between the caller and the sending task.
//!
//! Two lanes share one bound. States (transitions, stats, headroom, markers) leave first; when the queue is full the
//! oldest *call* gives way, and only when there is none, the oldest state: one lost call moves a figure a little, a
//! lost transition leaves a lever in the wrong place. Within a lane the order of arrival is kept.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::time::Instant;

use crate::event::Lane;

/// The bounds of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Events that may wait.
    pub events: usize,
    /// Bytes of JSON that may wait.
    pub bytes: usize,
    /// Events in one batch.
    pub batch_events: usize,
    /// Bytes of JSON in one batch; one event that is larger travels alone.
    pub batch_bytes: usize,
}

/// One event, already serialised.
#[derive(Debug)]
pub(crate) struct Item {
    /// Rises with every event of the client.
    pub number: u64,
    pub json: Box<str>,
    pub since: Instant,
}

/// Events that travel together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub items: Vec<Item>,
    /// `{"events":[…]}`: fixed here, so that a repeated request has the same bytes.
    pub body: Bytes,
}

impl Batch {
    fn new(items: Vec<Item>) -> Batch {
        let bytes: usize = items.iter().map(|item| item.json.len() + 1).sum();
        let mut body = String::with_capacity(bytes + 16);
        body.push_str(r#"{"events":["#);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(&item.json);
        }
        body.push_str("]}");
        Batch {
            items,
            body: Bytes::from(body),
        }
    }

    /// Two halves, earlier events first, or `None` where there is nothing to halve.
    pub fn halves(mut self) -> Option<(Batch, Batch)> {
        if self.items.len() < 2 {
            return None;
        }
        let second = self.items.split_off(self.items.len() / 2);
        Some((Batch::new(self.items), Batch::new(second)))
    }

    pub fn len(&self) -> u64 {
        self.items.len() as u64
    }

    /// The number of its earliest event.
    pub fn earliest(&self) -> Option<u64> {
        self.items.iter().map(|item| item.number).min()
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Queue {
    bounds: Bounds,
    calls: VecDeque<Item>,
    states: VecDeque<Item>,
    bytes: usize,
}

impl Queue {
    pub fn new(bounds: Bounds) -> Queue {
        Queue {
            bounds,
            calls: VecDeque::new(),
            states: VecDeque::new(),
            bytes: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.calls.len() + self.states.len()
    }

    /// A whole batch waits.
    pub fn has_batch(&self) -> bool {
        self.len() >= self.bounds.batch_events || self.bytes >= self.bounds.batch_bytes
    }

    /// Adds an event and returns how many had to go for it (itself included, when it is larger than the queue).
    pub fn push(&mut self, lane: Lane, item: Item) -> u64 {
        if item.json.len() > self.bounds.bytes {
            return 1;
        }
        self.bytes += item.json.len();
        match lane {
            Lane::Calls => self.calls.push_back(item),
            Lane::States => self.states.push_back(item),
        }
        let mut gone = 0;
        while self.len() > self.bounds.events || self.bytes > self.bounds.bytes {
            let Some(old) = self.calls.pop_front().or_else(|| self.states.pop_front()) else {
                break;
            };
            self.bytes -= old.json.len();
            gone += 1;
        }
        gone
    }

    /// The next batch, or `None` when nothing waits.
    pub fn take(&mut self) -> Option<Batch> {
        let mut items = Vec::with_capacity(self.len().min(self.bounds.batch_events));
        let mut bytes = 0;
        while items.len() < self.bounds.batch_events {
            let lane = if self.states.is_empty() {
                &mut self.calls
            } else {
                &mut self.states
            };
            let Some(item) = lane
                .pop_front_if(|item| items.is_empty() || bytes + item.json.len() <= self.bounds.batch_bytes)
            else {
                break;
            };
            bytes += item.json.len();
            items.push(item);
        }
        self.bytes -= bytes;
        (!items.is_empty()).then(|| Batch::new(items))
    }

    /// No transition or other state waits.
    pub fn states_gone(&self) -> bool {
        self.states.is_empty()
    }

    /// The number of the earliest event that waits.
    pub fn earliest(&self) -> Option<u64> {
        self.fronts().map(|item| item.number).min()
    }

    /// Since when the earliest event waits.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.fronts().map(|item| item.since).min()
    }

    /// Empties it and says how many were left.
    pub fn clear(&mut self) -> u64 {
        let left = self.len() as u64;
        self.calls.clear();
        self.states.clear();
        self.bytes = 0;
        left
    }

    fn fronts(&self) -> impl Iterator<Item = &Item> {
        self.calls.front().into_iter().chain(self.states.front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        events: 4,
        bytes: 1_000,
        batch_events: 3,
        batch_bytes: 100,
    };

    fn item(number: u64, size: usize) -> Item {
        Item {
            number,
            json: "x".repeat(size).into(),
            since: Instant::now(),
        }
    }

    fn numbers(batch: &Batch) -> Vec<u64> {
        batch.items.iter().map(|item| item.number).collect()
    }

    #[test]
    fn the_oldest_call_gives_way_before_any_state() {
        let mut queue = Queue::new(BOUNDS);
        assert_eq!(queue.push(Lane::States, item(0, 1)), 0);
        for number in 1..4 {
            assert_eq!(queue.push(Lane::Calls, item(number, 1)), 0);
        }
        assert_eq!(queue.push(Lane::States, item(4, 1)), 1);
        assert_eq!(queue.push(Lane::Calls, item(5, 1)), 1);
        assert_eq!(queue.earliest(), Some(0));
        assert_eq!(numbers(&queue.take().unwrap()), [0, 4, 3]);
        assert_eq!(numbers(&queue.take().unwrap()), [5]);
        assert!(queue.take().is_none());
    }

    #[test]
    fn the_oldest_state_gives_way_when_there_are_only_states() {
        let mut queue = Queue::new(BOUNDS);
        let gone: u64 = (0..6)
            .map(|number| queue.push(Lane::States, item(number, 1)))
            .sum();
        assert_eq!((gone, queue.earliest()), (2, Some(2)));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut queue = Queue::new(BOUNDS);
        assert_eq!(queue.push(Lane::Calls, item(0, 600)), 0);
        assert_eq!(queue.push(Lane::Calls, item(1, 300)), 0);
        assert_eq!(queue.push(Lane::Calls, item(2, 300)), 1);
        assert_eq!(
            queue.push(Lane::Calls, item(3, 1_001)),
            1,
            "larger than the queue: it goes itself"
        );
        assert_eq!((queue.len(), queue.earliest()), (2, Some(1)));
        assert_eq!(queue.clear(), 2);
        assert_eq!(
            queue.push(Lane::Calls, item(4, 1_000)),
            0,
            "clearing gave the bytes back"
        );
    }

    #[test]
    fn a_batch_keeps_to_its_bytes_but_takes_one_large_event() {
        let mut queue = Queue::new(BOUNDS);
        for (number, size) in [(0, 60), (1, 60), (2, 300), (3, 10)] {
            queue.push(Lane::Calls, item(number, size));
        }
        assert!(queue.has_batch());
        let sizes: Vec<Vec<u64>> = std::iter::from_fn(|| queue.take())
            .map(|batch| numbers(&batch))
            .collect();
        assert_eq!(sizes, [vec![0], vec![1], vec![2], vec![3]]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn halves_keep_the_order_and_end_at_one() {
        let batch = Batch::new((0..5).map(|number| item(number, 1)).collect());
        assert_eq!(&batch.body[..], br#"{"events":[x,x,x,x,x]}"#);
        let (first, second) = batch.halves().unwrap();
        assert_eq!((numbers(&first), numbers(&second)), (vec![0, 1], vec![2, 3, 4]));
        assert_eq!(&first.body[..], br#"{"events":[x,x]}"#);
        assert_eq!(second.earliest(), Some(2));
        assert!(Batch::new(vec![item(9, 1)]).halves().is_none());
    }
}
