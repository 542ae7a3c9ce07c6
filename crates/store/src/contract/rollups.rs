//! Chunks: what compactions and merges keep, and what a reader sees of one moment.

use domain::rollup::Rung;

use super::samples::{NOON, flush, full_bucket, labelled_series, partial, series};
use super::{Subject, is_conflict, scope, system, tenant};
use crate::codec::{decode_chunk, encode_chunks};
use crate::{
    Chunk, ChunkHead, ChunkMerge, ChunkParts, Compaction, Flush, LiveStore, NewChunk, PartialRow, Rollups,
};

const HOUR: i64 = 3_600_000;

async fn write(subject: &impl Subject, flush: Flush) {
    let done = subject.store().flush(&system(), flush).await;
    done.expect("the flush works");
}

fn encode(rung: Rung, rows: Vec<PartialRow>) -> Vec<NewChunk> {
    encode_chunks(rung, rows).expect("the rows can be encoded")
}

fn compaction(slug: &str, through: u64, chunks: Vec<NewChunk>) -> Compaction {
    Compaction {
        tenant: tenant(slug),
        through,
        chunks,
    }
}

async fn compact(subject: &impl Subject, compaction: Compaction) {
    let done = subject.store().compact(&system(), compaction).await;
    done.expect("the compaction works");
}

/// One flush that is compacted at once.
async fn stored(subject: &impl Subject, slug: &str, through: u64, rung: Rung, rows: Vec<PartialRow>) {
    write(subject, flush(slug, through - 1, through)).await;
    compact(subject, compaction(slug, through, encode(rung, rows))).await;
}

/// How far the chunks reach, and their rows, sorted.
async fn read(subject: &impl Subject, slug: &str, rung: Rung, from: i64, to: i64) -> (u64, Vec<PartialRow>) {
    let store = subject.store();
    let read = store.chunks(&scope(slug), rung, from, to, ChunkParts::ALL).await;
    let read = read.expect("chunks can be read");
    let mut rows: Vec<PartialRow> = read.chunks.iter().flat_map(rows_of).collect();
    rows.sort_by(|a, b| (a.bucket, &a.series).cmp(&(b.bucket, &b.series)));
    (read.compacted, rows)
}

fn rows_of(chunk: &Chunk) -> Vec<PartialRow> {
    decode_chunk(&chunk.figures, &chunk.latency, &chunk.ttft).expect("the chunk can be decoded")
}

async fn heads(subject: &impl Subject, slug: &str, rung: Rung) -> Vec<ChunkHead> {
    let heads = subject.store().chunk_heads(&system(), &tenant(slug), rung).await;
    heads.expect("heads can be read")
}

async fn uncompacted(subject: &impl Subject, slug: &str) -> Vec<PartialRow> {
    let rows = subject.store().uncompacted(&system(), &tenant(slug)).await;
    rows.expect("partials can be read")
}

async fn compacted(subject: &impl Subject, slug: &str) -> u64 {
    let compacted = subject.store().compacted(&system(), &tenant(slug)).await;
    compacted.expect("the head can be read")
}

/// Every field, and the partials are gone.
pub async fn a_compaction_takes_the_partials(subject: &mut impl Subject) {
    let full = PartialRow {
        bucket: NOON,
        series: series("gpt-5-mini"),
        stats: full_bucket(),
    };
    let labelled = PartialRow {
        series: labelled_series("gpt-5-mini"),
        ..full.clone()
    };
    let rows = vec![full, labelled, partial(NOON + 10_000, "a")];
    write(
        subject,
        Flush {
            partials: rows.clone(),
            ..flush("acme", 0, 7)
        },
    )
    .await;
    assert_eq!(
        (
            uncompacted(subject, "acme").await.len(),
            compacted(subject, "acme").await
        ),
        (3, 0)
    );
    let chunks = encode(Rung::TenSeconds, rows.clone());
    compact(subject, compaction("acme", 7, chunks)).await;
    assert_eq!(uncompacted(subject, "acme").await, []);
    assert_eq!(compacted(subject, "acme").await, 7);
    assert_eq!(
        read(subject, "acme", Rung::TenSeconds, 0, i64::MAX).await,
        (7, rows.clone())
    );
    subject.reopen().await;
    assert_eq!(
        read(subject, "acme", Rung::TenSeconds, 0, i64::MAX).await,
        (7, rows)
    );
}

/// Rungs are apart, and a compaction may write all of them.
pub async fn a_compaction_writes_every_rung(subject: &mut impl Subject) {
    write(subject, flush("acme", 0, 1)).await;
    let chunks = Rung::ALL
        .iter()
        .flat_map(|rung| encode(*rung, vec![partial(NOON, "a")]));
    compact(subject, compaction("acme", 1, chunks.collect())).await;
    for rung in Rung::ALL {
        assert_eq!(
            read(subject, "acme", rung, NOON, NOON + 1).await,
            (1, vec![partial(NOON, "a")])
        );
        assert_eq!(heads(subject, "acme", rung).await.len(), 1);
    }
}

