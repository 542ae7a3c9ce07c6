//! Which chunks to merge: the rules, apart from doing it.

use std::collections::BTreeMap;

use domain::Millis;
use store::ChunkHead;
use store::codec::MAX_ROWS;

/// So many chunks of about the same size are merged.
const FAN_IN: usize = 4;

/// A span is merged to the end once nothing is expected any more: so long after it ended.
const SETTLED: Millis = 3_600_000;

/// Groups of chunks of one rung to be merged into one each, of different spans or sizes. Chunks of a group fit into one
/// chunk together.
pub(super) fn plan(heads: &[ChunkHead], now: Millis) -> Vec<Vec<u64>> {
    let mut spans: BTreeMap<Millis, Vec<ChunkHead>> = BTreeMap::new();
    for head in heads.iter().filter(|head| head.rows < MAX_ROWS as u64) {
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
    let mut groups: Vec<(u64, Vec<u64>)> = Vec::new();
    for head in heads {
        match groups.last_mut() {
            Some((rows, ids)) if *rows + head.rows <= MAX_ROWS as u64 => {
                *rows += head.rows;
                ids.push(head.id);
            }
            _ => groups.push((head.rows, vec![head.id])),
        }
    }
    let big_enough = groups
        .into_iter()
        .map(|(_, ids)| ids)
        .filter(|ids| ids.len() >= least);
    big_enough.collect()
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
            bytes: rows * 50,
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
