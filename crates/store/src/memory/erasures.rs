//! Erasing in memory, where what is removed is gone.

use async_trait::async_trait;
use domain::Millis;
use domain::erasure::Selection;

use super::MemoryStore;
use crate::erasures::{ERASE_BATCHES, topic_of};
use crate::{
    ErasedEvents, ErasedRows, Erasures, Keyframe, LiveErased, Offset, StoreError, SystemScope, TenantId,
};

#[async_trait]
impl Erasures for MemoryStore {
    async fn erase_events(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        selection: &Selection,
        after: Offset,
        dry: bool,
    ) -> Result<ErasedEvents, StoreError> {
        let state = &mut self.state.lock();
        let mut erased = ErasedEvents::default();
        let mine = state.journal.batches.iter_mut().map(|(batch, _)| batch);
        let mine = mine.filter(|batch| batch.tenant == *tenant && batch.offset > after);
        for (n, batch) in mine.enumerate() {
            if n == ERASE_BATCHES {
                break;
            }
            let taken = batch
                .events
                .iter()
                .filter(|event| selection.takes_event(event))
                .count();
            erased.events += taken as u64;
            erased.next = Some(batch.offset).filter(|_| n + 1 == ERASE_BATCHES);
            if taken > 0 && !dry {
                batch.events.retain(|event| !selection.takes_event(event));
                batch.refusals.clear();
            }
        }
        Ok(erased)
    }

    async fn erase_rows(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        selection: &Selection,
        live: Option<LiveErased>,
    ) -> Result<ErasedRows, StoreError> {
        let state = &mut *self.state.lock();
        let mut erased = ErasedRows::default();
        let dry = live.is_none();
        if let Some(mine) = state.live.get_mut(tenant) {
            if let Some(live) = live {
                if let Some(checkpoint) = live.checkpoint {
                    let there = mine.checkpoint.as_ref();
                    let place = (checkpoint.writer, checkpoint.applied);
                    if there.map(|there| (there.writer, there.applied)) != Some(place) {
                        return Err(StoreError::Conflict("the checkpoint has moved on".into()));
                    }
                    mine.checkpoint = Some(checkpoint);
                }
                mine.seconds = live.seconds.into_iter().map(|row| (row.at, row.stats)).collect();
            }
            let before = mine.transitions.len();
            let mut kept = mine.transitions.clone();
            kept.retain(|(at, _), row| !(selection.takes_time(*at) && selection.takes_breaker(&row.key)));
            erased.transitions = (before - kept.len()) as u64;
            if !dry {
                mine.transitions = kept;
            }
        }
        let board = state.alerts.get_mut(tenant);
        let taken = board.map(|board| board.erase(selection, dry)).unwrap_or_default();
        erased.alerts = taken.len() as u64;
        let topics: Vec<String> = taken.into_iter().map(topic_of).collect();
        if let Some(desk) = state.deliveries.get_mut(tenant) {
            erased.deliveries = desk.erase(&topics, dry);
        }
        Ok(erased)
    }

    async fn keyframe_times(&self, _: &SystemScope, tenant: &TenantId) -> Result<Vec<Millis>, StoreError> {
        let state = self.state.lock();
        let mine = state.live.get(tenant).into_iter();
        Ok(mine.flat_map(|live| live.keyframes.keys().copied()).collect())
    }

    async fn replace_keyframe(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        keyframe: Keyframe,
    ) -> Result<(), StoreError> {
        let state = &mut self.state.lock();
        let mine = state.live.entry(tenant.clone()).or_default();
        if let Some(there) = mine.keyframes.get_mut(&keyframe.at) {
            there.bytes = keyframe.checkpoint.bytes;
        }
        Ok(())
    }

    async fn clean(&self, _: &SystemScope) -> Result<(), StoreError> {
        Ok(())
    }
}
