//! One breaker in detail: instances side by side, transitions with cause, the calls behind the last trip.

use serde::{Deserialize, Serialize};

use super::{Breaker, Feed, State};

/// Everything the detail panel shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakerDetail {
    /// The same as on the board.
    pub breaker: Breaker,
    /// Worst first, then by name. Silent ones stay until they are forgotten.
    pub instances: Vec<InstanceRow>,
    /// Newest first, at most 50.
    pub transitions: Vec<Feed>,
    /// The last time it opened, where we saw it.
    pub trip: Option<Trip>,
    /// Calls refused since the last transition, summed over live instances that say so.
    pub not_permitted: Option<u64>,
}

/// One process that holds the breaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Its name.
    pub instance: String,
    /// Its state; unknown when silent.
    pub state: State,
    /// Since when, epoch milliseconds.
    pub since: i64,
    /// Share of failing calls it reported.
    pub failure_rate: Option<f64>,
    /// Calls in its window.
    pub window_calls: Option<u32>,
    /// Last sign of life, epoch milliseconds.
    pub last_seen: i64,
    /// Several processes may report under this name.
    pub shared: bool,
    /// As [`Breaker::strip`], for this instance.
    pub strip: String,
}

/// One opening, and the calls around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    /// When, epoch milliseconds.
    pub at: i64,
    /// Which instance.
    pub instance: String,
    /// In words.
    pub cause: String,
    /// Calls guarded by the breaker in the minute before, newest first, at most 20, failures preferred. Empty when the
    /// calls do not name their breaker.
    pub calls: Vec<CallRow>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// When it ended, epoch milliseconds.
    pub at: i64,
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The outcome's API name.
    pub outcome: String,
    /// Milliseconds.
    pub duration_ms: Option<f64>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The process that made it.
    pub instance: String,
    /// As reported; may be empty.
    pub error: String,
}
