//! Postgres 15 or newer: all ports in one database.
//!
//! Many processes may read; one session at a time holds the role of the journal's writer (see `journal::session`). The
//! connection must reach Postgres itself: a pooler that hands out another session per transaction cannot hold that role.
//!
//! What a port does for a tenant runs as a role that sees that tenant's rows only (see `wall`); what it does for the
//! system runs as the user that the program connects as.

mod clean;
mod connect;
mod journal;
mod main_db;
mod restore;
mod rows;
mod snapshot;
mod tables;
mod target;
mod transaction;
mod wall;

pub use restore::PgRestore;
pub use rows::TransferError;
pub use snapshot::{PgCounter, PgSnapshot, PgTable};
pub(crate) use target::PgTarget;
pub use wall::AppRole;

use std::time::Duration;

use async_trait::async_trait;
use domain::Millis;
use domain::alert::Silence;
use domain::breaker::BreakerKey;
use domain::erasure::Selection;
use domain::rollup::Rung;
use store::accounts::{check_link, last_owner, no_account, no_tenant};
use store::alerts::not_named;
use store::audit::AuditKey;
use store::deliveries::{no_channel, subject_taken};
use store::secrets::{NONCE, check_logged};
use store::{
    Accounts, AlertQuery, AlertWrite, Alerts, ApiKey, Appended, AuditEntry, AuditHead, AuditQuery, Audits,
    BatchPage, BatchQuery, ChannelDraft, Checkpoint, Chunk, ChunkHead, ChunkMerge, ChunkParts, Claim,
    Compaction, CorrectionDraft, Corrections, DataKey, Deliveries, DeliveryQuery, DocumentDraft,
    DocumentKind, Documents, Duties, ErasedEvents, ErasedRows, ErasureStep, Erasures, Flush, GuardedPage,
    Guest, Holder, Identities, Identity, Journal, JournalUsage, KeyHash, Keyframe, Keys, KnownAccount,
    Ladder, Link, LinkHash, LinkKind, LiveErased, LiveStore, Logged, MasterKey, Member, NewAccount,
    NewApiKey, NewBatch, NewDelivery, NewLink, NewSession, Offset, OutboxRow, Outcome, PartialRow, Place,
    Quota, RecoveryHash, Remembered, Role, RollupRead, Rollups, RuleDraft, RungUsage, SealedEntry,
    SealedSecret, SecondFactor, SecondFactors, SecondRow, Secrets, Session, SessionHash, Sessions, ShareHash,
    ShareLink, Shares, SignedIn, StoreError, StoredAlert, StoredAttempt, StoredBatch, StoredChannel,
    StoredCorrection, StoredDelivery, StoredDocument, StoredEvent, StoredRule, StoredSilence, SystemScope,
    Tenant, TenantId, TenantScope, TransitionQuery, TransitionRow, Which, check_rotation, check_tenant,
};

use crate::OpenError;
use journal::PgJournal;
use main_db::{
    MainDb, accounts, alerts, audit, channels, corrections, deliveries, documents, erasures, identities,
    keys, ladders, live, quotas, rollups, rules, second, secrets, sessions, shares,
};

/// The number of the one writer.
pub(crate) const WRITER: u32 = 1;

/// How the database is used.
#[derive(Debug, Clone)]
pub struct PgOptions {
    /// Connections besides the writer's.
    pub connections: u32,
    /// How long a start waits for another process to let go of the writer's role.
    pub writer_wait: Duration,
    /// How long one step of an append may take before the connection counts as lost.
    pub answer_wait: Duration,
    /// Seals the audit log; without it a change that must be logged is refused.
    pub audit_key: Option<AuditKey>,
    /// What requests run as.
    pub app_role: AppRole,
}

impl Default for PgOptions {
    fn default() -> Self {
        PgOptions {
            connections: 8,
            writer_wait: Duration::from_secs(30),
            answer_wait: Duration::from_secs(10),
            audit_key: None,
            app_role: AppRole::default(),
        }
    }
}

/// Makes sure that the role which requests run as is there, before anything is put into a database that will need it.
///
/// # Errors
/// [`OpenError::AppRole`] says what an administrator has to run.
pub async fn provide_app_role(url: &str, role: &AppRole) -> Result<(), OpenError> {
    connect::Database::parse(url)?.provide(role).await
}

/// All ports on one database. Holds the role of the journal's writer for as long as its session lives.
pub struct PgStore {
    main: MainDb,
    journal: PgJournal,
}

impl PgStore {
    /// Connects, brings the schema up to date, and takes the writer's role.
    ///
    /// # Errors
    /// [`OpenError::WriterTaken`] when another process keeps the role for longer than [`PgOptions::writer_wait`],
    /// [`OpenError::Newer`] when a newer program wrote the database.
    pub async fn connect(url: &str, options: PgOptions) -> Result<PgStore, OpenError> {
        let database = connect::Database::parse(url)?;
        let main = MainDb::connect(&database, &options).await?;
        main.adopt().await.map_err(OpenError::stored(database.name()))?;
        let journal = PgJournal::open(database, main.pool().clone(), main.wall().clone(), options).await?;
        Ok(PgStore { main, journal })
    }

    /// Gives the writer's role back and closes all connections.
    pub async fn close(self) {
        self.journal.close().await;
        self.main.close().await;
    }
}

/// API keys and the audit log alone, without the writer's role: for the command line while a server is running.
pub struct PgKeys {
    main: MainDb,
}

impl PgKeys {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// As [`PgStore::connect`], but for the writer's role.
    pub async fn connect(url: &str, options: PgOptions) -> Result<PgKeys, OpenError> {
        let database = connect::Database::parse(url)?;
        let main = MainDb::connect(&database, &options).await?;
        main.adopt().await.map_err(OpenError::stored(database.name()))?;
        Ok(PgKeys { main })
    }

    /// Closes all connections.
    pub async fn close(self) {
        self.main.close().await;
    }
}

crate::shared::keys_port!(PgStore);
crate::shared::keys_port!(PgKeys);
crate::shared::audits_port!(PgStore);
crate::shared::people_ports!(PgStore);
crate::shared::alerts_port!(PgStore);
crate::shared::deliveries_port!(PgStore);
crate::shared::documents_port!(PgStore);
crate::shared::shares_port!(PgStore);
crate::shared::duties_port!(PgStore);
crate::shared::corrections_port!(PgStore);
crate::shared::erasures_port!(PgStore);
crate::shared::secrets_port!(PgStore);
crate::shared::second_port!(PgStore);
crate::shared::identities_port!(PgStore);
crate::shared::audits_port!(PgKeys);
crate::shared::people_ports!(PgKeys);
crate::shared::secrets_port!(PgKeys);
crate::shared::second_port!(PgKeys);
crate::shared::identities_port!(PgKeys);
crate::shared::live_port!(PgStore);
crate::shared::rollups_port!(PgStore);
crate::shared::journal_port!(PgStore);
