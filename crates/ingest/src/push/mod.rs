//! Our own push format, the body of `POST /api/v1/events`.
//!
//! # What a body may be
//! [`Body::Json`]: `{"events":[…]}`, a bare array, or one object. It is JSON as a whole or refused as a whole.
//! [`Body::Ndjson`]: one object per line; a bad line is one refusal, blank lines count for nothing. A byte order mark
//! at the start is skipped in both.
//!
//! # Decisions that the public contract leaves open
//! - **Names given twice.** A name that stands twice in one event, in its labels, causes or `fallback_from` refuses
//!   that event ([`RefusalCode::Repeated`]): nobody can tell which value was meant. Unknown names are not checked.
//! - **`null` and `""`** in an optional field are the same as leaving it out. In a required one they are missing.
//! - **Lengths** count characters (Unicode scalar values) after JSON escapes are resolved, not bytes.
//! - **Control characters** are U+0000–U+001F, U+007F–U+009F. A line break in `error` is one; send the first line.
//! - **Whole numbers** may be written `12`, `12.0` or `1.2e1`; `12.5` is refused. `-0` is 0.
//! - **Durations** may have fractions of a millisecond; they are rounded to microseconds.
//! - **Money** is read from the digits, never through a float: exact to the nano-dollar, further decimals are rounded
//!   half up (languages that print `0.30000000000000004` mean 0.3).
//! - **Epoch times** may have fractions of a millisecond; they are cut off.
//! - **`retry_at` and `*_reset_at`** must lie between the oldest time an event may have and 366 days after arrival.
//! - **Limits the contract does not name**: `trace_id`, `request_id`, `response_model` and names of causes 128
//!   characters; 32 causes; window and trial counts up to 4,294,967,295; `seq` up to 2^63 − 1; `not_permitted` and
//!   header figures up to 2^53 − 1, the largest whole number every JSON reader keeps.
//! - **`key`** in a headroom event is refused when it has the form of a provider's secret key, and is never echoed.
//! - **One refusal per event**, the first problem in a fixed order: shape, repeated names, type, time, id, then the
//!   fields in the order of the contract.

mod breaker;
mod call;
mod choice;
mod depth;
mod error;
mod event;
mod excerpt;
mod fault;
mod field;
mod fields;
mod headroom;
mod ignored;
mod marker;
mod money;
mod number;
mod object;
mod plain;
mod provider;
mod reader;
mod refusal;
mod seeds;
mod suggest;
mod syntax;
mod text;
mod time;

use domain::{Event, Millis};

pub use error::BodyError;
pub use provider::name as provider_name;
pub use refusal::{Refusal, RefusalCode};

/// How many refusals are described one by one; the rest are only counted.
pub const MAX_REFUSALS_LISTED: usize = 100;

/// How many names of ignored fields are told.
pub const MAX_IGNORED_FIELDS: usize = 50;

/// How deeply objects and arrays may be nested, the outermost counting as 1.
pub const MAX_DEPTH: usize = 32;

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// `application/json`.
    Json,
    /// `application/x-ndjson`: one object per line.
    Ndjson,
}

/// What one request may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events per request.
    pub max_events: usize,
    /// How long before its arrival an event may have happened, in milliseconds.
    pub max_past: Millis,
    /// How far a sender's clock may be ahead of ours, in milliseconds.
    pub max_future: Millis,
}

impl Default for Limits {
    /// 10,000 events, seven days back, ten minutes ahead.
    fn default() -> Self {
        Limits {
            max_events: 10_000,
            max_past: 7 * 24 * 3_600_000,
            max_future: 10 * 60_000,
        }
    }
}

/// What a readable body held. `events.len() + refused_count = sent`, always.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// The good ones, in the order sent.
    pub events: Vec<Event>,
    /// The first [`MAX_REFUSALS_LISTED`] of the others, in the order sent.
    pub refused: Vec<Refusal>,
    /// How many others.
    pub refused_count: u32,
    /// Names of fields nobody reads: each once, sorted, the first [`MAX_IGNORED_FIELDS`] met, each cut to 128
    /// characters. Fields inside others are written `fallback_from.region`.
    pub ignored_fields: Vec<String>,
    /// How many events there were.
    pub sent: u32,
}

/// Reads a decompressed, size-checked body that arrived at `received`.
///
/// # Errors
/// [`BodyError`] when nothing in it can be kept: it is not JSON, nested too deeply, has too many events, or has none of
/// the three forms. An event that is wrong by itself is a [`Refusal`] instead.
pub fn parse(body: &[u8], kind: Body, received: Millis, limits: &Limits) -> Result<Parsed, BodyError> {
    match kind {
        Body::Json => reader::json(body, received, limits),
        Body::Ndjson => reader::ndjson(body, received, limits),
    }
}