/// Another flush came in between: nothing may be taken that the compaction does not contain.
pub async fn a_compaction_that_misses_a_flush_is_refused_whole(subject: &mut impl Subject) {
    for n in 0..2 {
        let partials = vec![partial(NOON, "a")];
        write(
            subject,
            Flush {
                partials,
                ..flush("acme", n, n + 1)
            },
        )
        .await;
    }
    let late = compaction("acme", 1, encode(Rung::TenSeconds, vec![partial(NOON, "a")]));
    is_conflict(subject.store().compact(&system(), late).await);
    let unknown = compaction("beta", 1, Vec::new());
    is_conflict(subject.store().compact(&system(), unknown).await);
    assert_eq!(uncompacted(subject, "acme").await.len(), 2);
    assert_eq!(
        read(subject, "acme", Rung::TenSeconds, 0, i64::MAX).await,
        (0, Vec::new())
    );
}

/// A repeated compaction must not count twice.
pub async fn a_sequence_is_compacted_once(subject: &mut impl Subject) {
    stored(subject, "acme", 1, Rung::TenSeconds, vec![partial(NOON, "a")]).await;
    let again = compaction("acme", 1, encode(Rung::TenSeconds, vec![partial(NOON, "a")]));
    is_conflict(subject.store().compact(&system(), again).await);
    assert_eq!(
        read(subject, "acme", Rung::TenSeconds, 0, i64::MAX).await,
        (1, vec![partial(NOON, "a")])
    );
}

/// From included, to excluded; a chunk is there when one of its buckets is.
pub async fn chunks_are_found_by_time(subject: &mut impl Subject) {
    for n in 0..3 {
        let row = partial(NOON + i64::try_from(n).unwrap_or(0) * HOUR, "a");
        stored(subject, "acme", n + 1, Rung::TenSeconds, vec![row]).await;
    }
    let found = async |from, to| read(subject, "acme", Rung::TenSeconds, from, to).await.1.len();
    assert_eq!(found(NOON, NOON + 1).await, 1);
    assert_eq!(found(NOON + 9_999, NOON + 10_000).await, 1, "within the bucket");
    assert_eq!(found(NOON + 10_000, NOON + HOUR).await, 0);
    assert_eq!(found(NOON - HOUR, NOON).await, 0);
    assert_eq!(found(NOON, NOON + 2 * HOUR + 1).await, 3);
}

/// What was not asked for is not read.
pub async fn only_the_parts_that_were_asked_for_come(subject: &mut impl Subject) {
    let row = PartialRow {
        bucket: NOON,
        series: series("a"),
        stats: full_bucket(),
    };
    stored(subject, "acme", 1, Rung::Hour, vec![row]).await;
    for (latency, ttft) in [(false, false), (true, false), (false, true)] {
        let parts = ChunkParts { latency, ttft };
        let read = subject
            .store()
            .chunks(&scope("acme"), Rung::Hour, 0, i64::MAX, parts)
            .await;
        let chunk = read.expect("chunks can be read").chunks.remove(0);
        assert!(!chunk.figures.is_empty());
        assert_eq!(
            (!chunk.latency.is_empty(), !chunk.ttft.is_empty()),
            (latency, ttft)
        );
    }
}

/// The sum takes the place of the parts.
pub async fn merged_chunks_take_the_place_of_their_parts(subject: &mut impl Subject) {
    for n in 1..=3 {
        stored(subject, "acme", n, Rung::Hour, vec![partial(NOON, "a")]).await;
    }
    let before = heads(subject, "acme", Rung::Hour).await;
    let ids: Vec<u64> = before.iter().map(|head| head.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "ids rise: {ids:?}");
    let chunks = subject
        .store()
        .chunks_by_id(&system(), &tenant("acme"), &ids)
        .await;
    let rows: Vec<PartialRow> = chunks
        .expect("chunks can be read")
        .iter()
        .flat_map(rows_of)
        .collect();
    assert_eq!(rows.len(), 3);
    let merge = ChunkMerge {
        tenant: tenant("acme"),
        removed: ids.clone(),
        added: encode(Rung::Hour, rows),
    };
    let merged = subject.store().merge_chunks(&system(), merge.clone()).await;
    merged.expect("the merge works");
    let mut sum = partial(NOON, "a");
    for _ in 0..2 {
        sum.stats.merge(&partial(NOON, "a").stats);
    }
    assert_eq!(
        read(subject, "acme", Rung::Hour, 0, i64::MAX).await,
        (3, vec![sum.clone()])
    );
    let after = heads(subject, "acme", Rung::Hour).await;
    assert!(
        after.len() == 1 && !ids.contains(&after[0].id),
        "an id is given once"
    );
    is_conflict(subject.store().merge_chunks(&system(), merge).await);
    assert_eq!(
        read(subject, "acme", Rung::Hour, 0, i64::MAX).await,
        (3, vec![sum])
    );
}

