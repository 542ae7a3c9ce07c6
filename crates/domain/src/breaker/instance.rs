//! One process that holds a breaker: the state it reported, in which order reports count, and until when it is live.

use std::collections::VecDeque;

use super::{Arrival, Cell, State, Strip, strip};
use crate::Millis;
use crate::event::BreakerFigures;

/// An instance that sends stats or calls is live for so long after its last sign of life.
pub const LIVE_FOR: Millis = 90_000;
/// One that only sends transitions is live for so long.
pub const LIVE_FOR_TRANSITIONS: Millis = 15 * 60_000;
/// … or until so long after the moment an open breaker said it would try again, whichever is later.
pub const LIVE_AFTER_RETRY: Millis = 60_000;
/// A silent instance is forgotten so long after its last sign of life.
pub const FORGOTTEN_AFTER: Millis = 24 * 3_600_000;

/// A report of figures may have been read so long before the transition it contradicts, whatever its time says.
const STATS_GRACE: Millis = 1_000;
/// A lower sequence number that is later by this much is a sender that started counting again.
const SEQ_RESTART: Millis = 10_000;
/// The most entries of a history; at more than 16 transitions a minute the start of the strip is lost.
const HISTORY: usize = 240;

/// The place of a report among those of its instance: by `seq` where both have one, else by (time, journal position).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// As sent; `None` for reports without one and for what was inferred.
    pub seq: Option<u64>,
    /// The earlier of its time and its arrival.
    pub at: Millis,
    /// The journal sequence of its batch.
    pub offset: u64,
    /// Its index in the batch.
    pub index: u32,
}

impl Order {
    pub(super) fn of(seq: Option<u64>, arrival: &Arrival<'_>) -> Order {
        let at = arrival.time.min(arrival.received);
        Order {
            seq,
            at,
            offset: arrival.seq,
            index: arrival.index,
        }
    }

    fn position(&self) -> (Millis, u64, u32) {
        (self.at, self.offset, self.index)
    }
}

/// One process that holds a breaker. All fields are open so that a checkpoint can write and rebuild it; nothing but the
/// registry changes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its name, or the id of the API key when it gave none.
    pub name: String,
    /// It gave no name: several processes may report under this one.
    pub shared: bool,
    /// The state it is in; [`State::Unknown`] when it is silent.
    pub state: State,
    /// The state it last reported.
    pub reported: State,
    /// Since when it is in `state`.
    pub since: Millis,
    /// As last reported. Thresholds stay until others are given.
    pub figures: BreakerFigures,
    /// Why it is in its state, in words; may be empty.
    pub reason: String,
    /// When anything with its name last arrived.
    pub last_seen: Millis,
    /// The place of the report that set the state.
    pub last_order: Order,
    /// The time of the newest stats that agreed with the state or set it.
    pub confirmed: Millis,
    /// It sends stats or calls too, so its silence shows sooner.
    pub sends_more_than_transitions: bool,
    /// Calls refused since the last transition, as last reported.
    pub not_permitted: Option<u64>,
    /// When each state began, oldest first, [`State::Unknown`] for silence: enough for a strip.
    pub history: VecDeque<(Millis, State)>,
}

impl Instance {
    pub(super) fn new(name: &str, shared: bool, state: State, order: Order, received: Millis) -> Instance {
        Instance {
            name: name.to_owned(),
            shared,
            state,
            reported: state,
            since: order.at,
            figures: BreakerFigures::default(),
            reason: String::new(),
            last_seen: received,
            last_order: order,
            confirmed: Millis::MIN,
            sends_more_than_transitions: false,
            not_permitted: None,
            history: VecDeque::from([(order.at, state)]),
        }
    }

    /// Something with its name arrived lately enough.
    pub fn is_live(&self) -> bool {
        self.state != State::Unknown
    }

    /// When it turns silent if nothing more arrives.
    pub fn live_until(&self) -> Millis {
        if self.sends_more_than_transitions {
            return self.last_seen.saturating_add(LIVE_FOR);
        }
        let usual = self.last_seen.saturating_add(LIVE_FOR_TRANSITIONS);
        let retry = match (self.reported, self.figures.retry_at) {
            (State::Open, Some(retry)) => retry.saturating_add(LIVE_AFTER_RETRY),
            _ => usual,
        };
        usual.max(retry.min(self.forgotten_at()))
    }

