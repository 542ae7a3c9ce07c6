//! Which calls a filter shows, and which batches can hold one.

use domain::Outcome;
use domain::event::{Call, Operation};
use domain::rollup::TrafficKind;
use protocol::Filter;
use protocol::filter::{Term, Test};
use protocol::query::LABEL;
use store::codec::ZoneMap;

/// A filter over calls.
pub(super) struct Wanted {
    filter: Filter,
    zone: ZoneMap,
    /// Some term looks at the status, which is a number and must be written first.
    by_status: bool,
}

impl Wanted {
    pub fn of(filter: Filter) -> Wanted {
        let named = [
            only(&filter, "provider").map(ZoneMap::provider),
            only(&filter, "breaker").map(ZoneMap::breaker),
            only(&filter, "outcome")
                .and_then(Outcome::parse)
                .map(ZoneMap::outcome),
        ];
        let zone = named.into_iter().flatten().fold(ZoneMap::calls(), ZoneMap::with);
        let by_status = filter
            .terms()
            .iter()
            .any(|term| term.key().is_none_or(|key| key == "status"));
        Wanted {
            filter,
            zone,
            by_status,
        }
    }

    /// What a batch holds that holds such a call.
    pub fn zone(&self) -> ZoneMap {
        self.zone
    }

    pub fn matches(&self, call: &Call) -> bool {
        let status = match call.status {
            Some(status) if self.by_status => status.to_string(),
            _ => String::new(),
        };
        let get = |key: &str| dimension(call, &status, key);
        let values = || {
            let named = protocol::calls::CALL_KEYS.iter().filter_map(|key| get(key));
            named.chain(call.labels.iter().map(|(_, value)| value.as_str()))
        };
        self.filter.matches(get, values)
    }
}

/// The one value that a key must have; `None` when it may have several, or none.
fn only<'a>(filter: &'a Filter, key: &str) -> Option<&'a str> {
    let offers = |term: &&Term| matches!(term.test(), Test::Is | Test::Starts) && term.key() == Some(key);
    let mut offers = filter.terms().iter().filter(offers);
    let (first, second) = (offers.next()?, offers.next());
    let plain = first.test() == Test::Is && second.is_none() && !first.value().is_empty();
    plain.then(|| first.value())
}

fn dimension<'a>(call: &'a Call, status: &'a str, key: &str) -> Option<&'a str> {
    match key {
        "provider" => Some(&call.provider),
        "model" => Some(&call.model),
        "deployment" => call.deployment.as_deref(),
        "service" => call.service.as_deref(),
        "environment" => call.environment.as_deref(),
        "operation" => call.operation.map(Operation::as_str),
        "outcome" => Some(call.outcome().as_str()),
        "breaker" => call.breaker.as_deref(),
        "instance" => call.instance.as_deref(),
        "status" => Some(status),
        "trace_id" => call.trace_id.as_deref(),
        "request_id" => call.request_id.as_deref(),
        "kind" => TrafficKind::of(&call.labels).map(TrafficKind::as_str),
        key => label(call, key.strip_prefix(LABEL)?),
    }
}

fn label<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let place = call
        .labels
        .binary_search_by(|(known, _)| known.as_str().cmp(name));
    call.labels.get(place.ok()?).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use protocol::calls::CALL_KEYS;
    use store::contract::samples::{full_call, plain_call};

    use super::*;

    fn wanted(filter: &str) -> Wanted {
        Wanted::of(Filter::parse(filter, CALL_KEYS).unwrap())
    }

    #[test]
    fn every_key_is_a_dimension_of_a_call() {
        let mut call = full_call();
        call.labels.insert(0, TrafficKind::Drill.label());
        let labels = call.labels.iter().map(|(name, _)| [LABEL, name].concat());
        let named = CALL_KEYS.iter().filter(|key| **key != LABEL);
        for key in named.map(|key| (*key).to_owned()).chain(labels) {
            let key = key.as_str();
            let value = dimension(&call, "529", key).unwrap_or_else(|| panic!("{key}"));
            assert!(!value.is_empty(), "{key}");
            assert!(wanted(&format!("{key}:\"{value}\"")).matches(&call), "{key}");
            assert!(!wanted(&format!("{key}:!\"{value}\"")).matches(&call), "{key}");
        }
        assert!(wanted("529").matches(&call));
        assert!(wanted("kind:\"\"").matches(&plain_call()) && !wanted("kind:\"\"").matches(&call));
        assert!(wanted("status:\"\" breaker:\"\" label.team:\"\"").matches(&plain_call()));
        assert!(wanted("label.region:~eu- label.zone:!a größe").matches(&call));
        assert!(!wanted("label.region:eu").matches(&call) && !wanted("label.zone:a").matches(&call));
        assert!(!wanted("529").matches(&plain_call()));
    }

    #[test]
    fn plain_terms_tell_which_batches_to_read() {
        let calls = ZoneMap::calls();
        for (filter, zone) in [
            ("", calls),
            ("provider:a", calls.with(ZoneMap::provider("a"))),
            (
                "provider:a breaker:b outcome:timeout model:m text",
                calls
                    .with(ZoneMap::provider("a"))
                    .with(ZoneMap::breaker("b"))
                    .with(ZoneMap::outcome(Outcome::Timeout)),
            ),
            ("provider:a provider:!b", calls.with(ZoneMap::provider("a"))),
            ("provider:a provider:b", calls),
            ("provider:a provider:~b", calls),
            ("provider:~a", calls),
            ("provider:!a", calls),
            ("breaker:\"\"", calls),
            ("outcome:nonsense", calls),
        ] {
            assert_eq!(wanted(filter).zone(), zone, "{filter}");
        }
    }
}
