//! From a key's text to the key, with a small memory so that a busy sender does not cost a query per request. And back:
//! when each key was seen last, told to the store once a minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::Millis;
use engine::Clock;
use ipnet::IpNet;
use parking_lot::Mutex;
use store::{ApiKey, KeyHash, Keys, StoreError, SystemScope};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::key;

/// How long an answer is believed. A revoked key is refused after at most this (the promise is 5 s).
const BELIEVED: Duration = Duration::from_secs(2);
/// Keys remembered; above it the memory starts afresh.
const REMEMBERED: usize = 4_096;
/// How often the store is told which keys were seen.
const TOLD: Duration = Duration::from_secs(60);

/// A key that counts, ready to be asked from where.
#[derive(Debug)]
pub struct KnownKey {
    /// As stored.
    pub key: Arc<ApiKey>,
    /// Its address ranges, read.
    ranges: Vec<IpNet>,
}

impl KnownKey {
    fn new(key: ApiKey) -> KnownKey {
        // A range that cannot be read lets nobody in; `by_address` sees that there was one.
        let ranges = key
            .addresses
            .iter()
            .filter_map(|range| range.parse().ok())
            .collect();
        KnownKey {
            key: Arc::new(key),
            ranges,
        }
    }

    /// Whether the key counts when it comes from this address.
    pub fn by_address(&self, from: Option<IpAddr>) -> bool {
        if self.key.addresses.is_empty() {
            return true;
        }
        // An IPv4 sender on a socket for both is ::ffff:a.b.c.d.
        from.is_some_and(|from| {
            self.ranges
                .iter()
                .any(|range| range.contains(&from.to_canonical()))
        })
    }
}

/// Finds keys. Only keys that exist are remembered: guesses must not push them out.
pub struct KeyLookup {
    keys: Arc<dyn Keys>,
    system: SystemScope,
    clock: Clock,
    known: Mutex<HashMap<KeyHash, (Instant, Arc<KnownKey>)>>,
    seen: Mutex<HashMap<String, Millis>>,
}

impl KeyLookup {
    /// Looks into this store.
    pub fn new(keys: Arc<dyn Keys>, system: SystemScope, clock: Clock) -> KeyLookup {
        KeyLookup {
            keys,
            system,
            clock,
            known: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// The key with this text, if there is one and it counts.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn find(&self, text: &str) -> Result<Option<Arc<KnownKey>>, StoreError> {
        if !key::well_formed(text) {
            return Ok(None);
        }
        self.find_hash(&key::hash(text)).await
    }

    /// The key with this hash, if there is one and it is neither revoked nor expired.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn find_hash(&self, hash: &KeyHash) -> Result<Option<Arc<KnownKey>>, StoreError> {
        let now = Instant::now();
        let remembered = self.known.lock().get(hash).cloned();
        let found = match remembered {
            Some((since, known)) if now.duration_since(since) < BELIEVED => Some(known),
            _ => self.ask(hash, now).await?,
        };
        Ok(found.filter(|known| known.key.counts(self.clock.now())))
    }

    async fn ask(&self, hash: &KeyHash, now: Instant) -> Result<Option<Arc<KnownKey>>, StoreError> {
        let found = self.keys.by_hash(&self.system, hash).await?;
        let found = found.filter(|key| key.revoked.is_none());
        let found = found.map(|key| Arc::new(KnownKey::new(key)));
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

    /// The key opened something.
    pub fn note(&self, key: &ApiKey) {
        let now = self.clock.now();
        let mut seen = self.seen.lock();
        match seen.get_mut(&key.id) {
            Some(at) => *at = now,
            None => {
                seen.insert(key.id.clone(), now);
            }
        }
    }

    /// Tells the store, once a minute and at the end, which keys were seen since.
    pub async fn tell_seen(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(TOLD) => {}
                () = stop.cancelled() => {}
            }
            let seen: Vec<(String, Millis)> = self.seen.lock().drain().collect();
            if !seen.is_empty()
                && let Err(error) = self.keys.used(&self.system, &seen).await
            {
                // The next minute's note says as much.
                tracing::warn!(%error, "when keys were last used could not be stored");
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use store::TenantId;

    use super::*;

    fn known(ranges: &[&str]) -> KnownKey {
        KnownKey::new(ApiKey {
            id: "k".into(),
            tenant: TenantId::default_tenant(),
            name: "k".into(),
            prefix: "fb_k".into(),
            scopes: Vec::new(),
            created: 0,
            expires: None,
            addresses: ranges.iter().map(|range| (*range).to_owned()).collect(),
            last_used: None,
            replaced_by: None,
            revoked: None,
        })
    }

    fn lets(ranges: &[&str], from: &str) -> bool {
        known(ranges).by_address(Some(from.parse().unwrap()))
    }

    #[test]
    fn a_key_without_ranges_counts_from_everywhere() {
        assert!(lets(&[], "203.0.113.7"));
        assert!(known(&[]).by_address(None));
    }

    #[test]
    fn a_key_with_ranges_counts_from_inside_them() {
        let ranges = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"];
        for inside in ["10.1.2.3", "2001:db8::1", "192.0.2.7", "::ffff:10.1.2.3"] {
            assert!(lets(&ranges, inside), "{inside}");
        }
        for outside in [
            "11.0.0.1",
            "192.0.2.8",
            "2001:db9::1",
            "::1",
            "::ffff:11.0.0.1",
            "::10.1.2.3",
        ] {
            assert!(!lets(&ranges, outside), "{outside}");
        }
        assert!(!known(&ranges).by_address(None), "nobody knows from where");
    }

    #[test]
    fn a_range_that_cannot_be_read_lets_nobody_in() {
        assert!(!lets(&["10.0.0.0/33"], "10.0.0.1"));
    }
}
