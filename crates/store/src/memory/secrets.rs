//! Secrets in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::secrets::{NONCE, check_logged, no_data_key, not_the_last};
use crate::{
    DataKey, Holder, Logged, MasterKey, Place, SealedSecret, Secrets, StoreError, SystemScope, Which,
};

/// All three layers.
#[derive(Default)]
pub(super) struct Safe {
    /// Oldest first.
    masters: Vec<MasterKey>,
    data_keys: BTreeMap<(Holder, u32), DataKey>,
    secrets: BTreeMap<(Holder, Place), SealedSecret>,
}

impl Safe {
    fn has_data_key(&self, holder: &Holder, n: u32) -> Result<(), StoreError> {
        match self.data_keys.contains_key(&(holder.clone(), n)) {
            true => Ok(()),
            false => Err(no_data_key(n)),
        }
    }

    fn own<'a>(&'a self, holder: &'a Holder) -> impl Iterator<Item = &'a SealedSecret> {
        let own = self.secrets.iter().filter(move |((owner, _), _)| owner == holder);
        own.map(|(_, secret)| secret)
    }
}

#[async_trait]
impl Secrets for MemoryStore {
    async fn master_keys(&self, _: &SystemScope) -> Result<Vec<MasterKey>, StoreError> {
        Ok(self.state.lock().safe.masters.clone())
    }

    async fn add_master_key(
        &self,
        _: &SystemScope,
        new: MasterKey,
        after: Option<&str>,
        audit: Logged,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let masters = &mut state.safe.masters;
        let last = masters.last().map(|master| master.id.as_str());
        if last != after || masters.iter().any(|master| master.id == new.id) {
            return Ok(false);
        }
        masters.push(new);
        state.log_to(audit);
        Ok(true)
    }

    async fn drop_master_key(&self, _: &SystemScope, id: &str, audit: Logged) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let safe = &mut state.safe;
        let needed = safe.data_keys.values().any(|key| key.master == id);
        let place = safe.masters.iter().position(|master| master.id == id);
        let Some(place) = place.filter(|_| !needed) else {
            return Ok(false);
        };
        safe.masters.remove(place);
        state.log_to(audit);
        Ok(true)
    }

    async fn data_keys(&self, _: &SystemScope) -> Result<Vec<DataKey>, StoreError> {
        Ok(self.state.lock().safe.data_keys.values().cloned().collect())
    }

    async fn data_keys_of(&self, holder: &Holder) -> Result<Vec<DataKey>, StoreError> {
        let state = self.state.lock();
        let keys = state.safe.data_keys.values();
        Ok(keys.filter(|key| key.holder == *holder).cloned().collect())
    }

    async fn add_data_key(&self, new: DataKey) -> Result<(), StoreError> {
        let safe = &mut self.state.lock().safe;
        if safe.masters.last().is_none_or(|last| last.id != new.master) {
            return Err(not_the_last(&new.master));
        }
        let at = (new.holder.clone(), new.n);
        if safe.data_keys.contains_key(&at) {
            return Err(StoreError::Conflict(format!(
                "there is a data key {} already",
                new.n
            )));
        }
        safe.data_keys.insert(at, new);
        Ok(())
    }

    async fn drop_data_key(&self, holder: &Holder, n: u32) -> Result<bool, StoreError> {
        let safe = &mut self.state.lock().safe;
        if safe.own(holder).any(|secret| secret.data_key == n) {
            return Ok(false);
        }
        Ok(safe.data_keys.remove(&(holder.clone(), n)).is_some())
    }

    async fn put_secret(
        &self,
        holder: &Holder,
        mut new: SealedSecret,
        audit: Logged,
    ) -> Result<(), StoreError> {
        check_logged(holder, &audit)?;
        let state = &mut *self.state.lock();
        state.safe.has_data_key(holder, new.data_key)?;
        let at = (holder.clone(), new.place.clone());
        if let Some(old) = state.safe.secrets.get(&at) {
            new.created = old.created;
        }
        state.safe.secrets.insert(at, new);
        state.log_to(audit);
        Ok(())
    }

    async fn secret(&self, holder: &Holder, place: &Place) -> Result<Option<SealedSecret>, StoreError> {
        let state = self.state.lock();
        let found = state.safe.secrets.get(&(holder.clone(), place.clone()));
        Ok(found.cloned())
    }

    async fn secrets(
        &self,
        holder: &Holder,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let state = self.state.lock();
        let own = state.safe.own(holder);
        let later = own.filter(|secret| after.is_none_or(|after| secret.place > *after));
        Ok(later.take(limit).cloned().collect())
    }

    async fn sealed_otherwise(
        &self,
        holder: &Holder,
        data_key: u32,
        limit: usize,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let state = self.state.lock();
        let own = state.safe.own(holder);
        let other = own.filter(|secret| secret.data_key != data_key);
        Ok(other.take(limit).cloned().collect())
    }

    async fn reseal(
        &self,
        holder: &Holder,
        resealed: Vec<([u8; NONCE], SealedSecret)>,
    ) -> Result<u64, StoreError> {
        let State { safe, .. } = &mut *self.state.lock();
        for (_, new) in &resealed {
            safe.has_data_key(holder, new.data_key)?;
        }
        let mut count = 0;
        for (nonce, new) in resealed {
            let stored = safe.secrets.get_mut(&(holder.clone(), new.place.clone()));
            if let Some(stored) = stored.filter(|stored| stored.nonce == nonce) {
                stored.data_key = new.data_key;
                stored.nonce = new.nonce;
                stored.sealed = new.sealed;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn drop_secrets(
        &self,
        holder: &Holder,
        kind: &str,
        owner: &str,
        which: Which<'_>,
        audit: Logged,
    ) -> Result<Vec<String>, StoreError> {
        check_logged(holder, &audit)?;
        let state = &mut *self.state.lock();
        let mut dropped = Vec::new();
        state.safe.secrets.retain(|(of, place), secret| {
            let own = of == holder && place.kind == kind && place.owner == owner;
            let meant = match which {
                Which::All => true,
                Which::Field(field) => place.field == field,
                Which::NotFor(destination) => {
                    let bound = secret.destination.as_deref();
                    bound.is_some_and(|bound| bound != destination)
                }
            };
            if own && meant {
                dropped.push(place.field.clone());
            }
            !(own && meant)
        });
        if !dropped.is_empty() {
            state.log_to(audit);
        }
        Ok(dropped)
    }

    async fn forget(&self, _: &SystemScope, masters: &[String], audit: Logged) -> Result<u64, StoreError> {
        let state = &mut *self.state.lock();
        let Safe {
            masters: known,
            data_keys,
            secrets,
        } = &mut state.safe;
        let lost = |key: &DataKey| masters.contains(&key.master);
        let before = secrets.len();
        secrets.retain(|(holder, _), secret| {
            let key = data_keys.get(&(holder.clone(), secret.data_key));
            !key.is_some_and(lost)
        });
        let gone = (before - secrets.len()) as u64;
        data_keys.retain(|_, key| !lost(key));
        known.retain(|master| !masters.contains(&master.id));
        state.log_to(audit);
        Ok(gone)
    }
}
