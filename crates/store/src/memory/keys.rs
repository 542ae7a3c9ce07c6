//! API keys and the audit log in memory.

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::keys::check_tenant;
use crate::{ApiKey, AuditEntry, KeyHash, Keys, NewApiKey, StoreError, SystemScope, TenantScope};

#[async_trait]
impl Keys for MemoryStore {
    async fn create(&self, scope: &TenantScope, new: NewApiKey, audit: AuditEntry) -> Result<(), StoreError> {
        check_tenant(scope, &new)?;
        let state = &mut *self.state.lock();
        let clash = state.keys.iter().any(|(hash, key)| {
            let named_alike =
                key.tenant == new.key.tenant && key.name == new.key.name && key.revoked.is_none();
            key.id == new.key.id || *hash == new.hash || (named_alike && new.key.revoked.is_none())
        });
        if clash {
            return Err(StoreError::Conflict(format!(
                "a key named {} is there already",
                new.key.name
            )));
        }
        state.keys.push((new.hash, new.key));
        state.audit.push((scope.tenant().clone(), audit));
        Ok(())
    }

    async fn revoke(
        &self,
        scope: &TenantScope,
        id_or_name: &str,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<ApiKey>, StoreError> {
        let state = &mut *self.state.lock();
        let own = |key: &ApiKey| key.tenant == *scope.tenant();
        let by_id = state
            .keys
            .iter()
            .position(|(_, key)| own(key) && key.id == id_or_name);
        let by_name = || {
            let named = |key: &ApiKey| own(key) && key.name == id_or_name && key.revoked.is_none();
            state.keys.iter().position(|(_, key)| named(key))
        };
        let Some(index) = by_id.or_else(by_name) else {
            return Ok(None);
        };
        let key = &mut state.keys[index].1;
        if key.revoked.is_none() {
            key.revoked = Some(at);
            state.audit.push((scope.tenant().clone(), audit));
        }
        Ok(Some(key.clone()))
    }

    async fn by_hash(&self, _: &SystemScope, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let state = self.state.lock();
        Ok(state
            .keys
            .iter()
            .find(|(known, _)| known == hash)
            .map(|(_, key)| key.clone()))
    }

    async fn list(&self, scope: &TenantScope) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.state.lock();
        let own = state
            .keys
            .iter()
            .map(|(_, key)| key)
            .filter(|key| key.tenant == *scope.tenant());
        let mut keys: Vec<ApiKey> = own.cloned().collect();
        keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(keys)
    }

    async fn audit(&self, scope: &TenantScope, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.state.lock();
        let own = state
            .audit
            .iter()
            .rev()
            .filter(|(tenant, _)| tenant == scope.tenant());
        Ok(own.take(limit).map(|(_, entry)| entry.clone()).collect())
    }
}
