//! The live path's flush: all or nothing, one after the other, and partials as they were given.

use domain::rollup::{Bucket, Rung, SeriesKey};

use super::samples::{NOON, flush, full_bucket, labelled_series, partial, series, transition};
use super::{Subject, is_conflict, scope, system, tenant};
use crate::{Checkpoint, Flush, LiveStore, PartialRow, SECONDS_KEPT, SecondRow, TransitionQuery};

async fn write(subject: &impl Subject, flush: Flush) {
    subject
        .store()
        .flush(&system(), flush)
        .await
        .expect("the flush works");
}

/// Sorted, so that they can be compared: the port promises no order.
async fn partials(subject: &impl Subject, slug: &str, from: i64, to: i64) -> Vec<PartialRow> {
    let read = subject
        .store()
        .partials(&scope(slug), Rung::TenSeconds, from, to)
        .await;
    let mut rows = read.expect("partials can be read");
    rows.sort_by(|a, b| (a.bucket, &a.series).cmp(&(b.bucket, &b.series)));
    rows
}

async fn checkpoint(subject: &impl Subject, slug: &str) -> Option<Checkpoint> {
    subject
        .store()
        .checkpoint(&system(), &tenant(slug))
        .await
        .expect("the checkpoint can be read")
}

async fn transitions(subject: &impl Subject, slug: &str) -> usize {
    let query = TransitionQuery {
        limit: 1_000,
        ..TransitionQuery::default()
    };
    subject
        .store()
        .transitions(&scope(slug), query)
        .await
        .expect("transitions can be read")
        .len()
}

/// Labels are part of a series; what differs in them only is another one, and known again after a restart.
pub async fn series_with_labels_come_back_apart(subject: &mut impl Subject) {
    let row = |series| PartialRow {
        bucket: NOON,
        series,
        stats: full_bucket(),
    };
    let mut other = labelled_series("gpt-5");
    other.labels[1].1 = "payments".into();
    // Of the longest texts there may be, which no index may find too long; what repeats could be compressed.
    let mut seed = 1u32;
    let mut longest = || -> String {
        let letter = |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_u32(0x1_0000 + (seed >> 8) % 0x10_0000)
        };
        (0..128).filter_map(letter).collect()
    };
    let mut long = SeriesKey {
        provider: longest(),
        model: longest(),
        deployment: longest(),
        service: longest(),
        environment: longest(),
        operation: None,
        labels: (0..4).map(|_| (longest(), longest())).collect(),
    };
    long.labels.sort();
    let mut rows = [series("gpt-5"), labelled_series("gpt-5"), other, long].map(row);
    rows.sort_by(|a, b| a.series.cmp(&b.series));
    for applied in 1..3 {
        let new = Flush {
            partials: rows.to_vec(),
            ..flush("acme", applied - 1, applied)
        };
        write(subject, new).await;
        subject.reopen().await;
    }
    let found = partials(subject, "acme", NOON, NOON + 1).await;
    assert_eq!(found.len(), 2 * rows.len());
    for (pair, row) in found.chunks(2).zip(rows) {
        assert_eq!(pair, [row.clone(), row]);
    }
}

/// Every field of a bucket, a series, a checkpoint.
pub async fn a_flush_comes_back_exactly(subject: &mut impl Subject) {
    let full = PartialRow {
        bucket: NOON,
        series: series("gpt-5-mini"),
        stats: full_bucket(),
    };
    let empty_parts = PartialRow {
        series: Default::default(),
        ..full.clone()
    };
    let new = Flush {
        partials: vec![empty_parts.clone(), full.clone()],
        transitions: vec![transition("acme", 1, NOON, "openai")],
        checkpoint: vec![0, 255, 7],
        ..flush("acme", 0, 12)
    };
    write(subject, new).await;
    assert_eq!(
        partials(subject, "acme", NOON, NOON + 1).await,
        [empty_parts, full]
    );
    let expected = Checkpoint {
        writer: 1,
        applied: 12,
        bytes: vec![0, 255, 7],
    };
    assert_eq!(checkpoint(subject, "acme").await, Some(expected));
    let query = TransitionQuery {
        limit: 9,
        ..TransitionQuery::default()
    };
    let rows = subject
        .store()
        .transitions(&scope("acme"), query)
        .await
        .expect("transitions can be read");
    assert_eq!(rows, [transition("acme", 1, NOON, "openai")]);
}

