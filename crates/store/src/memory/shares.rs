//! Addresses of documents in memory.

use async_trait::async_trait;
use domain::Millis;

use super::{MemoryStore, State};
use crate::shares::share_taken;
use crate::{
    AuditEntry, DocumentDraft, DocumentKind, ShareHash, ShareLink, Shares, StoreError, StoredDocument,
    SystemScope, TenantId, TenantScope,
};

impl State {
    fn share(
        &mut self,
        tenant: &TenantId,
        kind: DocumentKind,
        id: u64,
    ) -> Option<&mut (ShareHash, ShareLink)> {
        self.shares
            .iter_mut()
            .find(|(_, link)| link.tenant == *tenant && link.kind == kind && link.document == id)
    }
}

#[async_trait]
impl Shares for MemoryStore {
    async fn create_shared(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        draft: DocumentDraft,
        hash: ShareHash,
        audit: AuditEntry,
    ) -> Result<StoredDocument, StoreError> {
        let state = &mut *self.state.lock();
        if state.shares.iter().any(|(known, _)| *known == hash) {
            return Err(share_taken());
        }
        let document = state.create_document(scope.tenant(), kind, draft, audit)?;
        let link = ShareLink {
            tenant: scope.tenant().clone(),
            kind,
            document: document.id,
            created: document.created.0,
            opened: None,
        };
        state.shares.push((hash, link));
        Ok(document)
    }

    async fn change_shared(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        known: (u64, u64),
        draft: DocumentDraft,
        hash: ShareHash,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError> {
        let state = &mut *self.state.lock();
        let own = |link: &ShareLink| {
            link.tenant == *scope.tenant() && link.kind == kind && link.document == known.0
        };
        if state
            .shares
            .iter()
            .any(|(taken, link)| *taken == hash && !own(link))
        {
            return Err(share_taken());
        }
        let changed = state.change_document(scope.tenant(), kind, known, draft, audit)?;
        if let Some((own, _)) = changed.as_ref().and(state.share(scope.tenant(), kind, known.0)) {
            *own = hash;
        }
        Ok(changed)
    }

    async fn delete_shared(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
        id: u64,
        _: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDocument>, StoreError> {
        let state = &mut *self.state.lock();
        let deleted = state.delete_document(scope.tenant(), kind, id, audit);
        if deleted.is_some() {
            state.shares.retain(|(_, link)| {
                link.tenant != *scope.tenant() || link.kind != kind || link.document != id
            });
        }
        Ok(deleted)
    }

    async fn share_links(
        &self,
        scope: &TenantScope,
        kind: DocumentKind,
    ) -> Result<Vec<ShareLink>, StoreError> {
        let state = self.state.lock();
        let own = state.shares.iter().map(|(_, link)| link);
        let own = own.filter(|link| link.tenant == *scope.tenant() && link.kind == kind);
        let mut links: Vec<ShareLink> = own.cloned().collect();
        links.sort_by_key(|link| link.document);
        Ok(links)
    }

    async fn share_by_hash(
        &self,
        _: &SystemScope,
        hash: &ShareHash,
    ) -> Result<Option<ShareLink>, StoreError> {
        let state = self.state.lock();
        let found = state.shares.iter().find(|(known, _)| known == hash);
        Ok(found.map(|(_, link)| link.clone()))
    }

    async fn share_opened(
        &self,
        scope: &TenantScope,
        link: &ShareLink,
        at: Millis,
        day: Millis,
        audit: AuditEntry,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state.lock();
        let Some((_, known)) = state.share(scope.tenant(), link.kind, link.document) else {
            return Ok(());
        };
        let first = known.opened.is_none_or(|opened| opened < day);
        known.opened = known.opened.max(Some(at));
        if first {
            state.log(scope.tenant(), audit);
        }
        Ok(())
    }
}
