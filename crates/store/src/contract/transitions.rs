//! The log of transitions: newest first, paged without loss, filtered.

use domain::breaker::State;

use super::samples::{NOON, flush, transition};
use super::{Subject, is_conflict, scope, system};
use crate::{Flush, LiveStore, TransitionQuery, TransitionRow};

async fn write(subject: &impl Subject, slug: &str, previous: u64, rows: Vec<TransitionRow>) {
    let new = Flush {
        transitions: rows,
        ..flush(slug, previous, previous + 1)
    };
    subject
        .store()
        .flush(&system(), new)
        .await
        .expect("the flush works");
}

async fn read(subject: &impl Subject, slug: &str, query: TransitionQuery) -> Vec<TransitionRow> {
    subject
        .store()
        .transitions(&scope(slug), query)
        .await
        .expect("transitions can be read")
}

fn all() -> TransitionQuery {
    TransitionQuery {
        limit: 1_000,
        ..TransitionQuery::default()
    }
}

fn ids(rows: &[TransitionRow]) -> Vec<u64> {
    rows.iter().map(|row| row.id).collect()
}

/// By time, whatever the order they were written in; with few fields or all.
pub async fn transitions_come_newest_first(subject: &mut impl Subject) {
    let plain = TransitionRow {
        from: None,
        to: State::Unknown,
        provider: String::new(),
        instance: String::new(),
        cause: String::new(),
        lasted: None,
        inferred: false,
        ..transition("acme", 2, NOON + 5, "b")
    };
    let rows = vec![
        transition("acme", 1, NOON + 9, "a"),
        plain.clone(),
        transition("acme", 3, NOON + 7, "a"),
    ];
    write(subject, "acme", 0, rows.clone()).await;
    let expected = [rows[0].clone(), rows[2].clone(), plain];
    assert_eq!(read(subject, "acme", all()).await, expected);
    assert_eq!(
        ids(&read(subject, "acme", TransitionQuery { limit: 2, ..all() }).await),
        [1, 3]
    );
    assert_eq!(
        read(subject, "acme", TransitionQuery { limit: 0, ..all() }).await,
        []
    );
}

/// A later id is newer.
pub async fn equal_times_are_ordered_by_id(subject: &mut impl Subject) {
    let rows = [2, 9, 10, 1].map(|id| transition("acme", id, NOON, "a"));
    write(subject, "acme", 0, rows.to_vec()).await;
    assert_eq!(ids(&read(subject, "acme", all()).await), [10, 9, 2, 1]);
}

/// Page by page, also where a page ends amid equal times.
pub async fn paging_meets_every_transition_once(subject: &mut impl Subject) {
    let rows: Vec<_> = (1..=23)
        .map(|id| transition("acme", id, NOON + (id as i64 / 5), "a"))
        .collect();
    write(subject, "acme", 0, rows).await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = read(
            subject,
            "acme",
            TransitionQuery {
                after,
                limit: 4,
                ..all()
            },
        )
        .await;
        let Some(last) = page.last() else { break };
        after = Some((last.at, last.id));
        seen.extend(ids(&page));
    }
    assert_eq!(seen, (1..=23).rev().collect::<Vec<u64>>());
    let everything = read(
        subject,
        "acme",
        TransitionQuery {
            after: Some((i64::MAX, u64::MAX)),
            ..all()
        },
    )
    .await;
    assert_eq!(everything.len(), 23);
}

/// By breaker and by half-open time, together with paging.
pub async fn transitions_are_filtered(subject: &mut impl Subject) {
    let rows: Vec<_> = (0..10)
        .map(|n| {
            transition(
                "acme",
                n,
                NOON + n as i64,
                if n % 2 == 0 { "even" } else { "odd" },
            )
        })
        .collect();
    let odd = rows[1].breaker;
    write(subject, "acme", 0, rows).await;
    let query = TransitionQuery {
        breaker: Some(odd),
        ..all()
    };
    assert_eq!(ids(&read(subject, "acme", query.clone()).await), [9, 7, 5, 3, 1]);
    let query = TransitionQuery {
        from: Some(NOON + 3),
        to: Some(NOON + 9),
        ..query
    };
    assert_eq!(ids(&read(subject, "acme", query.clone()).await), [7, 5, 3]);
    let query = TransitionQuery {
        after: Some((NOON + 7, 7)),
        limit: 1,
        ..query
    };
    assert_eq!(ids(&read(subject, "acme", query).await), [5]);
    let nobody = TransitionQuery {
        breaker: Some(domain::breaker::BreakerId(u64::MAX)),
        ..all()
    };
    assert_eq!(read(subject, "acme", nobody).await, []);
}

/// An id names one transition for ever.
pub async fn a_transition_id_is_used_once(subject: &mut impl Subject) {
    write(subject, "acme", 0, vec![transition("acme", 1, NOON, "a")]).await;
    let again = Flush {
        transitions: vec![transition("acme", 1, NOON + 5, "a")],
        ..flush("acme", 1, 2)
    };
    is_conflict(subject.store().flush(&system(), again).await);
    assert_eq!(
        read(subject, "acme", all()).await,
        [transition("acme", 1, NOON, "a")]
    );
}

/// The same ids in two tenants.
pub async fn transitions_of_tenants_are_apart(subject: &mut impl Subject) {
    write(subject, "acme", 0, vec![transition("acme", 1, NOON, "a")]).await;
    write(subject, "beta", 0, vec![transition("beta", 1, NOON, "a")]).await;
    assert_eq!(
        read(subject, "acme", all()).await,
        [transition("acme", 1, NOON, "a")]
    );
    assert_eq!(
        read(subject, "beta", all()).await,
        [transition("beta", 1, NOON, "a")]
    );
    let foreign = transition("acme", 1, NOON, "a").breaker;
    assert_eq!(
        read(
            subject,
            "beta",
            TransitionQuery {
                breaker: Some(foreign),
                ..all()
            }
        )
        .await,
        []
    );
}

/// Kept for ever.
pub async fn transitions_survive_reopening(subject: &mut impl Subject) {
    write(subject, "acme", 0, vec![transition("acme", 1, NOON, "a")]).await;
    subject.reopen().await;
    assert_eq!(
        read(subject, "acme", all()).await,
        [transition("acme", 1, NOON, "a")]
    );
}
