//! What waits to be written: partials of the 10 s rung, transitions and seconds, with the offset they contain.

use domain::Millis;
use domain::rollup::{Addend, Bucket, Rung};
use hashbrown::HashMap;
use store::{Flush, PartialRow, TransitionRow};

use super::TenantLive;
use super::series::SeriesId;

#[derive(Default)]
pub(crate) struct Pending {
    partials: HashMap<(Millis, SeriesId), Bucket>,
    transitions: Vec<TransitionRow>,
    /// Contained in the newest flush that was taken.
    flushed: u64,
}

impl Pending {
    /// Counts a call in the row of its series.
    pub fn count(&mut self, series: SeriesId, addend: &Addend, time: Millis) {
        let row = self.partials.entry((bucket(time), series)).or_default();
        row.add_addend(addend);
    }

    pub fn transition(&mut self, row: TransitionRow) {
        self.transitions.push(row);
    }

    /// What waits to be flushed.
    pub fn partials(&self) -> impl Iterator<Item = (Millis, SeriesId, &Bucket)> {
        let row = |(place, stats): (&(Millis, SeriesId), _)| (place.0, place.1, stats);
        self.partials.iter().map(row)
    }

    /// The sequence that the newest flush contains.
    pub fn flushed(&self) -> u64 {
        self.flushed
    }

    pub fn restored(flushed: u64) -> Pending {
        Pending {
            flushed,
            ..Pending::default()
        }
    }
}

/// The bucket of the finest rung, which has a fixed width.
fn bucket(time: Millis) -> Millis {
    Rung::TenSeconds.bucket(time).unwrap_or(time)
}

impl TenantLive {
    /// Takes what waits, as one flush; `None` when nothing was applied since the one before.
    ///
    /// Transitions that only silence caused wait for the next batch: a restart would derive them again, and a flush
    /// that moves no offset could not be told from its own repetition.
    ///
    /// The caller repeats this very flush until the store has taken it, before it takes the next.
    pub(crate) fn take_flush(&mut self) -> Option<Flush> {
        let previous = self.pending.flushed;
        if self.applied.seq == previous {
            return None;
        }
        let checkpoint = self.checkpoint();
        let mut partials = Vec::with_capacity(self.pending.partials.len());
        for ((bucket, series), stats) in std::mem::take(&mut self.pending.partials) {
            let Some(series) = self.series.get(series).cloned() else {
                continue;
            };
            self.uncompacted.add(bucket, series.clone(), &stats);
            partials.push(PartialRow {
                bucket,
                series,
                stats,
            });
        }
        self.pending.flushed = self.applied.seq;
        Some(Flush {
            tenant: self.tenant.clone(),
            writer: self.applied.writer,
            applied: self.applied.seq,
            previous,
            partials,
            transitions: std::mem::take(&mut self.pending.transitions),
            seconds: self.totals.changed_seconds(),
            checkpoint,
        })
    }
}
