//! What is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One thing that people are told. Stored with each delivery, so that every attempt says the same; fields are only ever
/// added, with a default.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Message {
    /// Names this notification for ever and over all attempts: at most 200 visible ASCII characters,
    /// `default.alert.12.3.c4`.
    pub id: String,
    /// What has happened.
    pub notice: Notice,
    /// What belongs together, usually one alert: the key of an incident, the thread of mails, what is updated in place.
    /// `default.alert.12`.
    pub topic: String,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// How urgent.
    pub severity: Severity,
    /// `Breaker open: claude-sonnet`.
    pub title: String,
    /// `2 of 3 instances are open`.
    #[serde(default)]
    pub summary: String,
    /// What it is known by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The name of the rule; may be empty.
    #[serde(default)]
    pub rule: String,
    /// Since when it is bad.
    #[serde(default)]
    pub since: i64,
    /// When it fired.
    #[serde(default)]
    pub fired: i64,
    /// Who acknowledged or resolved it.
    #[serde(default)]
    pub by: Option<String>,
    /// What they said, or why it is over.
    #[serde(default)]
    pub note: Option<String>,
    /// What to do.
    #[serde(default)]
    pub runbook: Option<String>,
    /// Its page.
    #[serde(default)]
    pub link: Option<String>,
    /// Takes it with one click, signed. Only while it needs somebody.
    #[serde(default)]
    pub ack_link: Option<String>,
    /// Whose it is.
    #[serde(default)]
    pub tenant: String,
    /// The traffic it is about was simulated, or it is a drill.
    #[serde(default)]
    pub simulated: bool,
    /// Titles of further alerts that this message stands for; usually none.
    #[serde(default)]
    pub grouped: Vec<String>,
    /// The channel's own words for the title ([`crate::Template`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// The channel's own words for the summary and the list below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Message {
    /// How it stands in one word: `critical`, `resolved`.
    pub const fn state(&self) -> &'static str {
        match self.notice {
            Notice::Fired | Notice::Refired => self.severity.as_str(),
            other => other.as_str(),
        }
    }
}

/// What has happened.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// It needs somebody, for the first time.
    Fired,
    /// It needs somebody again.
    Refired,
    /// Somebody has it.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Something is wrong with Fuseboard itself, such as a channel that takes nothing any more.
    Trouble,
    /// Somebody tries whether messages arrive.
    Test,
}

impl Notice {
    /// All of them.
    pub const ALL: [Notice; 6] = [
        Notice::Fired,
        Notice::Refired,
        Notice::Acknowledged,
        Notice::Resolved,
        Notice::Trouble,
        Notice::Test,
    ];

    /// Its name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Notice::Fired => "fired",
            Notice::Refired => "refired",
            Notice::Acknowledged => "acknowledged",
            Notice::Resolved => "resolved",
            Notice::Trouble => "trouble",
            Notice::Test => "test",
        }
    }

    /// The notice of this name.
    pub fn parse(name: &str) -> Option<Notice> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }

    /// It needs somebody.
    pub const fn calls(self) -> bool {
        matches!(self, Notice::Fired | Notice::Refired | Notice::Trouble)
    }

    /// It changes something that people were told before.
    pub const fn follows_up(self) -> bool {
        matches!(self, Notice::Acknowledged | Notice::Resolved)
    }
}

/// How urgent. The same words as an alert's.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look soon.
    Warning,
    /// Act now.
    Critical,
}

impl Severity {
    /// From the least urgent to the most.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn parse(name: &str) -> Option<Severity> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}
