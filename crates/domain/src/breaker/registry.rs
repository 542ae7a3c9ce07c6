//! The live view of the breakers that report here, of one tenant: which instance is in which state.
//!
//! A report is placed by its [`Order`](super::Order); an older transition that arrives later is recorded and drawn, and changes nothing.
//! Stats create breakers, keep instances live and repair lost transitions. Silence makes an instance unknown, a day of
//! it makes it forgotten. Everything that must be written down comes back as a [`Change`]. The state depends only on
//! what arrived, in journal order, and on the times given to [`Registry::expire`].
//!
//! Bounds: [`MAX_BREAKERS`] per tenant, [`MAX_INSTANCES`] per breaker; at the cap the instance that has been silent for
//! longest makes place, and what finds none is counted in [`Registry::overflow`].

mod change;
mod expiry;
mod reports;

use std::collections::BTreeMap;

pub use change::Change;

use super::instance::LIVE_FOR;
use super::{Breaker, BreakerId, BreakerKey, Instance, State};
use crate::Millis;
use crate::event::{BreakerRef, Call, Stats, Transition};

/// The most breakers of a tenant.
pub const MAX_BREAKERS: usize = 5_000;
/// The most instances of a breaker.
pub const MAX_INSTANCES: usize = 1_000;

/// How a report came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// Whose; the registry's own tenant.
    pub tenant: &'a str,
    /// The id of the API key, which stands in for the instance when none is named.
    pub key_id: &'a str,
    /// When it happened.
    pub time: Millis,
    /// When it arrived.
    pub received: Millis,
    /// The journal sequence of its batch.
    pub seq: u64,
    /// Its index in the batch.
    pub index: u32,
}

/// All breakers of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Registry {
    tenant: String,
    breakers: BTreeMap<BreakerId, Breaker>,
    by_key: BTreeMap<BreakerKey, BreakerId>,
    /// Reports that found no place.
    pub overflow: u64,
    /// Nothing expires before.
    next_due: Millis,
}

impl Registry {
    /// Without breakers.
    pub fn new(tenant: &str) -> Registry {
        Registry::from_parts(tenant, [], 0)
    }

    /// From what [`Registry::breakers`] and [`Registry::overflow`] gave before.
    pub fn from_parts(tenant: &str, breakers: impl IntoIterator<Item = Breaker>, overflow: u64) -> Registry {
        let breakers: BTreeMap<_, _> = breakers
            .into_iter()
            .map(|breaker| (breaker.id, breaker))
            .collect();
        let by_key = breakers
            .values()
            .map(|breaker| (breaker.key.clone(), breaker.id))
            .collect();
        Registry {
            tenant: tenant.to_owned(),
            breakers,
            by_key,
            overflow,
            next_due: Millis::MIN,
        }
    }

    /// A breaker says that it changed state.
    pub fn transition(&mut self, transition: &Transition, arrival: &Arrival<'_>) -> Vec<Change> {
        if transition.to == State::Unknown {
            return Vec::new();
        }
        self.report(&transition.subject, arrival, |breaker, changes| {
            breaker.take_transition(transition, arrival, changes);
        })
    }

    /// A breaker says what state it is in: creates it, keeps its instance live, repairs a lost transition.
    pub fn stats(&mut self, stats: &Stats, arrival: &Arrival<'_>) -> Vec<Change> {
        if stats.state == State::Unknown {
            return Vec::new();
        }
        self.report(&stats.subject, arrival, |breaker, changes| {
            breaker.take_stats(stats, arrival, changes)
        })
    }

    /// A call that names this breaker keeps the instance live; it creates nothing. An instance that was silent gets its
    /// last state back at the next [`Registry::expire`], which tells of it.
    pub fn call(&mut self, id: BreakerId, call: &Call, arrival: &Arrival<'_>) {
        let Some(breaker) = self.breakers.get_mut(&id) else {
            return;
        };
        breaker.describe_by_call(&call.provider);
        let name = call.instance.as_deref().unwrap_or(arrival.key_id);
        if let Some(instance) = breaker.instances.get_mut(name) {
            instance.last_seen = instance.last_seen.max(arrival.received);
            instance.sends_more_than_transitions = true;
            self.next_due = self.next_due.min(next_look(instance, arrival));
        }
    }

    /// Makes silent instances unknown and forgets old ones. Cheap when nothing is due.
    pub fn expire(&mut self, now: Millis) -> Vec<Change> {
        let mut changes = Vec::new();
        if now < self.next_due {
            return changes;
        }
        let mut next_due = Millis::MAX;
        for breaker in self.breakers.values_mut() {
            next_due = next_due.min(breaker.expire(now, &mut changes));
        }
        self.next_due = next_due;
        self.breakers.retain(|_, breaker| !breaker.instances.is_empty());
        let breakers = &self.breakers;
        self.by_key.retain(|_, id| breakers.contains_key(id));
        changes
    }

    /// Breakers, by id.
    pub fn breakers(&self) -> impl Iterator<Item = &Breaker> {
        self.breakers.values()
    }

    /// The breaker with this id.
    pub fn get(&self, id: BreakerId) -> Option<&Breaker> {
        self.breakers.get(&id)
    }

    /// The breaker with this identity.
    pub fn find(&self, key: &BreakerKey) -> Option<&Breaker> {
        self.by_key.get(key).and_then(|id| self.breakers.get(id))
    }

    /// How many breakers there are.
    pub fn len(&self) -> usize {
        self.breakers.len()
    }

    /// There is no breaker.
    pub fn is_empty(&self) -> bool {
        self.breakers.is_empty()
    }

    /// The tenant whose breakers these are.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Finds a place for the instance that a report speaks of, and lets the report take effect.
    fn report(
        &mut self,
        subject: &BreakerRef,
        arrival: &Arrival<'_>,
        take: impl FnOnce(&mut Breaker, &mut Vec<Change>),
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let Some(breaker) = self.seat(subject) else {
            self.overflow = self.overflow.saturating_add(1);
            return changes;
        };
        let (name, _) = reports::name(subject, arrival);
        if !breaker.make_place(name, arrival, &mut changes) {
            self.overflow = self.overflow.saturating_add(1);
            return changes;
        }
        take(breaker, &mut changes);
        let look = breaker
            .instances
            .get(name)
            .map(|instance| next_look(instance, arrival));
        self.next_due = self.next_due.min(look.unwrap_or(Millis::MAX));
        changes
    }

    /// The breaker a report speaks of, made when it is not there and there is place.
    fn seat(&mut self, subject: &BreakerRef) -> Option<&mut Breaker> {
        let key = BreakerKey::of(subject);
        let id = match self.by_key.get(&key) {
            Some(id) => *id,
            None => {
                let id = key.id(&self.tenant);
                if self.breakers.len() >= MAX_BREAKERS || self.breakers.contains_key(&id) {
                    return None;
                }
                self.by_key.insert(key.clone(), id);
                self.breakers.insert(id, Breaker::new(id, key));
                id
            }
        };
        self.breakers.get_mut(&id)
    }
}

/// Something arrived: the next look at the instance is at once when it was silent, else no later than when it turns
/// silent.
fn next_look(instance: &Instance, arrival: &Arrival<'_>) -> Millis {
    if instance.is_live() {
        arrival.received.saturating_add(LIVE_FOR)
    } else {
        Millis::MIN
    }
}
