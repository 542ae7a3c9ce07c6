//! Copies of a folder that is being written to, and putting them back.

use std::path::Path;

use store::contract::Subject as _;
use store::contract::samples::{DAY, NOON, flush};
use store::{Journal, LiveStore};
use store_sql::{CopiedFile, OpenError, SqliteKeys, SqliteOptions, SqliteRestore, SqliteSnapshot};

use crate::folder::{Sqlite, subject, system};

async fn open(subject: &Sqlite) -> SqliteSnapshot {
    SqliteSnapshot::open(subject.folder.path(), SqliteOptions::default())
        .await
        .unwrap()
}

/// Copies all of it to where a restore wants it.
async fn copy(mut snapshot: SqliteSnapshot, to: &SqliteRestore) -> Vec<(String, CopiedFile)> {
    to.prepare().await.unwrap();
    snapshot.copy_main(&to.main_file()).await.unwrap();
    let mut copied = Vec::new();
    for day in snapshot.days() {
        if let Some(file) = snapshot.copy_day(&day, &to.day_file(&day)).await.unwrap() {
            copied.push((day, file));
        }
    }
    copied
}

async fn restored(folder: tempfile::TempDir) -> Sqlite {
    let mut restored = Sqlite { folder, store: None };
    restored.reopen().await;
    restored
}

#[tokio::test]
async fn a_day_that_retention_removes_meanwhile_is_still_copied() {
    let subject = subject().await;
    for (day, id) in [(0, "a"), (1, "b"), (1, "c"), (5, "d")] {
        subject.append(NOON + day * DAY, id).await;
    }
    let snapshot = open(&subject).await;
    let freed = subject
        .store()
        .retain(&system(), NOON + 4 * DAY, u64::MAX, NOON + 5 * DAY)
        .await
        .unwrap();
    assert!(freed > 0);
    assert_eq!(subject.sequences().await, [4], "the older days are gone");
    let folder = tempfile::tempdir().unwrap();
    let target = SqliteRestore::begin(folder.path()).await.unwrap();
    let copied = copy(snapshot, &target).await;
    let batches: Vec<_> = copied
        .iter()
        .map(|(day, file)| (day.as_str(), file.batches, file.tables["batch"]))
        .collect();
    assert_eq!(
        batches,
        [
            ("20260301", Some((1, 1)), 1),
            ("20260302", Some((2, 3)), 2),
            ("20260306", Some((4, 4)), 1)
        ]
    );
    target.examine(store_sql::newest_schema()).await.unwrap();
    assert_eq!(target.finish("aside").await.unwrap(), None);
    let restored = restored(folder).await;
    assert_eq!(restored.sequences().await, [1, 2, 3, 4]);
    assert_eq!(restored.append(NOON + 5 * DAY, "e").await, 5);
}

#[tokio::test]
async fn a_day_that_begins_meanwhile_leaves_no_gap() {
    let subject = subject().await;
    subject.append(NOON, "a").await;
    let mut snapshot = open(&subject).await;
    subject.append(NOON + DAY, "b").await;
    subject
        .store()
        .flush(&system(), flush("acme", 0, 2))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = SqliteRestore::begin(folder.path()).await.unwrap();
    target.prepare().await.unwrap();
    let main = snapshot.copy_main(&target.main_file()).await.unwrap();
    assert_eq!(main.tables["checkpoint"], 1);
    assert_eq!(
        main.tenants.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["acme"]
    );
    // The checkpoint contains the second day, so that has to come along. What comes from here on need not.
    assert_eq!(snapshot.days(), ["20260301", "20260302"]);
    subject.append(NOON + 2 * DAY, "c").await;
    for day in snapshot.days() {
        snapshot.copy_day(&day, &target.day_file(&day)).await.unwrap();
    }
    target.examine(store_sql::newest_schema()).await.unwrap();
    target.finish("aside").await.unwrap();
    assert_eq!(restored(folder).await.sequences().await, [1, 2]);
}

#[tokio::test]
async fn the_old_is_moved_aside_with_its_logs() {
    let subject = subject().await;
    subject.append(NOON, "a").await;
    let snapshot = open(&subject).await;
    let target = tempfile::tempdir().unwrap();
    // An older life of the target, and logs that would be replayed into the new files.
    let old = ["fuseboard.db", "fuseboard.db-wal", "fuseboard.db-shm"];
    for name in old {
        std::fs::write(target.path().join(name), name).unwrap();
    }
    std::fs::create_dir(target.path().join("journal")).unwrap();
    std::fs::write(target.path().join("journal/20260301.db-wal"), "stale").unwrap();
    std::fs::write(target.path().join("local.key"), "mine").unwrap();
    let restore = SqliteRestore::begin(target.path()).await.unwrap();
    assert_eq!(restore.present().await.unwrap().len(), 4);
    copy(snapshot, &restore).await;
    let aside = restore.finish("before").await.unwrap().unwrap();
    for name in old {
        assert_eq!(std::fs::read_to_string(aside.join(name)).unwrap(), name);
    }
    assert_eq!(names(&aside.join("journal")), ["20260301.db-wal"]);
    assert_eq!(
        names(target.path()),
        ["before", "fuseboard.db", "fuseboard.lock", "journal", "local.key"]
    );
    assert_eq!(restored(target).await.sequences().await, [1]);
}

#[tokio::test]
async fn an_interrupted_restore_keeps_servers_and_keys_out() {
    let subject = subject().await;
    subject.append(NOON, "a").await;
    let folder = tempfile::tempdir().unwrap();
    let restore = SqliteRestore::begin(folder.path()).await.unwrap();
    copy(open(&subject).await, &restore).await;
    drop(restore);
    let target = Sqlite { folder, store: None };
    let error = target.open().await.map(drop).unwrap_err();
    assert!(matches!(error, OpenError::RestoreUnfinished(_)), "{error:?}");
    let keys = SqliteKeys::open(target.folder.path(), SqliteOptions::default()).await;
    assert!(matches!(keys.map(drop), Err(OpenError::RestoreUnfinished(_))));
    // Run again, it goes through.
    let restore = SqliteRestore::begin(target.folder.path()).await.unwrap();
    copy(open(&subject).await, &restore).await;
    restore.finish("before").await.unwrap();
    assert_eq!(restored(target.folder).await.sequences().await, [1]);
}

#[tokio::test]
async fn a_torn_file_and_a_running_server_are_named() {
    let subject = subject().await;
    for id in 0..200 {
        subject.append(NOON, &format!("e{id}")).await;
    }
    assert!(matches!(
        SqliteRestore::begin(subject.folder.path()).await.map(drop),
        Err(OpenError::InUse(_))
    ));
    let folder = tempfile::tempdir().unwrap();
    let restore = SqliteRestore::begin(folder.path()).await.unwrap();
    copy(open(&subject).await, &restore).await;
    let day = restore.day_file("20260301");
    let mut bytes = std::fs::read(&day).unwrap();
    let page = bytes.len() / 2 / 8_192 * 8_192;
    bytes[page..page + 64].fill(0xff);
    std::fs::write(&day, bytes).unwrap();
    let error = restore.examine(store_sql::newest_schema()).await.unwrap_err();
    assert!(format!("{error:?}").contains("20260301.db"), "{error:?}");
    let missing = SqliteSnapshot::open(folder.path(), SqliteOptions::default()).await;
    assert!(matches!(missing.map(drop), Err(OpenError::Missing(_))));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
