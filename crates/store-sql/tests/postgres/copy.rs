//! Everything from a folder into a database: every table there is, whichever migration made it.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use store::contract::samples::{DAY, NOON, audit_key, batch, keyed};
use store::{Appended, Journal, SystemScope};
use store_sql::{CopyError, OpenError, PgOptions, PgSnapshot, PgStore, SqliteOptions, SqliteStore, copy};

use crate::database::Database;

/// Tables that only Postgres has.
const OF_THE_JOURNAL: [&str; 4] = ["idempotency", "journal_batch", "journal_head", "recent_id"];

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
fn system() -> SystemScope {
    SystemScope::assume()
}

/// A folder with rows in every table, and a journal of two days.
async fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions {
        audit_key: Some(audit_key()),
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(folder.path(), options).await.unwrap();
    for (day, ids) in [(0, ["a", "b"]), (1, ["c", "d"]), (1, ["e", "f"])] {
        let batch = batch("acme", NOON + day * DAY, &ids);
        store.append(&system(), vec![batch]).await.unwrap();
    }
    let keyed = keyed("acme", NOON + DAY + 1, &["g"], "a key", 7);
    store.append(&system(), vec![keyed]).await.unwrap();
    store.close().await;
    let mut database = open(folder.path()).await;
    database.execute("BEGIN").await.unwrap();
    database.execute("PRAGMA defer_foreign_keys = ON").await.unwrap();
    for (table, columns) in tables(&mut database).await {
        for row in 1..=2_500 {
            let values: Vec<String> = columns
                .iter()
                .map(|(column, kind)| match kind.as_str() {
                    "TEXT" => format!("'{} {row} \u{2013} \u{1f50c}'", named_after(&table, column)),
                    "BLOB" => "randomblob(1000)".into(),
                    "BOOLEAN" => (row % 2).to_string(),
                    _ => row.to_string(),
                })
                .collect();
            let sql = format!("INSERT INTO \"{table}\" VALUES ({})", values.join(", "));
            database.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    }
    database.execute("COMMIT").await.unwrap();
    database.close().await.unwrap();
    folder
}

/// The table whose rows a column speaks of: what it refers to must be there.
fn named_after<'a>(table: &'a str, column: &str) -> &'a str {
    match (table, column) {
        ("data_key", "master") => "master_key",
        ("secret", "tenant_id") => "data_key",
        _ => table,
    }
}

async fn open(folder: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", folder.join("fuseboard.db").display());
    SqliteConnection::connect(&url).await.unwrap()
}

/// The tables of `fuseboard.db` with names and types of their columns.
async fn tables(database: &mut SqliteConnection) -> BTreeMap<String, Vec<(String, String)>> {
    let found: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT s.name, c.name, c.type FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS c
         WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%' AND s.name <> '_sqlx_migrations' ORDER BY s.name, c.cid",
    )
    .fetch_all(database)
    .await
    .unwrap();
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (table, column, kind) in found {
        tables.entry(table).or_default().push((column, kind));
    }
    tables
}

/// An empty database.
async fn empty() -> Database {
    let mut database = Database::create().await;
    database.take().close().await;
    database.run("DROP SCHEMA public CASCADE").await;
    database.run("CREATE SCHEMA public").await;
    database
}

