//! People: who can be on call, schedules, escalation policies; and where each alert that needs somebody stands on its
//! ladder.
//!
//! Responders, schedules and policies are documents with a number, a version and a name; what is in them is kept as the
//! text that whoever decides reads (JSON). A [`Ladder`] begins, ends and begins anew in the transaction that writes what
//! happened to its alert (`crate::alerts`), so that no restart forgets that somebody waits, and nobody is told after
//! somebody took it. Whoever tells a step moves the ladder and puts the step's deliveries in at once.
//!
//! Deliberately absent: which policy an alert has, whom a step tells, and when it is due.

use async_trait::async_trait;
use domain::Millis;
use domain::alert::{Moved, Notice};

use crate::{
    AlertWrite, AuditEntry, NewDelivery, StoreError, StoredAlert, SystemScope, TenantId, TenantScope,
};

/// The most documents of one kind; more are refused.
pub const MAX_DUTIES: usize = 200;

/// A kind of document. The names are part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DutyKind {
    /// Somebody who can be on call.
    Responder,
    /// Who is on call when.
    Schedule,
    /// Who is told while nobody takes an alert.
    Escalation,
}

impl DutyKind {
    /// All of them.
    pub const ALL: [DutyKind; 3] = [DutyKind::Responder, DutyKind::Schedule, DutyKind::Escalation];

    /// Its name in the store and in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            DutyKind::Responder => "responder",
            DutyKind::Schedule => "schedule",
            DutyKind::Escalation => "escalation",
        }
    }
}

/// A document to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyDraft {
    /// Unique among the tenant's documents of the kind.
    pub name: String,
    /// The document, as text.
    pub body: String,
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: String,
}

/// A document as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDuty {
    /// Rising within the tenant's documents of the kind, from 1; never given twice.
    pub id: u64,
    /// Rises with each change, from 1.
    pub version: u64,
    /// As in [`DutyDraft`].
    pub name: String,
    /// As in [`DutyDraft`].
    pub body: String,
    /// When it was made, and by whom.
    pub created: (Millis, String),
    /// When it last changed, and by whom.
    pub changed: (Millis, String),
}

/// Where an alert that needs somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// The alert.
    pub alert: u64,
    /// The number of the event since which somebody is waited for. With the alert's number and the step's it names what
    /// is told, for ever.
    pub event: u64,
    /// Since when.
    pub began: Millis,
    /// The step that comes next, from 1; 0 when nobody has looked yet which ladder it is.
    pub next: u32,
    /// When; `None` after the last.
    pub due: Option<Millis>,
}

/// What becomes of an alert's ladder with something that happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// It stands where it stood.
    Same,
    /// It begins anew, then.
    Anew(Millis),
    /// It begins, then, unless it stands.
    Unless(Millis),
    /// Nobody is waited for.
    Over,
}

/// What becomes of an alert's ladder.
pub fn waits(moved: &Moved) -> Waits {
    let Some(last) = moved.events.last() else {
        return Waits::Same;
    };
    match (moved.alert.calls(last.at), moved.notice) {
        (false, _) => Waits::Over,
        (true, Some(Notice::Fired | Notice::Refired)) => Waits::Anew(last.at),
        (true, _) => Waits::Unless(last.at),
    }
}

/// The port for people.
#[async_trait]
pub trait Duties: Send + Sync + 'static {
    /// The tenant's documents of a kind, by number.
    async fn duties(&self, scope: &TenantScope, kind: DutyKind) -> Result<Vec<StoredDuty>, StoreError>;

    /// Stores a document. `Conflict` when one of the kind has the name, or there are [`MAX_DUTIES`].
    async fn create_duty(
        &self,
        scope: &TenantScope,
        kind: DutyKind,
        draft: DutyDraft,
        audit: AuditEntry,
    ) -> Result<StoredDuty, StoreError>;

    /// Puts a document into the place of one. `None` when there is none; `Conflict` when its version is another by now,
    /// or another one has the name.
    async fn change_duty(
        &self,
        scope: &TenantScope,
        kind: DutyKind,
        known: (u64, u64),
        draft: DutyDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredDuty>, StoreError>;

    /// Removes a document. `None` when there is none.
    async fn delete_duty(
        &self,
        scope: &TenantScope,
        kind: DutyKind,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDuty>, StoreError>;

    /// Where an alert stands; `None` when nobody is waited for.
    async fn ladder(&self, scope: &TenantScope, alert: u64) -> Result<Option<Ladder>, StoreError>;

    /// Ladders whose next step is due, by that, at most `limit`.
    async fn due_ladders(
        &self,
        system: &SystemScope,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<(TenantId, Ladder)>, StoreError>;

    /// Moves a ladder to its next step, and with `told` writes the alert and puts in what is told, all or nothing.
    /// `None`, and nothing is written, when the ladder is not as `known` any more. `Conflict` when the alert is not.
    async fn climb(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        known: Ladder,
        next: (u32, Option<Millis>),
        told: Option<(AlertWrite, Vec<NewDelivery>)>,
    ) -> Result<Option<Option<StoredAlert>>, StoreError>;
}

/// Every adapter answers with this when a document's name is taken.
pub fn duty_name_taken(kind: DutyKind, name: &str) -> StoreError {
    StoreError::Conflict(format!("a {} named {name} is there already", kind.as_str()))
}

/// Every adapter answers with this when there are too many documents of a kind.
pub fn too_many_duties(kind: DutyKind) -> StoreError {
    let kind = kind.as_str();
    StoreError::Conflict(format!(
        "there are {MAX_DUTIES} of kind {kind}, and that is the most"
    ))
}
