//! What silence does to instances, and what ends it.

use super::Change;
use crate::Millis;
use crate::breaker::{Breaker, State, cause};

/// What time does to one instance.
enum Due {
    Nothing,
    /// Nothing arrived for too long; since then.
    Silent(Millis),
    /// Something arrived that said nothing of its state, then: the last one counts again.
    Back(Millis),
    /// Gone for a day; since then.
    Forget(Millis),
}

impl Breaker {
    /// Applies the time to every instance; returns when the next one is due. Moments are those of the rules, not of the
    /// look, so that looking less often tells the same story.
    pub(super) fn expire(&mut self, now: Millis, changes: &mut Vec<Change>) -> Millis {
        let mut next_due = Millis::MAX;
        let names: Vec<String> = self.instances.keys().cloned().collect();
        for name in names {
            // Silent and forgotten may both be due when nobody looked for a day.
            while self.apply(&name, now, changes) {}
            if let Some(instance) = self.instances.get(&name) {
                let due = if instance.is_live() {
                    instance.live_until()
                } else {
                    instance.forgotten_at()
                };
                next_due = next_due.min(due);
            }
        }
        next_due
    }

    /// Does what is due for an instance; `true` when it changed and more may be due.
    fn apply(&mut self, name: &str, now: Millis, changes: &mut Vec<Change>) -> bool {
        let Some(instance) = self.instances.get_mut(name) else {
            return false;
        };
        let due = match (instance.is_live(), instance.live_until(), instance.forgotten_at()) {
            (true, until, _) if until <= now => Due::Silent(until),
            (false, until, _) if until > now => Due::Back(instance.last_seen),
            (false, _, forgotten) if forgotten <= now => Due::Forget(forgotten),
            _ => Due::Nothing,
        };
        let (to, at, cause) = match due {
            Due::Nothing => return false,
            Due::Forget(at) => {
                self.forget(name, at, now, changes);
                return false;
            }
            Due::Silent(at) => (State::Unknown, at, cause::SILENT),
            Due::Back(at) => (instance.reported, at, cause::HEARD_AGAIN),
        };
        let from = instance.state;
        let lasted = instance.enter(to, at, cause);
        instance.prune(now);
        let at = instance.since;
        changes.push(Change {
            from: Some(from),
            cause: cause.into(),
            lasted: Some(lasted),
            inferred: true,
            ..Change::new(self, name, to, at, now)
        });
        true
    }
}
