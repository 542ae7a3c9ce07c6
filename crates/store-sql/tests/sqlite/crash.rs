//! Kills, torn files, damage, locks, callers that go away.

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use store::contract::Subject as _;
use store::contract::samples::{DAY, NOON, batch, bulky, flush, keyed};
use store::{Appended, Journal, LiveStore, Offset, StoreError};
use store_sql::{OpenError, SqliteOptions, SqliteStore};

use crate::folder::{subject, system};

/// After every acknowledged append, what is on disk is complete.
#[tokio::test]
async fn a_kill_after_any_append_loses_nothing() {
    let subject = subject().await;
    for n in 1..=12u64 {
        assert_eq!(
            subject
                .append(NOON + n as i64 * DAY / 4, &format!("id-{n}"))
                .await,
            n
        );
        let killed = subject.killed().await;
        assert_eq!(killed.sequences().await, (1..=n).collect::<Vec<_>>());
        // The id of the last one is known, and the sequence goes on.
        let again = batch("acme", NOON + n as i64 * DAY / 4, &[&format!("id-{n}"), "new"]);
        let appended = killed.store().append(&system(), vec![again]).await.unwrap();
        assert!(
            matches!(&appended[0], Appended::Committed { offset: Offset { seq, .. }, duplicates: 1, .. } if *seq == n + 1),
            "{appended:?}"
        );
    }
}

/// A kill between the creation of the next day's file and its first commit, at every stage of the creation.
#[tokio::test]
async fn a_torn_file_of_the_next_day_is_made_again() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    let next = subject.journal("20260302.db");
    let empty_database = {
        let path = subject.folder.path().join("empty");
        subject
            .edit(
                path.clone(),
                "PRAGMA journal_mode = wal; PRAGMA user_version = 0; CREATE TABLE x (y); DROP TABLE x",
            )
            .await;
        std::fs::read(path).unwrap()
    };
    for torn in [&b""[..], &empty_database] {
        drop(subject.store.take());
        std::fs::write(&next, torn).unwrap();
        std::fs::write(subject.journal("20260302.db-wal"), b"").unwrap();
        subject.reopen().await;
        assert!(!next.exists(), "it is gone until it is needed");
        assert_eq!(subject.store().head(&system()).await.unwrap().seq, 1);
    }
    assert_eq!(subject.append(NOON + DAY, "b").await, 2);
    drop(subject.store.take());
    subject.reopen().await;
    assert_eq!(subject.sequences().await, [1, 2]);
}

/// A kill while retention removed a day: logs without their database are swept up and never belong to a new one.
#[tokio::test]
async fn stray_logs_are_swept_up() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    subject.append(NOON + DAY, "b").await;
    let killed = subject.killed().await;
    drop(subject.store.take());
    std::fs::copy(
        killed.journal("20260302.db-wal"),
        subject.journal("20260215.db-wal"),
    )
    .unwrap();
    std::fs::write(subject.journal("20260215.db-shm"), [0; 32_768]).unwrap();
    subject.reopen().await;
    assert!(
        !subject.files().iter().any(|name| name.starts_with("20260215")),
        "{:?}",
        subject.files()
    );
    assert_eq!(subject.sequences().await, [1, 2]);
}

#[tokio::test]
async fn a_file_that_is_no_journal_is_named() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    subject.store.take().unwrap().close().await;
    std::fs::write(subject.journal("20260301.db"), vec![7; 20_000]).unwrap();
    let Err(error) = subject.open().await.map(drop) else {
        panic!("it was opened")
    };
    assert!(error.to_string().contains("20260301.db"), "{error}");
    std::fs::remove_file(subject.journal("20260301.db")).unwrap();
    std::fs::write(subject.journal("notes.txt"), "not ours").unwrap();
    subject.reopen().await;
    assert!(subject.journal("notes.txt").exists());
}

#[tokio::test]
async fn a_damaged_batch_is_corrupt_and_not_silently_wrong() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    drop(subject.store.take());
    let damage = "UPDATE batch SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00'";
    subject.edit(subject.journal("20260301.db"), damage).await;
    let Err(error) = subject.open().await.map(drop) else {
        panic!("it was opened")
    };
    assert!(
        matches!(
            error,
            OpenError::Stored {
                source: StoreError::Corrupt(_),
                ..
            }
        ),
        "{error:?}"
    );
}

