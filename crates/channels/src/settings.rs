//! What a channel is set up with, and what is wrong with it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};

use crate::kind::Kind;

/// Values of public fields by name.
pub type Settings = BTreeMap<String, String>;

/// Values of secret fields by name.
pub type Secrets = BTreeMap<String, SecretString>;

/// A field that must be otherwise. Says which and what it must be, and never what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must {must}")]
pub struct Wrong {
    /// Its name.
    pub field: String,
    /// `be at most 80 characters`.
    pub must: String,
}

impl Wrong {
    pub(crate) fn new(field: &str, must: impl Into<String>) -> Wrong {
        Wrong {
            field: field.to_owned(),
            must: must.into(),
        }
    }
}

/// A channel's values, with defaults where there are none.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub kind: Kind,
    pub settings: &'a Settings,
    pub secrets: &'a Secrets,
}

impl<'a> Given<'a> {
    /// The value of a field; empty when there is neither one nor a default.
    pub fn text(&self, name: &str) -> &'a str {
        let given = match self.kind.field(name) {
            Some(field) if field.secret => self.secrets.get(name).map(SecretString::expose_secret),
            Some(_) => self.settings.get(name).map(String::as_str),
            None => None,
        };
        match given.map(str::trim) {
            Some(text) if !text.is_empty() => text,
            _ => self.kind.field(name).map_or("", |field| field.default),
        }
    }

    /// The same, when it is not empty.
    pub fn some(&self, name: &str) -> Option<&'a str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// An address without the slash at its end.
    pub fn base(&self, name: &str) -> &'a str {
        self.text(name).trim_end_matches('/')
    }
}
