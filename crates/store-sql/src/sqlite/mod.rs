//! SQLite: a folder with the journal's daily files, `fuseboard.db` for everything else, and a lock file.
//!
//! Two kinds of file, each with its own writer, because one file would make acknowledgements wait for rollups and for
//! retention. No transaction spans both; none needs to, since a flush carries the journal offset it contains. Back up
//! `fuseboard.db` first, then the journal.

mod clean;
mod files;
mod journal;
mod main_db;
mod restore;
mod schema;
mod snapshot;
mod source;

pub use restore::SqliteRestore;
pub use snapshot::{CopiedFile, SqliteSnapshot};
pub(crate) use source::{OF_THE_JOURNAL, Part, SqliteSource};

use std::fs::File;
use std::path::Path;
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
use journal::SqliteJournal;
use main_db::{
    FILE, MainDb, accounts, alerts, audit, channels, corrections, deliveries, documents, erasures,
    identities, keys, ladders, live, quotas, rollups, rules, second, secrets, sessions, shares,
};

/// The sole writer of a folder's journal.
pub(crate) const WRITER: u32 = 1;

/// How the files are opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How long a statement waits for a lock that another connection holds.
    pub busy_timeout: Duration,
    /// How many connections read `fuseboard.db` at the same time.
    pub readers: u32,
    /// Seals the audit log; without it a change that must be logged is refused.
    pub audit_key: Option<AuditKey>,
    /// A commit waits for the disk. No setting of the product leads here: without it a power cut takes acknowledged
    /// rows, and the proof of that (`server/tests/power`) must be able to see it happen.
    pub wait_for_disk: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions {
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            audit_key: None,
            wait_for_disk: true,
        }
    }
}

/// All ports on one folder. Holds the folder's lock for as long as it lives.
pub struct SqliteStore {
    main: MainDb,
    journal: SqliteJournal,
    _lock: File,
}

impl SqliteStore {
    /// Opens the folder, creating what is missing and bringing the schema up to date.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has the folder, [`OpenError::Newer`] when a newer program wrote it.
    pub async fn open(data_dir: &Path, options: SqliteOptions) -> Result<SqliteStore, OpenError> {
        files::create_folder(data_dir).await?;
        let lock = files::lock(data_dir)?;
        let main = MainDb::open(data_dir, &options, true).await?;
        main.adopt().await.map_err(OpenError::stored(FILE))?;
        let floor = main.applied(WRITER).await?;
        let journal = SqliteJournal::open(data_dir, &options, floor).await?;
        files::sync_folder(data_dir).await?;
        Ok(SqliteStore {
            main,
            journal,
            _lock: lock,
        })
    }

    /// Closes all files in order, so that the next start finds nothing to recover. Dropping the store instead loses
    /// nothing that was acknowledged.
    pub async fn close(self) {
        self.journal.close().await;
        self.main.close().await;
    }
}

/// API keys and the audit log of a folder, without its lock: for the command line while a server may be running.
pub struct SqliteKeys {
    main: MainDb,
}

impl SqliteKeys {
    /// Opens `fuseboard.db`. When no server is running, creates it and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError::NotMigrated`] when a server is running with another schema.
    pub async fn open(data_dir: &Path, options: SqliteOptions) -> Result<SqliteKeys, OpenError> {
        files::create_folder(data_dir).await?;
        let (lock, may_migrate) = match files::lock(data_dir) {
            Ok(lock) => (Some(lock), true),
            Err(OpenError::InUse(_)) => (None, false),
            Err(error) => return Err(error),
        };
        let main = MainDb::open(data_dir, &options, may_migrate).await?;
        if lock.is_some() {
            main.adopt().await.map_err(OpenError::stored(FILE))?;
        }
        drop(lock);
        Ok(SqliteKeys { main })
    }

    /// Closes the file.
    pub async fn close(self) {
        self.main.close().await;
    }
}

crate::shared::keys_port!(SqliteStore);
crate::shared::keys_port!(SqliteKeys);
crate::shared::audits_port!(SqliteStore);
crate::shared::people_ports!(SqliteStore);
crate::shared::alerts_port!(SqliteStore);
crate::shared::deliveries_port!(SqliteStore);
crate::shared::documents_port!(SqliteStore);
crate::shared::shares_port!(SqliteStore);
crate::shared::duties_port!(SqliteStore);
crate::shared::corrections_port!(SqliteStore);
crate::shared::erasures_port!(SqliteStore);
crate::shared::secrets_port!(SqliteStore);
crate::shared::second_port!(SqliteStore);
crate::shared::identities_port!(SqliteStore);
crate::shared::audits_port!(SqliteKeys);
crate::shared::people_ports!(SqliteKeys);
crate::shared::secrets_port!(SqliteKeys);
crate::shared::second_port!(SqliteKeys);
crate::shared::identities_port!(SqliteKeys);
crate::shared::live_port!(SqliteStore);
crate::shared::rollups_port!(SqliteStore);
crate::shared::journal_port!(SqliteStore);
