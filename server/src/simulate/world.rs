//! The breakers of the simulated services: one real breaker core per breaker and instance, and what they report.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::breaker::{Core, CoreTransition, ForceState, Input, Settings, State, step};
use domain::{Micros, Millis, Outcome};
use fuseboard_client::{Client, MarkerEvent, MarkerKind};
use parking_lot::Mutex;
use reqwest::header::HeaderMap;

use super::clock::Clock;
use super::fleet::{BREAKERS, Breaker};
use super::headroom::headroom;
use super::report;
use super::scenario::Scenario;

/// How often each instance says what state its breaker is in. The board forgets an instance after 90 s of silence.
const STATS_EVERY: Millis = 10_000;
/// How often what is left of a limit is reported, per breaker.
const HEADROOM_EVERY: Millis = 5_000;

/// One breaker in one instance.
pub struct Slot {
    /// What it guards.
    pub breaker: &'static Breaker,
    /// The process that holds it.
    pub instance: &'static str,
    settings: Settings,
    held: Mutex<Held>,
}

struct Held {
    core: Core,
    seq: u64,
    next_stats: Millis,
}

/// Users' requests and how they went, since the last look.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that ended.
    pub requests: AtomicU64,
    /// Of those, answered at last.
    pub answered: AtomicU64,
    /// Attempts that a breaker refused.
    pub rejected: AtomicU64,
    /// Answers that came from a stand-in.
    pub saved: AtomicU64,
}

/// See the module.
pub struct World {
    /// Where everything is reported.
    pub client: Client,
    /// The time.
    pub clock: Clock,
    /// For the status line.
    pub counts: Counts,
    scenario: Scenario,
    environment: String,
    slots: Vec<Slot>,
    told_headroom: Mutex<HashMap<&'static str, Millis>>,
}

/// A call that was let through. It must be recorded; one that is dropped gives its place back.
pub struct Permit<'a> {
    world: &'a World,
    slot: &'a Slot,
    open: bool,
}

impl World {
    /// All breakers closed.
    pub fn new(client: Client, clock: Clock, scenario: Scenario, rate: f64, environment: String) -> World {
        let now = clock.now_ms();
        let instances = BREAKERS
            .iter()
            .flat_map(|breaker| breaker.instances.iter().map(move |at| (breaker, *at)));
        let slots = instances
            .enumerate()
            .map(|(index, (breaker, instance))| {
                let settings = breaker.settings(rate);
                let core = Core::new(&settings, now);
                // The first stats go out at once, the later ones spread over the interval. Sequence numbers begin at
                // the clock, so that they rise across restarts of the simulator.
                let held = Held {
                    core,
                    seq: now.unsigned_abs(),
                    next_stats: now + (index as Millis * 397) % 2_000,
                };
                Slot {
                    breaker,
                    instance,
                    settings,
                    held: Mutex::new(held),
                }
            })
            .collect();
        World {
            client,
            clock,
            counts: Counts::default(),
            scenario,
            environment,
            slots,
            told_headroom: Mutex::default(),
        }
    }

    /// The breaker with this index in the instance of this name, or in another one where it has none there.
    pub fn slot(&self, breaker: usize, instance: &str) -> Option<&Slot> {
        let wanted = BREAKERS.get(breaker)?;
        let mut of_breaker = self.slots.iter().filter(|slot| slot.breaker.slug == wanted.slug);
        of_breaker
            .clone()
            .find(|slot| slot.instance == instance)
            .or_else(|| of_breaker.next())
    }

    /// Asks the breaker whether a call may go.
    pub fn acquire<'a>(&'a self, slot: &'a Slot) -> Option<Permit<'a>> {
        let permitted = self.step(slot, Input::Acquire, None) == Some(true);
        permitted.then_some(Permit {
            world: self,
            slot,
            open: true,
        })
    }

    /// Lets time pass: breakers wake, are forced or released, and say what state they are in.
    pub fn tick(&self, last: Duration) -> Duration {
        let elapsed = self.clock.elapsed();
        for title in self.scenario.begun(last, elapsed) {
            self.client.marker(
                MarkerEvent::new(title)
                    .kind(MarkerKind::Incident)
                    .environment(self.environment.as_str()),
            );
        }
        for slot in &self.slots {
            let forced = self.scenario.forced(slot.breaker.name, elapsed);
            let is_forced = slot.held.lock().core.state() == State::ForcedOpen;
            let input = match (forced, is_forced) {
                (Some(_), false) => Input::Force(ForceState::Open),
                (None, true) => Input::Force(ForceState::Closed),
                _ => Input::Tick,
            };
            self.step(slot, input, forced);
            self.tell_stats(slot);
        }
        elapsed
    }

    /// Reports what an answer's headers say of the limits, but not with every answer.
    pub fn tell_headroom(&self, breaker: &'static Breaker, headers: &HeaderMap) {
        let now = self.clock.now_ms();
        if let Some(event) = headroom(breaker, headers, now) {
            let mut told = self.told_headroom.lock();
            let last = told.entry(breaker.slug).or_insert(Millis::MIN);
            if now.saturating_sub(*last) >= HEADROOM_EVERY {
                *last = now;
                drop(told);
                self.client.headroom(event);
            }
        }
    }

    /// Breakers that are not closed, each with its state and the instances in it.
    pub fn trouble(&self) -> Vec<(&'static str, State, Vec<&'static str>)> {
        let mut trouble: Vec<(&'static str, State, Vec<&'static str>)> = Vec::new();
        for slot in &self.slots {
            let state = slot.held.lock().core.state();
            if state == State::Closed {
                continue;
            }
            match trouble
                .iter_mut()
                .find(|(name, known, _)| *name == slot.breaker.name && *known == state)
            {
                Some((_, _, instances)) => instances.push(slot.instance),
                None => trouble.push((slot.breaker.name, state, vec![slot.instance])),
            }
        }
        trouble
    }

    fn step(&self, slot: &Slot, input: Input, forced: Option<&str>) -> Option<bool> {
        let mut held = slot.held.lock();
        let step = step(&mut held.core, &slot.settings, input, self.clock.now_ms());
        if let Some(change) = &step.transition {
            held.seq += 1;
            // Reported under the lock, so that transitions leave in the order in which they happened.
            self.tell_transition(slot, change, held.seq, forced);
        }
        step.permitted
    }

    fn tell_transition(&self, slot: &Slot, change: &CoreTransition, seq: u64, forced: Option<&str>) {
        let event = report::transition(slot.breaker, slot.instance, change, &slot.settings, seq, forced);
        self.client.transition(event);
    }

    fn tell_stats(&self, slot: &Slot) {
        let mut held = slot.held.lock();
        let now = self.clock.now_ms();
        if now >= held.next_stats {
            held.next_stats = now + STATS_EVERY;
            let figures = held.core.figures(&slot.settings, now);
            self.client.stats(report::stats(
                slot.breaker,
                slot.instance,
                held.core.state(),
                &figures,
                now,
            ));
        }
    }
}

impl Counts {
    /// Reads and forgets: requests, answered, rejected, saved.
    pub fn take(&self) -> [u64; 4] {
        [&self.requests, &self.answered, &self.rejected, &self.saved]
            .map(|count| count.swap(0, Ordering::Relaxed))
    }
}

impl Permit<'_> {
    /// Tells the breaker how the call ended.
    pub fn record(mut self, outcome: Outcome, duration: Duration) {
        self.open = false;
        let duration = Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX);
        self.world
            .step(self.slot, Input::Record { outcome, duration }, None);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.open {
            self.world.step(self.slot, Input::Release, None);
        }
    }
}
