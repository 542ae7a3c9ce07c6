//! API keys in memory.

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use super::State;
use crate::keys::{check_rotation, check_tenant};
use crate::{ApiKey, AuditEntry, KeyHash, Keys, NewApiKey, StoreError, SystemScope, TenantId, TenantScope};

#[async_trait]
impl Keys for MemoryStore {
    async fn create(&self, scope: &TenantScope, new: NewApiKey, audit: AuditEntry) -> Result<(), StoreError> {
        check_tenant(scope, &new)?;
        let state = &mut *self.state.lock();
        state.add(new)?;
        state.log(scope.tenant(), audit);
        Ok(())
    }

    async fn rotate(
        &self,
        scope: &TenantScope,
        old: &str,
        until: Millis,
        new: NewApiKey,
        audit: AuditEntry,
    ) -> Result<Option<ApiKey>, StoreError> {
        check_tenant(scope, &new)?;
        let state = &mut *self.state.lock();
        let Some(place) = state.place(scope.tenant(), old) else {
            return Ok(None);
        };
        let before = state.keys[place].1.clone();
        check_rotation(&before)?;
        let replaced = &mut state.keys[place].1;
        replaced.replaced_by = Some(new.key.id.clone());
        replaced.expires = Some(before.expires.map_or(until, |expires| expires.min(until)));
        let replaced = replaced.clone();
        if let Err(error) = state.add(new) {
            state.keys[place].1 = before;
            return Err(error);
        }
        state.log(scope.tenant(), audit);
        Ok(Some(replaced))
    }

    async fn revoke(
        &self,
        scope: &TenantScope,
        id_or_name: &str,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<ApiKey>, StoreError> {
        let state = &mut *self.state.lock();
        let Some(place) = state.place(scope.tenant(), id_or_name) else {
            return Ok(None);
        };
        if state.keys[place].1.revoked.is_none() {
            let mut ending = Some(place);
            while let Some(place) = ending {
                let key = &mut state.keys[place].1;
                key.revoked = key.revoked.or(Some(at));
                let id = key.id.clone();
                ending = state
                    .keys
                    .iter()
                    .position(|(_, key)| key.replaced_by.as_ref() == Some(&id));
            }
            state.log(scope.tenant(), audit);
        }
        Ok(Some(state.keys[place].1.clone()))
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

    async fn used(&self, _: &SystemScope, used: &[(String, Millis)]) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        for (id, at) in used {
            if let Some((_, key)) = state.keys.iter_mut().find(|(_, key)| key.id == *id) {
                key.last_used = key.last_used.max(Some(*at));
            }
        }
        Ok(())
    }
}

impl State {
    fn add(&mut self, new: NewApiKey) -> Result<(), StoreError> {
        let in_use = |key: &ApiKey| key.revoked.is_none() && key.replaced_by.is_none();
        let clash = self.keys.iter().any(|(hash, key)| {
            let named_alike = key.tenant == new.key.tenant && key.name == new.key.name;
            key.id == new.key.id || *hash == new.hash || (named_alike && in_use(key) && in_use(&new.key))
        });
        if clash {
            return Err(StoreError::Conflict(format!(
                "a key named {} is there already",
                new.key.name
            )));
        }
        self.keys.push((new.hash, new.key));
        Ok(())
    }

    /// By id, else the key in use of that name.
    fn place(&self, tenant: &TenantId, id_or_name: &str) -> Option<usize> {
        let own = |key: &ApiKey| key.tenant == *tenant;
        let named = |key: &ApiKey| {
            own(key) && key.name == id_or_name && key.revoked.is_none() && key.replaced_by.is_none()
        };
        let by_id = self
            .keys
            .iter()
            .position(|(_, key)| own(key) && key.id == id_or_name);
        by_id.or_else(|| self.keys.iter().position(|(_, key)| named(key)))
    }
}
