//! A breaker as everybody sees it: the worst over its live instances, and how far they agree. States of instances are
//! never merged into one machine.

use std::collections::BTreeMap;

use super::{BreakerId, BreakerKey, Cell, Instance, State, Strip, strip, strip_text};
use crate::Millis;
use crate::event::{BreakerKind, BreakerRef};

/// The most instances that [`Breaker::dissent`] names.
pub const DISSENT: usize = 5;

/// One breaker of a tenant, with all its instances. Fields are open for checkpoints; only the registry changes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Breaker {
    /// Its id.
    pub id: BreakerId,
    /// Its identity.
    pub key: BreakerKey,
    /// The latest non-empty one given; else the provider of the first call that named it; may be empty.
    pub provider: String,
    /// The latest non-empty one given; may be empty.
    pub model: String,
    /// The latest given.
    pub kind: Option<BreakerKind>,
    /// By name; silent ones stay until they are forgotten.
    pub instances: BTreeMap<String, Instance>,
}

impl Breaker {
    pub(super) fn new(id: BreakerId, key: BreakerKey) -> Breaker {
        let (provider, model) = (String::new(), String::new());
        Breaker {
            id,
            key,
            provider,
            model,
            kind: None,
            instances: BTreeMap::new(),
        }
    }

    /// Live instances, by name.
    pub fn live(&self) -> impl Iterator<Item = &Instance> {
        self.instances.values().filter(|instance| instance.is_live())
    }

    /// The worst state over live instances; unknown without one.
    pub fn worst(&self) -> State {
        self.live()
            .map(|instance| instance.state)
            .reduce(State::worse)
            .unwrap_or(State::Unknown)
    }

    /// The live instance in the worst state that got there first; of several, the first by name.
    pub fn lead(&self) -> Option<&Instance> {
        let worst = self.worst();
        self.live()
            .filter(|instance| instance.state == worst)
            .min_by_key(|instance| instance.since)
    }

    /// Since when the worst state is what it is: since the lead is in it; without a live instance, since the last one
    /// turned silent.
    pub fn since(&self) -> Millis {
        match self.lead() {
            Some(lead) => lead.since,
            None => self
                .instances
                .values()
                .map(|instance| instance.since)
                .max()
                .unwrap_or(0),
        }
    }

    /// Live instances by state, worst first.
    pub fn counts(&self) -> Vec<(State, u32)> {
        let mut counts: Vec<(State, u32)> = State::ALL.into_iter().map(|state| (state, 0)).collect();
        for instance in self.live() {
            counts[instance.state as usize].1 += 1;
        }
        counts.retain(|(_, count)| *count > 0);
        counts.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
        counts
    }

    /// All live instances are in the same state.
    pub fn agree(&self) -> bool {
        let worst = self.worst();
        self.live().all(|instance| instance.state == worst)
    }

    /// Live instances that are not in the worst state, by name, at most [`DISSENT`].
    pub fn dissent(&self) -> Vec<&str> {
        let worst = self.worst();
        let others = self.live().filter(|instance| instance.state != worst);
        others
            .map(|instance| instance.name.as_str())
            .take(DISSENT)
            .collect()
    }

    /// Open or forced open on at least half of the live instances, and on one at least.
    pub fn is_open_majority(&self) -> bool {
        let open = self
            .live()
            .filter(|i| matches!(i.state, State::Open | State::ForcedOpen))
            .count();
        open > 0 && open * 2 >= self.live().count()
    }

    /// A live instance gave no name.
    pub fn is_shared(&self) -> bool {
        self.live().any(|instance| instance.shared)
    }

    /// A live instance says that some of its backends are out.
    pub fn is_degraded(&self) -> bool {
        self.live()
            .any(|instance| instance.figures.degraded == Some(true))
    }

    /// Calls refused since the last transition, over the live instances that say so; `None` when none does.
    pub fn not_permitted(&self) -> Option<u64> {
        let told = self.live().filter_map(|instance| instance.not_permitted);
        told.reduce(u64::saturating_add)
    }

    /// The last 15 minutes: the worst state that any live instance had in each cell.
    pub fn strip(&self, now: Millis) -> Strip {
        let mut cells = [Cell::None; strip::CELLS];
        for instance in self.instances.values() {
            strip::paint(&mut cells, now, &instance.history);
        }
        cells
    }

    /// The strip as letters.
    pub fn strip_text(&self, now: Millis) -> String {
        strip_text(&self.strip(now))
    }

    /// Takes the attributes of a report; those of an older one only fill what is empty.
    pub(super) fn describe(&mut self, subject: &BreakerRef, news: bool) {
        for (held, given) in [
            (&mut self.provider, &subject.provider),
            (&mut self.model, &subject.model),
        ] {
            if let Some(given) = given.as_deref().filter(|given| !given.is_empty()) {
                fill(held, given, news);
            }
        }
        if news || self.kind.is_none() {
            self.kind = subject.kind.or(self.kind);
        }
    }

    /// A call tells the provider where nobody else did.
    pub(super) fn describe_by_call(&mut self, provider: &str) {
        fill(&mut self.provider, provider, false);
    }
}

fn fill(held: &mut String, given: &str, overwrite: bool) {
    if (overwrite || held.is_empty()) && held != given {
        held.clear();
        held.push_str(given);
    }
}