/// Each second is as the newest flush told it, and leaves when a flush is far enough ahead.
pub async fn seconds_are_told_whole_and_dropped_by_age(subject: &mut impl Subject) {
    let second = |at, stats: Bucket| SecondRow { at, stats };
    assert_eq!(seconds(subject, "acme").await, []);
    let early = second(NOON, full_bucket());
    let late = second(NOON + 1_000, Bucket::default());
    let of = |seconds: &[SecondRow], previous, applied| Flush {
        seconds: seconds.to_vec(),
        ..flush("acme", previous, applied)
    };
    write(subject, of(&[early.clone(), late.clone()], 0, 1)).await;
    assert_eq!(seconds(subject, "acme").await, [early.clone(), late]);
    assert_eq!(seconds(subject, "globex").await, []);

    let more = second(NOON + 1_000, full_bucket());
    write(subject, of(std::slice::from_ref(&more), 1, 2)).await;
    write(subject, flush("acme", 2, 3)).await;
    subject.reopen().await;
    assert_eq!(seconds(subject, "acme").await, [early, more.clone()]);

    let last = second(NOON + 1_000 + SECONDS_KEPT, full_bucket());
    write(subject, of(std::slice::from_ref(&last), 3, 4)).await;
    assert_eq!(seconds(subject, "acme").await, [more, last]);
}

async fn seconds(subject: &impl Subject, slug: &str) -> Vec<SecondRow> {
    let read = subject.store().seconds(&system(), &tenant(slug)).await;
    read.expect("seconds can be read")
}

/// Committed is committed.
pub async fn a_flush_survives_reopening(subject: &mut impl Subject) {
    write(
        subject,
        Flush {
            partials: vec![partial(NOON, "a")],
            ..flush("acme", 0, 3)
        },
    )
    .await;
    subject.reopen().await;
    assert_eq!(
        partials(subject, "acme", NOON, NOON + 1).await,
        [partial(NOON, "a")]
    );
    assert_eq!(
        checkpoint(subject, "acme").await.map(|stored| stored.applied),
        Some(3)
    );
    // A series met before the restart and one met after it.
    let more = vec![partial(NOON, "a"), partial(NOON, "b")];
    write(
        subject,
        Flush {
            partials: more,
            ..flush("acme", 3, 4)
        },
    )
    .await;
    assert_eq!(partials(subject, "acme", NOON, NOON + 1).await.len(), 3);
}

/// Two live paths on one tenant: the second one is told, and nothing of it is kept.
pub async fn a_flush_that_does_not_follow_is_refused_whole(subject: &mut impl Subject) {
    write(subject, flush("acme", 0, 5)).await;
    for previous in [0, 4, 6] {
        let late = Flush {
            partials: vec![partial(NOON, "a")],
            transitions: vec![transition("acme", 1, NOON, "openai")],
            ..flush("acme", previous, 9)
        };
        is_conflict(subject.store().flush(&system(), late).await);
    }
    assert_eq!(partials(subject, "acme", 0, i64::MAX).await, []);
    assert_eq!(transitions(subject, "acme").await, 0);
    assert_eq!(
        checkpoint(subject, "acme").await.map(|stored| stored.applied),
        Some(5)
    );
    is_conflict(subject.store().flush(&system(), flush("beta", 1, 2)).await);
    assert_eq!(checkpoint(subject, "beta").await, None);
}

/// Sequences of different writers cannot be compared.
pub async fn a_flush_of_another_writer_is_refused(subject: &mut impl Subject) {
    write(subject, flush("acme", 0, 5)).await;
    is_conflict(
        subject
            .store()
            .flush(
                &system(),
                Flush {
                    writer: 2,
                    ..flush("acme", 5, 6)
                },
            )
            .await,
    );
    write(subject, flush("acme", 5, 6)).await;
}

/// What is applied stays applied.
pub async fn a_flush_that_steps_back_is_refused(subject: &mut impl Subject) {
    write(subject, flush("acme", 0, 5)).await;
    is_conflict(subject.store().flush(&system(), flush("acme", 5, 4)).await);
    assert_eq!(
        checkpoint(subject, "acme").await.map(|stored| stored.applied),
        Some(5)
    );
}

/// The last row clashes, the rows before it are gone as well.
pub async fn a_flush_with_a_clash_writes_nothing(subject: &mut impl Subject) {
    let twice = vec![
        partial(NOON, "a"),
        partial(NOON + 10_000, "a"),
        partial(NOON, "a"),
    ];
    is_conflict(
        subject
            .store()
            .flush(
                &system(),
                Flush {
                    partials: twice,
                    ..flush("acme", 0, 1)
                },
            )
            .await,
    );
    assert_eq!(partials(subject, "acme", 0, i64::MAX).await, []);
    assert_eq!(checkpoint(subject, "acme").await, None);
    // Nor did the series that it met first get lost half-way.
    write(
        subject,
        Flush {
            partials: vec![partial(NOON, "a")],
            ..flush("acme", 0, 1)
        },
    )
    .await;
    assert_eq!(partials(subject, "acme", 0, i64::MAX).await, [partial(NOON, "a")]);
}

