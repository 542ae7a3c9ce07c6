//! What a report does to the instance it speaks of.

use super::{Arrival, Change, MAX_INSTANCES};
use crate::Millis;
use crate::breaker::{Breaker, Instance, Order, State, cause};
use crate::event::{BreakerRef, Stats, Transition};

/// The name an instance goes by, and whether that is a stand-in.
pub(super) fn name<'a>(subject: &'a BreakerRef, arrival: &Arrival<'a>) -> (&'a str, bool) {
    match subject.instance.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => (name, false),
        None => (arrival.key_id, true),
    }
}

impl Breaker {
    /// There is a seat for the instance: its own, a free one, or that of the one silent for longest.
    pub(super) fn make_place(
        &mut self,
        name: &str,
        arrival: &Arrival<'_>,
        changes: &mut Vec<Change>,
    ) -> bool {
        if self.instances.len() < MAX_INSTANCES || self.instances.contains_key(name) {
            return true;
        }
        let silent = self.instances.values().filter(|instance| !instance.is_live());
        let Some(longest) = silent
            .min_by_key(|instance| instance.last_seen)
            .map(|i| i.name.clone())
        else {
            return false;
        };
        self.forget(&longest, arrival.received, arrival.received, changes);
        true
    }

    pub(super) fn take_transition(
        &mut self,
        transition: &Transition,
        arrival: &Arrival<'_>,
        changes: &mut Vec<Change>,
    ) {
        let order = Order::of(transition.seq, arrival);
        let (name, shared) = name(&transition.subject, arrival);
        let stated = transition
            .from
            .filter(|from| *from != State::Unknown && *from != transition.to);
        let cause = cause::of_transition(transition);
        let Some(held) = self.instances.get_mut(name) else {
            self.describe(&transition.subject, true);
            let mut instance = Instance::new(name, shared, transition.to, order, arrival.received);
            instance.reason.clone_from(&cause);
            instance.take_figures(&transition.figures);
            self.instances.insert(name.to_owned(), instance);
            let told = Change::new(self, name, transition.to, order.at, arrival.received);
            changes.push(Change {
                from: stated,
                cause,
                ..told
            });
            return;
        };
        held.last_seen = held.last_seen.max(arrival.received);
        held.shared |= shared;
        if !held.is_news(&order) {
            let drawn = held.draw(order.at, transition.to);
            held.prune(arrival.received);
            self.describe(&transition.subject, false);
            if let Some((before, lasted)) = drawn {
                let from = stated.or(before);
                let told = Change::new(self, name, transition.to, order.at, arrival.received);
                changes.push(Change {
                    from,
                    cause,
                    lasted,
                    effective: false,
                    ..told
                });
            }
            return;
        }
        let moved = move_to(held, transition.to, stated, order.at, &cause);
        held.last_order = order;
        held.take_figures(&transition.figures);
        held.prune(arrival.received);
        let at = held.since;
        self.describe(&transition.subject, true);
        for Moved {
            from,
            to,
            lasted,
            inferred,
        } in moved
        {
            let told = Change::new(self, name, to, at, arrival.received);
            let cause = if inferred {
                cause::NOT_REPORTED.to_owned()
            } else {
                cause.clone()
            };
            changes.push(Change {
                from: Some(from),
                cause,
                lasted,
                inferred,
                ..told
            });
        }
    }

    pub(super) fn take_stats(&mut self, stats: &Stats, arrival: &Arrival<'_>, changes: &mut Vec<Change>) {
        let order = Order::of(None, arrival);
        let (name, shared) = name(&stats.subject, arrival);
        let Some(held) = self.instances.get_mut(name) else {
            self.describe(&stats.subject, true);
            let mut instance = Instance::new(name, shared, stats.state, order, arrival.received);
            instance.reason.push_str(cause::FIRST_REPORT);
            instance.sends_more_than_transitions = true;
            instance.confirmed = order.at;
            instance.take_figures(&stats.figures);
            self.instances.insert(name.to_owned(), instance);
            let told = Change::new(self, name, stats.state, order.at, arrival.received);
            changes.push(Change {
                cause: cause::FIRST_REPORT.into(),
                inferred: true,
                ..told
            });
            return;
        };
        held.last_seen = held.last_seen.max(arrival.received);
        held.shared |= shared;
        held.sends_more_than_transitions = true;
        if !held.is_newest(&order) {
            self.describe(&stats.subject, false);
            return;
        }
        if held.state == stats.state {
            held.confirmed = order.at;
            held.confirm(order.at);
            held.take_figures(&stats.figures);
            held.prune(arrival.received);
            self.describe(&stats.subject, true);
            return;
        }
        if !held.may_be_repaired(&order) {
            return;
        }
        let from = held.state;
        let cause = match from {
            State::Unknown if held.reported == stats.state => cause::HEARD_AGAIN.to_owned(),
            _ => cause::of_figures(stats.state, &stats.figures),
        };
        let lasted = held.enter(stats.state, order.at, &cause);
        held.last_order = order;
        held.confirmed = order.at;
        held.take_figures(&stats.figures);
        held.prune(arrival.received);
        let at = held.since;
        self.describe(&stats.subject, true);
        let told = Change::new(self, name, stats.state, at, arrival.received);
        changes.push(Change {
            from: Some(from),
            cause,
            lasted: Some(lasted),
            inferred: true,
            ..told
        });
    }

    /// Removes an instance and says so.
    pub(super) fn forget(&mut self, name: &str, at: Millis, received: Millis, changes: &mut Vec<Change>) {
        let Some(gone) = self.instances.remove(name) else {
            return;
        };
        changes.push(Change {
            from: Some(gone.state),
            cause: cause::SILENT.into(),
            lasted: Some(at.saturating_sub(gone.since).max(0)),
            inferred: true,
            forgotten: true,
            ..Change::new(self, name, State::Unknown, at, received)
        });
    }
}

/// One move of an instance from state to state.
struct Moved {
    from: State,
    to: State,
    lasted: Option<Millis>,
    inferred: bool,
}

/// Moves an instance that is told to be in `to`.
///
/// A stated `from` that is not what we hold means that the transition into it was lost: it is inferred, at the same
/// moment, because nobody knows when between the two it happened; how long `from` lasted is unknown then. After silence
/// nothing is inferred: unknown is what we hold, and it says enough. Told again what we hold, nothing moves; the words
/// and the clock of the state stay, unless there is something new to say.
fn move_to(held: &mut Instance, to: State, stated: Option<State>, at: Millis, cause: &str) -> Vec<Moved> {
    let mut moved = Vec::new();
    let lost = stated.filter(|from| *from != held.state && held.is_live());
    if let Some(from) = lost {
        let before = held.state;
        let lasted = held.enter(from, at, cause::NOT_REPORTED);
        moved.push(Moved {
            from: before,
            to: from,
            lasted: Some(lasted),
            inferred: true,
        });
    }
    let before = held.state;
    if before == to {
        if !cause.is_empty() {
            held.reason.clear();
            held.reason.push_str(cause);
        }
        held.confirm(at);
        return moved;
    }
    let lasted = held.enter(to, at, cause);
    let lasted = lost.is_none().then_some(lasted);
    moved.push(Moved {
        from: before,
        to,
        lasted,
        inferred: false,
    });
    moved
}
