//! The steps of an erasure, in their order.

use std::sync::Arc;

use domain::erasure::Selection;
use protocol::record::Erased;
use store::{
    AuditEntry, CorrectionKind, CorrectionState, ErasureStep, Offset, StoreError, StoredCorrection, TenantId,
};
use tokio_util::sync::CancellationToken;

use super::Eraser;
use super::chunks::Chunks;
use crate::pipeline::describe;
use crate::record::Body;
use crate::start::system_read;
use crate::tenants::Tenant;

/// Before the first batch.
const START: Offset = Offset { writer: 0, seq: 0 };

impl Eraser {
    /// Does what is not done.
    pub async fn work_through(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let open = self.stores.corrections.open_corrections(&self.system).await?;
        for (tenant, stored) in open {
            if stored.kind != CorrectionKind::Erase {
                continue;
            }
            if stop.is_cancelled() {
                return Ok(());
            }
            // One that fails keeps nobody else's waiting.
            if let Err(error) = self.erase(&tenant, stored).await {
                tracing::error!(
                    %tenant,
                    error = %describe(&error),
                    "an erasure could not be done yet and will be gone on with"
                );
            }
        }
        Ok(())
    }

    async fn erase(&self, id: &TenantId, stored: StoredCorrection) -> Result<(), StoreError> {
        let tenant = self.tenants.get(id);
        let mut body = Body::read(&stored.body)?;
        let mut outcome = stored.outcome;
        if stored.state == CorrectionState::Running {
            let selection = body.selection();
            let erased = self.remove(&tenant, &selection).await?;
            outcome = serde_json::to_string(&erased).unwrap_or_default();
            body = body.without_what_was_erased();
            self.step(id, stored.id, CorrectionState::Cleaning, &body, &outcome, None)
                .await?;
        }
        self.stores.erasures.clean(&self.system).await?;
        let entry = AuditEntry {
            at: self.clock.now(),
            actor: "system".into(),
            address: String::new(),
            action: "record.erased".into(),
            target: stored.id.to_string(),
            detail: outcome.clone(),
        };
        self.step(id, stored.id, CorrectionState::Done, &body, &outcome, Some(entry))
            .await?;
        tracing::info!(tenant = %id, correction = stored.id, outcome, "an erasure is done");
        Ok(())
    }

    async fn step(
        &self,
        tenant: &TenantId,
        id: u64,
        state: CorrectionState,
        body: &Body,
        outcome: &str,
        entry: Option<AuditEntry>,
    ) -> Result<(), StoreError> {
        let step = ErasureStep {
            id,
            state,
            body: body.written(),
            outcome: outcome.to_owned(),
            at: self.clock.now(),
        };
        self.stores
            .corrections
            .step_erasure(&self.system, tenant, step, entry)
            .await
    }

    /// Takes it out of everything that is kept.
    async fn remove(&self, tenant: &Arc<Tenant>, selection: &Selection) -> Result<Erased, StoreError> {
        let mut erased = Erased::default();
        let mut chunks = Chunks::new(self, &tenant.id, selection);
        let head = self.stores.journal.head(&self.system).await?;
        // Most of it lies still, and nobody waits while it is gone through.
        erased.events = self.events(&tenant.id, selection, START, false).await?;
        erased.buckets = chunks.erase().await?;

        let desk = self.evaluator.desk(tenant).await?;
        let mut state = desk.state.lock().await;
        let gate = self.tenants.close_gate().await;
        if !self.flusher.compact_now(tenant).await {
            return Err(StoreError::Unavailable("live state could not be flushed".into()));
        }
        erased.events += self.events(&tenant.id, selection, head, false).await?;
        erased.buckets += chunks.erase().await?;
        erased.buckets += chunks.rebuild_days().await?;
        let rows = self.live(tenant, selection).await?;
        drop(gate);
        erased.transitions = rows.transitions;
        erased.alerts = rows.alerts;
        erased.messages = rows.deliveries;
        // Also when there was none: an attempt that failed afterwards may have taken them.
        self.evaluator.reload(&desk, &mut state).await?;
        drop(state);

        self.keyframes(&tenant.id, selection).await?;
        Ok(erased)
    }

    /// What would be taken now.
    pub async fn preview(&self, tenant: &Tenant, selection: &Selection) -> Result<Erased, StoreError> {
        if !self.flusher.compact_now(tenant).await {
            return Err(StoreError::Unavailable("live state could not be flushed".into()));
        }
        let rows = self
            .stores
            .erasures
            .erase_rows(&self.system, &tenant.id, selection, None)
            .await?;
        Ok(Erased {
            events: self.events(&tenant.id, selection, START, true).await?,
            buckets: Chunks::new(self, &tenant.id, selection).count().await?,
            transitions: rows.transitions,
            alerts: rows.alerts,
            messages: rows.deliveries,
        })
    }

    async fn events(
        &self,
        tenant: &TenantId,
        selection: &Selection,
        mut after: Offset,
        dry: bool,
    ) -> Result<u64, StoreError> {
        let mut events = 0;
        loop {
            let page = self
                .stores
                .erasures
                .erase_events(&self.system, tenant, selection, after, dry)
                .await?;
            events += page.events;
            match page.next {
                Some(next) => after = next,
                None => return Ok(events),
            }
        }
    }

    /// Checkpoints that are kept hold names of breakers and of series.
    async fn keyframes(&self, tenant: &TenantId, selection: &Selection) -> Result<(), StoreError> {
        let scope = system_read(tenant);
        for at in self.stores.erasures.keyframe_times(&self.system, tenant).await? {
            let Some(mut keyframe) = self.stores.live.keyframe(&scope, at).await? else {
                continue;
            };
            let bytes = &keyframe.checkpoint.bytes;
            let without = crate::live::erased_checkpoint(tenant, bytes, selection, None)?;
            if keyframe.at != at || without == *bytes {
                continue;
            }
            keyframe.checkpoint.bytes = without;
            self.stores
                .erasures
                .replace_keyframe(&self.system, tenant, keyframe)
                .await?;
        }
        Ok(())
    }
}
