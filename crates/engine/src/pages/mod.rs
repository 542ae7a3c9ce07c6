//! What pages of history show: several questions over one range, put together.
//!
//! Figures come from [`crate::query`] alone, so a page and `GET /api/v1/query` never disagree; rules about them are
//! `domain`'s. Deliberately absent: any cache, and words for people beyond those that `domain` gives.

mod ask;
mod over_time;
mod providers;

use protocol::SpanError;

use crate::QueryError;

/// Why a page cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The range makes no sense.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// A question cannot be answered.
    #[error(transparent)]
    Query(#[from] QueryError),
}
