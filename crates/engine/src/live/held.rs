//! Breakers as live state holds them: what pages of history begin with.

use std::borrow::Cow;

use domain::Millis;
use domain::breaker::{Breaker, BreakerId, BreakerKey, State};
use protocol::view;

use super::TenantLive;
use crate::evaluate::Standing;

/// A breaker, now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub id: BreakerId,
    /// As on the board.
    pub row: view::Breaker,
    /// By name.
    pub instances: Vec<HeldInstance>,
}

/// One of its instances.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeldInstance {
    pub name: String,
    pub state: State,
    pub since: Millis,
}

impl TenantLive {
    /// Every breaker, or those of one name, by id.
    pub(crate) fn held(&self, now: Millis, name: Option<&str>) -> Vec<Held> {
        self.shown()
            .filter(|breaker| name.is_none_or(|name| breaker.key.breaker == name))
            .map(|breaker| Held {
                id: breaker.id,
                row: self.breaker_row(&breaker, now),
                instances: instances(&breaker),
            })
            .collect()
    }

    /// Every breaker with its live instances: what rules about states look at.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        let standing = |breaker: Cow<'_, Breaker>| Standing {
            id: breaker.id,
            key: breaker.key.clone(),
            provider: breaker.provider.clone(),
            instances: breaker
                .live()
                .map(|instance| (instance.name.clone(), instance.state, instance.since))
                .collect(),
        };
        self.shown().map(standing).collect()
    }

    /// The instances of one breaker; none when it is not known (any more).
    pub(crate) fn held_instances(&self, id: BreakerId) -> Vec<HeldInstance> {
        self.looked_at(id)
            .map(|breaker| instances(&breaker))
            .unwrap_or_default()
    }

    /// The identity of a breaker.
    pub(crate) fn key_of(&self, id: BreakerId) -> Option<BreakerKey> {
        self.registered(id).map(|breaker| breaker.key.clone())
    }
}

fn instances(breaker: &Breaker) -> Vec<HeldInstance> {
    let held = breaker.instances.values().map(|instance| HeldInstance {
        name: instance.name.clone(),
        state: instance.state,
        since: instance.since,
    });
    held.collect()
}
