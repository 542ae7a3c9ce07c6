//! Moments that people have marked: a deploy, a change of configuration, an incident. Vertical lines in charts.

use serde::{Deserialize, Serialize};

/// The most markers of one answer; the newest are kept.
pub const MAX_MARKERS: usize = 200;

/// One marker, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerItem {
    /// When, epoch milliseconds.
    pub time: i64,
    /// What happened.
    pub title: String,
    /// `deploy`, `config`, `incident` or `other`.
    pub kind: String,
    /// Where to read more.
    pub url: Option<String>,
    /// Where it applies.
    pub service: Option<String>,
    /// Where it applies.
    pub environment: Option<String>,
}

/// Markers of a range, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Markers {
    /// Oldest first.
    pub items: Vec<MarkerItem>,
    /// Older ones of the range that are left out.
    pub left_out: u32,
}