/// Silence makes transitions without any batch; but the same calls cannot be contained twice.
pub async fn a_flush_may_repeat_the_sequence_without_partials(subject: &mut impl Subject) {
    write(
        subject,
        Flush {
            partials: vec![partial(NOON, "a")],
            ..flush("acme", 0, 5)
        },
    )
    .await;
    let silent = Flush {
        transitions: vec![transition("acme", 1, NOON, "openai")],
        checkpoint: b"later".to_vec(),
        ..flush("acme", 5, 5)
    };
    write(subject, silent).await;
    assert_eq!(
        checkpoint(subject, "acme").await.map(|stored| stored.bytes),
        Some(b"later".to_vec())
    );
    let again = Flush {
        partials: vec![partial(NOON, "a")],
        ..flush("acme", 5, 5)
    };
    is_conflict(subject.store().flush(&system(), again).await);
    assert_eq!(partials(subject, "acme", NOON, NOON + 1).await.len(), 1);
}

/// One per tenant.
pub async fn the_newest_checkpoint_wins(subject: &mut impl Subject) {
    for n in 0..4 {
        write(subject, flush("acme", n, n + 1)).await;
    }
    let expected = Checkpoint {
        writer: 1,
        applied: 4,
        bytes: b"checkpoint 4".to_vec(),
    };
    assert_eq!(checkpoint(subject, "acme").await, Some(expected));
    assert_eq!(checkpoint(subject, "beta").await, None);
}

/// A late event is one more row for the same bucket.
pub async fn partials_are_not_merged(subject: &mut impl Subject) {
    for n in 0..3 {
        write(
            subject,
            Flush {
                partials: vec![partial(NOON, "a")],
                ..flush("acme", n, n + 1)
            },
        )
        .await;
    }
    assert_eq!(
        partials(subject, "acme", NOON, NOON + 10_000).await,
        vec![partial(NOON, "a"); 3]
    );
}

/// From included, to excluded.
pub async fn partials_are_half_open_in_time(subject: &mut impl Subject) {
    let rows: Vec<PartialRow> = (0..4).map(|n| partial(NOON + n * 10_000, "a")).collect();
    write(
        subject,
        Flush {
            partials: rows.clone(),
            ..flush("acme", 0, 1)
        },
    )
    .await;
    assert_eq!(
        partials(subject, "acme", NOON + 10_000, NOON + 30_000).await,
        &rows[1..3]
    );
    assert_eq!(partials(subject, "acme", NOON + 10_000, NOON + 10_000).await, []);
    assert_eq!(partials(subject, "acme", i64::MIN, i64::MAX).await, rows);
}

/// The live path writes the finest rung only.
pub async fn partials_of_other_rungs_are_apart(subject: &mut impl Subject) {
    write(
        subject,
        Flush {
            partials: vec![partial(NOON, "a")],
            ..flush("acme", 0, 1)
        },
    )
    .await;
    for rung in [Rung::Minute, Rung::Hour, Rung::Day] {
        let rows = subject.store().partials(&scope("acme"), rung, 0, i64::MAX).await;
        assert_eq!(rows.expect("partials can be read"), []);
    }
}

/// More rows and series than one statement can take.
pub async fn many_series_in_one_flush(subject: &mut impl Subject) {
    let rows: Vec<PartialRow> = (0..3_000)
        .map(|n| partial(NOON, &format!("model-{n:05}")))
        .collect();
    write(
        subject,
        Flush {
            partials: rows.clone(),
            ..flush("acme", 0, 1)
        },
    )
    .await;
    assert_eq!(partials(subject, "acme", NOON, NOON + 1).await, rows);
}

/// Sorted or not, each once.
pub async fn tenants_are_those_with_a_checkpoint(subject: &mut impl Subject) {
    assert_eq!(
        subject
            .store()
            .tenants(&system())
            .await
            .expect("tenants can be read"),
        []
    );
    write(subject, flush("beta", 0, 1)).await;
    write(subject, flush("acme", 0, 1)).await;
    write(subject, flush("acme", 1, 2)).await;
    let mut found = subject
        .store()
        .tenants(&system())
        .await
        .expect("tenants can be read");
    found.sort();
    assert_eq!(found, [tenant("acme"), tenant("beta")]);
}

/// The same series, bucket and sequence in two tenants.
pub async fn tenants_are_apart(subject: &mut impl Subject) {
    write(
        subject,
        Flush {
            partials: vec![partial(NOON, "a")],
            ..flush("acme", 0, 1)
        },
    )
    .await;
    write(
        subject,
        Flush {
            partials: vec![partial(NOON, "a"), partial(NOON, "b")],
            ..flush("beta", 0, 1)
        },
    )
    .await;
    assert_eq!(partials(subject, "acme", 0, i64::MAX).await, [partial(NOON, "a")]);
    assert_eq!(
        partials(subject, "beta", 0, i64::MAX).await,
        [partial(NOON, "a"), partial(NOON, "b")]
    );
    assert_eq!(partials(subject, "gamma", 0, i64::MAX).await, []);
}

/// Ready from the start.
pub async fn the_store_answers(subject: &mut impl Subject) {
    subject.store().ping(&system()).await.expect("the store answers");
}
