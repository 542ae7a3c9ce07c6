//! Which files there are, who may open them, and what is in them.

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use store::contract::Subject as _;
use store::contract::samples::{DAY, NOON, api_key, audit, batch, flush};
use store::{Journal, Keys, LiveStore};
use store_sql::{OpenError, SqliteKeys};

use crate::folder::{Sqlite, acme, options, subject, system};

#[tokio::test]
async fn a_second_process_is_refused_and_the_folder_is_named() {
    let subject = subject().await;
    let Err(error) = subject.open().await.map(drop) else {
        panic!("two processes got the folder")
    };
    assert!(matches!(error, OpenError::InUse(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains(&subject.folder.path().display().to_string()),
        "{text}"
    );
}

#[tokio::test]
async fn keys_can_be_made_while_a_server_runs_and_before_it_first_did() {
    let folder = tempfile::tempdir().unwrap();
    let keys = SqliteKeys::open(folder.path(), options()).await.unwrap();
    keys.create(&acme(), api_key("acme", 1, "a"), audit("key.create", "a"))
        .await
        .unwrap();
    keys.close().await;
    let mut subject = Sqlite { folder, store: None };
    subject.reopen().await;
    let keys = SqliteKeys::open(subject.folder.path(), options()).await.unwrap();
    keys.create(&acme(), api_key("acme", 2, "b"), audit("key.create", "b"))
        .await
        .unwrap();
    assert!(
        subject
            .store()
            .by_hash(&system(), &[2; 32])
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(subject.store().list(&acme()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn midnight_begins_a_new_file() {
    let subject = subject().await;
    let midnight = NOON + DAY / 2;
    assert_eq!(subject.files(), [""; 0]);
    subject.append(midnight - 1, "a").await;
    subject.append(midnight, "b").await;
    // The clock moves back over midnight: the newer file goes on.
    subject.append(midnight - 1, "c").await;
    let databases: Vec<String> = subject
        .files()
        .into_iter()
        .filter(|name| name.ends_with(".db"))
        .collect();
    assert_eq!(databases, ["20260301.db", "20260302.db"]);
    let mut old = SqliteConnection::connect_with(
        &SqliteConnectOptions::new()
            .filename(subject.journal("20260301.db"))
            .read_only(true),
    )
    .await
    .unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM batch")
        .fetch_one(&mut old)
        .await
        .unwrap();
    assert_eq!(count, 1);
    assert_eq!(subject.sequences().await, [1, 2, 3]);
}

/// One append over midnight is one transaction, so it is in one file.
#[tokio::test]
async fn an_append_over_midnight_is_whole() {
    let subject = subject().await;
    let midnight = NOON + DAY / 2;
    let batches = vec![
        batch("acme", midnight - 1, &["a"]),
        batch("acme", midnight, &["b"]),
    ];
    subject.store().append(&system(), batches).await.unwrap();
    assert_eq!(
        subject
            .files()
            .into_iter()
            .filter(|name| name.ends_with(".db"))
            .count(),
        1
    );
    assert_eq!(subject.sequences().await, [1, 2]);
}

#[tokio::test]
async fn newer_files_are_refused() {
    let mut subject = subject().await;
    subject.append(NOON, "a").await;
    drop(subject.store.take());
    subject
        .edit(subject.journal("20260301.db"), "PRAGMA user_version = 99")
        .await;
    let Err(error) = subject.open().await.map(drop) else {
        panic!("it was opened")
    };
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error:?}");
    subject
        .edit(subject.journal("20260301.db"), "PRAGMA user_version = 1")
        .await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'later', true, x'', 0)";
    subject
        .edit(subject.folder.path().join("fuseboard.db"), newer)
        .await;
    let Err(error) = subject.open().await.map(drop) else {
        panic!("it was opened")
    };
    assert!(matches!(error, OpenError::Newer { found: 9999, .. }), "{error:?}");
    assert!(error.to_string().contains("fuseboard.db"), "{error}");
}

#[tokio::test]
async fn files_are_what_durability_needs() {
    let subject = subject().await;
    subject.append(NOON, "a").await;
    subject
        .store()
        .flush(&system(), flush("acme", 0, 1))
        .await
        .unwrap();
    for (file, vacuum) in [
        (subject.journal("20260301.db"), 0),
        (subject.folder.path().join("fuseboard.db"), 2),
    ] {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let page: i64 = sqlx::query_scalar("PRAGMA page_size")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let found: i64 = sqlx::query_scalar("PRAGMA auto_vacuum")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!((mode.as_str(), page, found), ("wal", 8_192, vacuum));
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(
            version >= vec![3, 51, 3],
            "older ones have a corruption bug in WAL mode: {version:?}"
        );
    }
}

#[tokio::test]
async fn a_closed_folder_has_nothing_to_recover() {
    let mut subject = subject().await;
    for day in 0..3 {
        subject.append(NOON + day * DAY, &format!("{day}")).await;
    }
    subject.sequences().await;
    subject.store.take().unwrap().close().await;
    assert_eq!(subject.files(), ["20260301.db", "20260302.db", "20260303.db"]);
    subject.reopen().await;
    assert_eq!(subject.sequences().await, [1, 2, 3]);
}
