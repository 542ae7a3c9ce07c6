//! From a request's bytes to an answer: parse, journal, count. The statuses are the server's business.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use domain::cost::PriceTable;
use parking_lot::Mutex;
use store::{Idempotency, Journal, NewBatch, Remembered, TenantScope};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::kpis::prices;
use crate::metrics::Counters;
use crate::pipeline::{Pipeline, Receipt, describe};
use crate::record::Renames;

/// Refusals kept with a batch, for the Connect page.
const KEPT_REFUSALS: usize = 20;

/// A push request, authenticated, decoded, within the size limits.
#[derive(Debug, Clone)]
pub struct IngestRequest {
    /// The key it came with.
    pub key: KeyInfo,
    /// The decoded body.
    pub body: Bytes,
    /// JSON or NDJSON.
    pub kind: ingest::Body,
    /// The `Idempotency-Key`, checked for form.
    pub idempotency_key: Option<String>,
}

/// What the engine needs to know of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it begins.
    pub prefix: String,
}

/// The numbers of the answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IngestReply {
    /// Durable now.
    pub accepted: u32,
    /// Known already.
    pub duplicates: u32,
    /// Refused.
    pub refused_count: u32,
    /// The first 100 refusals.
    pub refused: Vec<ingest::Refusal>,
    /// Names we do not know, each once.
    pub ignored_fields: Vec<String>,
    /// The answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// Why nothing was taken.
#[derive(Debug)]
pub enum IngestError {
    /// The body as a whole cannot be read.
    Body(ingest::BodyError),
    /// Every event was refused.
    AllRefused(IngestReply),
    /// A request with this idempotency key is being worked on.
    InFlight,
    /// The idempotency key was used for another body.
    KeyReused,
    /// Too much is being worked on.
    Overloaded {
        /// Come back after.
        retry_after_s: u32,
    },
    /// The database or the disk refuses.
    Unavailable {
        /// Come back after.
        retry_after_s: u32,
        /// For the log and for people.
        detail: String,
    },
}

/// The intake's shared state.
pub(crate) struct Intake {
    pub clock: Clock,
    pub journal: Arc<dyn Journal>,
    pub pipeline: Pipeline,
    pub counters: Arc<Counters>,
    pub room: Semaphore,
    pub busy_keys: Mutex<HashSet<(String, String, String)>>,
    pub limits: ingest::Limits,
}

impl Intake {
    pub async fn ingest(
        &self,
        scope: &TenantScope,
        request: IngestRequest,
        (renames, prices): (&Renames, Option<Arc<PriceTable>>),
    ) -> Result<IngestReply, IngestError> {
        // A body costs several times its bytes while it is parsed and journalled; permits count the bytes.
        let weight = u32::try_from(request.body.len().max(1_024)).unwrap_or(u32::MAX);
        let Ok(_room) = self.room.try_acquire_many(weight) else {
            Counters::add(&self.counters.overloaded, 1);
            return Err(IngestError::Overloaded { retry_after_s: 1 });
        };
        let received = self.clock.now();
        let Some(key) = request.idempotency_key.clone() else {
            let prices = prices.as_deref();
            return self.take(scope, request, received, None, (renames, prices)).await;
        };
        let busy = (scope.tenant().to_string(), request.key.id.clone(), key.clone());
        let Some(_guard) = BusyKey::claim(&self.busy_keys, busy) else {
            return Err(IngestError::InFlight);
        };
        let body: [u8; 32] = blake3::hash(&request.body).into();
        // Asked before parsing: a repeat must get the same answer even if its events are too old by now.
        match self
            .journal
            .remembered(scope, &request.key.id, &key, received)
            .await
        {
            Ok(Some(remembered)) if remembered.body == body => return Ok(replayed(remembered)),
            Ok(Some(_)) => return Err(IngestError::KeyReused),
            Ok(None) => {}
            Err(error) => {
                return Err(IngestError::Unavailable {
                    retry_after_s: 2,
                    detail: describe(&error),
                });
            }
        }
        let key = Some(Idempotency { key, body });
        self.take(scope, request, received, key, (renames, prices.as_deref()))
            .await
    }

