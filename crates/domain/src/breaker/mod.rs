//! Breakers: what they are called, what states they have, which instance is in which state, and a breaker core.
//!
//! Two things that must not be confused: [`registry`] is the live view of breakers that live in other processes and
//! report here; [`core`] is a breaker itself, for those who have none (the simulator, the SDK, replays of thresholds).

mod cause;
pub mod core;
pub mod history;
pub mod identity;
pub mod instance;
pub mod registry;
pub mod settings;
pub mod state;
pub mod strip;
pub mod view;
pub mod whatif;
mod window;

pub use self::core::{Core, CoreTransition, ForceState, Input, Step, Why, step};
pub use history::{Segment, StoredTransition, Summary, Track};
pub use identity::{BreakerId, BreakerKey};
pub use instance::{Instance, Order};
pub use registry::{Arrival, Change, Registry};
pub use settings::{Settings, SettingsError, WindowKind};
pub use state::State;
pub use strip::{Cell, Strip, strip_text};
pub use view::Breaker;
pub use whatif::{Between, RecordedCall, Verdict, Verdicts, WhatIf};
