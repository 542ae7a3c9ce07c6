//! Pages for the public: what people write, and what such a page shows.
//!
//! A page has components, each of them calls that a filter takes, and incidents, which people write. Deliberately absent: the
//! forms in which others read it (Statuspage's, RSS, JSON Feed: the server's).

use serde::{Deserialize, Serialize};

/// What an incident can be, from the first to the last.
pub const INCIDENT_STATES: [&str; 4] = ["investigating", "identified", "monitoring", "resolved"];

/// How much an incident touches.
pub const IMPACTS: [&str; 4] = ["none", "minor", "major", "critical"];

/// By what a component can be judged.
pub const STATUS_METRICS: [&str; 2] = ["answered", "availability"];

/// A page, as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusPageDoc {
    /// Its address is `/status/{slug}`: letters, digits and hyphens. One of the whole installation.
    pub slug: String,
    /// Its heading. Unique among the tenant's pages.
    pub title: String,
    /// What stands below it, plain text.
    #[serde(default)]
    pub intro: String,
    /// Whether the public can see it.
    #[serde(default)]
    pub published: bool,
    /// What it is about.
    #[serde(default)]
    pub components: Vec<ComponentDoc>,
    /// What happened, the newest last.
    #[serde(default)]
    pub incidents: Vec<IncidentDoc>,
}

/// A part of what people use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentDoc {
    /// Unique on the page; incidents name it.
    pub name: String,
    /// Which calls, in the filter grammar: `provider:openai`, `service:chat`. Empty for all.
    #[serde(default)]
    pub filter: String,
    /// One of [`STATUS_METRICS`].
    #[serde(default = "answered")]
    pub metric: String,
    /// Minutes that its present state is judged by: 5 or 15.
    #[serde(default = "quarter")]
    pub window_min: u32,
    /// Below this share it is degraded, 0 to 1.
    #[serde(default = "degraded")]
    pub degraded_below: f64,
    /// Below this share it is down, 0 to 1.
    #[serde(default = "down")]
    pub down_below: f64,
    /// With fewer calls nothing is said of it.
    #[serde(default = "samples")]
    pub min_samples: u64,
}

fn answered() -> String {
    "answered".into()
}

fn quarter() -> u32 {
    15
}

fn degraded() -> f64 {
    0.99
}

fn down() -> f64 {
    0.9
}

fn samples() -> u64 {
    20
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentDoc {
    /// Its number on the page, from 1.
    pub id: u64,
    /// In a few words.
    pub title: String,
    /// One of [`IMPACTS`].
    pub impact: String,
    /// Components by name.
    #[serde(default)]
    pub components: Vec<String>,
    /// What was said, the oldest first. The last says what it is now.
    pub updates: Vec<UpdateDoc>,
}

impl IncidentDoc {
    /// What it is now.
    pub fn state(&self) -> &str {
        self.updates
            .last()
            .map_or("investigating", |last| last.state.as_str())
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.state() == "resolved"
    }

    /// When it was told first, epoch milliseconds.
    pub fn began(&self) -> i64 {
        self.updates.first().map_or(0, |first| first.at)
    }

    /// When something was said last, epoch milliseconds.
    pub fn changed(&self) -> i64 {
        self.updates.last().map_or(0, |last| last.at)
    }
}

/// Something that was said of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateDoc {
    /// When, epoch milliseconds.
    pub at: i64,
    /// One of [`INCIDENT_STATES`].
    pub state: String,
    /// Plain text.
    pub text: String,
}

/// An incident as it is sent: with its first words. The server numbers it and says when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// As in [`IncidentDoc`].
    pub title: String,
    /// As in [`IncidentDoc`].
    pub impact: String,
    /// As in [`IncidentDoc`].
    #[serde(default)]
    pub components: Vec<String>,
    /// The first state.
    pub state: String,
    /// The first words.
    pub text: String,
}

/// Something to be said of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUpdate {
    /// The state from now on.
    pub state: String,
    /// Plain text.
    pub text: String,
    /// The impact from now on, if it is another.
    #[serde(default)]
    pub impact: Option<String>,
}

/// What is known of a component, from the best to the worst, but for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Too few calls: nobody can tell. Never shown as good.
    Unknown,
    /// As it should be.
    Operational,
    /// Worse than it should be.
    Degraded,
    /// An incident says that a part is down.
    Partial,
    /// Down.
    Down,
}

/// A day of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayView {
    /// When it begins, epoch milliseconds.
    pub at: i64,
    /// What it was, by the component's limits.
    pub standing: Standing,
    /// The share, 0 to 1; `None` where there were too few calls.
    pub value: Option<f64>,
}

/// A component as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentView {
    /// Its name.
    pub name: String,
    /// What it is now.
    pub standing: Standing,
    /// Minutes that this is judged by.
    pub window_min: u32,
    /// The last 90 days, oldest first.
    pub days: Vec<DayView>,
    /// Over these days: what was good of all that is known; `None` where nothing is.
    pub uptime: Option<f64>,
}

/// The page as the public sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// Its address.
    pub slug: String,
    /// Its heading.
    pub title: String,
    /// What stands below it.
    pub intro: String,
    /// When it was made, epoch milliseconds.
    pub created: i64,
    /// When somebody changed it last.
    pub changed: i64,
    /// When its figures are of.
    pub as_of: i64,
    /// Its parts.
    pub components: Vec<ComponentView>,
    /// What happened, the newest first.
    pub incidents: Vec<IncidentDoc>,
}

impl StatusView {
    /// Those that are not over.
    pub fn open(&self) -> impl Iterator<Item = &IncidentDoc> {
        self.incidents.iter().filter(|incident| !incident.is_over())
    }
}
