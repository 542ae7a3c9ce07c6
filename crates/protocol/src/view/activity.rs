//! A day at a glance: how much was called and how it went, and when breakers tripped. What the replay bar is drawn from.

use serde::{Deserialize, Serialize};

/// The last day in steps of equal width, and the trips in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activity {
    /// When it was told, epoch milliseconds.
    pub as_of: i64,
    /// Where the first step begins.
    pub from: i64,
    /// How wide a step is, milliseconds.
    pub step: i64,
    /// First events of each step, the oldest first. The last step is open.
    pub requests: Vec<u32>,
    /// How each step went: `k` ok, `a` attention, `x` act, `u` too few to tell, `-` none.
    pub levels: String,
    /// The newest trips, the oldest of them first.
    pub trips: Vec<ActivityTrip>,
    /// The earliest moment that can be replayed; `None` while there is none.
    pub reaches: Option<i64>,
}

/// The most trips that are told.
pub const MAX_TRIPS: usize = 200;

/// An instance of a breaker began to refuse calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityTrip {
    /// When, epoch milliseconds.
    pub at: i64,
    /// The breaker's name.
    pub breaker: String,
    /// May be empty.
    pub provider: String,
}
