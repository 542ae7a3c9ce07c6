//! Partials, transitions and checkpoints in memory.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::Millis;
use domain::rollup::Rung;

use super::MemoryStore;
use crate::live::check_flush;
use crate::{
    Checkpoint, Flush, LiveStore, PartialRow, StoreError, SystemScope, TenantId, TenantScope,
    TransitionQuery, TransitionRow,
};

#[async_trait]
impl LiveStore for MemoryStore {
    async fn flush(&self, _: &SystemScope, flush: Flush) -> Result<(), StoreError> {
        let state = &mut self.state.lock().live;
        let stored = state.get(&flush.tenant).and_then(|live| live.checkpoint.as_ref());
        check_flush(
            &flush,
            stored.map(|checkpoint| (checkpoint.writer, checkpoint.applied)),
        )?;
        let live = state.entry(flush.tenant).or_default();
        let mut places: HashSet<_> = live
            .partials
            .iter()
            .filter(|(_, part, _)| *part == flush.applied)
            .map(|(_, _, row)| (row.bucket, row.series.clone()))
            .collect();
        if !flush
            .partials
            .iter()
            .all(|row| places.insert((row.bucket, row.series.clone())))
        {
            return Err(StoreError::Conflict("a partial is there already".into()));
        }
        let mut ids: HashSet<u64> = live.transitions.keys().map(|(_, id)| *id).collect();
        if !flush.transitions.iter().all(|row| ids.insert(row.id)) {
            return Err(StoreError::Conflict("a transition is there already".into()));
        }
        let partials = flush
            .partials
            .into_iter()
            .map(|row| (Rung::TenSeconds, flush.applied, row));
        live.partials.extend(partials);
        live.transitions
            .extend(flush.transitions.into_iter().map(|row| ((row.at, row.id), row)));
        live.checkpoint = Some(Checkpoint {
            writer: flush.writer,
            applied: flush.applied,
            bytes: flush.checkpoint,
        });
        Ok(())
    }

    async fn tenants(&self, _: &SystemScope) -> Result<Vec<TenantId>, StoreError> {
        Ok(self.state.lock().live.keys().cloned().collect())
    }

    async fn checkpoint(&self, _: &SystemScope, tenant: &TenantId) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self
            .state
            .lock()
            .live
            .get(tenant)
            .and_then(|live| live.checkpoint.clone()))
    }

    async fn partials(
        &self,
        scope: &TenantScope,
        rung: Rung,
        from: Millis,
        to: Millis,
    ) -> Result<Vec<PartialRow>, StoreError> {
        let state = self.state.lock();
        let partials = state
            .live
            .get(scope.tenant())
            .map(|live| live.partials.as_slice())
            .unwrap_or_default();
        let wanted = partials
            .iter()
            .filter(|(of, _, row)| *of == rung && (from..to).contains(&row.bucket));
        Ok(wanted.map(|(_, _, row)| row.clone()).collect())
    }

    async fn transitions(
        &self,
        scope: &TenantScope,
        query: TransitionQuery,
    ) -> Result<Vec<TransitionRow>, StoreError> {
        let state = self.state.lock();
        let Some(live) = state.live.get(scope.tenant()) else {
            return Ok(Vec::new());
        };
        let newest_first = live.transitions.values().rev();
        let wanted = newest_first.filter(|row| {
            query.breaker.is_none_or(|breaker| row.breaker == breaker)
                && query.from.is_none_or(|from| row.at >= from)
                && query.to.is_none_or(|to| row.at < to)
                && query.after.is_none_or(|after| (row.at, row.id) < after)
        });
        Ok(wanted.take(query.limit).cloned().collect())
    }

    async fn ping(&self, _: &SystemScope) -> Result<(), StoreError> {
        Ok(())
    }
}
