//! From a key's text to the key, with a small memory so that a busy sender does not cost a query per request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use store::{ApiKey, KeyHash, Keys, StoreError, SystemScope};
use tokio::time::Instant;

use super::key;

/// How long an answer is believed. A revoked key is refused after at most this (the promise is 5 s).
const BELIEVED: Duration = Duration::from_secs(2);
/// Keys remembered; above it the memory starts afresh.
const REMEMBERED: usize = 4_096;

/// Finds keys. Only keys that exist are remembered: guesses must not push them out.
pub struct KeyLookup {
    keys: Arc<dyn Keys>,
    system: SystemScope,
    known: Mutex<HashMap<KeyHash, (Instant, Arc<ApiKey>)>>,
}

impl KeyLookup {
    /// Looks into this store.
    pub fn new(keys: Arc<dyn Keys>, system: SystemScope) -> KeyLookup {
        KeyLookup {
            keys,
            system,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// The key with this text, if there is one and it is not revoked.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn find(&self, text: &str) -> Result<Option<Arc<ApiKey>>, StoreError> {
        if !key::well_formed(text) {
            return Ok(None);
        }
        self.find_hash(&key::hash(text)).await
    }

    /// The key with this hash, if there is one and it is not revoked.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn find_hash(&self, hash: &KeyHash) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let now = Instant::now();
        if let Some((since, known)) = self.known.lock().get(hash)
            && now.duration_since(*since) < BELIEVED
        {
            return Ok(Some(known.clone()));
        }
        let found = self
            .keys
            .by_hash(&self.system, hash)
            .await?
            .filter(|key| key.revoked.is_none())
            .map(Arc::new);
        let mut known = self.known.lock();
        match &found {
            Some(key) => {
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                // `now` is from before the query: the answer may be that old.
                known.insert(*hash, (now, key.clone()));
            }
            None => {
                known.remove(hash);
            }
        }
        Ok(found)
    }
}