/// One of the parts is gone: nothing happens to the others.
pub async fn a_merge_of_chunks_that_are_gone_is_refused_whole(subject: &mut impl Subject) {
    stored(subject, "acme", 1, Rung::Hour, vec![partial(NOON, "a")]).await;
    let merge = ChunkMerge {
        tenant: tenant("acme"),
        removed: vec![heads(subject, "acme", Rung::Hour).await[0].id, 99],
        added: Vec::new(),
    };
    is_conflict(subject.store().merge_chunks(&system(), merge).await);
    assert_eq!(heads(subject, "acme", Rung::Hour).await.len(), 1);
}

/// Whole chunks, with what they took; what is gone already frees nothing.
pub async fn dropped_chunks_tell_what_they_freed(subject: &mut impl Subject) {
    for n in 1..=20 {
        let row = partial(NOON + i64::try_from(n).unwrap_or(0) * HOUR, "a");
        stored(subject, "acme", n, Rung::TenSeconds, vec![row]).await;
    }
    let all = heads(subject, "acme", Rung::TenSeconds).await;
    let (old, kept) = all.split_at(12);
    let ids: Vec<u64> = old.iter().map(|head| head.id).collect();
    let drop = async || {
        let freed = subject
            .store()
            .drop_chunks(&system(), &tenant("acme"), &ids)
            .await;
        freed.expect("chunks can be dropped")
    };
    assert_eq!(drop().await, old.iter().map(|head| head.bytes).sum::<u64>());
    assert_eq!(drop().await, 0);
    assert_eq!(heads(subject, "acme", Rung::TenSeconds).await, kept);
    assert_eq!(compacted(subject, "acme").await, 20);
}

/// Per rung, finest first.
pub async fn usage_counts_the_chunks(subject: &mut impl Subject) {
    let store = subject.store();
    let usage = async || {
        let usage = store.rollup_usage(&system(), &tenant("acme")).await;
        usage.expect("usage can be read")
    };
    assert_eq!(usage().await, []);
    stored(subject, "acme", 1, Rung::Hour, vec![partial(NOON, "a")]).await;
    stored(
        subject,
        "acme",
        2,
        Rung::TenSeconds,
        vec![partial(NOON, "a"), partial(NOON, "b")],
    )
    .await;
    stored(subject, "acme", 3, Rung::Hour, vec![partial(NOON - HOUR, "a")]).await;
    let usage = usage().await;
    let of = |rung| usage.iter().find(|usage| usage.rung == rung).copied();
    assert_eq!(
        usage.iter().map(|usage| usage.rung).collect::<Vec<_>>(),
        [Rung::TenSeconds, Rung::Hour]
    );
    let hour = of(Rung::Hour).map(|hour| (hour.chunks, hour.rows, hour.oldest));
    assert_eq!(hour, Some((2, 2, Some(NOON - HOUR))));
    let bytes: u64 = heads(subject, "acme", Rung::Hour)
        .await
        .iter()
        .map(|head| head.bytes)
        .sum();
    assert_eq!(of(Rung::Hour).map(|hour| hour.bytes), Some(bytes));
    assert_eq!(of(Rung::TenSeconds).map(|ten| ten.rows), Some(2));
}

/// The same ids in two tenants.
pub async fn chunks_of_tenants_are_apart(subject: &mut impl Subject) {
    stored(subject, "acme", 1, Rung::Hour, vec![partial(NOON, "a")]).await;
    stored(subject, "beta", 1, Rung::Hour, vec![partial(NOON, "b")]).await;
    stored(subject, "beta", 2, Rung::Hour, vec![partial(NOON, "c")]).await;
    assert_eq!(
        read(subject, "acme", Rung::Hour, 0, i64::MAX).await,
        (1, vec![partial(NOON, "a")])
    );
    let ids: Vec<u64> = heads(subject, "beta", Rung::Hour)
        .await
        .iter()
        .map(|head| head.id)
        .collect();
    let freed = subject
        .store()
        .drop_chunks(&system(), &tenant("beta"), &ids)
        .await;
    assert!(freed.expect("chunks can be dropped") > 0);
    assert_eq!(heads(subject, "acme", Rung::Hour).await.len(), 1);
    assert_eq!(
        read(subject, "gamma", Rung::Hour, 0, i64::MAX).await,
        (0, Vec::new())
    );
}
