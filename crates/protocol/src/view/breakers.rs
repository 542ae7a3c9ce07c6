//! The Breakers page: every breaker with what it did over a range, the worst first.
//!
//! Deliberately absent: states merged over instances (the worst is named, and how many are in it), probes and vendors.

use serde::{Deserialize, Serialize};

use super::{Breaker, State};

/// How many cells the strip of a row has.
pub const HISTORY_CELLS: usize = 48;
/// The most instances that a row names; [`Breaker::counts`] has them all.
pub const MAX_NAMED: usize = 60;

/// Everything the page shows, over one range.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Breakers {
    /// The beginning of the range as it was asked for: `now-7d`.
    pub asked_from: String,
    /// Its end as it was asked for: `now`.
    pub asked_to: String,
    /// The range in words: "Last 7 days".
    pub words: String,
    /// The first moment of the range, epoch milliseconds.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// Everything that was durable at this moment is contained.
    pub as_of: i64,
    /// Transitions were read back to here: later than `from` where there are too many of them.
    pub read_from: i64,
    /// The worst first.
    pub rows: Vec<BreakerRow>,
}

/// One breaker: as it is now, and what it did over the range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakerRow {
    /// Now, as on the board.
    pub breaker: Breaker,
    /// Its instances and their states now, the worst first, then by name; at most [`MAX_NAMED`].
    pub instances: Vec<InstanceState>,
    /// Over the range.
    pub figures: BreakerFigures,
    /// [`HISTORY_CELLS`] cells over the range, oldest first, the worst state in each; letters as in
    /// [`Breaker::strip`], and a space for what has not come yet.
    pub strip: String,
}

/// One process that holds a breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceState {
    /// Its name.
    pub instance: String,
    /// Its state; unknown when silent.
    pub state: State,
}

/// "Opened 7×, 41 min open, longest 12 min, top cause rate limited": at each moment the worst of the live instances.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BreakerFigures {
    /// Openings that began in the range. Failed trials and silence do not end one.
    pub opened: u32,
    /// How often failed trials opened it again.
    pub reopened: u32,
    /// Time open, milliseconds; half-open and forced open not counted.
    pub open_ms: i64,
    /// The most of it in one opening.
    pub longest_ms: i64,
    /// It is open at the end of the range.
    pub still_open: bool,
    /// What led to most openings of instances; empty where nobody said.
    pub top_cause: String,
    /// To how many.
    pub top_cause_count: u32,
    /// For how long live instances were not all in the same state, milliseconds.
    pub disagreed_ms: i64,
}
