//! Repeats: event ids for an hour, idempotency keys for seven days.

use super::samples::{DAY, NOON, batch, event, keyed};
use super::{Subject, append, append_one, committed, head, read_all, scope};
use crate::recent::RECENT_KEPT;
use crate::{Appended, IDEMPOTENCY_KEPT, Journal, NewBatch, Remembered};

fn ids(events: &[domain::Event]) -> Vec<&str> {
    events.iter().filter_map(|event| event.id.as_deref()).collect()
}

/// The first wins, the order stays.
pub async fn an_id_counts_once_within_a_batch(subject: &mut impl Subject) {
    let mut new = batch("acme", NOON, &["a", "b", "a", "c", "b"]);
    new.events[2].time += 1;
    let first = new.events[0].clone();
    let (_, kept, duplicates) = append_one(subject, new).await;
    assert_eq!((ids(&kept), duplicates), (vec!["a", "b", "c"], 2));
    assert_eq!(kept[0], first);
    assert_eq!(read_all(subject).await[0].events, kept);
}

/// Batches of one transaction know each other.
pub async fn an_id_counts_once_within_an_append(subject: &mut impl Subject) {
    let appended = append(
        subject,
        vec![batch("acme", NOON, &["a"]), batch("acme", NOON, &["a", "b"])],
    )
    .await;
    assert_eq!(committed(&appended[0]).2, 0);
    let (_, kept, duplicates) = committed(&appended[1]);
    assert_eq!((ids(&kept), duplicates), (vec!["b"], 1));
}

/// A batch of nothing but repeats is still a batch.
pub async fn an_id_counts_once_across_appends(subject: &mut impl Subject) {
    append_one(subject, batch("acme", NOON, &["a", "b"])).await;
    let (offset, kept, duplicates) = append_one(subject, batch("acme", NOON + 5, &["b", "a"])).await;
    assert_eq!((offset.seq, kept.len(), duplicates), (2, 0, 2));
}

/// A restart forgets nothing, not even when midnight lies between.
pub async fn an_id_counts_once_across_reopening(subject: &mut impl Subject) {
    let late = NOON + DAY / 2 - 10;
    append_one(subject, batch("acme", late, &["a"])).await;
    append_one(subject, batch("acme", late + 20, &["b"])).await;
    subject.reopen().await;
    let (_, kept, duplicates) = append_one(subject, batch("acme", late + 30, &["a", "b", "c"])).await;
    assert_eq!((ids(&kept), duplicates), (vec!["c"], 2));
}

/// One hour of arrival time, to the millisecond.
pub async fn an_id_is_forgotten_after_an_hour(subject: &mut impl Subject) {
    append_one(subject, batch("acme", NOON, &["a"])).await;
    assert_eq!(
        append_one(subject, batch("acme", NOON + RECENT_KEPT - 1, &["a"]))
            .await
            .2,
        1
    );
    assert_eq!(
        append_one(subject, batch("acme", NOON + RECENT_KEPT, &["a"]))
            .await
            .2,
        0
    );
}

/// A repeat does not start the hour again, also not across a restart.
pub async fn an_hour_is_counted_from_the_first_arrival(subject: &mut impl Subject) {
    append_one(subject, batch("acme", NOON, &["a"])).await;
    assert_eq!(
        append_one(subject, batch("acme", NOON + RECENT_KEPT / 2, &["a"]))
            .await
            .2,
        1
    );
    subject.reopen().await;
    assert_eq!(
        append_one(subject, batch("acme", NOON + RECENT_KEPT + 1, &["a"]))
            .await
            .2,
        0
    );
    assert_eq!(
        append_one(subject, batch("acme", NOON + 2 * RECENT_KEPT, &["a"]))
            .await
            .2,
        1
    );
}

/// Another tenant's ids say nothing.
pub async fn ids_are_known_per_tenant(subject: &mut impl Subject) {
    append_one(subject, batch("acme", NOON, &["a"])).await;
    subject.reopen().await;
    assert_eq!(append_one(subject, batch("beta", NOON, &["a"])).await.2, 0);
    assert_eq!(append_one(subject, batch("beta", NOON, &["a"])).await.2, 1);
}

/// Equal events without ids are different events.
pub async fn events_without_ids_are_never_repeats(subject: &mut impl Subject) {
    let new = NewBatch {
        events: vec![event(None, NOON); 3],
        ..batch("acme", NOON, &[])
    };
    let (_, kept, duplicates) = append_one(subject, new.clone()).await;
    assert_eq!((kept.len(), duplicates), (3, 0));
    assert_eq!(append_one(subject, new).await.2, 0);
}

/// The second of two equal requests gets the numbers of the first.
pub async fn a_replay_is_answered_and_writes_nothing(subject: &mut impl Subject) {
    append_one(subject, batch("acme", NOON, &["a"])).await;
    let new = NewBatch {
        refused: 4,
        ..keyed("acme", NOON, &["a", "b", "c"], "k", 1)
    };
    append_one(subject, new.clone()).await;
    let before = head(subject).await;
    let appended = append(
        subject,
        vec![NewBatch {
            received: NOON + 9,
            ..new
        }],
    )
    .await;
    let expected = Remembered {
        body: [1; 32],
        accepted: 2,
        duplicates: 1,
        refused: 4,
    };
    assert_eq!(appended, [Appended::Replayed(expected)]);
    assert_eq!(head(subject).await, before);
}

