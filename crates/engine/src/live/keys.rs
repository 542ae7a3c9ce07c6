//! Finding the breaker that a call names by the call's own strings, without copying them.
//!
//! The borrowed key hashes as the owned one it stands for, which is what makes the lookup right; the tests hold that.

use domain::breaker::{BreakerId, BreakerKey};
use domain::event::{BreakerRef, Call};
use hashbrown::{Equivalent, HashMap};

/// A [`BreakerKey`], borrowed. The order of the fields is the owned key's.
#[derive(Hash)]
struct Subject<'a> {
    environment: &'a str,
    service: &'a str,
    breaker: &'a str,
    deployment: &'a str,
}

impl Equivalent<BreakerKey> for Subject<'_> {
    fn equivalent(&self, key: &BreakerKey) -> bool {
        self.environment == key.environment
            && self.service == key.service
            && self.breaker == key.breaker
            && self.deployment == key.deployment
    }
}

/// Ids of breakers that calls named. An id is a SHA-256, which is worked out once for each breaker.
#[derive(Default)]
pub(super) struct BreakerIds {
    known: HashMap<BreakerKey, BreakerId>,
}

/// Ids that are kept; at this many all are forgotten and found again as they are asked for.
const IDS: usize = 10_000;

impl BreakerIds {
    /// The id of the breaker that guarded a call, where it names one.
    pub fn of(&mut self, tenant: &str, call: &Call) -> Option<BreakerId> {
        let breaker = call.breaker.as_deref()?;
        let subject = Subject {
            environment: call.environment.as_deref().unwrap_or_default(),
            service: call.service.as_deref().unwrap_or_default(),
            breaker,
            deployment: call.deployment.as_deref().unwrap_or_default(),
        };
        if let Some(id) = self.known.get(&subject) {
            return Some(*id);
        }
        let key = BreakerKey::of(&BreakerRef {
            breaker: breaker.to_owned(),
            environment: call.environment.clone(),
            service: call.service.clone(),
            deployment: call.deployment.clone(),
            ..BreakerRef::default()
        });
        let id = key.id(tenant);
        if self.known.len() >= IDS {
            self.known.clear();
        }
        self.known.insert(key, id);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls() -> [Call; 2] {
        [None, Some("eu")].map(|deployment| Call {
            provider: "openai".into(),
            model: "gpt-5".into(),
            deployment: deployment.map(str::to_owned),
            service: Some("api".into()),
            environment: Some("prod".into()),
            breaker: Some("gpt-5".into()),
            ..Call::default()
        })
    }

    #[test]
    fn ids_are_those_of_the_identity() {
        let mut ids = BreakerIds::default();
        for _again in 0..2 {
            for call in calls() {
                let subject = BreakerRef {
                    breaker: "gpt-5".into(),
                    environment: call.environment.clone(),
                    service: call.service.clone(),
                    deployment: call.deployment.clone(),
                    ..BreakerRef::default()
                };
                assert_eq!(
                    ids.of("default", &call),
                    Some(BreakerKey::of(&subject).id("default"))
                );
            }
        }
        assert_eq!(ids.known.len(), 2, "one of each deployment");
        assert_eq!(ids.of("default", &Call::default()), None);
    }
}
