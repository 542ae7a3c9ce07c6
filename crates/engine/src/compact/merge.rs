//! Which chunks to merge: the rules, apart from doing it.
//!
//! A merge is held in memory whole, where a row takes many times what it takes stored, mostly for its sketches. So it is
//! bounded in bytes, not in rows alone. Without that the hours of a busy month, whose sketches are too many for one
//! chunk, would be unpacked together and split again at every turn.

use std::collections::BTreeMap;

use domain::Millis;
use store::ChunkHead;
use store::codec::MAX_ROWS;

/// So many chunks of about the same size are merged.
const FAN_IN: usize = 4;

/// What is merged into one takes no more than this, bytes as stored: tens of megabytes in memory.
const MOST_BYTES: u64 = 1 << 20;

/// A span is merged to the end once nothing is expected any more: so long after it ended.
const SETTLED: Millis = 3_600_000;

/// Groups of chunks of one rung to be merged into one each, of different spans or sizes. Chunks of a group fit into one
/// chunk together.
pub(super) fn plan(heads: &[ChunkHead], now: Millis) -> Vec<Vec<u64>> {
    let mut spans: BTreeMap<Millis, Vec<ChunkHead>> = BTreeMap::new();
    let mergeable = |head: &&ChunkHead| head.rows < MAX_ROWS as u64 && head.bytes < MOST_BYTES;
    for head in heads.iter().filter(mergeable) {
        spans.entry(head.span).or_default().push(*head);
    }
    let mut groups = Vec::new();
    for (span, mut heads) in spans {
        heads.sort_by_key(|head| (head.rows, head.id));
        let settled = heads
            .first()
            .is_some_and(|head| span.saturating_add(head.rung.step().span + SETTLED) <= now);
        let found = if settled {
            fitting(&heads, 2)
        } else {
            heads
                .chunk_by(|a, b| tier(a.rows) == tier(b.rows))
                .flat_map(|tier| fitting(tier, FAN_IN))
                .collect()
        };
        groups.extend(found);
    }
    groups
}

/// Runs of chunks that fit into one together; runs of fewer than `least` are left alone.
fn fitting(heads: &[ChunkHead], least: usize) -> Vec<Vec<u64>> {
    let mut groups: Vec<Group> = Vec::new();
    for head in heads {
        match groups.last_mut() {
            Some(group) if group.takes(head) => group.add(head),
            _ => {
                let mut group = Group::default();
                group.add(head);
                groups.push(group);
            }
        }
    }
    let big_enough = groups
        .into_iter()
        .map(|group| group.ids)
        .filter(|ids| ids.len() >= least);
    big_enough.collect()
}

/// Chunks that become one.
#[derive(Default)]
struct Group {
    rows: u64,
    bytes: u64,
    ids: Vec<u64>,
}

impl Group {
    fn takes(&self, head: &ChunkHead) -> bool {
        self.rows + head.rows <= MAX_ROWS as u64 && self.bytes + head.bytes <= MOST_BYTES
    }

    fn add(&mut self, head: &ChunkHead) {
        self.rows += head.rows;
        self.bytes += head.bytes;
        self.ids.push(head.id);
    }
}

/// Chunks of a tier differ by less than a factor of four in rows.
fn tier(rows: u64) -> u32 {
    rows.max(1).ilog2() / 2
}

#[cfg(test)]
mod tests {
    use domain::rollup::Rung;

    use super::*;

    const HOUR: Millis = 3_600_000;

    fn head(id: u64, span: Millis, rows: u64) -> ChunkHead {
        ChunkHead {
            id,
            rung: Rung::TenSeconds,
            span,
            from: span,
            to: span + 10_000,
            rows,
            bytes: rows,
        }
    }

    #[test]
    fn four_of_a_size_are_merged_and_others_wait() {
        let heads: Vec<ChunkHead> = [1_000, 1_000, 1_000, 5_000]
            .iter()
            .zip(1..)
            .map(|(rows, id)| head(id, 0, *rows))
            .collect();
        assert_eq!(plan(&heads, HOUR), [[0u64; 0]; 0]);
        let more = [heads, vec![head(5, 0, 1_020)]].concat();
        assert_eq!(plan(&more, HOUR), [[1, 2, 3, 5]]);
    }

    #[test]
    fn a_settled_span_becomes_one_chunk_and_then_rests() {
        let heads = [
            head(1, 0, 30_000),
            head(2, 0, 10),
            head(3, HOUR, 10),
            head(4, HOUR, 10),
        ];
        assert_eq!(plan(&heads, 2 * HOUR), [[2, 1]]);
        assert_eq!(plan(&heads, 3 * HOUR), [vec![2, 1], vec![3, 4]]);
        assert_eq!(plan(&[head(9, 0, 30_010)], 3 * HOUR), [[0u64; 0]; 0]);
    }

    #[test]
    fn what_does_not_fit_stays_apart() {
        let full = MAX_ROWS as u64;
        let heads = [head(1, 0, full), head(2, 0, full - 5), head(3, 0, 6)];
        assert_eq!(plan(&heads, 9 * HOUR), [[0u64; 0]; 0]);
        let heads = [head(1, 0, full), head(2, 0, full - 5), head(3, 0, 5)];
        assert_eq!(plan(&heads, 9 * HOUR), [[3, 2]]);
    }

    #[test]
    fn many_sketches_are_not_unpacked_together() {
        let heavy = |id, bytes| ChunkHead {
            bytes,
            ..head(id, 0, 100)
        };
        let heads: Vec<ChunkHead> = (0..8).map(|id| heavy(id, MOST_BYTES / 3)).collect();
        assert_eq!(plan(&heads, 9 * HOUR), [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7]]);
        let merged = [
            heavy(8, MOST_BYTES),
            heavy(9, MOST_BYTES),
            heavy(10, MOST_BYTES / 2),
        ];
        assert_eq!(plan(&merged, 9 * HOUR), [[0u64; 0]; 0]);
    }

    /// A day of compactions every five minutes: few chunks at any time, and a row is rewritten a few times.
    #[test]
    fn work_and_number_of_chunks_stay_small() {
        let (mut heads, mut next, mut rewritten) = (Vec::new(), 0, 0);
        for n in 0..288 {
            next += 1;
            heads.push(ChunkHead {
                rung: Rung::Minute,
                ..head(next, 0, 100)
            });
            loop {
                let groups = plan(&heads, n * 300_000);
                if groups.is_empty() {
                    break;
                }
                for group in groups {
                    let rows: u64 = heads
                        .iter()
                        .filter(|head| group.contains(&head.id))
                        .map(|head| head.rows)
                        .sum();
                    rewritten += rows;
                    heads.retain(|head| !group.contains(&head.id));
                    next += 1;
                    heads.push(ChunkHead {
                        rung: Rung::Minute,
                        ..head(next, 0, rows)
                    });
                }
            }
            assert!(heads.len() <= 16, "{} chunks after {n}", heads.len());
        }
        assert!(rewritten <= 288 * 100 * 5, "{rewritten} rows rewritten");
    }
}
