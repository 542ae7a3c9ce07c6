//! The memory adapter: the plainest thing that fulfils the contract. For tests, and for a board that may forget.
//!
//! A clone is another handle on the same data, so "closing and opening again" is dropping one handle and making
//! another. Durability is deliberately absent.

mod accounts;
mod alerts;
mod audit;
mod corrections;
mod deliveries;
mod documents;
mod duties;
mod erasures;
mod identities;
mod journal;
mod keys;
mod live;
mod rollups;
mod second;
mod secrets;
mod sessions;
mod shares;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::Millis;
use domain::rollup::{Bucket, Rung};
use parking_lot::Mutex;

use crate::plan::{KeyScope, Seen};
use crate::{
    ApiKey, Checkpoint, Chunk, DocumentKind, KeyHash, PartialRow, RecentIds, SealedEntry, ShareHash,
    ShareLink, StoredBatch, StoredCorrection, TenantId, TransitionRow,
};

/// Everything in memory, behind one lock.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }
}

#[derive(Default)]
struct State {
    journal: JournalState,
    live: BTreeMap<TenantId, LiveState>,
    keys: Vec<(KeyHash, ApiKey)>,
    audit: BTreeMap<TenantId, Vec<SealedEntry>>,
    people: accounts::People,
    safe: secrets::Safe,
    seconds: second::Seconds,
    alerts: BTreeMap<TenantId, alerts::Board>,
    deliveries: BTreeMap<TenantId, deliveries::Desk>,
    documents: BTreeMap<(TenantId, DocumentKind), documents::Papers>,
    shares: Vec<(ShareHash, ShareLink)>,
    /// By number.
    corrections: BTreeMap<TenantId, Vec<StoredCorrection>>,
}

#[derive(Default)]
struct JournalState {
    /// In order of sequence, each with its size when encoded.
    batches: Vec<(StoredBatch, u64)>,
    head: u64,
    recent: HashMap<TenantId, RecentIds>,
    idempotency: HashMap<KeyScope, Seen>,
}

#[derive(Default)]
struct LiveState {
    checkpoint: Option<Checkpoint>,
    /// Rung, applied sequence, row.
    partials: Vec<(Rung, u64, PartialRow)>,
    /// By (time, id).
    transitions: BTreeMap<(Millis, u64), TransitionRow>,
    seconds: BTreeMap<Millis, Bucket>,
    /// By id.
    chunks: BTreeMap<u64, Chunk>,
    /// By when they were taken.
    keyframes: BTreeMap<Millis, Checkpoint>,
    last_chunk: u64,
    compacted: u64,
}
