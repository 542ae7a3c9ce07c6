//! What the board's charts draw: one point per step, all series together.

use serde::{Deserialize, Serialize};

/// The bands of "requests by outcome", in drawn order; every attempt and every rejection is in exactly one.
pub const BAND_NAMES: [&str; 8] = [
    "ok",
    "fell back, ok",
    "rate limited",
    "overloaded",
    "server error",
    "timeout or network",
    "refused by breaker",
    "other",
];

/// The lower edges of the rows of the latency heat map, milliseconds; the last row is open.
pub const HEAT_EDGES_MS: [u32; 14] = [
    0, 50, 80, 125, 200, 315, 500, 800, 1_250, 2_000, 3_150, 5_000, 8_000, 12_500,
];

/// One step of every chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChartPoint {
    /// Start of the step, epoch milliseconds.
    pub t: i64,
    /// Median duration of answers, milliseconds.
    pub p50: Option<f32>,
    /// 95th percentile.
    pub p95: Option<f32>,
    /// 99th percentile.
    pub p99: Option<f32>,
    /// Per second, by [`BAND_NAMES`].
    pub bands: [f32; 8],
    /// Answers per row of [`HEAT_EDGES_MS`] in this step.
    pub heat: [u32; 14],
}