/// The same within one group commit.
pub async fn a_replay_within_one_append_is_answered(subject: &mut impl Subject) {
    let new = keyed("acme", NOON, &["a", "a"], "k", 1);
    let appended = append(subject, vec![new.clone(), new, batch("acme", NOON, &["z"])]).await;
    let expected = Remembered {
        body: [1; 32],
        accepted: 1,
        duplicates: 1,
        refused: 0,
    };
    assert_eq!(committed(&appended[0]).2, 1);
    assert_eq!(appended[1], Appended::Replayed(expected));
    assert_eq!(committed(&appended[2]).0.seq, 2);
    assert_eq!(read_all(subject).await.len(), 2);
}

/// A key stands for one body.
pub async fn a_key_with_another_body_is_refused(subject: &mut impl Subject) {
    append_one(subject, keyed("acme", NOON, &["a"], "k", 1)).await;
    let appended = append(subject, vec![keyed("acme", NOON, &["b"], "k", 2)]).await;
    assert_eq!(appended, [Appended::KeyReused]);
    assert_eq!(read_all(subject).await.len(), 1);
    // What was refused left no trace: its ids are still new.
    assert_eq!(append_one(subject, batch("acme", NOON, &["b"])).await.2, 0);
}

/// The same within one group commit.
pub async fn a_key_with_another_body_is_refused_within_one_append(subject: &mut impl Subject) {
    let batches = vec![
        keyed("acme", NOON, &["a"], "k", 1),
        keyed("acme", NOON, &["b"], "k", 2),
    ];
    let appended = append(subject, batches).await;
    assert_eq!(committed(&appended[0]).0.seq, 1);
    assert_eq!(appended[1], Appended::KeyReused);
}

/// Neither another tenant nor another API key shares a key.
pub async fn keys_are_scoped_by_tenant_and_api_key(subject: &mut impl Subject) {
    append_one(subject, keyed("acme", NOON, &["a"], "k", 1)).await;
    append_one(subject, keyed("beta", NOON, &["a"], "k", 2)).await;
    let other_key = NewBatch {
        key_id: "key0000002".into(),
        ..keyed("acme", NOON, &["b"], "k", 3)
    };
    append_one(subject, other_key).await;
    let store = subject.store();
    let known = store
        .remembered(&scope("beta"), "key0000001", "k", NOON)
        .await
        .expect("it can be read");
    assert_eq!(known.map(|known| known.body), Some([2; 32]));
    let none = store
        .remembered(&scope("beta"), "key0000002", "k", NOON)
        .await
        .expect("it can be read");
    assert_eq!(none, None);
}

/// Also when midnight lies between.
pub async fn a_replay_works_across_reopening(subject: &mut impl Subject) {
    append_one(subject, keyed("acme", NOON, &["a"], "k", 1)).await;
    subject.reopen().await;
    let appended = append(subject, vec![keyed("acme", NOON + 3 * DAY, &["a"], "k", 1)]).await;
    assert!(
        matches!(appended[0], Appended::Replayed(Remembered { accepted: 1, .. })),
        "{appended:?}"
    );
    let appended = append(subject, vec![keyed("acme", NOON + 3 * DAY, &["a"], "k", 2)]).await;
    assert_eq!(appended, [Appended::KeyReused]);
}

/// Seven days, to the millisecond; then the key is free for another body, and stands for that.
pub async fn keys_are_forgotten_after_seven_days(subject: &mut impl Subject) {
    append_one(subject, keyed("acme", NOON, &["a"], "k", 1)).await;
    let appended = append(
        subject,
        vec![keyed("acme", NOON + IDEMPOTENCY_KEPT - 1, &[], "k", 1)],
    )
    .await;
    assert!(matches!(appended[0], Appended::Replayed(_)), "{appended:?}");
    let later = NOON + IDEMPOTENCY_KEPT;
    append_one(subject, keyed("acme", later, &["c"], "k", 2)).await;
    for reopened in [false, true] {
        if reopened {
            subject.reopen().await;
        }
        let known = subject
            .store()
            .remembered(&scope("acme"), "key0000001", "k", later)
            .await;
        assert_eq!(
            known.expect("it can be read").map(|known| known.body),
            Some([2; 32])
        );
    }
}

/// A replay writes nothing, so it must not make the ids of its body known again.
pub async fn a_replay_remembers_no_ids(subject: &mut impl Subject) {
    append_one(subject, keyed("acme", NOON, &["a"], "k", 1)).await;
    let later = NOON + 2 * RECENT_KEPT;
    let appended = append(subject, vec![keyed("acme", later, &["a"], "k", 1)]).await;
    assert!(matches!(appended[0], Appended::Replayed(_)), "{appended:?}");
    assert_eq!(append_one(subject, batch("acme", later, &["a"])).await.2, 0);
}

/// The look-up that needs no batch.
pub async fn remembered_knows_what_was_answered(subject: &mut impl Subject) {
    let new = NewBatch {
        refused: 3,
        ..keyed("acme", NOON, &["a", "b", "a"], "k \"'\\~!", 9)
    };
    append_one(subject, new).await;
    let expected = Remembered {
        body: [9; 32],
        accepted: 2,
        duplicates: 1,
        refused: 3,
    };
    let cases = [
        ("acme", "k \"'\\~!", NOON + IDEMPOTENCY_KEPT - 1, Some(expected)),
        ("acme", "k \"'\\~!", NOON + IDEMPOTENCY_KEPT, None),
        ("acme", "other", NOON, None),
        ("beta", "k \"'\\~!", NOON, None),
    ];
    for (slug, key, now, expected) in cases {
        let known = subject
            .store()
            .remembered(&scope(slug), "key0000001", key, now)
            .await;
        assert_eq!(known.expect("it can be read"), expected, "{slug} {key} {now}");
    }
}