    /// When it is forgotten if nothing more arrives.
    pub fn forgotten_at(&self) -> Millis {
        self.last_seen.saturating_add(FORGOTTEN_AFTER)
    }

    /// Its states over the last 15 minutes.
    pub fn strip(&self, now: Millis) -> Strip {
        let mut cells = [Cell::None; strip::CELLS];
        strip::paint(&mut cells, now, &self.history);
        cells
    }

    /// The transition counts: it is newer than what set the state, and stats did not overtake it.
    pub(super) fn is_news(&self, order: &Order) -> bool {
        if order.at < self.confirmed.saturating_sub(STATS_GRACE) {
            return false;
        }
        let last = &self.last_order;
        match (order.seq, last.seq) {
            // Processes that share a name count separately, so their numbers cannot be compared.
            (Some(seq), Some(last_seq)) if !self.shared => {
                seq > last_seq || order.at > last.at.saturating_add(SEQ_RESTART)
            }
            _ => order.position() > last.position(),
        }
    }

    /// The stats are newer than everything known.
    pub(super) fn is_newest(&self, order: &Order) -> bool {
        order.at >= self.confirmed && order.position() > self.last_order.position()
    }

    /// Stats with another state are believed, unless they may have been read before the last transition.
    pub(super) fn may_be_repaired(&self, order: &Order) -> bool {
        !self.is_live() || order.at.saturating_sub(self.last_order.at) >= STATS_GRACE
    }

    /// Takes new figures; thresholds that are not given stay.
    pub(super) fn take_figures(&mut self, figures: &BreakerFigures) {
        let old = std::mem::replace(&mut self.figures, figures.clone());
        self.figures.failure_threshold = self.figures.failure_threshold.or(old.failure_threshold);
        self.figures.slow_threshold = self.figures.slow_threshold.or(old.slow_threshold);
        self.not_permitted = self.figures.not_permitted;
    }

    /// It said again that it is in its state. The history keeps the newest such moment, so that a transition that
    /// arrives late from before it is drawn as having ended by then.
    pub(super) fn confirm(&mut self, at: Millis) {
        let at = self.history.back().map_or(at, |(last, _)| at.max(*last));
        if self.ends_confirmed() {
            self.history.pop_back();
        }
        self.history.push_back((at, self.state));
    }

    /// The last entry of the history is a confirmation of the one before.
    fn ends_confirmed(&self) -> bool {
        let mut newest = self.history.iter().rev().map(|(_, state)| state);
        newest.next().is_some_and(|last| newest.next() == Some(last))
    }

    /// Enters a state; returns how long the one before had lasted. Time in a history never goes back, except over a
    /// confirmation.
    pub(super) fn enter(&mut self, state: State, at: Millis, reason: &str) -> Millis {
        if self.ends_confirmed() && self.history.back().is_some_and(|(last, _)| *last > at) {
            self.history.pop_back();
        }
        let at = self.history.back().map_or(at, |(last, _)| at.max(*last));
        let lasted = at.saturating_sub(self.since).max(0);
        if self.state != state {
            self.since = at;
        }
        self.state = state;
        if state != State::Unknown {
            self.reported = state;
        }
        self.reason.clear();
        self.reason.push_str(reason);
        self.history.push_back((at, state));
        lasted
    }

    /// Draws a transition that came too late to change anything. Returns the state it ended and for how long that had
    /// lasted, where known; `None` when exactly this was drawn before.
    pub(super) fn draw(&mut self, at: Millis, state: State) -> Option<(Option<State>, Option<Millis>)> {
        // By `seq` it may be older than the state held although its time is later; it is drawn just before then.
        let current = self.history.back().map_or(at, |(time, _)| *time);
        let at = at.min(current);
        if self.history.contains(&(at, state)) {
            return None;
        }
        let before_current = self.history.len().saturating_sub(1);
        let place = self
            .history
            .partition_point(|(time, _)| *time <= at)
            .min(before_current);
        let before = place
            .checked_sub(1)
            .and_then(|before| self.history.get(before))
            .copied();
        self.history.insert(place, (at, state));
        Some((
            before.map(|(_, state)| state),
            before.map(|(time, _)| at.saturating_sub(time).max(0)),
        ))
    }

    /// Drops what no strip at or after `now` shows.
    pub(super) fn prune(&mut self, now: Millis) {
        let first = strip::first_cell(now);
        while self.history.len() > HISTORY || self.history.get(1).is_some_and(|(next, _)| *next <= first) {
            self.history.pop_front();
        }
    }
}
