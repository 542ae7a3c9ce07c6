//! What the registry has to tell.

use crate::Millis;
use crate::breaker::{Breaker, BreakerId, BreakerKey, State};

/// An instance changed state, or is gone. What the log of transitions, the feed and alerts are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Whose.
    pub breaker: BreakerId,
    /// Its identity.
    pub key: BreakerKey,
    /// Its provider at that time; may be empty.
    pub provider: String,
    /// The instance that changed.
    pub instance: String,
    /// When it happened.
    pub at: Millis,
    /// When we learnt of it.
    pub received: Millis,
    /// The state it left; `None` when nobody knows.
    pub from: Option<State>,
    /// The state it is in; [`State::Unknown`] when it is silent.
    pub to: State,
    /// Why, in words; may be empty.
    pub cause: String,
    /// How long the state it left had lasted, where known.
    pub lasted: Option<Millis>,
    /// No transition told of it: a later report, or silence, did.
    pub inferred: bool,
    /// It changed the live state; `false` for an older one that arrived late.
    pub effective: bool,
    /// The instance is gone from the registry.
    pub forgotten: bool,
}

impl Change {
    /// An effective change that a transition told of, out of nowhere and without a cause: the rest is set by whoever
    /// knows better.
    pub(super) fn new(breaker: &Breaker, instance: &str, to: State, at: Millis, received: Millis) -> Change {
        Change {
            breaker: breaker.id,
            key: breaker.key.clone(),
            provider: breaker.provider.clone(),
            instance: instance.to_owned(),
            at,
            received,
            from: None,
            to,
            cause: String::new(),
            lasted: None,
            inferred: false,
            effective: true,
            forgotten: false,
        }
    }
}
