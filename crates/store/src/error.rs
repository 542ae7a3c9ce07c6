//! What can go wrong in a store, as seen by the engine.

use std::error::Error;

/// Opaque on purpose: the engine decides by kind, people read the source chain in the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Try again later: disk full, database away, lock held. Nothing was written.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Stored bytes cannot be read: corruption, or written by a newer version.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// The write was made on an outdated view (another writer, a stale version). Nothing was written.
    #[error("conflict: {0}")]
    Conflict(String),
}
