//! What pages of history show: several questions over one range, put together.
//!
//! Figures of calls come from [`crate::query`] alone, so a page and `GET /api/v1/query` never disagree; what breakers did
//! is read from their transitions, by the rules of `domain::breaker::history`. Deliberately absent: any cache, and words
//! for people beyond those that `domain` gives.

mod activity;
mod around;
mod ask;
mod breaker;
mod breakers;
mod explore;
mod over_time;
mod provider;
mod providers;
mod strips;
pub(crate) mod tracks;
mod whatif;

pub use around::MAX_AROUND_MS;
pub(crate) use ask::JUDGED;
pub(crate) use providers::provider_id;

use protocol::SpanError;
use store::StoreError;

use crate::{QueryError, TransitionsError};

/// Why a page cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The range makes no sense.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// A question cannot be answered.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A parameter of a page cannot be used.
    #[error("{field}: {reason}")]
    Parameter {
        /// Which.
        field: &'static str,
        /// What it must be, and what it was.
        reason: String,
    },
    /// Nobody of this id was ever seen.
    #[error("there is no breaker `{0}`")]
    NoBreaker(String),
    /// Only a short stretch is answered.
    #[error("from and to: {minutes} minutes apart, at most {}", MAX_AROUND_MS / 60_000)]
    TooWide {
        /// How far they are apart, rounded up.
        minutes: i64,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Transitions cannot be listed.
    #[error(transparent)]
    Transitions(#[from] TransitionsError),
}