/// Rollups that contain more than the journal has (an older journal was put back): their sequences are not used again.
#[tokio::test]
async fn the_sequence_never_falls_behind_live_state() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    subject
        .store()
        .flush(&system(), flush("acme", 0, 40))
        .await
        .unwrap();
    subject.reopen().await;
    assert_eq!(subject.store().head(&system()).await.unwrap().seq, 40);
    assert_eq!(subject.append(NOON + 1, "b").await, 41);
    drop(subject.store.take());
    std::fs::remove_dir_all(subject.folder.path().join("journal")).unwrap();
    subject.reopen().await;
    assert_eq!(subject.append(NOON + 2, "c").await, 41);
}

/// An append whose caller went away leaves either all of its batch or nothing, and the next one goes on.
#[tokio::test]
async fn a_cancelled_append_does_no_harm() {
    let subject = subject().await;
    let system = system();
    for round in 0..40u64 {
        let id = format!("cancelled-{round}");
        let wait = std::time::Duration::from_micros(150 * round);
        let append = subject.store().append(&system, vec![batch("acme", NOON, &[&id])]);
        let _ = tokio::time::timeout(wait, append).await;
        subject.append(NOON, &format!("kept-{round}")).await;
        // Whether or not it was committed, sending it again keeps exactly one.
        subject
            .store()
            .append(&system, vec![batch("acme", NOON, &[&id])])
            .await
            .unwrap();
    }
    let all = subject
        .store()
        .read_after(&system, Offset { writer: 0, seq: 0 }, 10_000)
        .await
        .unwrap();
    let sequence: Vec<u64> = all.iter().map(|batch| batch.offset.seq).collect();
    assert_eq!(sequence, (1..=sequence.len() as u64).collect::<Vec<_>>());
    let mut ids: Vec<&str> = all
        .iter()
        .flat_map(|batch| &batch.events)
        .filter_map(|event| event.id.as_deref())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count), (80, 80));
    assert_eq!(
        subject.store().usage(&system).await.unwrap().batches,
        sequence.len() as u64
    );
}

/// Somebody else holds the write lock for longer than the store waits: the append fails and leaves nothing.
#[tokio::test]
async fn a_locked_file_is_unavailable_and_nothing_is_remembered() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    drop(subject.store.take());
    let options = SqliteOptions {
        busy_timeout: std::time::Duration::from_millis(100),
        ..SqliteOptions::default()
    };
    subject.store = Some(SqliteStore::open(subject.folder.path(), options).await.unwrap());
    let file = SqliteConnectOptions::new().filename(subject.journal("20260301.db"));
    let mut other = SqliteConnection::connect_with(&file).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let error = subject
        .store()
        .append(&system(), vec![keyed("acme", NOON, &["b"], "k", 1)])
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let appended = subject
        .store()
        .append(&system(), vec![keyed("acme", NOON, &["b"], "k", 1)])
        .await
        .unwrap();
    assert!(
        matches!(appended[0], Appended::Committed { duplicates: 0, .. }),
        "{appended:?}"
    );
}

/// Readers and retention at work while batches arrive.
#[tokio::test]
async fn reading_and_retention_do_not_disturb_appending() {
    let subject = subject().await;
    let write = async {
        for n in 0..60i64 {
            subject
                .store()
                .append(&system(), vec![bulky("acme", NOON + n * DAY / 6)])
                .await
                .unwrap();
        }
    };
    let read = async {
        for n in 0..60i64 {
            let now = NOON + n * DAY / 6;
            subject
                .store()
                .retain(&system(), now - 3 * DAY, u64::MAX, now)
                .await
                .unwrap();
            let sequence = subject.sequences().await;
            let first = sequence.first().copied().unwrap_or(1);
            assert_eq!(
                sequence,
                (first..first + sequence.len() as u64).collect::<Vec<_>>()
            );
            subject.store().usage(&system()).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(write, read);
    assert_eq!(subject.store().head(&system()).await.unwrap().seq, 60);
    let now = NOON + 10 * DAY;
    subject
        .store()
        .retain(&system(), now - 3 * DAY, u64::MAX, now)
        .await
        .unwrap();
    assert_eq!(
        subject
            .files()
            .into_iter()
            .filter(|name| name.ends_with(".db"))
            .count(),
        4
    );
}
