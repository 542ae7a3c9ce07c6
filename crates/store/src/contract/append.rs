//! Appending: what is committed comes back exactly, in order, without gaps.

use domain::{Event, EventBody};

use super::samples::{DAY, NOON, batch, full_events, refusals, stand_in};
use super::{Subject, append, append_one, head, read_all, system, tenant};
use crate::{Journal, NewBatch, Offset};

/// Events of every kind with every field set survive storage, and so does what the batch carries.
pub async fn events_of_every_kind_come_back_exactly(subject: &mut impl Subject) {
    let mut events = full_events(NOON);
    events.push(Event {
        id: None,
        time: NOON + 7,
        reported: None,
        body: EventBody::Call(Box::new(stand_in())),
    });
    let new = NewBatch {
        events: events.clone(),
        refused: 30,
        refusals: refusals(),
        key_id: "key7654321".into(),
        ..batch("acme", NOON, &[])
    };
    let (offset, kept, duplicates) = append_one(subject, new).await;
    assert_eq!((kept, duplicates), (events.clone(), 0));
    subject.reopen().await;
    let stored = read_all(subject).await;
    assert_eq!(stored.len(), 1);
    let stored = &stored[0];
    assert_eq!((stored.offset, &stored.tenant), (offset, &tenant("acme")));
    assert_eq!((stored.key_id.as_str(), stored.received), ("key7654321", NOON));
    assert_eq!((stored.refused, &stored.refusals), (30, &refusals()));
    assert_eq!(stored.events, events);
}

/// A batch whose events were all refused is a batch: the Connect page shows its refusals.
pub async fn a_batch_without_events_is_kept(subject: &mut impl Subject) {
    let new = NewBatch {
        refused: 2,
        refusals: refusals(),
        ..batch("acme", NOON, &[])
    };
    let (_, kept, duplicates) = append_one(subject, new).await;
    assert_eq!((kept.len(), duplicates), (0, 0));
    let stored = read_all(subject).await;
    assert_eq!(
        (stored.len(), stored[0].events.len(), stored[0].refused),
        (1, 0, 2)
    );
}

/// The batches of one append lie in the order given, one sequence number each.
pub async fn one_append_takes_many_batches_in_order(subject: &mut impl Subject) {
    let names: Vec<String> = (0..50).map(|n| format!("id-{n}")).collect();
    let batches = names
        .iter()
        .enumerate()
        .map(|(n, id)| batch("acme", NOON + n as i64, &[id.as_str()]));
    let appended = append(subject, batches.collect()).await;
    let first = super::committed(&appended[0]).0;
    for (n, appended) in appended.iter().enumerate() {
        let expected = Offset {
            writer: first.writer,
            seq: first.seq + n as u64,
        };
        assert_eq!(super::committed(appended).0, expected);
    }
    let stored = read_all(subject).await;
    let ids: Vec<_> = stored
        .iter()
        .flat_map(|batch| &batch.events)
        .filter_map(|event| event.id.clone())
        .collect();
    assert_eq!(ids, names);
}

/// Nothing in, nothing out.
pub async fn an_empty_append_changes_nothing(subject: &mut impl Subject) {
    let before = head(subject).await;
    append(subject, Vec::new()).await;
    assert_eq!(head(subject).await, before);
}

/// 1, 2, 3, …, also across restarts and midnights.
pub async fn the_sequence_has_no_gaps_across_reopening(subject: &mut impl Subject) {
    let mut expected = 0;
    for day in 0..4 {
        for n in 0..3 {
            let id = format!("{day}-{n}");
            let (offset, _, _) = append_one(subject, batch("acme", NOON + day * DAY + n, &[&id])).await;
            expected += 1;
            assert_eq!(offset.seq, expected);
            assert_eq!(head(subject).await, offset);
        }
        subject.reopen().await;
        assert_eq!(head(subject).await.seq, expected);
    }
    let stored = read_all(subject).await;
    let sequence: Vec<u64> = stored.iter().map(|batch| batch.offset.seq).collect();
    assert_eq!(sequence, (1..=expected).collect::<Vec<u64>>());
}

/// The sequence belongs to the writer, not to a tenant.
pub async fn tenants_share_one_sequence(subject: &mut impl Subject) {
    append(
        subject,
        vec![batch("acme", NOON, &["a"]), batch("beta", NOON, &["a"])],
    )
    .await;
    append_one(subject, batch("acme", NOON, &["b"])).await;
    let start = Offset { writer: 0, seq: 0 };
    let stored = subject
        .store()
        .read_after(&system(), start, 10)
        .await
        .expect("it can be read");
    let found: Vec<_> = stored
        .iter()
        .map(|batch| (batch.offset.seq, batch.tenant.as_str()))
        .collect();
    assert_eq!(found, [(1, "acme"), (2, "beta"), (3, "acme")]);
}
