//! Names that stand for others: `gpt4-turbo` is `gpt-4-turbo` from now on, and was.
//!
//! A renaming that is in force is applied twice (ADR 0045): to events as they come in, before they are journalled, so that
//! all that follows from the journal has the new name; and to what was stored before, whenever it is read: series of
//! calls, transitions of breakers, and the values that filters name. Nothing that is stored is changed, so undoing it is
//! to forget it.
//!
//! Deliberately absent: chains (a is b, b is c), which would mean something else with each order of undoing; deployments,
//! instances, operations and labels.

use std::borrow::Cow;

use domain::breaker::BreakerKey;
use domain::event::BreakerRef;
use domain::rollup::SeriesKey;
use domain::{Event, EventBody};
use protocol::Filter;
use protocol::query::KnownSeries;
use protocol::record::RenameDoc;
use store::{TenantId, TransitionRow};

use crate::evaluate::Standing;
use crate::live::OpenInstance;

/// The most renamings of a tenant that are in force.
const MOST: usize = 200;
/// The longest name, in characters: as intake takes it.
const MAX_NAME: usize = 128;

/// What can be called otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Provider,
    Model,
    Service,
    Environment,
    Breaker,
}

impl Dimension {
    const ALL: [Dimension; 5] = [
        Dimension::Provider,
        Dimension::Model,
        Dimension::Service,
        Dimension::Environment,
        Dimension::Breaker,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Dimension::Provider => "provider",
            Dimension::Model => "model",
            Dimension::Service => "service",
            Dimension::Environment => "environment",
            Dimension::Breaker => "breaker",
        }
    }

    pub fn parse(name: &str) -> Option<Dimension> {
        Self::ALL.into_iter().find(|dimension| dimension.as_str() == name)
    }
}

/// One renaming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rename {
    /// The number of the correction.
    pub id: u64,
    pub dimension: Dimension,
    pub old: String,
    pub new: String,
}

/// All renamings of a tenant that are in force. No new name of one is the old name of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Renames(Vec<Rename>);

