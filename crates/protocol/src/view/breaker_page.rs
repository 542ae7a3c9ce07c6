//! The Breaker page: one breaker as it is now, its history over a range by instance, and the calls around a trip.

use serde::{Deserialize, Serialize};

use super::{Breaker, BreakerFigures, CallRow, InstanceRow, State, Trip};

/// The most instances that have strips of their own.
pub const MAX_TRACKS: usize = 24;
/// The most transitions of one answer.
pub const MAX_TRANSITIONS: usize = 200;
/// The most calls around a trip.
pub const MAX_AROUND: usize = 40;

/// Everything the page shows, over one range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakerPage {
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
    /// Now, as on the board. A breaker that was silent for so long that it is forgotten is unknown.
    pub breaker: Breaker,
    /// Now; the worst first, then by name. Silent ones stay until they are forgotten.
    pub instances: Vec<InstanceRow>,
    /// Calls refused since the last transition, summed over live instances that say so.
    pub not_permitted: Option<u64>,
    /// The last time it opened, where we saw it.
    pub trip: Option<Trip>,
    /// Over the range: at each moment the worst of the live instances.
    pub figures: BreakerFigures,
    /// The range as strips.
    pub strips: Strips,
    /// The last hour of each instance, in minutes, oldest first: names and cells, in the order of `instances`.
    pub hours: Vec<Hour>,
    /// Within the range, newest first, at most [`MAX_TRANSITIONS`].
    pub transitions: Vec<Change>,
    /// How many more there are in the range.
    pub more_transitions: u64,
}

/// A transition, as a history looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Rising; unique within the tenant.
    pub id: u64,
    /// When it happened, epoch milliseconds.
    pub at: i64,
    /// The instance that changed.
    pub instance: String,
    /// The state it left, when known.
    pub from: Option<State>,
    /// The state it entered.
    pub to: State,
    /// In words; may be empty.
    pub cause: String,
    /// How long the state it left had lasted, milliseconds.
    pub lasted_ms: Option<i64>,
    /// How long the state it entered lasted, milliseconds; `None` while it lasts.
    pub held_ms: Option<i64>,
    /// The transition itself never reached us; a later report told of it.
    pub inferred: bool,
}

/// Strips of state over a range: one row a day, or one row for all of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Strips {
    /// The width of a cell, milliseconds.
    pub cell_ms: i64,
    /// Cells of a whole row; a row that ends sooner has spaces.
    pub cells: u32,
    /// Each row is a day, from midnight to midnight `utc_offset_min` minutes east of UTC.
    pub by_day: bool,
    /// The tenant's zone.
    pub utc_offset_min: i32,
    /// At each moment the worst of the live instances.
    pub worst: Vec<StripRow>,
    /// Instance by instance, at most [`MAX_TRACKS`], those that were open for longest first, then by name.
    pub each: Vec<InstanceStrips>,
    /// Instances without strips of their own.
    pub left_out: u32,
}

/// One row of a strip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripRow {
    /// Where its first cell begins, epoch milliseconds.
    pub from: i64,
    /// The worst state in each cell; letters as in [`Breaker::strip`], a space outside of the range and for what has
    /// not come yet.
    pub cells: String,
}

/// The strips of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceStrips {
    /// Its name.
    pub instance: String,
    /// Openings that began in the range.
    pub opened: u32,
    /// Time open in the range, milliseconds.
    pub open_ms: i64,
    /// As [`Strips::worst`].
    pub rows: Vec<StripRow>,
}

/// The last hour of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Its name.
    pub instance: String,
    /// 60 cells of a minute.
    pub cells: String,
}

/// The calls that a breaker guarded in a short stretch: what was behind a trip.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CallsAround {
    /// Of which breaker, by its `b_…` id.
    pub id: String,
    /// The beginning of the stretch as it was asked for.
    pub asked_from: String,
    /// Its end as it was asked for.
    pub asked_to: String,
    /// The first moment, epoch milliseconds.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// When it was asked.
    pub as_of: i64,
    /// Newest first, at most [`MAX_AROUND`], failures preferred.
    pub calls: Vec<CallRow>,
    /// Calls found in the stretch.
    pub found: u64,
    /// Those of them that failed or were refused.
    pub failed: u64,
    /// The search ended before all of the stretch was read.
    pub cut: bool,
}
