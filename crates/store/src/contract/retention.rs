//! Retention drops whole days, never today, and never the sequence; usage says what is left.

use super::samples::{DAY, NOON, batch, bulky, keyed};
use super::{Subject, append, append_one, head, read_all, scope, system};
use crate::recent::RECENT_KEPT;
use crate::{Appended, IDEMPOTENCY_KEPT, Journal, JournalUsage, codec};

async fn retain(subject: &impl Subject, before: i64, max_bytes: u64, now: i64) -> u64 {
    subject
        .store()
        .retain(&system(), before, max_bytes, now)
        .await
        .expect("retention works")
}

async fn usage(subject: &impl Subject) -> JournalUsage {
    subject.store().usage(&system()).await.expect("usage can be read")
}

async fn sequences(subject: &impl Subject) -> Vec<u64> {
    read_all(subject)
        .await
        .iter()
        .map(|batch| batch.offset.seq)
        .collect()
}

/// One bulky batch a day, the last of them today.
async fn five_days(subject: &impl Subject) {
    for day in -4..=0 {
        append_one(subject, bulky("acme", NOON + day * DAY)).await;
    }
}

/// By age.
pub async fn days_older_than_the_limit_are_dropped(subject: &mut impl Subject) {
    five_days(subject).await;
    assert!(retain(subject, NOON - 2 * DAY, u64::MAX, NOON).await > 0);
    assert_eq!(sequences(subject).await, [3, 4, 5]);
    subject.reopen().await;
    assert_eq!(sequences(subject).await, [3, 4, 5]);
    assert_eq!(append_one(subject, batch("acme", NOON, &["a"])).await.0.seq, 6);
}

/// A day goes when all of it is older, not before.
pub async fn a_day_that_is_only_partly_older_is_kept(subject: &mut impl Subject) {
    five_days(subject).await;
    let midnight = NOON - DAY / 2;
    assert!(retain(subject, midnight - 2 * DAY - 1, u64::MAX, NOON).await > 0);
    assert_eq!(sequences(subject).await, [2, 3, 4, 5]);
    assert!(retain(subject, midnight - 2 * DAY, u64::MAX, NOON).await > 0);
    assert_eq!(sequences(subject).await, [3, 4, 5]);
}

/// By size, oldest first; today stays however large it is.
pub async fn too_many_bytes_drop_the_oldest_days_but_never_today(subject: &mut impl Subject) {
    five_days(subject).await;
    let all = usage(subject).await.bytes;
    let freed = retain(subject, 0, all - 1, NOON).await;
    assert!(freed > 0 && freed < all, "{freed} of {all}");
    assert_eq!(sequences(subject).await, [2, 3, 4, 5]);
    assert!(usage(subject).await.bytes < all);
    retain(subject, 0, 0, NOON).await;
    assert_eq!(sequences(subject).await, [5]);
    assert_eq!(retain(subject, NOON + DAY, 0, NOON).await, 0);
    assert_eq!(sequences(subject).await, [5]);
}

/// Nothing to do.
pub async fn enough_room_drops_nothing(subject: &mut impl Subject) {
    assert_eq!(retain(subject, NOON, 0, NOON).await, 0);
    five_days(subject).await;
    assert_eq!(retain(subject, 0, u64::MAX, NOON).await, 0);
    assert_eq!(sequences(subject).await, [1, 2, 3, 4, 5]);
}

/// After a long silence every day is old; the sequence goes on all the same.
pub async fn the_head_survives_when_everything_is_dropped(subject: &mut impl Subject) {
    five_days(subject).await;
    let later = NOON + 30 * DAY;
    assert!(retain(subject, later, 0, later).await > 0);
    assert_eq!(sequences(subject).await, [0; 0]);
    assert_eq!(head(subject).await.seq, 5);
    subject.reopen().await;
    assert_eq!(head(subject).await.seq, 5);
    assert_eq!(usage(subject).await.batches, 0);
    assert_eq!(
        subject
            .store()
            .before_time(&system(), 0)
            .await
            .expect("it can be read")
            .seq,
        5
    );
    assert_eq!(append_one(subject, batch("acme", later, &["a"])).await.0.seq, 6);
    assert_eq!(sequences(subject).await, [6]);
}

