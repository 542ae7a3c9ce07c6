//! Transitions of breakers as the REST interface lists them.

use serde::{Deserialize, Serialize};

use crate::State;

/// One change of state of one instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransitionItem {
    /// Rising within the tenant.
    pub id: u64,
    /// When it happened, epoch milliseconds.
    pub time: i64,
    /// When it arrived.
    pub received: i64,
    /// The breaker's `b_…` id.
    pub breaker_id: String,
    /// Its name.
    pub breaker: String,
    /// May be empty, as the next three.
    pub provider: String,
    /// The service that holds it.
    pub service: String,
    /// `prod`, `staging`.
    pub environment: String,
    /// The deployment it guards.
    pub deployment: String,
    /// The instance that changed.
    pub instance: String,
    /// The state it left, when known.
    pub from: Option<State>,
    /// The state it is in.
    pub to: State,
    /// In words; may be empty.
    pub cause: String,
    /// How long the state it left had lasted, milliseconds.
    pub lasted_ms: Option<i64>,
    /// Told by a later report or by silence, not by a transition that was sent.
    pub inferred: bool,
}

/// A page of transitions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransitionList {
    /// At most as many as asked for.
    pub items: Vec<TransitionItem>,
    /// Where the next page begins; null when there is none.
    pub next: Option<String>,
}
