//! Reading the journal backwards: which batches a reader wants, what one page holds, and where the next one begins.
//!
//! Every page is bounded in three ways, so that no question can keep a connection or fill the memory: so many batches,
//! [`PAGE_EVENTS`] events, [`LOOKED_AT`] rows looked at. A page may therefore be empty and still have a next one.
//!
//! Deliberately absent: which events of a batch are wanted. A page holds whole batches that may hold something; only
//! the calls that one breaker guarded are read without the rest ([`GuardedPage`]), because a replay wants so many.

use domain::{Event, Millis};

use crate::codec::{GuardedCall, ZoneMap};
use crate::{Offset, StoredBatch, day};

/// How much newer than its arrival an event may be. Intake refuses others.
pub const MAX_AHEAD: Millis = 10 * 60_000;

/// How much older than its arrival an event may be. Intake refuses others.
pub const MAX_LATE: Millis = 7 * day::LENGTH;

/// A page is full with the batch that brings it to so many events.
pub const PAGE_EVENTS: usize = 8_192;

/// How many rows one page may look at, whatever they hold and, where they lie together, whose they are. They are
/// looked at without unpacking them.
pub const LOOKED_AT: u64 = 16_384;

/// Which batches, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchQuery {
    /// Strictly before this place.
    pub before: Offset,
    /// Their newest event is not older.
    pub from: Millis,
    /// Their oldest event is older.
    pub to: Millis,
    /// They may hold all of this.
    pub wanted: ZoneMap,
    /// At most so many; 0 counts as 1.
    pub limit: usize,
}

impl BatchQuery {
    /// From the newest on.
    pub const NEWEST: Offset = Offset {
        writer: u32::MAX,
        seq: u64::MAX,
    };

    /// When the batches arrived, half-open: what arrived earlier or later has no event in the window.
    pub fn arrivals(&self) -> (Millis, Millis) {
        (
            self.from.saturating_sub(MAX_AHEAD),
            self.to.saturating_add(MAX_LATE),
        )
    }

    /// Whether a batch with these events, that arrived at this time, is one of them.
    pub fn wants(&self, events: &[Event], received: Millis) -> bool {
        let times = || events.iter().map(|event| event.time);
        times().max().unwrap_or(received) >= self.from
            && times().min().unwrap_or(received) < self.to
            && ZoneMap::of(events).may_hold(self.wanted)
    }
}

/// A part of what was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchPage {
    /// Newest first.
    pub batches: Vec<StoredBatch>,
    /// Where to go on; `None` when no older batch can be wanted. A page without batches may have one.
    pub next: Option<Resume>,
}

/// The calls of one breaker from the batches that a [`BatchPage`] would hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuardedPage {
    /// Those with a time in the window, the newest arrival first.
    pub calls: Vec<GuardedCall>,
    /// As [`BatchPage::next`].
    pub next: Option<Resume>,
}

impl GuardedPage {
    /// Takes the calls of the next older batch, which come in their order.
    pub fn take(&mut self, query: &BatchQuery, calls: Vec<GuardedCall>) {
        let inside = |guarded: &GuardedCall| (query.from..query.to).contains(&guarded.call.at);
        self.calls.extend(calls.into_iter().rev().filter(inside));
    }
}

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resume {
    /// The next page's [`BatchQuery::before`]: everything from here on has been looked at.
    pub before: Offset,
    /// When the batch around here arrived.
    pub received: Millis,
}

/// How full a page is. Shared by the adapters, so that they cannot differ.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    batches: usize,
    events: usize,
}

impl Room {
    /// An empty page.
    pub fn of(query: &BatchQuery) -> Room {
        Room {
            batches: query.limit.max(1),
            events: PAGE_EVENTS,
        }
    }

    /// How many batches it takes yet.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// Takes a batch of so many events; false when the page is full now.
    pub fn take(&mut self, events: usize) -> bool {
        self.batches = self.batches.saturating_sub(1);
        self.events = self.events.saturating_sub(events);
        self.batches > 0 && self.events > 0
    }
}
