//! The audit log in memory. Its key is a constant: what forgets with the process has nothing to prove.

use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::audit::{AuditKey, seal};
use crate::{
    AuditEntry, AuditHead, AuditQuery, Audits, SealedEntry, StoreError, SystemScope, TenantId, TenantScope,
};

/// What seals the log of a memory store.
const KEY: [u8; 32] = [7; 32];

impl State {
    pub(super) fn log(&mut self, tenant: &TenantId, entry: AuditEntry) {
        let chain = self.audit.entry(tenant.clone()).or_default();
        let previous = chain.last().map(|last| (last.n, last.hash));
        chain.push(seal(&AuditKey::new(KEY), tenant, previous, entry));
    }
}

#[async_trait]
impl Audits for MemoryStore {
    async fn record(&self, scope: &TenantScope, entry: AuditEntry) -> Result<(), StoreError> {
        self.state.lock().log(scope.tenant(), entry);
        Ok(())
    }

    async fn audit(&self, scope: &TenantScope, query: AuditQuery) -> Result<Vec<SealedEntry>, StoreError> {
        let state = self.state.lock();
        let chain = state.audit.get(scope.tenant()).into_iter().flatten().rev();
        let wanted = chain.filter(|sealed| {
            query.before.is_none_or(|before| sealed.n < before) && query.wants(&sealed.entry)
        });
        Ok(wanted.take(query.limit).cloned().collect())
    }

    async fn sealed(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<SealedEntry>, StoreError> {
        let state = self.state.lock();
        let chain = state.audit.get(tenant).into_iter().flatten();
        Ok(chain
            .filter(|sealed| sealed.n > after)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn reseal(&self, _: &SystemScope, entry: AuditEntry) -> Result<u64, StoreError> {
        let mut state = self.state.lock();
        let chains = std::mem::take(&mut state.audit);
        let mut resealed = 0;
        for (tenant, chain) in chains {
            resealed += chain.len() as u64;
            for sealed in chain {
                state.log(&tenant, sealed.entry);
            }
            state.log(&tenant, entry.clone());
        }
        Ok(resealed)
    }

    async fn heads(&self, _: &SystemScope) -> Result<Vec<AuditHead>, StoreError> {
        let state = self.state.lock();
        let head = |(tenant, chain): (&TenantId, &Vec<SealedEntry>)| {
            chain.last().map(|last| AuditHead {
                tenant: tenant.clone(),
                n: last.n,
                hash: last.hash,
                mac: last.mac,
            })
        };
        Ok(state.audit.iter().filter_map(head).collect())
    }
}