/// Seven days are promised whatever room there is.
pub async fn idempotency_outlives_dropped_days(subject: &mut impl Subject) {
    append_one(subject, keyed("acme", NOON - DAY, &["a"], "k", 1)).await;
    append_one(subject, bulky("acme", NOON)).await;
    retain(subject, 0, 0, NOON).await;
    assert_eq!(sequences(subject).await, [2]);
    for reopened in [false, true] {
        if reopened {
            subject.reopen().await;
        }
        let appended = append(subject, vec![keyed("acme", NOON, &["a"], "k", 1)]).await;
        assert!(matches!(appended[0], Appended::Replayed(_)), "{appended:?}");
        let store = subject.store();
        let ask = async |now| {
            let known = store.remembered(&scope("acme"), "key0000001", "k", now).await;
            known.expect("it can be read").is_some()
        };
        let end = NOON - DAY + IDEMPOTENCY_KEPT;
        assert!(ask(end - 1).await);
        assert!(!ask(end).await);
    }
}

/// An hour is promised whatever room there is: a day is dropped an hour after its end at the earliest.
pub async fn ids_outlive_dropped_days(subject: &mut impl Subject) {
    let midnight = NOON + DAY / 2;
    append_one(subject, batch("acme", midnight - 5, &["a"])).await;
    append_one(subject, batch("acme", midnight + 5, &["b"])).await;
    assert_eq!(
        retain(subject, midnight + DAY, 0, midnight + RECENT_KEPT - 6).await,
        0
    );
    subject.reopen().await;
    assert_eq!(
        append_one(subject, batch("acme", midnight + RECENT_KEPT - 6, &["a", "b"]))
            .await
            .2,
        2
    );
    assert!(retain(subject, 0, 0, midnight + RECENT_KEPT).await > 0);
    assert_eq!(sequences(subject).await, [2, 3]);
    subject.reopen().await;
    assert_eq!(
        append_one(subject, batch("acme", midnight + RECENT_KEPT, &["a", "b"]))
            .await
            .2,
        1
    );
}

/// Batches, bytes, oldest.
pub async fn usage_counts_what_is_there(subject: &mut impl Subject) {
    append_one(subject, bulky("acme", NOON - DAY)).await;
    let first = usage(subject).await;
    assert_eq!((first.batches, first.oldest), (1, Some(NOON - DAY)));
    assert!(first.bytes > 10_000, "{first:?}");
    append(subject, vec![bulky("beta", NOON), bulky("acme", NOON + 1)]).await;
    for reopened in [false, true] {
        if reopened {
            subject.reopen().await;
        }
        let both = usage(subject).await;
        assert_eq!((both.batches, both.oldest), (3, Some(NOON - DAY)));
        assert!(both.bytes > first.bytes, "{both:?}");
    }
    retain(subject, NOON, u64::MAX, NOON).await;
    let left = usage(subject).await;
    assert_eq!((left.batches, left.oldest), (2, Some(NOON)));
}

/// No batch, no oldest.
pub async fn usage_of_an_empty_journal_is_nothing(subject: &mut impl Subject) {
    let empty = usage(subject).await;
    assert_eq!((empty.batches, empty.oldest), (0, None));
}

async fn stored(subject: &impl Subject) -> Vec<(String, u64)> {
    let stored = subject.store().stored(&system()).await.expect("it is counted");
    let named = stored.into_iter();
    named.map(|(tenant, bytes)| (tenant.to_string(), bytes)).collect()
}

/// What batches take once they are encoded, by tenant: over several days, what comes later, after reopening and what is
/// left after retention.
pub async fn what_each_tenant_stores_is_counted(subject: &mut impl Subject) {
    assert_eq!(stored(subject).await, []);
    let size = |batch: &crate::NewBatch| {
        codec::encode_batch(&batch.events, &batch.refusals)
            .expect("encodes")
            .len() as u64
    };
    let old = [bulky("acme", NOON - DAY), bulky("beta", NOON - DAY)];
    let of_old = size(&old[0]);
    let of_beta = size(&old[1]);
    append(subject, old.to_vec()).await;
    assert_eq!(
        stored(subject).await,
        [("acme".into(), of_old), ("beta".into(), of_beta)]
    );
    let mut new = 0;
    for n in 0..3 {
        let batch = batch("acme", NOON + n, &[]);
        new += size(&batch);
        append_one(subject, batch).await;
        let expected = [("acme".to_owned(), of_old + new), ("beta".to_owned(), of_beta)];
        assert_eq!(stored(subject).await, expected);
        assert_eq!(stored(subject).await, expected, "nothing is counted twice");
    }
    subject.reopen().await;
    assert_eq!(
        stored(subject).await,
        [("acme".into(), of_old + new), ("beta".into(), of_beta)]
    );
    assert!(retain(subject, NOON, u64::MAX, NOON).await > 0);
    assert_eq!(stored(subject).await, [("acme".into(), new)]);
    subject.reopen().await;
    assert_eq!(stored(subject).await, [("acme".into(), new)]);
}