/// Why a renaming is refused: the field, and what must be.
pub(crate) type Refused = (&'static str, String);

impl Renames {
    /// Those alone that are asked for, to see what one would do.
    pub fn only(rename: Rename) -> Renames {
        Renames(vec![rename])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn with(&self, rename: Rename) -> Renames {
        let others = self.without(rename.id).0.into_iter();
        Renames(others.chain([rename]).collect())
    }

    pub fn without(&self, id: u64) -> Renames {
        let others = self.0.iter().filter(|known| known.id != id);
        Renames(others.cloned().collect())
    }

    /// The renaming that is asked for, where it can be.
    pub fn check(&self, doc: &RenameDoc) -> Result<Rename, Refused> {
        let refuse = |field, must: String| Err((field, must));
        let Some(dimension) = Dimension::parse(&doc.dimension) else {
            let all = Dimension::ALL.map(Dimension::as_str).join(", ");
            return refuse("rename.dimension", format!("must be one of {all}"));
        };
        for (field, name) in [("rename.old", &doc.old), ("rename.new", &doc.new)] {
            let length = name.chars().count();
            if length == 0 || length > MAX_NAME {
                return refuse(
                    field,
                    format!("must have 1 to {MAX_NAME} characters, got {length}"),
                );
            }
            if name == SeriesKey::OTHER {
                return refuse(field, "stands for many series, which cannot be told apart".into());
            }
            if name.trim() != name || name.chars().any(char::is_control) {
                return refuse(
                    field,
                    "must not begin or end with a space, and have no control characters".into(),
                );
            }
            if dimension == Dimension::Provider && name.to_lowercase() != *name {
                return refuse(field, "must be in lower case, as providers are kept".into());
            }
        }
        if doc.old == doc.new {
            return refuse("rename.new", "must be another name".into());
        }
        if self.0.len() >= MOST {
            return refuse(
                "rename",
                format!("{MOST} renamings are in force, and that is the most"),
            );
        }
        for known in self.0.iter().filter(|known| known.dimension == dimension) {
            let is = format!(
                "`{}` is called `{}` (correction {})",
                known.old, known.new, known.id
            );
            if known.old == doc.old {
                return refuse(
                    "rename.old",
                    format!("has a new name already: {is}; undo that first"),
                );
            }
            if known.old == doc.new {
                return refuse(
                    "rename.new",
                    format!("is called otherwise itself: {is}; name what it is called now"),
                );
            }
            if known.new == doc.old {
                return refuse(
                    "rename.old",
                    format!("is the new name of another: {is}; undo that first"),
                );
            }
        }
        Ok(Rename {
            id: 0,
            dimension,
            old: doc.old.clone(),
            new: doc.new.clone(),
        })
    }

    /// What a value is called.
    fn name<'a>(&'a self, dimension: Dimension, value: &'a str) -> &'a str {
        self.other(dimension, value).unwrap_or(value)
    }

    /// What a value is called, where that is something else.
    fn other(&self, dimension: Dimension, value: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|rename| rename.dimension == dimension && rename.old == value);
        found.map(|rename| rename.new.as_str())
    }

    /// A series as it is called.
    pub fn series<'a>(&self, key: &'a SeriesKey) -> Cow<'a, SeriesKey> {
        let parts = [
            self.other(Dimension::Provider, &key.provider),
            self.other(Dimension::Model, &key.model),
            self.other(Dimension::Service, &key.service),
            self.other(Dimension::Environment, &key.environment),
        ];
        if parts.iter().all(Option::is_none) {
            return Cow::Borrowed(key);
        }
        let mut renamed = key.clone();
        let [provider, model, service, environment] = parts;
        for (part, name) in [
            (&mut renamed.provider, provider),
            (&mut renamed.model, model),
            (&mut renamed.service, service),
            (&mut renamed.environment, environment),
        ] {
            if let Some(name) = name {
                name.clone_into(part);
            }
        }
        Cow::Owned(renamed)
    }

    /// The identity that a breaker has under its new names; `None` where it keeps its own.
    pub fn identity(&self, key: &BreakerKey) -> Option<BreakerKey> {
        if self.0.is_empty() {
            return None;
        }
        let renamed = BreakerKey {
            environment: self.name(Dimension::Environment, &key.environment).to_owned(),
            service: self.name(Dimension::Service, &key.service).to_owned(),
            breaker: self.name(Dimension::Breaker, &key.breaker).to_owned(),
            deployment: key.deployment.clone(),
        };
        (renamed != *key).then_some(renamed)
    }

    /// The identities that are this one now.
    pub fn former(&self, key: &BreakerKey) -> Vec<BreakerKey> {
        let mut found = vec![key.clone()];
        for rename in &self.0 {
            let part = |key: &mut BreakerKey| match rename.dimension {
                Dimension::Environment => Some(std::mem::take(&mut key.environment)),
                Dimension::Service => Some(std::mem::take(&mut key.service)),
                Dimension::Breaker => Some(std::mem::take(&mut key.breaker)),
                Dimension::Provider | Dimension::Model => None,
            };
            let before: Vec<BreakerKey> = found
                .iter()
                .filter_map(|known| {
                    let mut before = known.clone();
                    if part(&mut before)? != rename.new {
                        return None;
                    }
                    match rename.dimension {
                        Dimension::Environment => before.environment.clone_from(&rename.old),
                        Dimension::Service => before.service.clone_from(&rename.old),
                        _ => before.breaker.clone_from(&rename.old),
                    }
                    Some(before)
                })
                .collect();
            found.extend(before);
        }
        found.remove(0);
        found
    }

    /// A stored transition with the provider's name of now.
    pub fn provider(&self, row: &mut TransitionRow) {
        self.put(Dimension::Provider, &mut row.provider);
    }

    /// A stored transition as it is told now.
    pub fn row(&self, tenant: &TenantId, row: &mut TransitionRow) {
        self.provider(row);
        if let Some(key) = self.identity(&row.key) {
            row.breaker = key.id(tenant.as_str());
            row.key = key;
        }
    }

    /// A breaker as it stands, under the name that filters know it by.
    pub fn standing<'a>(&self, standing: &'a Standing) -> Cow<'a, Standing> {
        let key = self.identity(&standing.key);
        let provider = self.other(Dimension::Provider, &standing.provider);
        if key.is_none() && provider.is_none() {
            return Cow::Borrowed(standing);
        }
        Cow::Owned(Standing {
            key: key.unwrap_or_else(|| standing.key.clone()),
            provider: provider.unwrap_or(&standing.provider).to_owned(),
            ..standing.clone()
        })
    }

    /// An instance that is open, under the name that its history has.
    pub fn open(&self, tenant: &TenantId, open: &mut OpenInstance) {
        if let Some(provider) = self.other(Dimension::Provider, &open.provider) {
            open.provider = provider.to_owned();
        }
        if let Some(key) = self.identity(&open.key) {
            open.breaker = key.id(tenant.as_str());
            open.key = key;
        }
    }

    /// A filter that finds what is called otherwise by both names.
    pub fn filter(&self, filter: &Filter) -> Filter {
        filter.revalued(|key, value| self.other(Dimension::parse(key)?, value))
    }

    /// The values that there are, by the names they have.
    pub fn known(&self, known: &mut KnownSeries) {
        for rename in &self.0 {
            if let Some(values) = known.dimensions.get_mut(rename.dimension.as_str())
                && let Ok(place) = values.binary_search(&rename.old)
            {
                values.remove(place);
                if let Err(place) = values.binary_search(&rename.new) {
                    values.insert(place, rename.new.clone());
                }
            }
        }
    }

    /// A breaker of the board under the names that figures have.
    pub fn shown(&self, row: &mut protocol::view::Breaker) {
        self.put(Dimension::Provider, &mut row.provider);
        self.put(Dimension::Service, &mut row.service);
        self.put(Dimension::Environment, &mut row.environment);
        self.put(Dimension::Breaker, &mut row.breaker);
    }

    /// Gives an event the new names, before it is journalled.
    pub fn event(&self, event: &mut Event) {
        if self.0.is_empty() {
            return;
        }
        match &mut event.body {
            EventBody::Call(call) => {
                self.put(Dimension::Provider, &mut call.provider);
                self.put(Dimension::Model, &mut call.model);
                self.put_some(Dimension::Service, &mut call.service);
                self.put_some(Dimension::Environment, &mut call.environment);
                self.put_some(Dimension::Breaker, &mut call.breaker);
                if let Some(from) = &mut call.fallback_from {
                    self.put(Dimension::Provider, &mut from.provider);
                    self.put_some(Dimension::Model, &mut from.model);
                }
            }
            EventBody::Transition(transition) => self.subject(&mut transition.subject),
            EventBody::Stats(stats) => self.subject(&mut stats.subject),
            EventBody::Headroom(headroom) => {
                self.put(Dimension::Provider, &mut headroom.provider);
                self.put_some(Dimension::Model, &mut headroom.model);
                self.put_some(Dimension::Service, &mut headroom.service);
            }
            EventBody::Marker(marker) => {
                self.put_some(Dimension::Service, &mut marker.service);
                self.put_some(Dimension::Environment, &mut marker.environment);
            }
        }
    }

    fn subject(&self, subject: &mut BreakerRef) {
        self.put(Dimension::Breaker, &mut subject.breaker);
        self.put_some(Dimension::Service, &mut subject.service);
        self.put_some(Dimension::Environment, &mut subject.environment);
        self.put_some(Dimension::Provider, &mut subject.provider);
        self.put_some(Dimension::Model, &mut subject.model);
    }

    fn put(&self, dimension: Dimension, value: &mut String) {
        if let Some(name) = self.other(dimension, value) {
            *value = name.to_owned();
        }
    }

    fn put_some(&self, dimension: Dimension, value: &mut Option<String>) {
        if let Some(value) = value {
            self.put(dimension, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(dimension: &str, old: &str, new: &str) -> RenameDoc {
        RenameDoc {
            dimension: dimension.into(),
            old: old.into(),
            new: new.into(),
        }
    }

    fn renames(all: &[(&str, &str, &str)]) -> Renames {
        let mut renames = Renames::default();
        for (id, (dimension, old, new)) in (1..).zip(all) {
            let rename = renames.check(&doc(dimension, old, new)).unwrap();
            renames = renames.with(Rename { id, ..rename });
        }
        renames
    }

    #[test]
    fn chains_and_cycles_are_refused_and_merges_are_not() {
        let renames = renames(&[("model", "b", "c")]);
        for (old, new) in [
            ("a", "b"),
            ("b", "d"),
            ("c", "d"),
            ("c", "b"),
            ("x", "x"),
            ("", "x"),
        ] {
            assert!(renames.check(&doc("model", old, new)).is_err(), "{old} to {new}");
        }
        assert!(
            renames.check(&doc("model", "a", "c")).is_ok(),
            "a second old name"
        );
        assert!(
            renames.check(&doc("service", "a", "b")).is_ok(),
            "of another dimension"
        );
        assert!(renames.check(&doc("colour", "a", "b")).is_err());
        assert!(renames.check(&doc("provider", "a", "OpenAI")).is_err());
        assert!(
            renames.without(1).check(&doc("model", "a", "b")).is_ok(),
            "undone"
        );
    }

    #[test]
    fn a_filter_finds_by_both_names() {
        let renames = renames(&[("model", "old", "new")]);
        let read = |text: &str| Filter::parse(text, &["model", "service"]).unwrap();
        let found = renames.filter(&read("model:old model:!old model:new service:old old model:~old"));
        assert_eq!(found, read("model:new model:!new service:old old model:~old"));
    }

    #[test]
    fn every_former_identity_is_found_and_leads_back() {
        let renames = renames(&[
            ("service", "chat", "chat-api"),
            ("service", "talk", "chat-api"),
            ("breaker", "b", "primary"),
            ("environment", "production", "prod"),
        ]);
        let key = BreakerKey {
            environment: "prod".into(),
            service: "chat-api".into(),
            breaker: "primary".into(),
            deployment: String::new(),
        };
        let former = renames.former(&key);
        assert_eq!(former.len(), 2 * 2 * 3 - 1);
        for before in &former {
            assert_eq!(renames.identity(before).as_ref(), Some(&key));
        }
        assert_eq!(renames.identity(&key), None);
    }
}
