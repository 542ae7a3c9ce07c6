//! Partials, transitions and checkpoints in memory.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::Millis;
use domain::rollup::{Bucket, Rung};

use super::MemoryStore;
use crate::live::{check_flush, cut_seconds};
use crate::{
    Checkpoint, Flush, Keyframe, LiveStore, PartialRow, SecondRow, StoreError, SystemScope, TenantId,
    TenantScope, TransitionQuery, TransitionRow,
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
        let cut = cut_seconds(&flush);
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
        if let Some(cut) = cut {
            let rows = flush.seconds.into_iter().map(|row| (row.at, row.stats));
            live.seconds.extend(rows);
            live.seconds = live.seconds.split_off(&cut);
        }
        live.checkpoint = Some(Checkpoint {
            writer: flush.writer,
            applied: flush.applied,
            bytes: flush.checkpoint,
        });
        Ok(())
    }

    async fn tenants(&self, _: &SystemScope) -> Result<Vec<TenantId>, StoreError> {
        let state = self.state.lock();
        let written = state.live.iter().filter(|(_, live)| live.checkpoint.is_some());
        Ok(written.map(|(tenant, _)| tenant.clone()).collect())
    }

    async fn checkpoint(&self, _: &SystemScope, tenant: &TenantId) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self
            .state
            .lock()
            .live
            .get(tenant)
            .and_then(|live| live.checkpoint.clone()))
    }

    async fn seconds(&self, _: &SystemScope, tenant: &TenantId) -> Result<Vec<SecondRow>, StoreError> {
        let state = self.state.lock();
        let seconds = state.live.get(tenant).into_iter().flat_map(|live| &live.seconds);
        let row = |(at, stats): (&Millis, &Bucket)| SecondRow {
            at: *at,
            stats: stats.clone(),
        };
        Ok(seconds.map(row).collect())
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

    async fn keep_keyframe(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        keyframe: Keyframe,
    ) -> Result<(), StoreError> {
        let state = &mut self.state.lock().live;
        let keyframes = &mut state.entry(tenant.clone()).or_default().keyframes;
        keyframes.entry(keyframe.at).or_insert(keyframe.checkpoint);
        Ok(())
    }

    async fn keyframe(&self, scope: &TenantScope, at: Millis) -> Result<Option<Keyframe>, StoreError> {
        let state = self.state.lock();
        let newest = state
            .live
            .get(scope.tenant())
            .and_then(|live| live.keyframes.range(..=at).next_back());
        Ok(newest.map(|(at, checkpoint)| Keyframe {
            at: *at,
            checkpoint: checkpoint.clone(),
        }))
    }

    async fn first_keyframe(&self, scope: &TenantScope) -> Result<Option<Millis>, StoreError> {
        let state = self.state.lock();
        let live = state.live.get(scope.tenant());
        Ok(live.and_then(|live| live.keyframes.keys().next().copied()))
    }

    async fn keyframe_usage(&self, _: &SystemScope) -> Result<Vec<(TenantId, u64)>, StoreError> {
        let state = &self.state.lock().live;
        let bytes = |live: &super::LiveState| {
            live.keyframes
                .values()
                .map(|kept| kept.bytes.len() as u64)
                .sum::<u64>()
        };
        let all = state.iter().map(|(tenant, live)| (tenant.clone(), bytes(live)));
        let mut usage: Vec<(TenantId, u64)> = all.filter(|(_, bytes)| *bytes > 0).collect();
        usage.sort();
        Ok(usage)
    }

    async fn drop_keyframes(
        &self,
        _: &SystemScope,
        before: Millis,
        max_bytes: u64,
    ) -> Result<u64, StoreError> {
        let state = &mut self.state.lock().live;
        let of_all = state.values().flat_map(|live| &live.keyframes);
        let sizes = of_all.map(|(at, checkpoint)| (*at, checkpoint.bytes.len() as u64));
        let before = before.max(crate::live::cut_keyframes(sizes, max_bytes));
        let mut dropped = 0;
        for live in state.values_mut() {
            let kept = live.keyframes.split_off(&before);
            dropped += live.keyframes.len() as u64;
            live.keyframes = kept;
        }
        Ok(dropped)
    }

    async fn ping(&self, _: &SystemScope) -> Result<(), StoreError> {
        Ok(())
    }
}
