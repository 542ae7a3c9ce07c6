//! The record, corrected: what is hidden, forgotten, not counted or called otherwise until that is undone, and what is erased
//! for good.
//!
//! A correction is a row that says what, by whom and why, written with its audit entry. What hides reads it; what erases
//! works through it and says when it is done ([`Erasures`](crate::Erasures)). What was corrected is kept as the text that
//! whoever applies it reads (JSON). Of an erasure that has ended it holds nothing that was erased.
//!
//! Deliberately absent: what a correction means (the engine), and who may make one (the auth layer).

use async_trait::async_trait;
use domain::Millis;
use domain::alert::Who;

use crate::{AuditEntry, StoreError, SystemScope, TenantId, TenantScope};

/// The most corrections of a tenant that are in force.
pub const MAX_IN_FORCE: usize = 1_000;

/// What was forgotten leaves live state by itself after a day of silence; after so long its correction holds nothing back.
pub const FORGOTTEN_AFTER: Millis = 2 * 24 * 3_600_000;

/// What is done to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionKind {
    /// A breaker or an instance is not shown and not counted.
    Hide,
    /// The same, until it is heard of again.
    Forget,
    /// Data goes, for good.
    Erase,
    /// A range of time does not count.
    Uncount,
    /// One name stands for another.
    Rename,
}

impl CorrectionKind {
    /// All of them.
    pub const ALL: [CorrectionKind; 5] = [
        CorrectionKind::Hide,
        CorrectionKind::Forget,
        CorrectionKind::Erase,
        CorrectionKind::Uncount,
        CorrectionKind::Rename,
    ];

    /// As stored, and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            CorrectionKind::Hide => "hide",
            CorrectionKind::Forget => "forget",
            CorrectionKind::Erase => "erase",
            CorrectionKind::Uncount => "uncount",
            CorrectionKind::Rename => "rename",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<CorrectionKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Where a correction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionState {
    /// It holds.
    InForce,
    /// It was undone.
    Undone,
    /// Of an erasure: data is being removed.
    Running,
    /// Of an erasure: data is removed, and the room it took is being written over.
    Cleaning,
    /// Of an erasure: nothing is left.
    Done,
}

impl CorrectionState {
    /// All of them.
    pub const ALL: [CorrectionState; 5] = [
        CorrectionState::InForce,
        CorrectionState::Undone,
        CorrectionState::Running,
        CorrectionState::Cleaning,
        CorrectionState::Done,
    ];

    /// As stored, and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            CorrectionState::InForce => "in_force",
            CorrectionState::Undone => "undone",
            CorrectionState::Running => "running",
            CorrectionState::Cleaning => "cleaning",
            CorrectionState::Done => "done",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<CorrectionState> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// It holds, or is not done yet: whoever starts has to know of it.
    pub fn is_open(self) -> bool {
        !matches!(self, CorrectionState::Undone | CorrectionState::Done)
    }
}

/// A correction to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionDraft {
    /// What kind.
    pub kind: CorrectionKind,
    /// What, as text.
    pub body: String,
    /// Why; may be empty.
    pub words: String,
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: Who,
}

/// A correction as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCorrection {
    /// Rising within the tenant, from 1; never given twice.
    pub id: u64,
    /// Rises with each change, from 1.
    pub version: u64,
    /// What kind.
    pub kind: CorrectionKind,
    /// Where it stands.
    pub state: CorrectionState,
    /// What, as text.
    pub body: String,
    /// Why; may be empty.
    pub words: String,
    /// When it was made.
    pub made: Millis,
    /// By whom.
    pub made_by: Who,
    /// When it was undone or done, and by whom.
    pub ended: Option<(Millis, String)>,
    /// What an erasure took, as text; empty while nobody knows.
    pub outcome: String,
}

/// How far an erasure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureStep {
    /// Which.
    pub id: u64,
    /// [`CorrectionState::Cleaning`] or [`CorrectionState::Done`].
    pub state: CorrectionState,
    /// What it says from now on, in the place of what it was.
    pub body: String,
    /// What it took.
    pub outcome: String,
    /// When.
    pub at: Millis,
}

/// The port for corrections.
#[async_trait]
pub trait Corrections: Send + Sync + 'static {
    /// The newest, by falling number, before the one named; at most `limit`.
    async fn corrections(
        &self,
        scope: &TenantScope,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredCorrection>, StoreError>;

    /// One.
    async fn correction(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredCorrection>, StoreError>;

    /// Stores one: in force, or for an erasure running. `Conflict` when [`MAX_IN_FORCE`] are in force, or an erasure of the
    /// tenant is not done.
    async fn make_correction(
        &self,
        scope: &TenantScope,
        draft: CorrectionDraft,
        audit: AuditEntry,
    ) -> Result<StoredCorrection, StoreError>;

    /// Undoes one that is in force. `None` when there is none; `Conflict` when its version is another by now, or it is not in
    /// force.
    async fn undo_correction(
        &self,
        scope: &TenantScope,
        known: (u64, u64),
        by: (Millis, String),
        audit: AuditEntry,
    ) -> Result<Option<StoredCorrection>, StoreError>;

    /// Those of all tenants that are in force or not done, by tenant and number.
    async fn open_corrections(
        &self,
        system: &SystemScope,
    ) -> Result<Vec<(TenantId, StoredCorrection)>, StoreError>;

    /// An erasure is a step further, which the log tells when there is an entry. `Conflict` when it is not on its way.
    async fn step_erasure(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        step: ErasureStep,
        audit: Option<AuditEntry>,
    ) -> Result<(), StoreError>;
}

/// Every adapter answers with this when there are too many.
pub fn too_many_corrections() -> StoreError {
    StoreError::Conflict(format!(
        "{MAX_IN_FORCE} corrections are in force, and that is the most"
    ))
}

/// Every adapter answers with this when an erasure is not done yet.
pub fn erasing_already() -> StoreError {
    StoreError::Conflict("an erasure is under way; the next can begin when it is done".into())
}

/// Every adapter answers with this when something is not in force any more.
pub fn not_in_force(id: u64) -> StoreError {
    StoreError::Conflict(format!("the correction {id} is not in force"))
}

/// Every adapter answers with this when an erasure has ended, or never was.
pub fn not_erasing(id: u64) -> StoreError {
    StoreError::Conflict(format!("the correction {id} is no erasure that is under way"))
}
