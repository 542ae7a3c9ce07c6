//! Addresses under which strangers find a document: links with a secret, and pages for the public, whose secret is none.
//!
//! What is stored of an address is its SHA-256, beside the document and never in it: documents are told over the API. A
//! document and its address are written together, or neither is. An address is one of the whole installation, because whoever
//! comes with it says of no tenant.
//!
//! Deliberately absent: what an address looks like, until when it counts, and what it shows (the server and the engine).

use async_trait::async_trait;
use domain::Millis;

use crate::{
    AuditEntry, DocumentDraft, DocumentKind, StoreError, StoredDocument, SystemScope, TenantId, TenantScope,
};

/// SHA-256 of what a stranger has to say. A link's token has more than 190 bits of randomness.
pub type ShareHash = [u8; 32];

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareLink {
    /// Whose document.
    pub tenant: TenantId,
    /// Which kind.
    pub kind: DocumentKind,
    /// Its number.
    pub document: u64,
    /// When the address was made.
    pub created: Millis,
    /// When somebody came with it last, to a minute.
    pub opened: Option<Millis>,
}

/// The port for such addresses.
#[async_trait]
pub trait Shares: Send + Sync + 'static {
    /// Stores a document with its address. `Conflict` when the address is taken, by whomever, or as
    /// [`crate::Documents::create_document`] says.
    async fn create_shared(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        draft: DocumentDraft,
        hash: ShareHash,
        audit: AuditEntry,
    ) -> Result<StoredDocument, StoreError>;

    /// Puts a document into the place of one; from then on it has this address and no other. `None` and `Conflict` as
    /// [`crate::Documents::change_document`] says; `Conflict` too when the address is another document's.
    async fn change_shared(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        known: (u64, u64),
        draft: DocumentDraft,
        hash: ShareHash,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError>;

    /// Removes a document and its address. `None` when there is none.
    async fn delete_shared(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError>;

    /// The addresses of the tenant's documents of a kind, by document.
    async fn share_links(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
    ) -> Result<Vec<ShareLink>, StoreError>;

    /// Where an address leads.
    async fn share_by_hash(
        &self,
        system: &SystemScope,
        hash: &ShareHash,
    ) -> Result<Option<ShareLink>, StoreError>;

    /// Notes that somebody came with the address of a document. The entry is written when it is the first time since `day`; an
    /// earlier time than the noted one changes nothing.
    async fn share_opened(
        &self,
        scope: &TenantScope,
        link: &ShareLink,
        at: Millis,
        day: Millis,
        audit: AuditEntry,
    ) -> Result<(), StoreError>;
}

/// Every adapter answers with this when an address is taken. It does not say by whom.
pub fn share_taken() -> StoreError {
    StoreError::Conflict("the address is taken; choose another".into())
}
