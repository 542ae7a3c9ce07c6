//! The newest transitions, for the feed and the detail panels; all of them are in the store.

use std::collections::{HashMap, VecDeque};

use domain::breaker::registry::Change;
use domain::breaker::{BreakerId, State};
use store::TransitionRow;

/// Entries of the feed.
pub(super) const FEED: usize = 60;
/// Entries of one breaker's list.
pub(super) const PER_BREAKER: usize = 50;

#[derive(Default)]
pub(super) struct Transitions {
    /// The id that was given last.
    pub last_id: u64,
    /// Newest first by id.
    feed: VecDeque<TransitionRow>,
    by_breaker: HashMap<BreakerId, VecDeque<TransitionRow>>,
}

impl Transitions {
    /// Gives the change its id and remembers it.
    pub fn add(&mut self, change: Change) -> TransitionRow {
        self.last_id += 1;
        let row = TransitionRow {
            id: self.last_id,
            at: change.at,
            received: change.received,
            breaker: change.breaker,
            key: change.key,
            provider: change.provider,
            instance: change.instance,
            from: change.from,
            to: change.to,
            cause: change.cause,
            lasted: change.lasted,
            inferred: change.inferred,
        };
        self.remember(row.clone());
        row
    }

    /// The newest of every breaker.
    pub fn newest(&self) -> impl Iterator<Item = &TransitionRow> {
        self.by_breaker.values().flatten()
    }

    /// Puts a row in its place: the feed by id, a breaker's list by time.
    ///
    /// That an instance is there and closed is no news: when a fleet starts, dozens of first reports would push out
    /// what matters. They are in the breaker's list.
    pub fn remember(&mut self, row: TransitionRow) {
        let list = self.by_breaker.entry(row.breaker).or_default();
        let place = list.partition_point(|other| (other.at, other.id) > (row.at, row.id));
        list.insert(place, row.clone());
        list.truncate(PER_BREAKER);
        if row.from.is_none() && row.to == State::Closed {
            return;
        }
        let place = self.feed.partition_point(|other| other.id > row.id);
        self.feed.insert(place, row);
        self.feed.truncate(FEED);
    }

    /// Only the breaker's list: for rows that are too old for the feed.
    pub fn remember_of_breaker(&mut self, row: TransitionRow) {
        let list = self.by_breaker.entry(row.breaker).or_default();
        if list.len() < PER_BREAKER && !list.iter().any(|other| other.id == row.id) {
            let place = list.partition_point(|other| (other.at, other.id) > (row.at, row.id));
            list.insert(place, row);
        }
    }

    pub fn feed(&self) -> impl Iterator<Item = &TransitionRow> {
        self.feed.iter()
    }

    pub fn of(&self, id: BreakerId) -> impl Iterator<Item = &TransitionRow> {
        self.by_breaker.get(&id).into_iter().flatten()
    }

    /// Forgets the lists of breakers that are gone; the feed keeps its entries.
    pub fn retain(&mut self, known: impl Fn(BreakerId) -> bool) {
        self.by_breaker.retain(|id, _| known(*id));
    }
}
