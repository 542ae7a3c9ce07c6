//! Kept checkpoints: the newest that is not later than a moment, and dropping them.

use super::samples::NOON;
use super::{Subject, scope, system, tenant};
use crate::{Checkpoint, Keyframe, LiveStore};

/// Bytes that do not pack well, so that sizes differ by what is in them.
fn keyframe(at: i64, applied: u64, length: u32) -> Keyframe {
    let mut state = applied.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let bytes = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    Keyframe {
        at,
        checkpoint: Checkpoint {
            writer: 1,
            applied,
            bytes: bytes.collect(),
        },
    }
}

async fn keep(subject: &impl Subject, slug: &str, keyframe: &Keyframe) {
    let kept = subject
        .store()
        .keep_keyframe(&system(), &tenant(slug), keyframe.clone())
        .await;
    kept.expect("a keyframe is kept");
}

async fn at(subject: &impl Subject, slug: &str, at: i64) -> Option<Keyframe> {
    subject
        .store()
        .keyframe(&scope(slug), at)
        .await
        .expect("a keyframe can be read")
}

async fn first(subject: &impl Subject, slug: &str) -> Option<i64> {
    subject
        .store()
        .first_keyframe(&scope(slug))
        .await
        .expect("the first can be read")
}

async fn drop_them(subject: &impl Subject, before: i64, max_bytes: u64) -> u64 {
    subject
        .store()
        .drop_keyframes(&system(), before, max_bytes)
        .await
        .expect("keyframes can be dropped")
}

/// Also after reopening, and without a flush having been written.
pub async fn a_keyframe_comes_back_exactly(subject: &mut impl Subject) {
    let kept = keyframe(NOON, 7, 5_000);
    keep(subject, "acme", &kept).await;
    subject.reopen().await;
    if let Some(found) = at(subject, "acme", NOON).await {
        assert_eq!(found, kept);
    } else {
        panic!("the keyframe is gone");
    }
    let none = subject.store().tenants(&system()).await;
    assert_eq!(none.expect("tenants can be read"), [], "it is no checkpoint");
}

/// Of several, whatever the order in which they were kept.
pub async fn the_newest_that_is_not_later_is_found(subject: &mut impl Subject) {
    assert_eq!(first(subject, "acme").await, None);
    for (moment, applied) in [(NOON + 20, 3), (NOON, 1), (NOON + 10, 2)] {
        keep(subject, "acme", &keyframe(moment, applied, 10)).await;
    }
    for (moment, applied) in [
        (NOON - 1, None),
        (NOON, Some(1)),
        (NOON + 9, Some(1)),
        (NOON + 10, Some(2)),
        (NOON + 999, Some(3)),
    ] {
        let found = at(subject, "acme", moment).await;
        assert_eq!(found.map(|found| found.checkpoint.applied), applied, "{moment}");
    }
    assert_eq!(first(subject, "acme").await, Some(NOON));
}

/// The first stays.
pub async fn a_second_one_of_a_moment_is_left_out(subject: &mut impl Subject) {
    keep(subject, "acme", &keyframe(NOON, 1, 10)).await;
    keep(subject, "acme", &keyframe(NOON, 2, 10)).await;
    let found = at(subject, "acme", NOON).await.expect("there is one");
    assert_eq!(found.checkpoint.applied, 1);
}

/// Those taken before a moment, of all tenants.
pub async fn old_keyframes_are_dropped(subject: &mut impl Subject) {
    for moment in [NOON, NOON + 10, NOON + 20] {
        keep(subject, "acme", &keyframe(moment, 1, 10)).await;
    }
    keep(subject, "umbrella", &keyframe(NOON + 5, 1, 10)).await;
    assert_eq!(drop_them(subject, NOON, u64::MAX).await, 0);
    assert_eq!(drop_them(subject, NOON + 10, u64::MAX).await, 2);
    assert_eq!(first(subject, "acme").await, Some(NOON + 10));
    assert_eq!(first(subject, "umbrella").await, None);
}

/// The newest stay, as many as there is room for.
pub async fn too_many_bytes_drop_the_oldest_keyframes(subject: &mut impl Subject) {
    for nth in 0..4 {
        keep(subject, "acme", &keyframe(NOON + nth, 1 + nth as u64, 10_000)).await;
    }
    assert_eq!(drop_them(subject, 0, 25_000).await, 2);
    assert_eq!(first(subject, "acme").await, Some(NOON + 2));
    assert_eq!(drop_them(subject, 0, 0).await, 2);
    assert_eq!(first(subject, "acme").await, None);
}

/// Nobody sees another's.
pub async fn keyframes_of_tenants_are_apart(subject: &mut impl Subject) {
    keep(subject, "acme", &keyframe(NOON, 1, 10)).await;
    assert_eq!(at(subject, "umbrella", NOON + 1).await, None);
    assert_eq!(first(subject, "umbrella").await, None);
}

async fn usage(subject: &impl Subject) -> Vec<(String, u64)> {
    let told = subject
        .store()
        .keyframe_usage(&system())
        .await
        .expect("it is told");
    let named = told.into_iter();
    named.map(|(tenant, bytes)| (tenant.to_string(), bytes)).collect()
}

/// By tenant, more for more.
pub async fn what_keyframes_take_is_told(subject: &mut impl Subject) {
    assert_eq!(usage(subject).await, []);
    keep(subject, "acme", &keyframe(NOON, 1, 5_000)).await;
    let one = usage(subject).await;
    assert!(
        one.len() == 1 && one[0].0 == "acme" && one[0].1 >= 5_000,
        "{one:?}"
    );
    keep(subject, "acme", &keyframe(NOON + 1, 2, 5_000)).await;
    keep(subject, "beta", &keyframe(NOON, 3, 100)).await;
    let two = usage(subject).await;
    assert_eq!((two.len(), two[1].0.as_str()), (2, "beta"));
    assert!(two[0].1 >= 2 * 5_000 && two[1].1 < 5_000, "{two:?}");
    drop_them(subject, NOON + 1, u64::MAX).await;
    let left = usage(subject).await;
    assert!(left.len() == 1 && left[0].1 < two[0].1, "{left:?}");
}
