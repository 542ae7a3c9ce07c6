//! The journal in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::breaker::BreakerKey;
use domain::breaker::whatif::RecordedCall;
use domain::{Event, EventBody, Millis};

use super::{JournalState, MemoryStore};
use crate::batches::Room;
use crate::codec::GuardedCall;
use crate::plan::{self, KeyScope, Seen};
use crate::{
    Appended, BatchPage, BatchQuery, GuardedPage, Journal, JournalUsage, NewBatch, Offset, Remembered,
    Resume, StoreError, StoredBatch, SystemScope, TenantId, TenantScope, codec, day,
};

/// There is one process, hence one writer.
const WRITER: u32 = 1;

#[async_trait]
impl Journal for MemoryStore {
    async fn append(&self, _: &SystemScope, batches: Vec<NewBatch>) -> Result<Vec<Appended>, StoreError> {
        let journal = &mut self.state.lock().journal;
        let verdicts = plan::judge(&batches, &journal.idempotency);
        let recent = &mut journal.recent;
        let plan = plan::plan(batches, verdicts, |tenant, ids, received| {
            let known = recent.entry(tenant.clone()).or_default();
            known.stage_all(ids, received)
        });
        // Encoding comes before any change, so that a batch that cannot be stored leaves nothing behind.
        let sizes: Result<Vec<u64>, StoreError> = plan
            .writes
            .iter()
            .map(|write| codec::encode_batch(&write.kept, &write.refusals).map(|bytes| bytes.len() as u64))
            .collect();
        let sizes = match sizes {
            Ok(sizes) => sizes,
            Err(error) => {
                journal.recent.values_mut().for_each(crate::RecentIds::rollback);
                return Err(error);
            }
        };
        let first = Offset {
            writer: WRITER,
            seq: journal.head + 1,
        };
        for (write, size) in plan.writes.iter().zip(sizes) {
            journal.head += 1;
            if let (Some(answer), Some(idempotency)) = (write.answer(), &write.idempotency) {
                let scope = KeyScope {
                    tenant: write.tenant.clone(),
                    key_id: write.key_id.clone(),
                    key: idempotency.key.clone(),
                };
                journal.idempotency.insert(
                    scope,
                    Seen {
                        answer,
                        received: write.received,
                    },
                );
            }
            let stored = StoredBatch {
                offset: Offset {
                    writer: WRITER,
                    seq: journal.head,
                },
                tenant: write.tenant.clone(),
                key_id: write.key_id.clone(),
                received: write.received,
                events: write.kept.clone(),
                refused: write.refused,
                refusals: write.refusals.clone(),
            };
            journal.batches.push((stored, size));
        }
        journal.recent.values_mut().for_each(crate::RecentIds::commit);
        Ok(plan.finish(first))
    }

