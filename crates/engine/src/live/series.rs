//! The series of a tenant, numbered. Most calls belong to one that is known, and nothing is copied to find it.
//!
//! What tells a series apart stands in one piece of memory for all of them. Strings that were allocated one by one lie
//! far apart, and looking at five of them for every call was a seventh of what intake cost.

use domain::event::{Call, Labels, Operation};
use domain::rollup::{KeptLabels, LabelValues, SeriesKey};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher as _;

/// Which series, as this process numbers them.
pub(super) type SeriesId = u32;

#[derive(Default)]
pub(super) struct SeriesTable {
    /// By number.
    keys: Vec<SeriesKey>,
    /// How many of them are not folded.
    kept: usize,
    /// The labels that are dimensions, usually none. A kind of traffic is one whatever they are.
    labels: LabelValues,
    numbers: HashTable<SeriesId>,
    hasher: DefaultHashBuilder,
    written: Written,
    /// The one that is looked for; kept for its room.
    wanted: Vec<u8>,
}

/// What tells each series apart, one behind another.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    fn get(&self, id: SeriesId) -> &[u8] {
        let nth = id as usize;
        let end = self.ends.get(nth).copied().unwrap_or_default();
        let start = nth
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied();
        self.bytes.get(start.unwrap_or_default()..end).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }
}

impl SeriesTable {
    /// Keeps these labels, in a table where nothing is yet.
    pub fn keep(&mut self, labels: &KeptLabels) {
        self.labels = LabelValues::new(labels);
    }

    /// The labels that are dimensions, and their values.
    pub fn labels(&self) -> &LabelValues {
        &self.labels
    }

    /// The series of a call, where it is known. Counts label values that fold: ask once for each call.
    pub fn of(&mut self, call: &Call) -> Option<SeriesId> {
        self.want(
            [
                &call.provider,
                &call.model,
                call.deployment.as_deref().unwrap_or_default(),
                call.service.as_deref().unwrap_or_default(),
                call.environment.as_deref().unwrap_or_default(),
            ],
            call.operation,
        );
        self.want_labels_of(&call.labels);
        self.find()
    }

    /// The series that a call would make.
    pub fn made_by(&self, call: &Call) -> SeriesKey {
        SeriesKey {
            labels: self.labels.of(&call.labels),
            ..SeriesKey::of(call)
        }
    }

    /// The number of a series, which is known from now on.
    pub fn add(&mut self, key: SeriesKey) -> SeriesId {
        let strings = [
            key.provider.as_str(),
            &key.model,
            &key.deployment,
            &key.service,
            &key.environment,
        ];
        self.want(strings, key.operation);
        for (name, value) in &key.labels {
            put(&mut self.wanted, name);
            put(&mut self.wanted, value);
        }
        if let Some(id) = self.find() {
            return id;
        }
        self.labels.know(&key);
        // Far below the cap of series, which far below 2³² is.
        let id = self.keys.len() as SeriesId;
        let hash = self.hasher.hash_one(&self.wanted);
        self.written.push(&self.wanted);
        let (written, hasher) = (&self.written, &self.hasher);
        self.numbers
            .insert_unique(hash, id, |id| hasher.hash_one(written.get(*id)));
        self.kept += usize::from(!is_folded(&key));
        self.keys.push(key);
        id
    }

    /// By its number.
    pub fn get(&self, id: SeriesId) -> Option<&SeriesKey> {
        self.keys.get(id as usize)
    }

    /// How many there are, without those that others fold into.
    pub fn len(&self) -> usize {
        self.kept
    }

    /// All but those that others fold into.
    pub fn iter(&self) -> impl Iterator<Item = &SeriesKey> {
        self.keys.iter().filter(|key| !is_folded(key))
    }

    /// Leaves in `wanted` how a series without labels is written.
    fn want(&mut self, strings: [&str; 5], operation: Option<Operation>) {
        self.wanted.clear();
        for string in strings {
            put(&mut self.wanted, string);
        }
        self.wanted
            .push(operation.map_or(0, |operation| operation as u8 + 1));
    }

    fn want_labels_of(&mut self, labels: &Labels) {
        let wanted = &mut self.wanted;
        self.labels.count(labels, |name, value| {
            put(wanted, name);
            put(wanted, value);
        });
    }

    /// What is written in `wanted`.
    fn find(&self) -> Option<SeriesId> {
        let hash = self.hasher.hash_one(&self.wanted);
        let same = |id: &SeriesId| self.written.get(*id) == self.wanted;
        self.numbers.find(hash, same).copied()
    }
}

fn put(wanted: &mut Vec<u8>, string: &str) {
    wanted.extend((string.len() as u32).to_le_bytes());
    wanted.extend(string.as_bytes());
}

fn is_folded(key: &SeriesKey) -> bool {
    key.model == SeriesKey::OTHER
}

#[cfg(test)]
mod tests {
    use domain::rollup::TrafficKind;

    use super::*;

