//! Ladders in memory.

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::{
    AlertWrite, Duties, Ladder, NewDelivery, StoreError, StoredAlert, SystemScope, TenantId, TenantScope,
};

#[async_trait]
impl Duties for MemoryStore {
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
