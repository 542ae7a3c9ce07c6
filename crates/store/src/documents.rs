//! Documents that people write and a tenant keeps: who can be on call, schedules and escalation policies, what is promised
//! and planned, prices, dashboards, links to share.
//!
//! A document has a kind, a number, a version and a name; what is in it is kept as the text that whoever decides reads
//! (JSON). Each change is written with its audit entry.
//!
//! Deliberately absent: what a document must be like, what names it, and who may change it (the engine and the server).

use async_trait::async_trait;
use domain::Millis;

use crate::{AuditEntry, StoreError, TenantScope};

/// The most documents of one kind; more are refused.
pub const MAX_DOCUMENTS: usize = 200;

/// A kind of document. The names are part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// Somebody who can be on call.
    Responder,
    /// Who is on call when.
    Schedule,
    /// Who is told while nobody takes an alert.
    Escalation,
    /// A figure with a target, ours or one of the tenant's own.
    Kpi,
    /// What is promised, over which window.
    Slo,
    /// What may be spent.
    Budget,
    /// What tokens cost, from a day on.
    PriceList,
    /// What a provider asked for.
    Invoice,
    /// What is sent to whom, how often.
    Report,
    /// A page of chosen panels.
    Dashboard,
    /// A link that shows something without an account.
    Share,
    /// A page for the public.
    StatusPage,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [DocumentKind; 12] = [
        DocumentKind::Responder,
        DocumentKind::Schedule,
        DocumentKind::Escalation,
        DocumentKind::Kpi,
        DocumentKind::Slo,
        DocumentKind::Budget,
        DocumentKind::PriceList,
        DocumentKind::Invoice,
        DocumentKind::Report,
        DocumentKind::Dashboard,
        DocumentKind::Share,
        DocumentKind::StatusPage,
    ];

    /// Its name in the store and in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            DocumentKind::Responder => "responder",
            DocumentKind::Schedule => "schedule",
            DocumentKind::Escalation => "escalation",
            DocumentKind::Kpi => "kpi",
            DocumentKind::Slo => "slo",
            DocumentKind::Budget => "budget",
            DocumentKind::PriceList => "price_list",
            DocumentKind::Invoice => "invoice",
            DocumentKind::Report => "report",
            DocumentKind::Dashboard => "dashboard",
            DocumentKind::Share => "share",
            DocumentKind::StatusPage => "status_page",
        }
    }
}

/// A document to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentDraft {
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
pub struct StoredDocument {
    /// Rising within the tenant's documents of the kind, from 1; never given twice.
    pub id: u64,
    /// Rises with each change, from 1.
    pub version: u64,
    /// As in [`DocumentDraft`].
    pub name: String,
    /// As in [`DocumentDraft`].
    pub body: String,
    /// When it was made, and by whom.
    pub created: (Millis, String),
    /// When it last changed, and by whom.
    pub changed: (Millis, String),
}

/// The port for documents.
#[async_trait]
pub trait Documents: Send + Sync + 'static {
    /// The tenant's documents of a kind, by number.
    async fn documents(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
    ) -> Result<Vec<StoredDocument>, StoreError>;

    /// Stores a document. `Conflict` when one of the kind has the name, or there are [`MAX_DOCUMENTS`].
    async fn create_document(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        draft: DocumentDraft,
        audit: AuditEntry,
    ) -> Result<StoredDocument, StoreError>;

    /// Puts a document into the place of one. `None` when there is none; `Conflict` when its version is another by now,
    /// or another one has the name.
    async fn change_document(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        known: (u64, u64),
        draft: DocumentDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError>;

    /// Removes a document. `None` when there is none.
    async fn delete_document(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError>;
}

/// Every adapter answers with this when a document's name is taken.
pub fn document_name_taken(kind: DocumentKind, name: &str) -> StoreError {
    StoreError::Conflict(format!("a {} named {name} is there already", kind.as_str()))
}

/// Every adapter answers with this when there are too many documents of a kind.
pub fn too_many_documents(kind: DocumentKind) -> StoreError {
    let kind = kind.as_str();
    StoreError::Conflict(format!(
        "there are {MAX_DOCUMENTS} of kind {kind}, and that is the most"
    ))
}
