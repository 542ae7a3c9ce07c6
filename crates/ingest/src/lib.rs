//! Foreign bytes in, [`domain::Event`]s and refusals out. Nothing else in the system parses formats from outside.
//!
//! Every function here is total: any bytes give a value, never a panic, in memory bounded by the input and by
//! [`Limits`]. Deliberately absent: input and output, the clock (arrival is an argument), decompression and the size
//! of bodies (the server has counted both before it calls), repeats and quotas (the engine knows those).
//!
//! One module per format. [`push`] is our own; its entry is also [`parse`] here. [`prices`] reads lists of prices.

pub mod prices;
pub mod push;

pub use push::{Body, BodyError, Limits, Parsed, Refusal, RefusalCode, parse, provider_name};