    async fn take(
        &self,
        scope: &TenantScope,
        request: IngestRequest,
        received: i64,
        idempotency: Option<Idempotency>,
        (renames, prices): (&Renames, Option<&PriceTable>),
    ) -> Result<IngestReply, IngestError> {
        let mut parsed =
            ingest::parse(&request.body, request.kind, received, &self.limits).map_err(IngestError::Body)?;
        let mut reply = IngestReply {
            refused_count: parsed.refused_count,
            refused: parsed.refused,
            ignored_fields: parsed.ignored_fields,
            ..IngestReply::default()
        };
        if parsed.sent == 0 {
            return Ok(reply);
        }
        let all_refused = parsed.events.is_empty();
        // What a call cost is fixed by the prices of now, for ever: lists may have the name that was sent, or that of now.
        if let Some(prices) = prices {
            prices::fill(&mut parsed.events, prices);
        }
        // Before the journal: everything that follows from it has the new names, and goes on having them.
        parsed.events.iter_mut().for_each(|event| renames.event(event));
        if let Some(prices) = prices.filter(|_| !renames.is_empty()) {
            prices::fill(&mut parsed.events, prices);
        }
        let batch = NewBatch {
            tenant: scope.tenant().clone(),
            key_id: request.key.id,
            received,
            // Only a 200 is remembered.
            idempotency: if all_refused { None } else { idempotency },
            events: parsed.events,
            refused: reply.refused_count,
            refusals: reply
                .refused
                .iter()
                .take(KEPT_REFUSALS)
                .map(kept_refusal)
                .collect(),
        };
        // A batch without events is written for its refusals alone: the Connect page shows what a sender does wrong.
        match self.pipeline.submit(batch).await {
            None => {
                Counters::add(&self.counters.overloaded, 1);
                Err(IngestError::Overloaded { retry_after_s: 1 })
            }
            Some(Err(error)) => Err(IngestError::Unavailable {
                retry_after_s: 2,
                detail: error.to_string(),
            }),
            Some(Ok(Receipt::KeyReused)) => Err(IngestError::KeyReused),
            Some(Ok(Receipt::Replayed(remembered))) => Ok(replayed(remembered)),
            Some(Ok(Receipt::Committed { accepted, duplicates })) => {
                reply.accepted = accepted;
                reply.duplicates = duplicates;
                if all_refused {
                    Err(IngestError::AllRefused(reply))
                } else {
                    Ok(reply)
                }
            }
        }
    }
}

fn replayed(remembered: Remembered) -> IngestReply {
    IngestReply {
        accepted: remembered.accepted,
        duplicates: remembered.duplicates,
        refused_count: remembered.refused,
        replayed: true,
        ..IngestReply::default()
    }
}

fn kept_refusal(refusal: &ingest::Refusal) -> store::Refusal {
    store::Refusal {
        index: refusal.index,
        code: refusal.code.as_str().into(),
        field: refusal.field.clone(),
        reason: refusal.reason.clone(),
    }
}

/// An idempotency key while its first request is being worked on.
struct BusyKey<'a> {
    keys: &'a Mutex<HashSet<(String, String, String)>>,
    key: (String, String, String),
}

impl<'a> BusyKey<'a> {
    fn claim(
        keys: &'a Mutex<HashSet<(String, String, String)>>,
        key: (String, String, String),
    ) -> Option<BusyKey<'a>> {
        // In two steps, and lazily: a claim that is made for nothing would be dropped while the lock is still held, wait
        // for it for ever, and take the key from whoever holds it.
        let free = keys.lock().insert(key.clone());
        free.then(|| BusyKey { keys, key })
    }
}

impl Drop for BusyKey<'_> {
    fn drop(&mut self) {
        self.keys.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_claimed_once_until_it_is_given_back() {
        let keys = Mutex::new(HashSet::new());
        let key = || ("default".to_owned(), "k".to_owned(), "retry-1".to_owned());
        let first = BusyKey::claim(&keys, key());
        assert!(first.is_some());
        assert!(BusyKey::claim(&keys, key()).is_none());
        assert!(
            BusyKey::claim(&keys, key()).is_none(),
            "a refused claim gives nothing back"
        );
        drop(first);
        assert!(BusyKey::claim(&keys, key()).is_some());
    }
}
