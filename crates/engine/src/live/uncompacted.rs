//! What flushes wrote and no chunk contains yet, in memory: so that neither a query nor a compaction reads rows back.
//!
//! Together with what waits for the next flush this is everything that chunks lack. A reader asks the store first and
//! this second; so what became a chunk in between is kept here a little longer, and the sequence that the store named
//! tells which of it to leave out.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::Millis;
use domain::rollup::{Bucket, SeriesKey};
use hashbrown::HashMap;
use store::PartialRow;

use super::TenantLive;

/// Buckets of the 10 s rung by start and series.
pub(crate) type Rows = HashMap<(Millis, SeriesKey), Bucket>;

/// How long rows stay after their compaction: longer than any query may take.
const KEPT: Millis = 60_000;

#[derive(Default)]
pub(super) struct Uncompacted {
    /// Of flushes that no compaction has taken.
    open: Rows,
    /// Taken by a compaction, oldest first.
    taken: VecDeque<Taken>,
}

struct Taken {
    /// The newest flush that is contained.
    through: u64,
    rows: Arc<Rows>,
    /// When the store confirmed it; `None` while it has not.
    confirmed: Option<Millis>,
}

impl Uncompacted {
    pub fn add(&mut self, bucket: Millis, series: SeriesKey, stats: &Bucket) {
        self.open.entry((bucket, series)).or_default().merge(stats);
    }

    pub fn expire(&mut self, now: Millis) {
        self.taken
            .retain(|taken| taken.confirmed.is_none_or(|at| now < at.saturating_add(KEPT)));
    }
}

impl TenantLive {
    /// Everything that was flushed and is in no chunk, for a compaction, with the sequence of the newest flush. `None`
    /// when there is nothing. The caller answers with [`TenantLive::compacted`] or [`TenantLive::not_compacted`] before
    /// it takes again.
    pub(crate) fn take_compaction(&mut self) -> Option<(u64, Arc<Rows>)> {
        if self.uncompacted.open.is_empty() {
            return None;
        }
        let rows = Arc::new(std::mem::take(&mut self.uncompacted.open));
        let through = self.pending.flushed();
        self.uncompacted.taken.push_back(Taken {
            through,
            rows: Arc::clone(&rows),
            confirmed: None,
        });
        Some((through, rows))
    }

    /// The store has the compaction.
    pub(crate) fn compacted(&mut self, through: u64, now: Millis) {
        for taken in &mut self.uncompacted.taken {
            if taken.through <= through {
                taken.confirmed.get_or_insert(now);
            }
        }
    }

    /// The store does not have the compaction: its rows wait for the next.
    pub(crate) fn not_compacted(&mut self, through: u64) {
        let uncompacted = &mut self.uncompacted;
        for taken in &uncompacted.taken {
            if taken.through == through && taken.confirmed.is_none() {
                for ((bucket, series), stats) in taken.rows.iter() {
                    let place = (*bucket, series.clone());
                    uncompacted.open.entry(place).or_default().merge(stats);
                }
            }
        }
        uncompacted
            .taken
            .retain(|taken| taken.through != through || taken.confirmed.is_some());
    }

    /// Puts stored rows back after a restart.
    pub(crate) fn restore_uncompacted(&mut self, rows: Vec<PartialRow>) {
        for row in rows {
            self.uncompacted.add(row.bucket, row.series, &row.stats);
        }
    }

    /// Shows every 10 s bucket in `from <= start < to` that chunks up to the sequence `compacted` lack, in no
    /// particular order; a bucket may come in several parts.
    pub(crate) fn for_each_uncompacted(
        &self,
        compacted: u64,
        from: Millis,
        to: Millis,
        mut show: impl FnMut(Millis, &SeriesKey, &Bucket),
    ) {
        let taken = self
            .uncompacted
            .taken
            .iter()
            .filter(|taken| taken.through > compacted);
        let flushed = taken
            .flat_map(|taken| taken.rows.iter())
            .chain(&self.uncompacted.open);
        let flushed = flushed.map(|((bucket, series), stats)| (*bucket, series, stats));
        let pending = self
            .pending
            .partials()
            .filter_map(|(bucket, series, stats)| Some((bucket, self.series.get(series)?, stats)));
        for (bucket, series, stats) in flushed.chain(pending) {
            if (from..to).contains(&bucket) {
                show(bucket, series, stats);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::event::Call;
    use store::TenantId;

    use super::*;

    fn bucket() -> Bucket {
        let mut bucket = Bucket::default();
        bucket.add(&Call {
            weight: 1,
            ..Call::default()
        });
        bucket
    }

    fn seen(live: &TenantLive, compacted: u64) -> u64 {
        let mut calls = 0;
        live.for_each_uncompacted(compacted, 0, 100, |_, _, stats| {
            calls += stats.nonzero().map(|(_, _, count)| count).sum::<u64>();
        });
        calls
    }

    fn live() -> TenantLive {
        let mut live = TenantLive::new(TenantId::default_tenant(), 10, 0);
        live.uncompacted.add(0, SeriesKey::default(), &bucket());
        live
    }

    #[test]
    fn a_reader_sees_rows_once_before_and_after_their_compaction() {
        let mut live = live();
        live.pending = super::super::flush::Pending::restored(7);
        assert_eq!(seen(&live, 0), 1);
        let (through, rows) = live.take_compaction().unwrap();
        assert_eq!((through, rows.len()), (7, 1));
        assert!(live.take_compaction().is_none(), "nothing else waits");
        assert_eq!(seen(&live, 0), 1, "the store was read before");
        assert_eq!(seen(&live, 7), 0, "the store was read after");
        live.compacted(7, 1_000);
        assert_eq!((seen(&live, 0), seen(&live, 7)), (1, 0), "a slow reader");
        live.uncompacted.expire(1_000 + KEPT);
        assert_eq!(seen(&live, 0), 0);
    }

    #[test]
    fn rows_of_a_failed_compaction_wait_for_the_next() {
        let mut live = live();
        live.pending = super::super::flush::Pending::restored(7);
        live.take_compaction().unwrap();
        live.uncompacted.add(0, SeriesKey::default(), &bucket());
        live.not_compacted(7);
        assert_eq!(seen(&live, 0), 2);
        live.pending = super::super::flush::Pending::restored(9);
        let (through, rows) = live.take_compaction().unwrap();
        assert_eq!((through, rows.len()), (9, 1));
        live.compacted(9, 0);
        assert_eq!(seen(&live, 9), 0);
    }
}
