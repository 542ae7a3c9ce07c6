//! Building the rungs: flushed 10 s buckets become chunks of every rung, small chunks are merged, old ones dropped.
//!
//! A compaction adds, it never rewrites, so late events cost no more than early ones. Chunks of one span are merged by
//! size: four of about the same size become one, so that a bucket is rewritten a few times in its life, not once per
//! compaction, and a span holds a handful of chunks at any time.

mod merge;
mod retain;
mod run;

pub use retain::RungLimits;
pub(crate) use run::Compactor;

use std::collections::HashMap;

use domain::Millis;
use domain::rollup::{Bucket, Rung, SeriesKey};
use store::codec::encode_chunks;
use store::{NewChunk, PartialRow, StoreError};

use crate::live::Rows;

/// What 10 s buckets add up to on every rung, as chunks. Hours and days align to the zone `offset` ahead of UTC.
pub(crate) fn build(rows: &Rows, offset: Millis) -> Result<Vec<NewChunk>, StoreError> {
    let mut chunks = Vec::new();
    let mut finer: HashMap<(Millis, &SeriesKey), Bucket> = HashMap::new();
    for rung in Rung::ALL {
        if rung == Rung::TenSeconds {
            chunks.extend(encode_chunks(
                rung,
                owned(rows.iter().map(|((at, key), stats)| (*at, key, stats))),
            )?);
            continue;
        }
        let mut coarser: HashMap<(Millis, &SeriesKey), Bucket> = HashMap::new();
        let mut add = |at: Millis, key, stats: &Bucket| {
            let place = (rung.local_bucket(at, offset), key);
            coarser.entry(place).or_default().merge(stats);
        };
        if rung == Rung::Minute {
            rows.iter().for_each(|((at, key), stats)| add(*at, key, stats));
        } else {
            finer.iter().for_each(|((at, key), stats)| add(*at, key, stats));
        }
        finer = coarser;
        chunks.extend(encode_chunks(
            rung,
            owned(finer.iter().map(|((at, key), stats)| (*at, *key, stats))),
        )?);
    }
    Ok(chunks)
}

fn owned<'a>(rows: impl Iterator<Item = (Millis, &'a SeriesKey, &'a Bucket)>) -> Vec<PartialRow> {
    rows.map(|(bucket, series, stats)| PartialRow {
        bucket,
        series: series.clone(),
        stats: stats.clone(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use domain::Outcome;
    use domain::event::{Call, CallOutcome};
    use store::codec::decode_chunk;

    use super::*;

    #[test]
    fn every_rung_holds_every_call_in_its_bucket() {
        const OFFSET: Millis = 330 * 60_000;
        let mut rows = Rows::new();
        for n in 0..2_000i64 {
            let series = SeriesKey {
                provider: format!("p{}", n % 3),
                ..SeriesKey::default()
            };
            rows.entry((n * 70_000, series)).or_default().add(&Call {
                outcome: CallOutcome(Outcome::Ok),
                duration: Some(n as u64 * 1_000),
                weight: 1,
                ..Call::default()
            });
        }
        let chunks = build(&rows, OFFSET).unwrap();
        for rung in Rung::ALL {
            let of_rung = chunks.iter().filter(|chunk| chunk.rung == rung);
            let mut calls = 0;
            for chunk in of_rung {
                for row in decode_chunk(&chunk.figures, &chunk.latency, &chunk.ttft).unwrap() {
                    assert_eq!(rung.local_bucket(row.bucket, OFFSET), row.bucket);
                    assert_eq!(row.stats.latency.count(), row.stats.answers());
                    calls += row.stats.answers();
                }
            }
            assert_eq!(calls, 2_000, "{rung:?}");
        }
    }
}
