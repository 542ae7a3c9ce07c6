//! Ports: what the engine needs kept, by role, and the errors it may meet. Plus a memory adapter, the codec of stored
//! bytes, and the contract suite that every adapter must pass.
//!
//! One port method is one transaction. A mutating method that a person or a program asked for takes its
//! [`AuditEntry`]. Not found is `Ok(None)`, never an error.
//!
//! Deliberately absent: SQL (`store-sql`), any clock (times are arguments), any rule about the data (`domain`).

pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod batches;
pub mod codec;
pub mod contract;
pub mod corrections;
pub mod day;
pub mod deliveries;
pub mod documents;
pub mod duties;
pub mod erasures;
mod error;
mod journal;
mod keys;
mod live;
pub mod memory;
pub mod plan;
pub mod recent;
mod rollups;
mod scope;
pub mod secrets;
pub mod shares;

pub use accounts::{
    Account, Accounts, Guest, Identities, Identity, KnownAccount, Link, LinkHash, LinkKind, Logged, Member,
    NewAccount, NewLink, NewSession, Quota, RecoveryHash, Role, SecondFactor, SecondFactors, Session,
    SessionHash, Sessions, SignedIn, Tenant,
};
pub use alerts::{
    AlertQuery, AlertWrite, Alerts, OutboxRow, RuleDraft, StoredAlert, StoredEvent, StoredRule, StoredSilence,
};
pub use audit::{AuditEntry, AuditHead, AuditQuery, Audits, SealedEntry};
pub use batches::{BatchPage, BatchQuery, GuardedPage, Resume};
pub use corrections::{
    CorrectionDraft, CorrectionKind, CorrectionState, Corrections, ErasureStep, StoredCorrection,
};
pub use deliveries::{
    ChannelDraft, Claim, Deliveries, DeliveryQuery, DeliveryState, NewDelivery, Outcome, StoredAttempt,
    StoredChannel, StoredDelivery,
};
pub use documents::{DocumentDraft, DocumentKind, Documents, MAX_DOCUMENTS, StoredDocument};
pub use duties::{Duties, Ladder};
pub use erasures::{ErasedEvents, ErasedRows, Erasures, LiveErased};
pub use error::StoreError;
pub use journal::{
    Appended, IDEMPOTENCY_KEPT, Idempotency, Journal, JournalUsage, NewBatch, Offset, Refusal, Remembered,
    StoredBatch,
};
pub use keys::{ApiKey, KeyHash, Keys, NewApiKey, Scope, check_rotation, check_tenant};
pub use live::{
    Checkpoint, Flush, Keyframe, LiveStore, PartialRow, SECONDS_KEPT, SecondRow, TransitionQuery,
    TransitionRow, check_flush, cut_keyframes, cut_seconds,
};
pub use recent::RecentIds;
pub use rollups::{
    Chunk, ChunkHead, ChunkMerge, ChunkParts, Compaction, NewChunk, RollupRead, Rollups, RungUsage,
    check_compaction, rows_of,
};
pub use scope::{SystemScope, TenantId, TenantScope};
pub use secrets::{DataKey, Holder, MasterKey, Place, SealedSecret, Secrets, Which};
pub use shares::{ShareHash, ShareLink, Shares};
