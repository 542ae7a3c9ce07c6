//! Finding what a call belongs to by its own strings, without copying them: most calls belong to a series and a breaker
//! that are known.
//!
//! Each type here hashes as the owned key it stands for, which is what makes the lookup right; the tests hold that.

use domain::Millis;
use domain::breaker::{BreakerId, BreakerKey};
use domain::event::{BreakerRef, Call, Operation};
use domain::rollup::SeriesKey;
use hashbrown::{Equivalent, HashMap};

/// A row of 10 s buckets by its start and the series of a call: `(Millis, SeriesKey)`, borrowed.
#[derive(Hash)]
pub(super) struct RowOf<'a>(Millis, Series<'a>);

/// A [`SeriesKey`], borrowed. The order of the fields is the owned key's.
#[derive(Hash)]
struct Series<'a> {
    provider: &'a str,
    model: &'a str,
    deployment: &'a str,
    service: &'a str,
    environment: &'a str,
    operation: Option<Operation>,
}

impl<'a> RowOf<'a> {
    /// The row that a call of the bucket belongs to.
    pub fn call(bucket: Millis, call: &'a Call) -> RowOf<'a> {
        RowOf(
            bucket,
            Series {
                provider: &call.provider,
                model: &call.model,
                deployment: call.deployment.as_deref().unwrap_or_default(),
                service: call.service.as_deref().unwrap_or_default(),
                environment: call.environment.as_deref().unwrap_or_default(),
                operation: call.operation,
            },
        )
    }
}

impl Equivalent<(Millis, SeriesKey)> for RowOf<'_> {
    fn equivalent(&self, (bucket, key): &(Millis, SeriesKey)) -> bool {
        let Series {
            provider,
            model,
            deployment,
            service,
            environment,
            operation,
        } = self.1;
        self.0 == *bucket
            && provider == key.provider
            && model == key.model
            && deployment == key.deployment
            && service == key.service
            && environment == key.environment
            && operation == key.operation
    }
}

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
    use domain::rollup::Bucket;

    use super::*;
    use crate::live::Rows;

    fn calls() -> Vec<Call> {
        let mut calls = Vec::new();
        for deployment in [None, Some("eu")] {
            for operation in [None, Some(Operation::Chat)] {
                calls.push(Call {
                    provider: "openai".into(),
                    model: "gpt-5".into(),
                    deployment: deployment.map(str::to_owned),
                    service: Some("api".into()),
                    environment: Some("prod".into()),
                    operation,
                    breaker: Some("gpt-5".into()),
                    ..Call::default()
                });
            }
        }
        calls
    }

    #[test]
    fn rows_are_found_as_they_were_put() {
        let mut rows = Rows::default();
        for call in calls() {
            assert!(rows.get(&RowOf::call(10, &call)).is_none());
            rows.insert((10, SeriesKey::of(&call)), Bucket::default());
            assert!(rows.get(&RowOf::call(10, &call)).is_some());
            assert!(rows.get(&RowOf::call(20, &call)).is_none());
        }
        assert_eq!(rows.len(), calls().len());
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
