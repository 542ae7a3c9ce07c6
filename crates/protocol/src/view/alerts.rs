//! View `alerts`: how many alerts need somebody, and whether what a page shows of them is old.

use serde::{Deserialize, Serialize};

/// Not the alerts themselves: a page reads those over HTTP when `version` is another than it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Alerts {
    /// Rises with each change of an alert, a silence or a rule of the tenant, also over restarts; by how much says
    /// nothing.
    pub version: u64,
    /// Alerts that fire and that nobody has.
    pub need: u64,
    /// When the first of those fired, epoch milliseconds.
    pub oldest: Option<i64>,
    /// Alerts that somebody has, that are put off, or of which nobody is told.
    pub held: u64,
    /// Silences that have not ended.
    pub silences: u64,
    /// Rules that are evaluated.
    pub rules: u64,
}
