//! One limit in one world: a breaker core and what came of the calls put to it.

use super::MOST_FED;
use crate::Millis;
use crate::breaker::core::{Core, Input, step};
use crate::breaker::{Settings, State, WindowKind};

/// A call as it is put to the cores of one world.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put {
    /// How it ends if it is let through.
    pub record: Input,
    pub nature: Nature,
    pub weight: u32,
    pub at: Millis,
}

/// What is known of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Nature {
    Good,
    Failure,
    /// Nothing; in this world it fails or does not.
    Unknown {
        fails: bool,
    },
}

/// One limit in one world.
#[derive(Debug, Clone)]
pub(super) struct World {
    settings: Settings,
    core: Core,
    /// How often a heavy call is put to the core.
    enough: u32,
    pub opened: u32,
    pub reopened: u32,
    /// Without the opening that still lasts.
    open_ms: Millis,
    pub failures_let_through: u64,
    pub good_turned_away: u64,
    pub unknown_turned_away: u64,
}

impl World {
    pub fn new(base: &Settings, limit: f64) -> World {
        let settings = Settings {
            failure_threshold: limit,
            ..base.clone()
        };
        World {
            core: Core::new(&settings, 0),
            enough: enough(&settings),
            settings,
            opened: 0,
            reopened: 0,
            open_ms: 0,
            failures_let_through: 0,
            good_turned_away: 0,
            unknown_turned_away: 0,
        }
    }

    pub fn limit(&self) -> f64 {
        self.settings.failure_threshold
    }

    pub fn take(&mut self, put: &Put) {
        let fed = put.weight.min(self.enough);
        let mut passed = 0;
        // Time stands still meanwhile, so that once one is refused all others are.
        while passed < fed && self.admits(put.at) {
            self.step(put.record, put.at);
            passed += 1;
        }
        if passed == fed && self.core.state() != State::Open {
            passed = put.weight;
        }
        let (through, away) = (u64::from(passed), u64::from(put.weight - passed));
        match put.nature {
            Nature::Good => add(&mut self.good_turned_away, away),
            Nature::Failure => add(&mut self.failures_let_through, through),
            Nature::Unknown { fails } => {
                add(&mut self.unknown_turned_away, away);
                if fails {
                    add(&mut self.failures_let_through, through);
                }
            }
        }
    }

    /// The core lets a call through. A closed one need not be asked: it would say yes and remember nothing.
    fn admits(&mut self, at: Millis) -> bool {
        self.core.state() == State::Closed || self.step(Input::Acquire, at) == Some(true)
    }

    fn step(&mut self, input: Input, at: Millis) -> Option<bool> {
        let did = step(&mut self.core, &self.settings, input, at);
        if let Some(transition) = &did.transition {
            match (transition.from, transition.to) {
                (State::HalfOpen, State::Open) => self.reopened = self.reopened.saturating_add(1),
                (_, State::Open) => self.opened = self.opened.saturating_add(1),
                (State::Open, _) => self.open_ms = self.open_ms.saturating_add(transition.lasted),
                _ => {}
            }
        }
        did.permitted
    }

    pub fn open_until(&self, end: Millis) -> Millis {
        let lasts = match self.core.state() {
            State::Open => end.saturating_sub(self.core.since()).max(0),
            _ => 0,
        };
        self.open_ms.saturating_add(lasts)
    }
}

/// Enough to end all trials and to fill a count window, so that more of the same change nothing; see [`MOST_FED`].
fn enough(settings: &Settings) -> u32 {
    let most = match settings.window {
        WindowKind::Count(calls) => calls.saturating_add(settings.half_open_trials),
        WindowKind::Time { .. } => MOST_FED,
    };
    most.min(MOST_FED)
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
