//! Documents that people write and a tenant keeps, as the API tells them: each with its number and version.
//!
//! What is in one is its kind's own: [`crate::duty`] has who is on call.

use serde::{Deserialize, Serialize};

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentItem<T> {
    /// Its number.
    pub id: u64,
    /// Rises with each change.
    pub version: u64,
    /// As it was written.
    #[serde(flatten)]
    pub doc: T,
    /// When it was made, epoch milliseconds.
    pub created: i64,
    /// When it last changed.
    pub changed: i64,
    /// By whom.
    pub changed_by: String,
}

/// All of a kind, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentList<T> {
    /// All of them.
    pub items: Vec<DocumentItem<T>>,
}
