//! A live state that shows the past: built from a keyframe and the journal, by the very code that builds the present.
//!
//! What differs is where the 10 s buckets come from. Those that began before the journal is read are taken from the
//! store, as a start does; they contain events that came late. Nothing of it is ever written.

use domain::Millis;
use domain::rollup::Bucket;
use store::{Checkpoint, Offset, StoreError, TransitionRow};

use super::TenantLive;

/// The 10 s buckets of all calls before a moment, by start and provider.
pub(crate) type History = Vec<(Millis, String, Bucket)>;

impl TenantLive {
    /// Makes a state that knows nothing one of the past, whose 10 s buckets before `history` are not counted from the
    /// journal.
    pub(crate) fn into_past(mut self, history: Millis) -> TenantLive {
        self.history = Some(history);
        self
    }

    /// Puts a keyframe's checkpoint back, and of these transitions those that it contains.
    pub(crate) fn restore_past(
        &mut self,
        checkpoint: &Checkpoint,
        feed: Vec<TransitionRow>,
        history: Millis,
    ) -> Result<(), StoreError> {
        let applied = Offset {
            writer: checkpoint.writer,
            seq: checkpoint.applied,
        };
        self.restore(applied, &checkpoint.bytes, Vec::new(), Vec::new(), history)?;
        let told = self.transitions.last_id;
        for row in feed.into_iter().filter(|row| row.id <= told) {
            self.transitions.remember(row);
        }
        Ok(())
    }

    /// Puts the buckets before the journal back, the oldest first.
    pub(crate) fn restore_history(&mut self, rows: &History, history: Millis) {
        self.totals.tens.advance(history);
        for (bucket, provider, stats) in rows {
            self.totals.restore(*bucket, stats);
            self.providers.restore(provider, *bucket, stats);
        }
    }

    /// Puts one breaker's stored transitions back, up to the one with this id; what came later is known already.
    pub(crate) fn restore_told(&mut self, rows: Vec<TransitionRow>, told: u64) {
        self.restore_transitions(rows.into_iter().filter(|row| row.id <= told).collect());
    }

    /// The id that a transition was given last.
    pub(crate) fn last_transition(&self) -> u64 {
        self.transitions.last_id
    }
}