#[tokio::test]
async fn every_table_arrives_as_it_was() {
    let folder = folder().await;
    let target = empty().await;
    let mut steps = 0;
    let copied = copy(folder.path(), target.url(), |_, _| steps += 1)
        .await
        .unwrap();
    assert_eq!(copied.before, 0);
    assert!(
        steps > copied.tables.len(),
        "{steps} steps: some tables need several"
    );

    let mut here = open(folder.path()).await;
    let mut there = PgConnection::connect(target.url()).await.unwrap();
    let tables = tables(&mut here).await;
    let mut expected: Vec<&str> = tables.keys().map(String::as_str).chain(OF_THE_JOURNAL).collect();
    expected.sort_unstable();
    assert_eq!(copied.tables.keys().collect::<Vec<_>>(), expected);
    let empty: Vec<_> = copied.tables.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(empty.is_empty(), "nothing was there to be copied: {empty:?}");

    // Each value, asked of both in words of their own.
    for (table, columns) in &tables {
        let texts = |cast: &dyn Fn(&str, &str) -> String| {
            let list = columns.iter().map(|(name, kind)| cast(name, kind));
            let list: Vec<String> = list.map(|text| format!("COALESCE({text}, 'null')")).collect();
            list.join(" || '|' || ")
        };
        let own = texts(&|name, kind| match kind {
            "BLOB" => format!("lower(hex(\"{name}\"))"),
            "BOOLEAN" => format!("CASE \"{name}\" WHEN 1 THEN 'true' ELSE 'false' END"),
            _ => format!("CAST(\"{name}\" AS TEXT)"),
        });
        let theirs = texts(&|name, kind| match kind {
            "BLOB" => format!("encode(\"{name}\", 'hex')"),
            _ => format!("\"{name}\"::text"),
        });
        let mut own: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT {own} FROM \"{table}\"")))
                .fetch_all(&mut here)
                .await
                .unwrap();
        let mut theirs: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT {theirs} FROM \"{table}\"")))
                .fetch_all(&mut there)
                .await
                .unwrap();
        own.sort_unstable();
        theirs.sort_unstable();
        assert!(own.len() >= 2_500);
        assert!(own == theirs, "{table} differs");
    }
}

#[tokio::test]
async fn the_journal_goes_on_where_it_was() {
    let folder = folder().await;
    let target = empty().await;
    // Rows that were made up are no live state that a store could read.
    let mut here = open(folder.path()).await;
    here.execute("DELETE FROM checkpoint").await.unwrap();
    here.close().await.unwrap();
    copy(folder.path(), target.url(), |_, _| {}).await.unwrap();
    let store = PgStore::connect(target.url(), PgOptions::default())
        .await
        .unwrap();
    let head = store.head(&system()).await.unwrap();
    assert_eq!(head.seq, 4);
    let batches = store
        .read_after(&system(), store::Offset { seq: 0, ..head }, 10)
        .await
        .unwrap();
    let ids: Vec<Vec<String>> = batches
        .iter()
        .map(|batch| batch.events.iter().filter_map(|event| event.id.clone()).collect())
        .collect();
    assert_eq!(ids, [vec!["a", "b"], vec!["c", "d"], vec!["e", "f"], vec!["g"]]);
    // What was seen within the hour is known, what was seen the day before is not.
    let again = batch("acme", NOON + DAY + 10, &["a", "c", "g", "new"]);
    let appended = store.append(&system(), vec![again]).await.unwrap();
    let [Appended::Committed { kept, duplicates, .. }] = appended.as_slice() else {
        panic!("{appended:?}")
    };
    let kept: Vec<&str> = kept.iter().filter_map(|event| event.id.as_deref()).collect();
    assert_eq!((kept, *duplicates), (vec!["a", "new"], 2));
    let again = keyed("acme", NOON + DAY + 20, &["g"], "a key", 7);
    let text = format!("{:?}", store.append(&system(), vec![again]).await.unwrap());
    assert!(text.to_lowercase().contains("replay"), "{text}");
    assert_eq!(store.head(&system()).await.unwrap().seq, 5);
    store.close().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let folder = folder().await;
    let copy = async |url: &str| copy(folder.path(), url, |_, _| {}).await;
    let mut used = Database::create().await;
    let taken = copy(used.url()).await;
    assert!(
        matches!(taken, Err(CopyError::Open(OpenError::ServerRunning(_)))),
        "{taken:?}"
    );
    used.take().close().await;
    let full = copy(used.url()).await;
    assert!(
        matches!(full, Err(CopyError::Open(OpenError::NotEmpty { .. }))),
        "{full:?}"
    );

    // A table that only one side has, whichever.
    let mut here = open(folder.path()).await;
    let target = empty().await;
    here.execute("CREATE TABLE later (tenant_id TEXT NOT NULL PRIMARY KEY)")
        .await
        .unwrap();
    let extra = copy(target.url()).await;
    assert!(
        matches!(&extra, Err(CopyError::NoCounterpart { table, .. }) if table == "later"),
        "{extra:?}"
    );
    here.execute("DROP TABLE later").await.unwrap();
    here.execute("ALTER TABLE link ADD COLUMN later TEXT")
        .await
        .unwrap();
    let extra = copy(target.url()).await;
    assert!(
        matches!(&extra, Err(CopyError::NoCounterpart { table, why }) if table == "link" && why.contains("later")),
        "{extra:?}"
    );
    here.execute("ALTER TABLE link DROP COLUMN later").await.unwrap();

    // A value that the column of the other side cannot hold: told, and nothing counts as a store.
    here.execute("UPDATE tenant SET created = 'yesterday' WHERE created = 1")
        .await
        .unwrap();
    assert!(matches!(copy(target.url()).await, Err(CopyError::Transfer(_))));
    let refused = PgStore::connect(target.url(), PgOptions::default())
        .await
        .map(drop);
    assert!(
        matches!(refused, Err(OpenError::CopyUnfinished(_))),
        "{refused:?}"
    );
    let refused = PgSnapshot::open(target.url()).await.map(drop);
    assert!(
        matches!(refused, Err(OpenError::CopyUnfinished(_))),
        "{refused:?}"
    );
    here.execute("UPDATE tenant SET created = 1 WHERE created = 'yesterday'")
        .await
        .unwrap();
    here.close().await.unwrap();
    copy(target.url()).await.unwrap();
    assert!(matches!(
        copy(target.url()).await,
        Err(CopyError::Open(OpenError::NotEmpty { .. }))
    ));
}

