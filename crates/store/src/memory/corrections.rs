//! Corrections in memory.

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::alerts::changed_meanwhile;
use crate::corrections::{
    FORGOTTEN_AFTER, MAX_IN_FORCE, erasing_already, not_erasing, not_in_force, too_many_corrections,
};
use crate::{
    AuditEntry, CorrectionDraft, CorrectionKind, CorrectionState, Corrections, ErasureStep, StoreError,
    StoredCorrection, SystemScope, TenantId, TenantScope,
};

#[async_trait]
impl Corrections for MemoryStore {
    async fn corrections(
        &self,
        scope: &TenantScope,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredCorrection>, StoreError> {
        let state = self.state.lock();
        let all = state.corrections.get(scope.tenant()).into_iter().flatten().rev();
        let wanted = all.filter(|stored| before.is_none_or(|before| stored.id < before));
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn correction(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredCorrection>, StoreError> {
        let state = self.state.lock();
        let mut all = state.corrections.get(scope.tenant()).into_iter().flatten();
        Ok(all.find(|stored| stored.id == id).cloned())
    }

    async fn make_correction(
        &self,
        scope: &TenantScope,
        draft: CorrectionDraft,
        audit: AuditEntry,
    ) -> Result<StoredCorrection, StoreError> {
        let state = &mut *self.state.lock();
        let all = state.corrections.entry(scope.tenant().clone()).or_default();
        let erases = draft.kind == CorrectionKind::Erase;
        let erasing =
            |stored: &&StoredCorrection| stored.state.is_open() && stored.kind == CorrectionKind::Erase;
        let since = draft.at.saturating_sub(FORGOTTEN_AFTER);
        let in_force = |stored: &&StoredCorrection| {
            stored.state == CorrectionState::InForce
                && (stored.kind != CorrectionKind::Forget || stored.made > since)
        };
        if erases && all.iter().any(|stored| erasing(&stored)) {
            return Err(erasing_already());
        }
        if !erases && all.iter().filter(in_force).count() >= MAX_IN_FORCE {
            return Err(too_many_corrections());
        }
        let stored = StoredCorrection {
            id: all.len() as u64 + 1,
            version: 1,
            kind: draft.kind,
            state: match erases {
                true => CorrectionState::Running,
                false => CorrectionState::InForce,
            },
            body: draft.body,
            words: draft.words,
            made: draft.at,
            made_by: draft.by,
            ended: None,
            outcome: String::new(),
        };
        all.push(stored.clone());
        state.log(scope.tenant(), audit);
        Ok(stored)
    }

    async fn undo_correction(
        &self,
        scope: &TenantScope,
        (id, version): (u64, u64),
        by: (Millis, String),
        audit: AuditEntry,
    ) -> Result<Option<StoredCorrection>, StoreError> {
        let state = &mut *self.state.lock();
        let all = state.corrections.entry(scope.tenant().clone()).or_default();
        let Some(stored) = all.iter_mut().find(|stored| stored.id == id) else {
            return Ok(None);
        };
        if stored.version != version {
            return Err(changed_meanwhile("correction", id, stored.version));
        }
        if stored.state != CorrectionState::InForce {
            return Err(not_in_force(id));
        }
        stored.state = CorrectionState::Undone;
        stored.version += 1;
        stored.ended = Some(by);
        let undone = stored.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(undone))
    }

    async fn open_corrections(
        &self,
        _: &SystemScope,
    ) -> Result<Vec<(TenantId, StoredCorrection)>, StoreError> {
        let state = self.state.lock();
        let all = state.corrections.iter();
        let all = all.flat_map(|(tenant, all)| all.iter().map(move |stored| (tenant, stored)));
        let open = all.filter(|(_, stored)| stored.state.is_open());
        Ok(open
            .map(|(tenant, stored)| (tenant.clone(), stored.clone()))
            .collect())
    }

    async fn step_erasure(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        step: ErasureStep,
        audit: Option<AuditEntry>,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state.lock();
        let all = state.corrections.entry(tenant.clone()).or_default();
        let erasing =
            |stored: &&mut StoredCorrection| stored.id == step.id && stored.kind == CorrectionKind::Erase;
        let Some(stored) = all
            .iter_mut()
            .filter(|stored| stored.state.is_open())
            .find(erasing)
        else {
            return Err(not_erasing(step.id));
        };
        stored.version += 1;
        stored.state = step.state;
        stored.body = step.body;
        stored.outcome = step.outcome;
        stored.ended = (step.state == CorrectionState::Done).then(|| (step.at, "system".to_owned()));
        if let Some(entry) = audit {
            state.log(tenant, entry);
        }
        Ok(())
    }
}
