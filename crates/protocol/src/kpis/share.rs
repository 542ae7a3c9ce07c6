//! Links that show something without an account, over HTTP.
//!
//! What is shown is frozen in the share: whoever has the link cannot ask for another period or other calls. The link's secret
//! is told once, when it is made, and is in no document.

use serde::{Deserialize, Serialize};

use crate::documents::DocumentItem;

/// What a share can show.
pub const PAGES: [&str; 1] = ["kpis"];

/// What a share can leave out.
pub const HIDES: [&str; 3] = ["cost", "providers", "breakers"];

/// A share, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareDoc {
    /// Unique among the tenant's shares. Whoever has the link reads it.
    pub name: String,
    /// One of [`PAGES`].
    #[serde(default = "kpis")]
    pub page: String,
    /// `month`, `last-month`, `week`, `quarter`, `year`, or a range in the grammar of ranges.
    #[serde(default = "month")]
    pub period: String,
    /// Of which calls, in the filter grammar; empty for all.
    #[serde(default)]
    pub filter: String,
    /// The time zone of the IANA's database whose calendar it is.
    #[serde(default = "utc")]
    pub zone: String,
    /// Until then the link counts, epoch milliseconds.
    pub expires: i64,
    /// Origins of pages that may show it in a frame, such as `https://intranet.example`; none may when it is empty.
    #[serde(default)]
    pub embed: Vec<String>,
    /// What is left out, of [`HIDES`].
    #[serde(default)]
    pub hide: Vec<String>,
}

fn kpis() -> String {
    "kpis".into()
}

fn month() -> String {
    "month".into()
}

fn utc() -> String {
    "UTC".into()
}

impl ShareDoc {
    /// Whether it leaves this out.
    pub fn hides(&self, what: &str) -> bool {
        self.hide.iter().any(|hidden| hidden == what)
    }
}

/// A share that was just made, with its link. The link is told here and never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeShare {
    /// As it is kept.
    #[serde(flatten)]
    pub share: DocumentItem<ShareDoc>,
    /// The whole address.
    pub link: String,
}