    fn calls() -> Vec<Call> {
        let mut calls = Vec::new();
        for deployment in [None, Some("eu")] {
            for operation in [None, Some(Operation::ALL[0]), Some(Operation::ALL[1])] {
                for (provider, model) in [("openai", "gpt-5"), ("openaig", "pt-5"), ("", "")] {
                    calls.push(Call {
                        provider: provider.into(),
                        model: model.into(),
                        deployment: deployment.map(str::to_owned),
                        service: Some("api".into()),
                        operation,
                        ..Call::default()
                    });
                }
            }
        }
        calls
    }

    #[test]
    fn a_call_finds_its_own_series_and_no_other() {
        let mut table = SeriesTable::default();
        let mut ids = Vec::new();
        for call in &calls() {
            let key = SeriesKey::of(call);
            assert_eq!(table.of(call), None, "{call:?}");
            let id = table.add(key.clone());
            assert_eq!(table.add(key), id);
            ids.push(id);
        }
        for (call, id) in calls().iter().zip(ids) {
            assert_eq!(table.of(call), Some(id));
            assert_eq!(table.get(id), Some(&SeriesKey::of(call)));
        }
        assert_eq!(table.len(), table.keys.len());
        assert_eq!(table.len(), calls().len());
    }

    #[test]
    fn kept_labels_make_series_and_others_do_not() {
        let mut table = SeriesTable::default();
        table.keep(&KeptLabels::new(["team", "region"]).unwrap());
        let call = |pairs: &[(&str, &str)]| Call {
            provider: "openai".into(),
            labels: pairs
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            ..Call::default()
        };
        let different = [
            call(&[]),
            call(&[("region", "a")]),
            call(&[("team", "a")]),
            call(&[("region", "a"), ("team", "a")]),
            call(&[("region", "ateam"), ("team", "a")]),
        ];
        for (nth, call) in different.iter().enumerate() {
            assert_eq!(table.of(call), None, "{call:?}");
            let made = table.made_by(call);
            assert_eq!(made.labels.to_vec(), call.labels);
            assert_eq!(table.add(made), nth as SeriesId);
        }
        for (nth, call) in different.iter().enumerate() {
            assert_eq!(table.of(call), Some(nth as SeriesId));
        }
        let same = call(&[("a", "x"), ("region", "a"), ("teal", "y"), ("zone", "z")]);
        assert_eq!(table.of(&same), Some(1), "others do not matter");
    }

    #[test]
    fn a_label_folds_what_is_too_much() {
        let mut table = SeriesTable::default();
        table.keep(&KeptLabels::new(["user"]).unwrap());
        let call = |user: usize| Call {
            labels: vec![("user".into(), user.to_string())],
            ..Call::default()
        };
        let most = KeptLabels::MOST_VALUES;
        for user in 0..most + 50 {
            if table.of(&call(user)).is_none() {
                table.add(table.made_by(&call(user)));
            }
        }
        assert_eq!(table.len(), most + 1);
        let folded = table.of(&call(most)).and_then(|id| table.get(id)).unwrap();
        assert_eq!(folded.label("user"), SeriesKey::OTHER);
        assert_eq!(table.labels().kept().collect::<Vec<_>>(), [("user", most, 51)]);
        // As a restart does it.
        let mut again = SeriesTable::default();
        again.keep(&KeptLabels::new(["user"]).unwrap());
        for key in table.iter() {
            again.add(key.clone());
        }
        for user in [0, most - 1, most] {
            assert_eq!(again.of(&call(user)), table.of(&call(user)));
        }
    }

    #[test]
    fn what_others_fold_into_is_no_series_of_its_own() {
        let mut table = SeriesTable::default();
        let folded = table.add(SeriesKey::folded("openai", None));
        assert_eq!((table.len(), table.iter().count()), (0, 0));
        assert_eq!(table.get(folded).map(|key| key.provider.as_str()), Some("openai"));
        assert_ne!(table.add(SeriesKey::folded("mistral", None)), folded);
        let drilled = table.add(SeriesKey::folded("openai", Some(TrafficKind::Drill)));
        assert_ne!(drilled, folded);
        assert_eq!(table.get(drilled).map(SeriesKey::kind), Some("drill"));
        assert_eq!((table.len(), table.iter().count()), (0, 0));
    }

    #[test]
    fn what_is_not_real_has_a_series_of_its_own() {
        for kept in [&[][..], &["team"], &["a", TrafficKind::LABEL, "team"]] {
            let mut table = SeriesTable::default();
            table.keep(&KeptLabels::new(kept.iter().copied()).unwrap());
            let call = |kind: &str| Call {
                labels: vec![
                    (TrafficKind::LABEL.into(), kind.into()),
                    ("team".into(), "x".into()),
                ],
                ..Call::default()
            };
            let mut ids = Vec::new();
            for kind in ["drill", "probe", "simulated"] {
                assert_eq!(table.of(&call(kind)), None, "{kept:?}");
                let made = table.made_by(&call(kind));
                assert_eq!(made.kind(), kind);
                ids.push(table.add(made));
                assert_eq!(table.of(&call(kind)), ids.last().copied());
            }
            ids.dedup();
            assert_eq!(ids.len(), 3);
            let real = table.made_by(&call("canary"));
            assert_eq!(real.kind(), "", "another value is a label like any other");
            let labels = real.labels.iter().map(|(name, _)| name.as_str());
            assert!(labels.eq(kept.iter().copied().filter(|name| *name != "a")));
        }
    }
}
