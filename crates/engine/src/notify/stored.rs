//! A channel as it is stored, besides its name: what people wrote, whom its secrets are for, and which it has.

use std::collections::BTreeMap;

use channels::{Kind, LONGEST_TEXT_TEMPLATE, LONGEST_TITLE_TEMPLATE, Message, Template};
use domain::alert::{Matcher, Severity, matchers};
use protocol::channels::{ChannelDoc, DIGEST_FROM};
use serde::{Deserialize, Serialize};
use store::StoredChannel;

/// The stored text. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Body {
    pub kind: String,
    pub settings: BTreeMap<String, String>,
    pub least: String,
    pub only: Vec<String>,
    pub acknowledged: bool,
    pub resolved: bool,
    #[serde(default = "usual_digest")]
    pub digest_from: u32,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub on_call_only: bool,
    /// Whom the secrets are for.
    pub destination: Option<String>,
    /// The names of the secrets that are kept.
    pub secrets: Vec<String>,
}

fn usual_digest() -> u32 {
    DIGEST_FROM
}

impl Body {
    pub fn of(doc: &ChannelDoc, destination: Option<String>, secrets: Vec<String>) -> Body {
        Body {
            kind: doc.kind.clone(),
            settings: doc.settings.clone(),
            least: doc.least.clone(),
            only: doc.only.clone(),
            acknowledged: doc.acknowledged,
            resolved: doc.resolved,
            digest_from: doc.digest_from,
            title: doc.title.clone(),
            text: doc.text.clone(),
            on_call_only: doc.on_call_only,
            destination,
            secrets,
        }
    }

    pub fn doc(self, name: &str, enabled: bool) -> ChannelDoc {
        ChannelDoc {
            name: name.to_owned(),
            kind: self.kind,
            settings: self.settings,
            enabled,
            least: self.least,
            only: self.only,
            acknowledged: self.acknowledged,
            resolved: self.resolved,
            digest_from: self.digest_from,
            title: self.title,
            text: self.text,
            on_call_only: self.on_call_only,
        }
    }
}

/// A channel's own words.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    title: Option<Template>,
    text: Option<Template>,
}

impl Words {
    /// Reads what people wrote.
    ///
    /// # Errors
    /// All that is wrong, with the field and what it must be.
    pub fn of(title: &str, text: &str) -> Result<Words, Vec<(&'static str, String)>> {
        let title = Template::parse(title, LONGEST_TITLE_TEMPLATE);
        let text = Template::parse(text, LONGEST_TEXT_TEMPLATE);
        match (title, text) {
            (Ok(title), Ok(text)) => Ok(Words { title, text }),
            (title, text) => {
                let wrong = [("title", title.err()), ("text", text.err())].into_iter();
                Err(wrong.filter_map(|(field, must)| Some((field, must?))).collect())
            }
        }
    }

    /// Puts them into a message that is complete.
    pub fn say(&self, told: &mut Message) {
        told.headline = self.title.as_ref().map(|title| title.fill(told));
        told.text = self.text.as_ref().map(|text| text.fill(told));
    }
}

/// A channel that can be used.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub stored: StoredChannel,
    pub kind: Kind,
    pub body: Body,
    pub least: Severity,
    pub only: Vec<Matcher>,
    pub words: Words,
}

impl Channel {
    /// Reads what is stored; says what cannot be read of it.
    pub fn of(stored: StoredChannel) -> Result<Channel, String> {
        let body: Body =
            serde_json::from_str(&stored.body).map_err(|error| format!("it cannot be read: {error}"))?;
        let kind = Kind::parse(&body.kind).ok_or_else(|| format!("there is no kind {:?}", body.kind))?;
        let least = Severity::parse(&body.least).ok_or_else(|| format!("{:?} is no severity", body.least))?;
        let mut only = Vec::new();
        for text in &body.only {
            only.extend(matchers(text).map_err(|error| error.to_string())?);
        }
        let words = Words::of(&body.title, &body.text).map_err(|wrong| {
            let wrong = wrong
                .into_iter()
                .map(|(field, must)| format!("{field} must {must}"));
            wrong.collect::<Vec<_>>().join("; ")
        })?;
        Ok(Channel {
            words,
            stored,
            kind,
            body,
            least,
            only,
        })
    }

    /// It is told at all.
    pub fn is_on(&self) -> bool {
        self.stored.enabled && self.stored.trouble.is_none()
    }
}
