//! Rollups: what is kept of calls once the calls themselves are gone, per series and bucket of time.

mod bucket;
mod counting;
mod kind;
mod labels;
mod ladder;
mod series;

pub use bucket::{Addend, Bucket, CallClass};
pub use kind::TrafficKind;
pub use labels::{KeptLabels, KeptLabelsError, LabelValues};
pub use ladder::{LADDER, Rung, Step};
pub use series::SeriesKey;
