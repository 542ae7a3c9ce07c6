//! Reading the journal: by offset, by limit, by time of arrival.

use super::samples::{DAY, NOON, batch};
use super::{Subject, append_one, head, read_all, system};
use crate::{Journal, Offset};

/// Appends batches that arrive at these times; their offsets.
async fn fill(subject: &impl Subject, times: &[i64]) -> Vec<Offset> {
    let mut offsets = Vec::new();
    for (n, time) in times.iter().enumerate() {
        offsets.push(
            append_one(subject, batch("acme", *time, &[&format!("id-{n}")]))
                .await
                .0,
        );
    }
    offsets
}

async fn read(subject: &impl Subject, after: Offset, limit: usize) -> Vec<Offset> {
    let stored = subject
        .store()
        .read_after(&system(), after, limit)
        .await
        .expect("it can be read");
    stored.iter().map(|batch| batch.offset).collect()
}

async fn before(subject: &impl Subject, time: i64) -> Offset {
    subject
        .store()
        .before_time(&system(), time)
        .await
        .expect("it can be read")
}

/// Exclusive at the start, at most so many.
pub async fn reading_starts_after_the_offset_and_stops_at_the_limit(subject: &mut impl Subject) {
    let offsets = fill(subject, &[NOON; 6]).await;
    assert_eq!(read(subject, offsets[1], 3).await, &offsets[2..5]);
    assert_eq!(read(subject, offsets[3], 100).await, &offsets[4..]);
    assert_eq!(read(subject, offsets[0], 0).await, []);
}

/// The end of the journal is no error.
pub async fn reading_past_the_end_gives_nothing(subject: &mut impl Subject) {
    assert_eq!(read(subject, Offset { writer: 1, seq: 0 }, 10).await, []);
    let offsets = fill(subject, &[NOON; 2]).await;
    assert_eq!(read(subject, offsets[1], 10).await, []);
    assert_eq!(
        read(
            subject,
            Offset {
                writer: 1,
                seq: u64::MAX
            },
            10
        )
        .await,
        []
    );
}

/// (writer, sequence) is the order, so a later writer's offset is behind everything of an earlier one.
pub async fn reading_compares_writers_first(subject: &mut impl Subject) {
    let offsets = fill(subject, &[NOON; 2]).await;
    let writer = offsets[0].writer;
    assert_eq!(
        read(
            subject,
            Offset {
                writer: writer - 1,
                seq: 99
            },
            10
        )
        .await,
        offsets
    );
    assert_eq!(
        read(
            subject,
            Offset {
                writer: writer + 1,
                seq: 0
            },
            10
        )
        .await,
        []
    );
}

/// One read passes any number of midnights.
pub async fn reading_crosses_midnight(subject: &mut impl Subject) {
    let offsets = fill(subject, &[NOON, NOON + DAY, NOON + DAY + 1, NOON + 4 * DAY]).await;
    assert_eq!(read(subject, offsets[0], 10).await, &offsets[1..]);
    assert_eq!(read(subject, offsets[0], 2).await, &offsets[1..3]);
    subject.reopen().await;
    assert_eq!(read(subject, offsets[1], 10).await, &offsets[2..]);
}

/// Even back over midnight: order is the sequence, never the clock.
pub async fn a_clock_that_moves_back_keeps_the_order(subject: &mut impl Subject) {
    let times = [NOON, NOON + DAY, NOON - DAY, NOON + 1, NOON + DAY + 1];
    let mut offsets = fill(subject, &times[..3]).await;
    subject.reopen().await;
    offsets.push(append_one(subject, batch("acme", times[3], &["x"])).await.0);
    offsets.push(append_one(subject, batch("acme", times[4], &["y"])).await.0);
    assert_eq!(read(subject, Offset { writer: 0, seq: 0 }, 10).await, offsets);
    let received: Vec<i64> = read_all(subject)
        .await
        .iter()
        .map(|batch| batch.received)
        .collect();
    assert_eq!(received, times);
}

/// Sequence 0 is "nothing yet", and the writer is known before anything is written.
pub async fn the_head_of_an_empty_journal_is_zero(subject: &mut impl Subject) {
    let empty = head(subject).await;
    assert_eq!(empty.seq, 0);
    let first = append_one(subject, batch("acme", NOON, &["a"])).await.0;
    assert_eq!(
        first,
        Offset {
            writer: empty.writer,
            seq: 1
        }
    );
}

/// At or after, and the offset is the one before it.
pub async fn before_time_finds_the_first_that_arrived(subject: &mut impl Subject) {
    let offsets = fill(subject, &[NOON, NOON + 10, NOON + 10, NOON + 20]).await;
    assert_eq!(before(subject, NOON - DAY).await, Offset { seq: 0, ..offsets[0] });
    assert_eq!(before(subject, NOON).await, Offset { seq: 0, ..offsets[0] });
    assert_eq!(before(subject, NOON + 1).await, offsets[0]);
    assert_eq!(before(subject, NOON + 10).await, offsets[0]);
    assert_eq!(before(subject, NOON + 11).await, offsets[2]);
    let rest = read(subject, before(subject, NOON + 10).await, 10).await;
    assert_eq!(rest, &offsets[1..]);
}

/// Nothing that late: the head.
pub async fn before_time_is_the_head_when_all_is_older(subject: &mut impl Subject) {
    assert_eq!(before(subject, NOON).await, head(subject).await);
    let offsets = fill(subject, &[NOON, NOON + 1]).await;
    assert_eq!(before(subject, NOON + 2).await, offsets[1]);
    assert_eq!(before(subject, i64::MAX).await, offsets[1]);
}

/// Days do not matter.
pub async fn before_time_crosses_midnight(subject: &mut impl Subject) {
    let offsets = fill(subject, &[NOON, NOON + DAY, NOON + 3 * DAY]).await;
    subject.reopen().await;
    assert_eq!(before(subject, NOON + 1).await, offsets[0]);
    assert_eq!(before(subject, NOON + DAY + 1).await, offsets[1]);
    assert_eq!(before(subject, NOON + 3 * DAY).await, offsets[1]);
}
