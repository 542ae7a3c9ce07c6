//! People in memory.

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::alerts::changed_meanwhile;
use crate::duties::{MAX_DUTIES, duty_name_taken, too_many_duties};
use crate::{
    AlertWrite, AuditEntry, Duties, DutyDraft, DutyKind, Ladder, NewDelivery, StoreError, StoredAlert,
    StoredDuty, SystemScope, TenantId, TenantScope,
};

/// The documents of one kind, with those that were removed.
#[derive(Default)]
pub(super) struct Papers(Vec<(StoredDuty, bool)>);

impl Papers {
    fn there(&self) -> impl Iterator<Item = &StoredDuty> {
        self.0
            .iter()
            .filter(|(_, removed)| !removed)
            .map(|(duty, _)| duty)
    }

    fn is_named(&self, name: &str, but: u64) -> bool {
        self.there().any(|duty| duty.name == name && duty.id != but)
    }

    fn find(&mut self, id: u64) -> Option<&mut (StoredDuty, bool)> {
        self.0
            .iter_mut()
            .find(|(duty, removed)| duty.id == id && !removed)
    }
}

#[async_trait]
impl Duties for MemoryStore {
    async fn duties(&self, scope: &TenantScope, kind: DutyKind) -> Result<Vec<StoredDuty>, StoreError> {
        let state = self.state.lock();
        let papers = state.duties.get(&(scope.tenant().clone(), kind));
        Ok(papers.map_or_else(Vec::new, |papers| papers.there().cloned().collect()))
    }

    async fn create_duty(
        &self,
        scope: &TenantScope,
        kind: DutyKind,
        draft: DutyDraft,
        audit: AuditEntry,
    ) -> Result<StoredDuty, StoreError> {
        let state = &mut *self.state.lock();
        let papers = state.duties.entry((scope.tenant().clone(), kind)).or_default();
        if papers.is_named(&draft.name, 0) {
            return Err(duty_name_taken(kind, &draft.name));
        }
        if papers.there().count() >= MAX_DUTIES {
            return Err(too_many_duties(kind));
        }
        let stamp = (draft.at, draft.by);
        let duty = StoredDuty {
            id: papers.0.len() as u64 + 1,
            version: 1,
            name: draft.name,
            body: draft.body,
            created: stamp.clone(),
            changed: stamp,
        };
        papers.0.push((duty.clone(), false));
        state.log(scope.tenant(), audit);
        Ok(duty)
    }

    async fn change_duty(
        &self,
        scope: &TenantScope,
        kind: DutyKind,
        (id, version): (u64, u64),
        draft: DutyDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredDuty>, StoreError> {
        let state = &mut *self.state.lock();
        let papers = state.duties.entry((scope.tenant().clone(), kind)).or_default();
        let taken = papers.is_named(&draft.name, id);
        let Some((duty, _)) = papers.find(id) else {
            return Ok(None);
        };
        if duty.version != version {
            return Err(changed_meanwhile(kind.as_str(), id, duty.version));
        }
        if taken {
            return Err(duty_name_taken(kind, &draft.name));
        }
        *duty = StoredDuty {
            id,
            version: version + 1,
            name: draft.name,
            body: draft.body,
            created: duty.created.clone(),
            changed: (draft.at, draft.by),
        };
        let duty = duty.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(duty))
    }

    async fn delete_duty(
        &self,
        scope: &TenantScope,
        kind: DutyKind,
        id: u64,
        _: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDuty>, StoreError> {
        let state = &mut *self.state.lock();
        let papers = state.duties.entry((scope.tenant().clone(), kind)).or_default();
        let Some((duty, removed)) = papers.find(id) else {
            return Ok(None);
        };
        *removed = true;
        let duty = duty.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(duty))
    }

    async fn ladder(&self, scope: &TenantScope, alert: u64) -> Result<Option<Ladder>, StoreError> {
        let state = self.state.lock();
        let board = state.alerts.get(scope.tenant());
        Ok(board.and_then(|board| board.ladders.get(&alert)).copied())
    }

    async fn due_ladders(
        &self,
        _: &SystemScope,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<(TenantId, Ladder)>, StoreError> {
        let state = self.state.lock();
        let all = state.alerts.iter();
        let all =
            all.flat_map(|(tenant, board)| board.ladders.values().map(|ladder| (tenant.clone(), *ladder)));
        let mut due: Vec<_> = all
            .filter(|(_, ladder)| ladder.due.is_some_and(|due| due <= now))
            .collect();
        due.sort_by_key(|(_, ladder)| ladder.due);
        due.truncate(limit);
        Ok(due)
    }

    async fn climb(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        known: Ladder,
        (next, due): (u32, Option<Millis>),
        told: Option<(AlertWrite, Vec<NewDelivery>)>,
    ) -> Result<Option<Option<StoredAlert>>, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(tenant.clone()).or_default();
        if board.ladders.get(&known.alert) != Some(&known) {
            return Ok(None);
        }
        let mut written = None;
        if let Some((write, deliveries)) = told {
            written = board.write(write)?;
            let desk = state.deliveries.entry(tenant.clone()).or_default();
            for new in deliveries {
                desk.add(new);
            }
        }
        let moved = Ladder { next, due, ..known };
        board.ladders.insert(known.alert, moved);
        Ok(Some(written))
    }
}
