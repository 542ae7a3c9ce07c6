//! Documents in memory.

use async_trait::async_trait;
use domain::Millis;

use super::{MemoryStore, State};
use crate::alerts::changed_meanwhile;
use crate::documents::{MAX_DOCUMENTS, document_name_taken, too_many_documents};
use crate::{
    AuditEntry, DocumentDraft, DocumentKind, Documents, StoreError, StoredDocument, TenantId, TenantScope,
};

/// The documents of one kind, with those that were removed.
#[derive(Default)]
pub(super) struct Papers(Vec<(StoredDocument, bool)>);

impl Papers {
    fn there(&self) -> impl Iterator<Item = &StoredDocument> {
        self.0
            .iter()
            .filter(|(_, removed)| !removed)
            .map(|(document, _)| document)
    }

    fn is_named(&self, name: &str, but: u64) -> bool {
        self.there()
            .any(|document| document.name == name && document.id != but)
    }

    fn find(&mut self, id: u64) -> Option<&mut (StoredDocument, bool)> {
        self.0
            .iter_mut()
            .find(|(document, removed)| document.id == id && !removed)
    }
}

#[async_trait]
impl Documents for MemoryStore {
    async fn documents(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let state = self.state.lock();
        let papers = state.documents.get(&(scope.tenant().clone(), kind));
        Ok(papers.map_or_else(Vec::new, |papers| papers.there().cloned().collect()))
    }

    async fn create_document(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        draft: DocumentDraft,
        audit: AuditEntry,
    ) -> Result<StoredDocument, StoreError> {
        let mut state = self.state.lock();
        state.create_document(scope.tenant(), kind, draft, audit)
    }

    async fn change_document(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        known: (u64, u64),
        draft: DocumentDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError> {
        let mut state = self.state.lock();
        state.change_document(scope.tenant(), kind, known, draft, audit)
    }

    async fn delete_document(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        id: u64,
        _: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError> {
        Ok(self.state.lock().delete_document(scope.tenant(), kind, id, audit))
    }
}

impl State {
    pub(super) fn create_document(
        &mut self,
        tenant: &TenantId,
        kind: DocumentKind,
        draft: DocumentDraft,
        audit: AuditEntry,
    ) -> Result<StoredDocument, StoreError> {
        let papers = self.documents.entry((tenant.clone(), kind)).or_default();
        if papers.is_named(&draft.name, 0) {
            return Err(document_name_taken(kind, &draft.name));
        }
        if papers.there().count() >= MAX_DOCUMENTS {
            return Err(too_many_documents(kind));
        }
        let stamp = (draft.at, draft.by);
        let document = StoredDocument {
            id: papers.0.len() as u64 + 1,
            version: 1,
            name: draft.name,
            body: draft.body,
            created: stamp.clone(),
            changed: stamp,
        };
        papers.0.push((document.clone(), false));
        self.log(tenant, audit);
        Ok(document)
    }

    pub(super) fn change_document(
        &mut self,
        tenant: &TenantId,
        kind: DocumentKind,
        (id, version): (u64, u64),
        draft: DocumentDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError> {
        let papers = self.documents.entry((tenant.clone(), kind)).or_default();
        let taken = papers.is_named(&draft.name, id);
        let Some((document, _)) = papers.find(id) else {
            return Ok(None);
        };
        if document.version != version {
            return Err(changed_meanwhile(kind.as_str(), id, document.version));
        }
        if taken {
            return Err(document_name_taken(kind, &draft.name));
        }
        *document = StoredDocument {
            id,
            version: version + 1,
            name: draft.name,
            body: draft.body,
            created: document.created.clone(),
            changed: (draft.at, draft.by),
        };
        let document = document.clone();
        self.log(tenant, audit);
        Ok(Some(document))
    }

    pub(super) fn delete_document(
        &mut self,
        tenant: &TenantId,
        kind: DocumentKind,
        id: u64,
        audit: AuditEntry,
    ) -> Option<StoredDocument> {
        let papers = self.documents.entry((tenant.clone(), kind)).or_default();
        let (document, removed) = papers.find(id)?;
        *removed = true;
        let document = document.clone();
        self.log(tenant, audit);
        Some(document)
    }
}
