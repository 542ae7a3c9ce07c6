//! The Connect page: what has reached us, and what it said wrong.

use serde::{Deserialize, Serialize};

/// Everything the Connect page shows that changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Connect {
    /// When the newest event was received, epoch milliseconds.
    pub last_event: Option<i64>,
    /// By name.
    pub sources: Vec<SourceRow>,
}

/// One service under one API key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Stable id.
    pub id: u64,
    /// The service as reported; the key's name where events name none.
    pub name: String,
    /// The key's name.
    pub key_name: String,
    /// How the key begins: enough to tell it, not enough to use it.
    pub key_prefix: String,
    /// When its newest batch arrived, epoch milliseconds.
    pub last: Option<i64>,
    /// Events in the last hour.
    pub events_1h: u64,
    /// Events refused in the last hour.
    pub refused_1h: u64,
    /// The newest refusals, newest first, at most 5.
    pub refusals: Vec<RefusalRow>,
}

/// One refused event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRow {
    /// When, epoch milliseconds.
    pub at: i64,
    /// Its place in the batch, from 0.
    pub index: u32,
    /// The field; may be empty.
    pub field: String,
    /// In words.
    pub reason: String,
}
