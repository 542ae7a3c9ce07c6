//! A moment of a database, and a database made from it.

use std::collections::{BTreeMap, VecDeque};

use store::contract::Subject as _;
use store::contract::samples::{DAY, NOON, api_key, audit, audit_key, batch, flush};
use store::{Journal, Keys, LiveStore, SystemScope, TenantId, TenantScope};
use store_sql::{OpenError, PgOptions, PgRestore, PgSnapshot, PgStore, PgTable};

use crate::database::Database;

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
fn system() -> SystemScope {
    SystemScope::assume()
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the auth layer")]
fn acme() -> TenantScope {
    TenantScope::assume(TenantId::parse("acme").unwrap())
}

type Rows = BTreeMap<String, (PgTable, Vec<u8>, u64)>;

async fn read(snapshot: &mut PgSnapshot) -> Rows {
    let mut rows = Rows::new();
    for table in snapshot.tables().to_vec() {
        let mut bytes = Vec::new();
        let count = snapshot
            .copy(&table, |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })
            .await
            .unwrap();
        rows.insert(table.name.clone(), (table, bytes, count));
    }
    rows
}

async fn fill(target: &mut PgRestore, rows: &Rows) {
    for (table, bytes, count) in rows.values() {
        let mut bytes = VecDeque::from(bytes.clone());
        let filled = target
            .fill(table, |buffer| std::io::Read::read(&mut bytes, buffer))
            .await
            .unwrap();
        assert_eq!(filled, *count, "{}", table.name);
    }
}

async fn filled() -> Database {
    let database = Database::create().await;
    let store = database.store();
    for (day, id) in [(0, "a"), (1, "b"), (1, "c")] {
        let batch = batch("acme", NOON + day * DAY, &[id]);
        store.append(&system(), vec![batch]).await.unwrap();
    }
    store.flush(&system(), flush("acme", 0, 2)).await.unwrap();
    for number in 1..=3 {
        let name = format!("key {number}");
        let entry = audit("key.create", &name);
        store
            .create(&acme(), api_key("acme", number, &name), entry)
            .await
            .unwrap();
    }
    database
}

/// A database with nothing in it.
async fn empty() -> Database {
    let mut database = Database::create().await;
    database.take().close().await;
    database
        .run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await;
    database
}

#[tokio::test]
async fn all_tables_as_of_one_moment() {
    let source = filled().await;
    let mut snapshot = PgSnapshot::open(source.url()).await.unwrap();
    assert_eq!(snapshot.schema(), store_sql::newest_schema());
    assert_eq!(snapshot.batches(), Some((1, 3)));
    // What comes after the moment is not in it, in no table.
    let later = batch("acme", NOON + DAY, &["later"]);
    source.store().append(&system(), vec![later]).await.unwrap();
    let rows = read(&mut snapshot).await;
    let count = |name: &str| rows[name].2;
    assert_eq!(
        count("journal_batch_20260301") + count("journal_batch_20260302"),
        3
    );
    assert_eq!(
        (count("recent_id"), count("audit"), count("checkpoint")),
        (3, 3, 1)
    );
    assert!(!rows.contains_key("_sqlx_migrations") && !rows.contains_key("journal_batch"));
    let counters = snapshot.counters().to_vec();
    assert_eq!(
        counters.iter().map(|one| one.table.as_str()).collect::<Vec<_>>(),
        ["recent_id"]
    );

    let target = empty().await;
    let mut restore = PgRestore::begin(target.url()).await.unwrap();
    let tables: Vec<PgTable> = snapshot.tables().to_vec();
    restore.make_schema(snapshot.schema(), &tables).await.unwrap();
    fill(&mut restore, &rows).await;
    restore.set_counters(&counters).await.unwrap();
    restore.finish().await.unwrap();
    snapshot.close().await;

    // The same bytes come out of it again.
    let mut again = PgSnapshot::open(target.url()).await.unwrap();
    assert!(read(&mut again).await == rows);
    again.close().await;
    // And it goes on as the first one would have: sequence, numbers of rows, repeats.
    let options = PgOptions {
        audit_key: Some(audit_key()),
        ..PgOptions::default()
    };
    let store = PgStore::connect(target.url(), options).await.unwrap();
    let repeat = batch("acme", NOON + DAY, &["b", "d"]);
    store.append(&system(), vec![repeat]).await.unwrap();
    store
        .create(&acme(), api_key("acme", 4, "key 4"), audit("key.create", "key 4"))
        .await
        .unwrap();
    store.close().await;
    assert_eq!(target.count("SELECT max(seq) FROM journal_batch").await, 4);
    assert_eq!(
        target
            .count("SELECT cast(sum(events) AS bigint) FROM journal_batch")
            .await,
        4
    );
    assert_eq!(target.count("SELECT count(DISTINCT n) FROM audit").await, 4);
    assert_eq!(target.count("SELECT max(n) FROM audit").await, 4);
}

#[tokio::test]
async fn nothing_but_an_empty_database_is_filled() {
    let used = filled().await;
    let refused = PgRestore::begin(used.url()).await.map(drop);
    assert!(matches!(refused, Err(OpenError::ServerRunning(_))), "{refused:?}");
    let mut used = used;
    used.take().close().await;
    let refused = PgRestore::begin(used.url()).await.map(drop);
    assert!(matches!(refused, Err(OpenError::NotEmpty { .. })), "{refused:?}");

    let target = empty().await;
    let missing = PgSnapshot::open(target.url()).await.map(drop);
    assert!(matches!(missing, Err(OpenError::Missing(_))), "{missing:?}");
    // A restore that fails on its way leaves nothing.
    let mut restore = PgRestore::begin(target.url()).await.unwrap();
    let foreign = PgTable {
        name: "pirates".into(),
        columns: vec!["a".into()],
    };
    let refused = restore.make_schema(store_sql::newest_schema(), &[foreign]).await;
    assert!(
        matches!(&refused, Err(OpenError::Unsound { why, .. }) if why.contains("no such table")),
        "{refused:?}"
    );
    drop(restore);
    PgRestore::begin(target.url()).await.map(drop).unwrap();
}

#[tokio::test]
async fn tables_of_others_are_left_alone() {
    let database = filled().await;
    database
        .run("CREATE TABLE somebody_elses (a bigint); CREATE TABLE journal_batch_20260102 (a bigint)")
        .await;
    let snapshot = PgSnapshot::open(database.url()).await.unwrap();
    let names: Vec<&str> = snapshot
        .tables()
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert!(
        !names.contains(&"somebody_elses") && !names.contains(&"journal_batch_20260102"),
        "{names:?}"
    );
    // All of ours are there: whoever adds a table has it in a backup.
    let ours = database
        .count(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             AND relname NOT IN ('_sqlx_migrations', 'somebody_elses', 'journal_batch_20260102')",
        )
        .await;
    assert_eq!(names.len() as i64, ours, "{names:?}");
    snapshot.close().await;
}
