//! Readings of rules about breakers: from the live registry, and from stored transitions for a backtest.

use std::collections::{BTreeMap, VecDeque};

use domain::Millis;
use domain::alert::{BreakerState, Flapping, Labels, Quorum, Reading};
use domain::breaker::{BreakerId, BreakerKey, State};
use protocol::Filter;
use protocol::query::BREAKER_DIMENSIONS;
use store::TransitionRow;

use crate::names::Names;

/// Openings that are remembered of one instance: more than any rule counts.
const REMEMBERED: usize = 1_001;

/// One breaker with the states of its live instances, each since when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    pub id: BreakerId,
    pub key: BreakerKey,
    pub provider: String,
    pub instances: Vec<(String, State, Millis)>,
}

impl Standing {
    /// The labels that an alert about it has.
    pub fn labels(&self) -> Labels {
        labels(&self.key, &self.provider)
    }

    fn names<'a>(&'a self, instance: &'a str) -> Names<'a> {
        Names {
            key: &self.key,
            provider: &self.provider,
            instance,
        }
    }

    /// Whether a rule's filter shows one of its instances. Without instances the breaker itself is asked.
    pub fn passes(&self, filter: &Filter) -> bool {
        let any = self
            .instances
            .iter()
            .any(|(name, ..)| self.names(name).pass(filter));
        any || (self.instances.is_empty() && self.names("").pass(filter))
    }

    /// What a rule about states sees at a moment.
    pub fn reading(&self, rule: &BreakerState, filter: &Filter, at: Millis) -> Reading {
        let seen: Vec<&(String, State, Millis)> = self
            .instances
            .iter()
            .filter(|(name, ..)| self.names(name).pass(filter))
            .collect();
        let mut sinces: Vec<Millis> = seen
            .iter()
            .filter(|(_, state, _)| rule.states.contains(state))
            .map(|(.., since)| *since)
            .collect();
        sinces.sort_unstable();
        let live = seen.len();
        let needed = match rule.quorum {
            Quorum::Any => 1,
            Quorum::Half => live.div_ceil(2).max(1),
            Quorum::All => live.max(1),
        };
        Reading {
            at,
            value: Some(sinces.len() as f64),
            samples: live as u64,
            since: sinces.get(needed - 1).map(|since| (*since).min(at)),
        }
    }
}

/// The labels of a breaker; what is empty is left out.
pub(crate) fn labels(key: &BreakerKey, provider: &str) -> Labels {
    let names = Names {
        key,
        provider,
        instance: "",
    };
    let dimensions: Vec<String> = BREAKER_DIMENSIONS.iter().map(|name| (*name).to_owned()).collect();
    let values = names.values(&dimensions);
    dimensions
        .into_iter()
        .zip(values)
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Whether an instance began to refuse calls.
pub(crate) fn is_opening(row: &TransitionRow) -> bool {
    row.to == State::Open && row.from != Some(State::Open)
}

/// Openings by breaker and instance: what flapping is counted in.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    breakers: BTreeMap<BreakerId, Opened>,
    /// The newest transition that was taken.
    last: u64,
}

#[derive(Debug)]
struct Opened {
    key: BreakerKey,
    provider: String,
    instances: BTreeMap<String, VecDeque<Millis>>,
}

impl Openings {
    /// The newest transition that was taken.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Takes a transition, each once, in any order.
    pub fn take(&mut self, row: &TransitionRow) {
        self.last = self.last.max(row.id);
        if !is_opening(row) {
            return;
        }
        let opened = self.breakers.entry(row.breaker).or_insert_with(|| Opened {
            key: row.key.clone(),
            provider: String::new(),
            instances: BTreeMap::new(),
        });
        if !row.provider.is_empty() {
            opened.provider.clone_from(&row.provider);
        }
        let times = opened.instances.entry(row.instance.clone()).or_default();
        let place = times.partition_point(|at| *at <= row.at);
        times.insert(place, row.at);
        if times.len() > REMEMBERED {
            times.pop_front();
        }
    }

    /// Forgets what no rule looks back at any more.
    pub fn forget(&mut self, before: Millis) {
        for opened in self.breakers.values_mut() {
            for times in opened.instances.values_mut() {
                while times.pop_front_if(|at| *at <= before).is_some() {}
            }
            opened.instances.retain(|_, times| !times.is_empty());
        }
        self.breakers.retain(|_, opened| !opened.instances.is_empty());
    }

    /// What a rule about flapping sees of each breaker at a moment: the openings of the instance that opened most.
    /// Ten instances that open once each are one outage, not ten.
    pub fn readings(&self, rule: &Flapping, filter: &Filter, at: Millis) -> Vec<(Labels, Reading)> {
        let mut readings = Vec::new();
        for opened in self.breakers.values() {
            let passing = opened.instances.iter().filter(|(instance, _)| {
                let names = Names {
                    key: &opened.key,
                    provider: &opened.provider,
                    instance,
                };
                names.pass(filter)
            });
            let counts = passing.map(|(_, times)| {
                let lately = times
                    .iter()
                    .filter(|time| **time > at - rule.within && **time <= at);
                lately.count()
            });
            if let Some(most) = counts.max() {
                let reading = Reading {
                    at,
                    value: Some(most as f64),
                    samples: 0,
                    since: None,
                };
                readings.push((labels(&opened.key, &opened.provider), reading));
            }
        }
        readings
    }
}