    async fn read_after(
        &self,
        _: &SystemScope,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<StoredBatch>, StoreError> {
        let state = self.state.lock();
        let batches = state.journal.batches.iter().map(|(batch, _)| batch);
        Ok(batches
            .filter(|batch| batch.offset > after)
            .take(limit)
            .cloned()
            .collect())
    }

    /// Looks at everything: what is in memory is small.
    async fn read_before(&self, scope: &TenantScope, query: BatchQuery) -> Result<BatchPage, StoreError> {
        let state = self.state.lock();
        let mut page = BatchPage::default();
        let mut room = Room::of(&query);
        for (batch, _) in state.journal.batches.iter().rev() {
            let wanted = batch.offset < query.before
                && batch.tenant == *scope.tenant()
                && query.wants(&batch.events, batch.received);
            if !wanted {
                continue;
            }
            page.batches.push(batch.clone());
            if !room.take(batch.events.len()) {
                page.next = Some(Resume {
                    before: batch.offset,
                    received: batch.received,
                });
                break;
            }
        }
        Ok(page)
    }

    async fn guarded_before(
        &self,
        scope: &TenantScope,
        query: BatchQuery,
        breaker: &BreakerKey,
    ) -> Result<GuardedPage, StoreError> {
        let batches = self.read_before(scope, query).await?;
        let mut page = GuardedPage {
            next: batches.next,
            ..GuardedPage::default()
        };
        for batch in &batches.batches {
            page.take(&query, guarded_by(breaker, &batch.events));
        }
        Ok(page)
    }

    async fn head(&self, _: &SystemScope) -> Result<Offset, StoreError> {
        Ok(Offset {
            writer: WRITER,
            seq: self.state.lock().journal.head,
        })
    }

    async fn before_time(&self, _: &SystemScope, received: Millis) -> Result<Offset, StoreError> {
        let state = self.state.lock();
        let first = state
            .journal
            .batches
            .iter()
            .find(|(batch, _)| batch.received >= received);
        let seq = first.map_or(state.journal.head, |(batch, _)| batch.offset.seq - 1);
        Ok(Offset { writer: WRITER, seq })
    }

    async fn remembered(
        &self,
        scope: &TenantScope,
        api_key: &str,
        key: &str,
        now: Millis,
    ) -> Result<Option<Remembered>, StoreError> {
        let scope = KeyScope {
            tenant: scope.tenant().clone(),
            key_id: api_key.to_owned(),
            key: key.to_owned(),
        };
        let seen = self.state.lock().journal.idempotency.get(&scope).copied();
        Ok(seen.filter(|seen| seen.is_fresh(now)).map(|seen| seen.answer))
    }

    async fn retain(
        &self,
        _: &SystemScope,
        before: Millis,
        max_bytes: u64,
        now: Millis,
    ) -> Result<u64, StoreError> {
        let journal = &mut self.state.lock().journal;
        journal.idempotency.retain(|_, seen| seen.is_fresh(now));
        let mut freed = 0;
        while let Some(oldest) = journal.batches.first().map(|(batch, _)| day::of(batch.received)) {
            let total: u64 = journal.batches.iter().map(|(_, size)| size).sum();
            if !day::is_over(oldest, now) || (day::end(oldest) > before && total <= max_bytes) {
                break;
            }
            freed += drop_day(journal, oldest);
        }
        Ok(freed)
    }

    async fn usage(&self, _: &SystemScope) -> Result<JournalUsage, StoreError> {
        let state = self.state.lock();
        let batches = &state.journal.batches;
        Ok(JournalUsage {
            bytes: batches.iter().map(|(_, size)| size).sum(),
            batches: batches.len() as u64,
            oldest: batches.first().map(|(batch, _)| batch.received),
        })
    }

    async fn stored(&self, _: &SystemScope) -> Result<Vec<(TenantId, u64)>, StoreError> {
        let mut stored: BTreeMap<TenantId, u64> = BTreeMap::new();
        for (batch, size) in &self.state.lock().journal.batches {
            *stored.entry(batch.tenant.clone()).or_default() += size;
        }
        Ok(stored.into_iter().collect())
    }
}

/// Drops the batches at the front that arrived on or before this day.
fn drop_day(journal: &mut JournalState, oldest: i64) -> u64 {
    let end = journal
        .batches
        .partition_point(|(batch, _)| day::of(batch.received) <= oldest);
    journal.batches.drain(..end).map(|(_, size)| size).sum()
}

/// The calls that a breaker guarded, found without the stored bytes: the contract holds the codec against this.
fn guarded_by(breaker: &BreakerKey, events: &[Event]) -> Vec<GuardedCall> {
    let is = |given: &Option<String>, part: &str| given.as_deref().unwrap_or_default() == part;
    let guarded = |event: &Event| {
        let EventBody::Call(call) = &event.body else {
            return None;
        };
        let mine = is(&call.breaker, &breaker.breaker)
            && is(&call.environment, &breaker.environment)
            && is(&call.service, &breaker.service)
            && is(&call.deployment, &breaker.deployment);
        mine.then(|| GuardedCall {
            call: RecordedCall::of(event.time, call),
            instance: call.instance.clone().unwrap_or_default(),
        })
    };
    events.iter().filter_map(guarded).collect()
}
