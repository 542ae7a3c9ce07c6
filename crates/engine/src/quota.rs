//! What single tenants may have, where that is something else than usual, and what each has stored.
//!
//! Deliberately absent: refusing. Who takes requests in does that; here calls of further series are folded.

use std::collections::HashMap;

use store::{StoreError, SystemScope, TenantId};

use crate::Engine;

impl Engine {
    /// Gives these tenants a cap of series of their own, all others the usual one. A lower cap forgets nothing: calls of
    /// series that are not known yet are folded.
    pub fn set_series_caps(&self, _: &SystemScope, caps: HashMap<TenantId, usize>) {
        self.tenants().set_series_caps(caps);
    }

    /// The cap of series of a tenant that has none of its own.
    pub fn usual_series_cap(&self) -> usize {
        self.tenants().usual_series_cap()
    }

    /// Bytes that each tenant has stored of what grows with what it sends: batches of the journal, chunks of the rungs,
    /// keyframes. As they are encoded, without what the database takes around them. The first call of a process looks
    /// at the whole journal, later ones at what is new.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn stored(&self, system: &SystemScope) -> Result<HashMap<TenantId, u64>, StoreError> {
        let stores = self.stores();
        let mut stored: HashMap<TenantId, u64> = HashMap::new();
        let kept = stores.journal.stored(system).await?;
        let keyframes = stores.live.keyframe_usage(system).await?;
        for (tenant, bytes) in kept.into_iter().chain(keyframes) {
            *stored.entry(tenant).or_default() += bytes;
        }
        for tenant in self.tenants().all() {
            let rungs = stores.rollups.rollup_usage(system, &tenant.id).await?;
            let bytes: u64 = rungs.iter().map(|rung| rung.bytes).sum();
            *stored.entry(tenant.id.clone()).or_default() += bytes;
        }
        Ok(stored)
    }
}
