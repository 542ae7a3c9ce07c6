//! Channels and deliveries over HTTP: where people are told, what was told, and what came of every attempt.
//!
//! Deliberately absent: what fields a kind of channel has (the server describes them, from the crate that knows the
//! formats), and every secret: they are written and never read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A channel as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelDoc {
    /// Unique among the tenant's channels.
    pub name: String,
    /// `webhook`, `slack`, `email`, …
    pub kind: String,
    /// Its public settings by name.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// It is told.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// It is told of alerts that are at least so urgent: `info`, `warning` or `critical`.
    #[serde(default = "info")]
    pub least: String,
    /// It is told of alerts whose labels fit all of these: `provider="openai"`, as silences have them.
    #[serde(default)]
    pub only: Vec<String>,
    /// It is told when somebody has it.
    #[serde(default = "yes")]
    pub acknowledged: bool,
    /// It is told when it is over.
    #[serde(default = "yes")]
    pub resolved: bool,
    /// From so many at once on they are one message, where people read them; 0 is never.
    #[serde(default = "digest_from")]
    pub digest_from: u32,
    /// Its own words for the title of an alert, with names in braces: `{severity}: {title}`. Empty leaves the usual ones.
    #[serde(default)]
    pub title: String,
    /// Its own words for the text.
    #[serde(default)]
    pub text: String,
    /// It is told only of what an escalation tells it: somebody's own telephone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_call_only: bool,
}

/// What is asked to be shown as a channel would tell it: `POST /api/v1/channels/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The kind of channel.
    pub kind: String,
    /// As in [`ChannelDoc`].
    #[serde(default)]
    pub title: String,
    /// As in [`ChannelDoc`].
    #[serde(default)]
    pub text: String,
}

/// What people would get.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelPreview {
    /// Of an alert that is made up, as text.
    pub sample: String,
    /// The newest alert there is: its number, and what people would get of it.
    pub newest: Option<(u64, String)>,
}

/// What can stand in braces in a channel's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceholderDoc {
    /// Without the braces.
    pub name: String,
    /// What it stands for.
    pub about: String,
}

/// From so many alerts at once on they are one message, when nobody says otherwise.
pub const DIGEST_FROM: u32 = 12;

fn digest_from() -> u32 {
    DIGEST_FROM
}

fn yes() -> bool {
    true
}

fn info() -> String {
    "info".into()
}

/// A channel as it is sent: with the secrets that are to be set. Those that are left out stay as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelRequest {
    /// The channel.
    pub doc: ChannelDoc,
    /// Secrets by name; an empty one is removed.
    pub secrets: BTreeMap<String, String>,
}

impl ChannelRequest {
    /// Reads a channel with `secrets` beside its own fields.
    ///
    /// # Errors
    /// A field is missing, unknown or of another type.
    pub fn read(mut value: serde_json::Value) -> Result<ChannelRequest, serde_json::Error> {
        let secrets = value.as_object_mut().and_then(|fields| fields.remove("secrets"));
        Ok(ChannelRequest {
            doc: serde_json::from_value(value)?,
            secrets: secrets
                .map(serde_json::from_value)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

/// Without the secrets.
impl std::fmt::Debug for ChannelRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.secrets.keys().collect();
        f.debug_struct("ChannelRequest")
            .field("doc", &self.doc)
            .field("secrets", &names)
            .finish()
    }
}

/// A channel as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelItem {
    /// Its number.
    pub id: u64,
    /// Rises with each change.
    pub version: u64,
    /// As it was written.
    #[serde(flatten)]
    pub doc: ChannelDoc,
    /// The names of the secrets that it has.
    pub secrets: Vec<String>,
    /// Why nothing can be sent through it. It is on again when somebody changes it.
    pub trouble: Option<String>,
    /// When it was made, epoch milliseconds.
    pub created: i64,
    /// When it last changed.
    pub changed: i64,
    /// By whom.
    pub changed_by: String,
    /// What was last told through it.
    pub last: Option<DeliveryItem>,
    /// Deliveries that wait.
    pub waiting: usize,
}

/// All channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelList {
    /// By number.
    pub items: Vec<ChannelItem>,
    /// When whoever sends last looked for work, epoch milliseconds.
    pub watched: Option<i64>,
}

/// Something that was to be told through one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryItem {
    /// Its number.
    pub id: u64,
    /// The channel's number.
    pub channel: u64,
    /// The channel's name, if it is there still.
    pub channel_name: Option<String>,
    /// `fired`, `refired`, `acknowledged`, `resolved`, `trouble` or `test`.
    pub notice: String,
    /// `critical`, `warning` or `info`.
    pub severity: String,
    /// What it is about.
    pub title: String,
    /// The alert's number.
    pub alert: Option<u64>,
    /// What receivers know it by, over all attempts.
    pub notification: String,
    /// `waiting`, `delivered`, `dead` or `dropped`.
    pub state: String,
    /// Attempts that were begun.
    pub attempts: u32,
    /// It may have been told twice: nobody knows how an attempt ended.
    pub unsure: bool,
    /// When it came up, epoch milliseconds.
    pub created: i64,
    /// When the next attempt is due, while it waits.
    pub due: Option<i64>,
    /// When it was over.
    pub done: Option<i64>,
    /// What came of the newest attempt, in words.
    pub words: String,
}

/// Deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryList {
    /// One page.
    pub items: Vec<DeliveryItem>,
    /// Where the next page begins; none after the last.
    pub next: Option<u64>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptItem {
    /// From 1.
    pub n: u32,
    /// When it began, epoch milliseconds.
    pub began: i64,
    /// How long it took, milliseconds; `None` while it runs, and for ever when nobody knows how it ended.
    pub took: Option<i64>,
    /// What came of it, in words.
    pub words: String,
}

/// A delivery with its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDetail {
    /// The delivery.
    #[serde(flatten)]
    pub item: DeliveryItem,
    /// Oldest first.
    pub tries: Vec<AttemptItem>,
    /// What people get, as text.
    pub preview: String,
}

/// A kind of channel, and what it must be told to work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelKindDoc {
    /// Its name in the API.
    pub kind: String,
    /// Its name on screen.
    pub title: String,
    /// What it is, in a sentence.
    pub about: String,
    /// People read it: many at once can be one message.
    pub read: bool,
    /// A message opens an incident of the service's own: a test is closed again.
    pub incidents: bool,
    /// What it must be told.
    pub fields: Vec<ChannelFieldDoc>,
}

/// One setting of a kind of channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelFieldDoc {
    /// Its name in the API.
    pub name: String,
    /// Its name on screen.
    pub label: String,
    /// For whoever fills it in.
    pub hint: String,
    /// It is written and never read.
    pub secret: bool,
    /// It must be given.
    pub required: bool,
    /// What it is when it is left out.
    pub default: String,
    /// `text`, `url`, `email`, `number` or `choice`.
    pub input: String,
    /// What can be chosen.
    pub choices: Vec<String>,
}