#[tokio::test]
async fn what_arrives_damaged_is_found() {
    let folder = folder().await;
    let target = empty().await;
    // The schema is there, and the source cannot be read to its end.
    let mut here = open(folder.path()).await;
    here.execute("UPDATE session SET created = 'never' WHERE created = 7")
        .await
        .unwrap();
    assert!(copy(folder.path(), target.url(), |_, _| {}).await.is_err());
    here.execute("UPDATE session SET created = 7 WHERE created = 'never'")
        .await
        .unwrap();
    // Planned, but with a step that fails half-way.
    target
        .run("ALTER TABLE session ADD CONSTRAINT not_yet CHECK (created < 2300)")
        .await;
    assert!(matches!(
        copy(folder.path(), target.url(), |_, _| {}).await,
        Err(CopyError::Transfer(_))
    ));
    target.run("ALTER TABLE session DROP CONSTRAINT not_yet").await;
    // Another source than the one that was begun with.
    here.execute("UPDATE account SET name = 'somebody else' WHERE created = 3")
        .await
        .unwrap();
    let other = copy(folder.path(), target.url(), |_, _| {}).await;
    assert!(
        matches!(&other, Err(CopyError::OtherSource { part, .. }) if part == "account"),
        "{other:?}"
    );
    here.execute("UPDATE account SET name = 'account 3 \u{2013} \u{1f50c}' WHERE created = 3")
        .await
        .unwrap();
    here.close().await.unwrap();
    // A row of what is there already is changed behind our back.
    target
        .run("UPDATE account SET name = 'changed' WHERE created = 3")
        .await;
    let damaged = copy(folder.path(), target.url(), |_, _| {}).await;
    assert!(
        matches!(&damaged, Err(CopyError::Differs { table, .. }) if table == "account"),
        "{damaged:?}"
    );
    target
        .run("UPDATE account SET name = 'account 3 \u{2013} \u{1f50c}' WHERE created = 3")
        .await;
    let copied = copy(folder.path(), target.url(), |_, _| {}).await.unwrap();
    let all: u64 = copied.tables.values().sum();
    assert_eq!(copied.before, all, "everything was there already");
}
