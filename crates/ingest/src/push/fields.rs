//! The fields of one event, still as JSON text, and the ways to read them.

use std::borrow::Cow;

use super::RefusalCode;
use super::fault::{Fault, Problem, quoted};
use super::field::{self, Field, FieldSet};
use super::{suggest, text};

/// How many unknown names of one event are kept for hints.
const HINTS: usize = 16;

/// What people send instead of a field that is required; in lower case without separators.
const INSTEAD: &[(&str, &str)] = &[
    ("event", "type"),
    ("eventtype", "type"),
    ("vendor", "provider"),
    ("providername", "provider"),
    ("modelname", "model"),
    ("modelid", "model"),
    ("result", "outcome"),
    ("duration", "duration_ms"),
    ("durations", "duration_ms"),
    ("durationseconds", "duration_ms"),
    ("elapsed", "duration_ms"),
    ("elapsedms", "duration_ms"),
    ("latency", "duration_ms"),
    ("latencyms", "duration_ms"),
    ("responsetime", "duration_ms"),
    ("name", "breaker"),
    ("breakername", "breaker"),
    ("circuitbreaker", "breaker"),
    ("state", "to"),
    ("newstate", "to"),
    ("tostate", "to"),
    ("to", "state"),
    ("currentstate", "state"),
    ("text", "title"),
    ("message", "title"),
    ("name", "title"),
];

/// One event's fields. Reused from event to event.
pub(super) struct Fields<'a> {
    values: [&'a str; field::COUNT],
    seen: FieldSet,
    /// The fields of the event before in their order: senders write all events alike.
    order: [Field; field::COUNT],
    /// How many names of this event were met.
    met: usize,
    /// The first field that was given twice.
    repeated: Option<Field>,
    /// The first few names that no type of event reads.
    unknown: Vec<Cow<'a, str>>,
    /// What this type of event reads, once that is known.
    read: FieldSet,
    /// Levels below the event itself.
    pub(super) depth: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new() -> Fields<'a> {
        Fields {
            values: [""; field::COUNT],
            seen: FieldSet::EMPTY,
            order: [Field::Type; field::COUNT],
            met: 0,
            repeated: None,
            unknown: Vec::new(),
            read: FieldSet::EMPTY,
            depth: 0,
        }
    }

    /// Forgets the event before.
    pub(super) fn clear(&mut self) {
        self.seen = FieldSet::EMPTY;
        self.read = FieldSet::EMPTY;
        self.repeated = None;
        self.unknown.clear();
        self.met = 0;
        self.depth = 0;
    }

    /// Adds a field by its name; the name comes back when no type of event reads it.
    pub(super) fn put(&mut self, name: Cow<'a, str>, raw: &'a str) -> Option<Cow<'a, str>> {
        let Some(field) = self.field(&name) else {
            if self.unknown.len() < HINTS {
                self.unknown.push(name.clone());
            }
            return Some(name);
        };
        if self.seen.insert(field) {
            self.values[field as usize] = raw;
        } else if self.repeated.is_none() {
            self.repeated = Some(field);
        }
        None
    }

    /// The field with this name: most likely the one that stood here in the event before.
    fn field(&mut self, name: &str) -> Option<Field> {
        let place = self.order.get_mut(self.met);
        self.met += 1;
        match place {
            Some(expected) if expected.name() == name => Some(*expected),
            Some(expected) => {
                let field = Field::parse(name)?;
                *expected = field;
                Some(field)
            }
            None => Field::parse(name),
        }
    }

    /// Whether a name that no type of event reads is among the first few.
    pub(super) fn has_unknown(&self, name: &str) -> bool {
        self.unknown.iter().any(|unknown| unknown == name)
    }

    /// Refuses an event with a name given twice.
    pub(super) fn check_repeated(&self) -> Result<(), Problem> {
        match self.repeated {
            None => Ok(()),
            Some(field) => Err(Fault::new(RefusalCode::Repeated, "is given twice").at(field.name())),
        }
    }

    /// Says what this type of event reads; returns what was given beyond that.
    pub(super) fn limit_to(&mut self, read: FieldSet) -> FieldSet {
        self.read = read;
        self.unread()
    }

    /// Fields given that this type of event does not read.
    pub(super) fn unread(&self) -> FieldSet {
        self.seen.without(self.read)
    }

    /// The text of a field, `null` counting as absent.
    pub(super) fn get(&self, field: Field) -> Option<&'a str> {
        (self.seen.contains(field))
            .then(|| self.values[field as usize])
            .filter(|raw| *raw != "null")
    }

    /// Reads an optional field.
    pub(super) fn read<T>(
        &self,
        field: Field,
        reader: impl FnOnce(&'a str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(raw) => reader(raw).map(Some).map_err(|fault| fault.at(field.name())),
        }
    }

    /// Reads a required field.
    pub(super) fn require<T>(
        &self,
        field: Field,
        reader: impl FnOnce(&'a str) -> Result<T, Fault>,
    ) -> Result<T, Problem> {
        self.read(field, reader)?
            .ok_or_else(|| self.missing(field, "is required"))
    }

    /// An optional text; empty counts as absent.
    pub(super) fn text(&self, field: Field, limit: usize) -> Result<Option<String>, Problem> {
        let line = self.read(field, |raw| text::line(raw, limit))?;
        Ok(line.filter(|text| !text.is_empty()).map(Cow::into_owned))
    }

    /// A required text that is not blank.
    pub(super) fn require_text(&self, field: Field, limit: usize) -> Result<String, Problem> {
        self.require(field, |raw| {
            let line = text::line(raw, limit)?;
            if line.trim().is_empty() {
                return Err(Fault::new(RefusalCode::Missing, "must not be blank"));
            }
            Ok(line.into_owned())
        })
    }

    /// A required field is absent; a name that resembles it is pointed out.
    pub(super) fn missing(&self, field: Field, reason: &str) -> Problem {
        let name = field.name();
        let instead = self
            .unknown
            .iter()
            .map(|unknown| unknown.as_ref())
            .chain(self.unread().iter().map(|field| -> &str { field.name() }))
            .find(|other| *other != name && suggest::resembles(other, name, INSTEAD));
        let reason = match instead {
            Some(other) => format!("{reason}; did you mean it by {}?", quoted(other)),
            None => reason.to_owned(),
        };
        Fault::new(RefusalCode::Missing, reason).at(name)
    }

    /// What was given, in the order of [`Field`].
    pub(super) fn given(&self) -> impl Iterator<Item = (Field, &'a str)> {
        self.seen.iter().map(|field| (field, self.values[field as usize]))
    }

    /// The first few names that no type of event reads.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(Cow::as_ref)
    }
}
