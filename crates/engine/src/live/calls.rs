//! Calls by the breaker that guarded them: the failure rate of the last minute, and the calls behind a trip.

use std::collections::{HashMap, VecDeque};

use domain::breaker::BreakerId;
use domain::breaker::registry::Change;
use domain::event::Call;
use domain::{Micros, Millis, Outcome};

/// The window of the computed failure rate, and of the calls that are kept at a trip.
const WINDOW: Millis = 60_000;
/// Calls remembered per breaker; at a trip the newest failures among them are kept.
const RECENT: usize = 200;
/// Calls kept at a trip.
const KEPT: usize = 20;
/// Breakers whose calls are followed.
const CAP: usize = 5_000;

#[derive(Default)]
pub(super) struct BreakerCalls {
    recent: HashMap<BreakerId, VecDeque<RecentCall>>,
    trips: HashMap<BreakerId, Trip>,
}

/// What is remembered of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RecentCall {
    pub at: Millis,
    pub provider: String,
    pub model: String,
    pub outcome: Outcome,
    pub duration: Option<Micros>,
    pub status: Option<u16>,
    pub instance: String,
    pub error: String,
    pub weight: u32,
}

/// The last time a breaker opened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trip {
    pub at: Millis,
    pub instance: String,
    pub cause: String,
    /// Newest first.
    pub calls: Vec<RecentCall>,
}

/// Failing and counting calls of the last minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Minute {
    pub calls: u64,
    pub failures: u64,
}

impl BreakerCalls {
    pub fn call(&mut self, id: BreakerId, call: &Call, time: Millis, received: Millis) {
        if !self.recent.contains_key(&id) && self.recent.len() >= CAP {
            return;
        }
        let recent = self.recent.entry(id).or_default();
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(RecentCall {
            at: time,
            provider: call.provider.clone(),
            model: call.model.clone(),
            outcome: call.outcome(),
            duration: call.duration,
            status: call.status,
            instance: call.instance.clone().unwrap_or_default(),
            error: call.error.clone().unwrap_or_default(),
            weight: call.weight,
        });
        // Whole seconds of slack: a batch may carry calls in any order.
        while recent
            .front()
            .is_some_and(|front| front.at < received - 2 * WINDOW)
        {
            recent.pop_front();
        }
    }

    /// Keeps the calls behind an opening.
    pub fn trip(&mut self, change: &Change) {
        let mut calls: Vec<RecentCall> = Vec::new();
        if let Some(recent) = self.recent.get(&change.breaker) {
            let near = |call: &&RecentCall| call.at <= change.at && call.at > change.at - WINDOW;
            let failed = |call: &&RecentCall| call.outcome.is_provider_failure(true);
            calls.extend(
                recent
                    .iter()
                    .rev()
                    .filter(near)
                    .filter(failed)
                    .take(KEPT)
                    .cloned(),
            );
            let room = KEPT - calls.len();
            calls.extend(
                recent
                    .iter()
                    .rev()
                    .filter(near)
                    .filter(|call| !failed(call))
                    .take(room)
                    .cloned(),
            );
            calls.sort_by_key(|call| std::cmp::Reverse(call.at));
        }
        let trip = Trip {
            at: change.at,
            instance: change.instance.clone(),
            cause: change.cause.clone(),
            calls,
        };
        match self.trips.get(&change.breaker) {
            Some(known) if known.at > change.at => {}
            _ => {
                self.trips.insert(change.breaker, trip);
            }
        }
    }

    pub fn last_trip(&self, id: BreakerId) -> Option<&Trip> {
        self.trips.get(&id)
    }

    pub fn trips(&self) -> impl Iterator<Item = (BreakerId, &Trip)> {
        self.trips.iter().map(|(id, trip)| (*id, trip))
    }

    pub fn restore_trip(&mut self, id: BreakerId, trip: Trip) {
        self.trips.insert(id, trip);
    }

    /// The last minute; as a breaker counts: neutral outcomes, refusals, auth and quota are neither.
    pub fn minute(&self, id: BreakerId, now: Millis) -> Minute {
        let mut minute = Minute::default();
        for call in self.recent.get(&id).into_iter().flatten() {
            if call.at <= now - WINDOW {
                continue;
            }
            let weight = u64::from(call.weight);
            if call.outcome.is_provider_failure(true) {
                minute.failures += weight;
                minute.calls += weight;
            } else if call.outcome == Outcome::Ok {
                minute.calls += weight;
            }
        }
        minute
    }

    pub fn expire(&mut self, now: Millis) {
        self.recent.retain(|_, recent| {
            while recent.front().is_some_and(|front| front.at < now - 2 * WINDOW) {
                recent.pop_front();
            }
            !recent.is_empty()
        });
    }

    /// Forgets trips of breakers that are gone.
    pub fn retain_trips(&mut self, known: impl Fn(BreakerId) -> bool) {
        self.trips.retain(|id, _| known(*id));
    }
}
