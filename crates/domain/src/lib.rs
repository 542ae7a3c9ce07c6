//! The rules of Fuseboard, and nothing else: events, outcomes and how they are counted, breaker identity and state,
//! sliding windows, latency sketches, the rollup ladder, the verdict, how providers stand, prices, alerts, who
//! is on call, the calendar, what an erasure takes.
//!
//! Deliberately absent: input and output, clocks, randomness, async, serialisation. `now` is always an argument, so
//! every rule can be replayed and tested; the crate also compiles to WASM.

pub mod alert;
pub mod breaker;
pub mod calendar;
pub mod cost;
pub mod duty;
pub mod erasure;
pub mod event;
pub mod objective;
pub mod outcome;
pub mod rollup;
pub mod sketch;
mod sparse;
pub mod standing;
pub mod verdict;
pub mod window;

pub use event::{Event, EventBody};
pub use outcome::Outcome;
pub use sketch::Sketch;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// A length of time in microseconds; latencies are kept at this resolution.
pub type Micros = u64;

/// Money in billionths of a US dollar.
pub type NanoUsd = i64;
