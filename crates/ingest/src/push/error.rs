//! Why a whole body was refused.

use super::number::grouped;

/// Nothing in the body was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A JSON body without a single character.
    #[error("the body is empty; send {{\"events\":[…]}}, an array of events, or one event")]
    Empty,
    /// Bytes that are not UTF-8 text.
    #[error("the body is not UTF-8 text (byte {at}): {hint}")]
    NotUtf8 {
        /// The first wrong byte, from 0.
        at: usize,
        /// What it may be instead.
        hint: &'static str,
    },
    /// Text that is not JSON.
    #[error("the body is not JSON: {detail} (line {line}, column {column})")]
    NotJson {
        /// What is wrong there, and where possible what to write instead.
        detail: String,
        /// From 1.
        line: usize,
        /// In bytes, from 1; 0 when the line break itself is the problem.
        column: usize,
    },
    /// JSON with more levels than any event needs.
    #[error("the body is nested too deeply; the limit is {limit} levels")]
    TooDeep {
        /// The most levels.
        limit: usize,
    },
    /// JSON of none of the three forms.
    #[error("the body must be {{\"events\":[…]}}, an array of events, or one event: {detail}")]
    WrongShape {
        /// What came instead.
        detail: String,
    },
    /// More events than one request may hold.
    #[error("the body has {} events; the limit is {} per request, so send it in parts", count(*.sent), count(*.limit))]
    TooManyEvents {
        /// How many came.
        sent: usize,
        /// The most.
        limit: usize,
    },
}

impl BodyError {
    /// Whether the answer is 413 rather than 400.
    pub const fn is_too_large(&self) -> bool {
        matches!(self, BodyError::TooManyEvents { .. })
    }

    /// A short name for programs, part of the public contract.
    pub const fn code(&self) -> &'static str {
        match self {
            BodyError::Empty => "empty",
            BodyError::NotUtf8 { .. } => "not_utf8",
            BodyError::NotJson { .. } => "not_json",
            BodyError::TooDeep { .. } => "too_deep",
            BodyError::WrongShape { .. } => "wrong_shape",
            BodyError::TooManyEvents { .. } => "too_many_events",
        }
    }
}

fn count(events: usize) -> String {
    grouped(events as u64)
}
