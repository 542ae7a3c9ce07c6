//! Group commit: the one task that appends to the journal.
//!
//! It commits at once when it is idle and gathers only while a commit runs, so a lone sender never waits and a crowd
//! shares its fsync. The commit runs here, not in the request: a dropped connection loses nothing. Live state is fed
//! before the sender is answered, so whoever got a 2xx sees the event on the board.

use std::sync::Arc;

use store::{Appended, NewBatch, StoreError, StoredBatch, SystemScope};
use tokio::sync::{mpsc, oneshot};

use crate::config::Stores;
use crate::metrics::Counters;
use crate::tenants::Tenants;

/// At most so many batches or events share one transaction: bounds latency and memory of a commit.
const MAX_BATCHES: usize = 256;
const MAX_EVENTS: usize = 40_000;
/// Batches that may wait; their bytes are bounded by intake.
const QUEUE: usize = 4_096;

struct Job {
    batch: NewBatch,
    reply: oneshot::Sender<Result<Receipt, Unavailable>>,
}

/// What became of a submitted batch.
#[derive(Debug)]
pub(crate) enum Receipt {
    Committed { accepted: u32, duplicates: u32 },
    Replayed(store::Remembered),
    KeyReused,
}

/// The journal could not take it; nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unavailable(pub String);

/// Hands batches to the writer task.
#[derive(Clone)]
pub(crate) struct Pipeline {
    jobs: mpsc::Sender<Job>,
}

/// The writer task's end.
pub(crate) struct Writer {
    jobs: mpsc::Receiver<Job>,
}

impl Pipeline {
    pub fn new() -> (Pipeline, Writer) {
        let (jobs, receiver) = mpsc::channel(QUEUE);
        (Pipeline { jobs }, Writer { jobs: receiver })
    }

    /// Queues a batch and waits until it is durable. `None` when the queue is full.
    pub async fn submit(&self, batch: NewBatch) -> Option<Result<Receipt, Unavailable>> {
        let (reply, receipt) = oneshot::channel();
        match self.jobs.try_send(Job { batch, reply }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return None,
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return Some(Err(Unavailable("shutting down".into())));
            }
        }
        Some(
            receipt
                .await
                .unwrap_or_else(|_| Err(Unavailable("shutting down".into()))),
        )
    }

    /// Batches that wait.
    pub fn queued(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }
}

impl Writer {
    /// Runs until every [`Pipeline`] is gone or `stop` is cancelled and the queue is empty.
    pub async fn run(
        mut self,
        stores: Stores,
        system: SystemScope,
        tenants: Arc<Tenants>,
        counters: Arc<Counters>,
        stop: tokio_util::sync::CancellationToken,
    ) {
        loop {
            let first = tokio::select! {
                biased;
                job = self.jobs.recv() => job,
                () = stop.cancelled() => {
                    // What was queued before the stop still gets its answer.
                    self.jobs.close();
                    self.jobs.recv().await
                }
            };
            let Some(first) = first else { return };
            let group = self.gather(first);
            commit(group, &stores, &system, &tenants, &counters).await;
        }
    }

    fn gather(&mut self, first: Job) -> Vec<Job> {
        let mut events = first.batch.events.len();
        let mut group = vec![first];
        while group.len() < MAX_BATCHES && events < MAX_EVENTS {
            let Ok(job) = self.jobs.try_recv() else { break };
            events += job.batch.events.len();
            group.push(job);
        }
        group
    }
}

async fn commit(
    group: Vec<Job>,
    stores: &Stores,
    system: &SystemScope,
    tenants: &Tenants,
    counters: &Counters,
) {
    let mut batches = Vec::with_capacity(group.len());
    let mut waiting = Vec::with_capacity(group.len());
    for Job { batch, reply } in group {
        let head = StoredBatch {
            offset: store::Offset { writer: 0, seq: 0 },
            tenant: batch.tenant.clone(),
            key_id: batch.key_id.clone(),
            received: batch.received,
            events: Vec::new(),
            refused: batch.refused,
            refusals: batch.refusals.clone(),
        };
        waiting.push((head, reply));
        batches.push(batch);
    }
    Counters::add(&counters.commits, 1);
    let _gate = tenants.open_gate().await;
    let results = match stores.journal.append(system, batches).await {
        Ok(results) => results,
        Err(error) => {
            Counters::add(&counters.commit_failures, 1);
            let text = describe(&error);
            tracing::error!(error = %text, batches = waiting.len(), "the journal did not take a commit");
            for (_, reply) in waiting {
                let _ = reply.send(Err(Unavailable(text.clone())));
            }
            return;
        }
    };
    for ((mut batch, reply), result) in waiting.into_iter().zip(results) {
        let receipt = match result {
            Appended::Committed {
                offset,
                kept,
                duplicates,
            } => {
                let accepted = kept.len() as u32;
                batch.offset = offset;
                batch.events = kept;
                tenants.apply(&batch);
                Counters::add(&counters.batches, 1);
                Counters::add(&counters.accepted, u64::from(accepted));
                Counters::add(&counters.duplicates, u64::from(duplicates));
                Counters::add(&counters.refused, u64::from(batch.refused));
                Receipt::Committed { accepted, duplicates }
            }
            Appended::Replayed(remembered) => Receipt::Replayed(remembered),
            Appended::KeyReused => Receipt::KeyReused,
        };
        // The sender may be gone; what it sent is durable all the same.
        let _ = reply.send(Ok(receipt));
    }
}

/// An error with its causes, in one line.
pub(crate) fn describe(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
