//! What becomes of the batches of one append, decided before anything is written: which idempotency keys were seen,
//! which events repeat known ids, and what each sender will be told. Shared by the adapters, so that they cannot differ.
//!
//! Deliberately absent: where keys and ids are kept. An adapter looks keys up, calls [`judge`], then [`plan`] with its
//! own test for known ids, writes [`Plan::writes`] in one transaction and answers with [`Plan::finish`].

use std::collections::HashMap;

use domain::{Event, Millis};

use crate::recent::id_hash;
use crate::{Appended, IDEMPOTENCY_KEPT, Idempotency, NewBatch, Offset, Refusal, Remembered, TenantId};

/// An idempotency key in its scope: tenant and API key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyScope {
    /// Whose.
    pub tenant: TenantId,
    /// The API key's id.
    pub key_id: String,
    /// The sender's key.
    pub key: String,
}

impl KeyScope {
    /// The scope of a batch's key, where it has one.
    pub fn of(batch: &NewBatch) -> Option<KeyScope> {
        batch.idempotency.as_ref().map(|idempotency| KeyScope {
            tenant: batch.tenant.clone(),
            key_id: batch.key_id.clone(),
            key: idempotency.key.clone(),
        })
    }
}

/// An idempotency key as found in the store, of whatever age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What was answered.
    pub answer: Remembered,
    /// When the batch arrived that brought the key.
    pub received: Millis,
}

impl Seen {
    /// Whether it still counts.
    pub fn is_fresh(&self, now: Millis) -> bool {
        now.saturating_sub(self.received) < IDEMPOTENCY_KEPT
    }
}

/// What idempotency says about one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// To be written.
    Write,
    /// The same was committed before.
    Replayed(Remembered),
    /// The same key came before with another body.
    KeyReused,
    /// The same as the batch at this place of this append.
    RepeatOf(usize),
}

/// Looks at the keys only. `seen` holds at least the keys of these batches that the store knows.
pub fn judge(batches: &[NewBatch], seen: &HashMap<KeyScope, Seen>) -> Vec<Verdict> {
    let mut here: HashMap<KeyScope, usize> = HashMap::new();
    batches
        .iter()
        .enumerate()
        .map(|(index, batch)| {
            let (Some(scope), Some(idempotency)) = (KeyScope::of(batch), &batch.idempotency) else {
                return Verdict::Write;
            };
            if let Some(seen) = seen.get(&scope).filter(|seen| seen.is_fresh(batch.received)) {
                return if seen.answer.body == idempotency.body {
                    Verdict::Replayed(seen.answer)
                } else {
                    Verdict::KeyReused
                };
            }
            match here.get(&scope) {
                None => {
                    here.insert(scope, index);
                    Verdict::Write
                }
                Some(&first) if batches[first].idempotency.as_ref() == Some(idempotency) => {
                    Verdict::RepeatOf(first)
                }
                Some(_) => Verdict::KeyReused,
            }
        })
        .collect()
}

/// A batch to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Whose.
    pub tenant: TenantId,
    /// The API key's id it came with.
    pub key_id: String,
    /// When it arrived.
    pub received: Millis,
    /// The sender's key, to be remembered with [`Write::answer`].
    pub idempotency: Option<Idempotency>,
    /// Events with new ids or none, in order.
    pub kept: Vec<Event>,
    /// How many events were left out.
    pub duplicates: u32,
    /// How many events were refused before.
    pub refused: u32,
    /// The first refusals.
    pub refusals: Vec<Refusal>,
}

impl Write {
    /// What a repeat of its key will be told.
    pub fn answer(&self) -> Option<Remembered> {
        self.idempotency.as_ref().map(|idempotency| Remembered {
            body: idempotency.body,
            accepted: u32::try_from(self.kept.len()).unwrap_or(u32::MAX),
            duplicates: self.duplicates,
            refused: self.refused,
        })
    }
}

/// What to write, and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// To be written in this order, with rising sequence.
    pub writes: Vec<Write>,
    verdicts: Vec<Verdict>,
}

/// Leaves out events with known ids. `are_new` is asked for the [`id_hash`]es of one batch after the other, tells of each
/// whether it is new, and must itself remember what it was asked.
///
/// A batch's ids are hashed first and looked up then: a lookup waits for memory, and lookups that follow one another wait
/// together.
pub fn plan(
    batches: Vec<NewBatch>,
    verdicts: Vec<Verdict>,
    mut are_new: impl FnMut(&TenantId, &[[u8; 16]], Millis) -> Vec<bool>,
) -> Plan {
    let writes = batches
        .into_iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Write)
        .map(|(batch, _)| {
            let sent = batch.events.len();
            let mut kept = batch.events;
            let ids = kept.iter().filter_map(|event| event.id.as_deref());
            let hashes: Vec<[u8; 16]> = ids.map(id_hash).collect();
            if !hashes.is_empty() {
                let mut new = are_new(&batch.tenant, &hashes, batch.received).into_iter();
                kept.retain(|event| event.id.is_none() || new.next() != Some(false));
            }
            Write {
                duplicates: u32::try_from(sent - kept.len()).unwrap_or(u32::MAX),
                tenant: batch.tenant,
                key_id: batch.key_id,
                received: batch.received,
                idempotency: batch.idempotency,
                kept,
                refused: batch.refused,
                refusals: batch.refusals,
            }
        })
        .collect();
    Plan { writes, verdicts }
}

impl Plan {
    /// What became of each batch, once all writes are durable. `first` is where the first one lies.
    pub fn finish(self, first: Offset) -> Vec<Appended> {
        let answers: Vec<Option<Remembered>> = {
            let mut writes = self.writes.iter();
            let of = |verdict: &Verdict| match verdict {
                Verdict::Write => writes.next().and_then(Write::answer),
                _ => None,
            };
            self.verdicts.iter().map(of).collect()
        };
        let mut seq = first.seq;
        let mut writes = self.writes.into_iter();
        self.verdicts
            .iter()
            .filter_map(|verdict| match verdict {
                Verdict::Write => writes.next().map(|write| {
                    let offset = Offset {
                        writer: first.writer,
                        seq,
                    };
                    seq += 1;
                    Appended::Committed {
                        offset,
                        kept: write.kept,
                        duplicates: write.duplicates,
                    }
                }),
                Verdict::Replayed(answer) => Some(Appended::Replayed(*answer)),
                Verdict::KeyReused => Some(Appended::KeyReused),
                Verdict::RepeatOf(index) => answers.get(*index).copied().flatten().map(Appended::Replayed),
            })
            .collect()
    }
}
