//! What only Postgres can do wrong: a second writer, lost connections, lost answers, partitions half removed.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use store::contract::Subject as _;
use store::contract::samples::{DAY, NOON, batch, keyed};
use store::{Appended, Journal, Keys, Offset, StoreError, SystemScope, TenantId, TenantScope};
use store_sql::{OpenError, PgKeys, PgOptions, PgStore};

use crate::database::Database;
use crate::proxy::{Cut, Proxy};

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
pub fn system() -> SystemScope {
    SystemScope::assume()
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the auth layer")]
pub fn acme() -> TenantScope {
    TenantScope::assume(TenantId::parse("acme").unwrap())
}

fn impatient() -> PgOptions {
    PgOptions {
        writer_wait: Duration::from_millis(200),
        ..PgOptions::default()
    }
}

async fn append(store: &PgStore, id: &str) -> Result<Appended, StoreError> {
    let mut appended = store.append(&system(), vec![batch("acme", NOON, &[id])]).await?;
    Ok(appended.remove(0))
}

fn seq(appended: &Appended) -> u64 {
    match appended {
        Appended::Committed { offset, .. } => offset.seq,
        other => panic!("expected a commit, got {other:?}"),
    }
}

async fn stored(store: &PgStore) -> Vec<u64> {
    let all = store
        .read_after(&system(), Offset { writer: 0, seq: 0 }, 1_000)
        .await
        .unwrap();
    all.iter().map(|batch| batch.offset.seq).collect()
}

#[tokio::test]
async fn a_second_writer_is_refused_and_keys_are_not() {
    let database = Database::create().await;
    let second = PgStore::connect(database.url(), impatient()).await;
    let Err(error) = second.map(drop) else {
        panic!("a second writer got the role")
    };
    assert!(matches!(error, OpenError::WriterTaken(_)), "{error:?}");
    assert!(error.to_string().contains("another fuseboard process"), "{error}");
    let keys = PgKeys::connect(database.url(), PgOptions::default())
        .await
        .unwrap();
    assert_eq!(keys.by_hash(&system(), &[7; 32]).await.unwrap(), None);
    keys.close().await;
}

#[tokio::test]
async fn the_role_is_waited_for() {
    let mut database = Database::create().await;
    append(database.store_ref(), "a").await.unwrap();
    let first = database.take();
    let (second, ()) = tokio::join!(PgStore::connect(database.url(), PgOptions::default()), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.close().await;
    });
    let second = second.unwrap();
    assert_eq!(second.head(&system()).await.unwrap().seq, 1);
    assert_eq!(seq(&append(&second, "b").await.unwrap()), 2);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let mut database = Database::create().await;
    database.take().close().await;
    database
        .run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)")
        .await;
    let Err(error) = PgStore::connect(database.url(), impatient()).await.map(drop) else {
        panic!("it was opened")
    };
    assert!(matches!(error, OpenError::Newer { found: 9999, .. }), "{error:?}");
    assert!(!error.to_string().contains("root@"), "{error}");
}

/// Every connection is cut between two appends: the first one afterwards may fail, nothing is lost or doubled.
#[tokio::test]
async fn a_lost_connection_is_taken_up_again() {
    let database = Database::create().await;
    let store = database.store_ref();
    append(store, "a").await.unwrap();
    for round in 0..3 {
        database.kill_connections().await;
        let id = format!("b{round}");
        let mut tries = 0;
        let appended = loop {
            match append(store, &id).await {
                Ok(appended) => break appended,
                Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
            }
            tries += 1;
            assert!(tries < 50, "it never came back");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(seq(&appended), round + 2);
    }
    assert_eq!(stored(store).await, [1, 2, 3, 4]);
}

/// The commit reaches Postgres, its answer does not reach us: it is found and reported as committed.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found() {
    let mut database = Database::create().await;
    database.take().close().await;
    let proxy = Proxy::start(database.url()).await;
    let store = PgStore::connect(proxy.url(), PgOptions::default()).await.unwrap();
    append(&store, "a").await.unwrap();
    proxy.cut_at_next_commit(Cut::After);
    assert_eq!(seq(&append(&store, "b").await.unwrap()), 2);
    assert_eq!(proxy.cuts(), 1, "the connection was really lost");
    assert_eq!(seq(&append(&store, "c").await.unwrap()), 3);
    assert_eq!(stored(&store).await, [1, 2, 3]);
}

/// The commit never reaches Postgres: it is reported as not there, and sending again works.
#[tokio::test]
async fn a_commit_that_is_lost_is_not_claimed() {
    let mut database = Database::create().await;
    database.take().close().await;
    let proxy = Proxy::start(database.url()).await;
    let store = PgStore::connect(proxy.url(), PgOptions::default()).await.unwrap();
    append(&store, "a").await.unwrap();
    proxy.cut_at_next_commit(Cut::Before);
    let error = append(&store, "b").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert_eq!(proxy.cuts(), 1, "the connection was really lost");
    let again = append(&store, "b").await.unwrap();
    assert_eq!(seq(&again), 2);
    assert!(
        matches!(again, Appended::Committed { duplicates: 0, .. }),
        "nothing of it was remembered: {again:?}"
    );
    assert_eq!(stored(&store).await, [1, 2]);
}

/// Postgres stops answering without closing anything: the append gives up in time, and the next one works.
#[tokio::test]
async fn a_silent_connection_is_given_up() {
    let mut database = Database::create().await;
    database.take().close().await;
    let proxy = Proxy::start(database.url()).await;
    let options = PgOptions {
        answer_wait: Duration::from_millis(500),
        ..PgOptions::default()
    };
    let store = PgStore::connect(proxy.url(), options).await.unwrap();
    append(&store, "a").await.unwrap();
    proxy.swallow(true);
    let error = append(&store, "b").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    proxy.swallow(false);
    assert_eq!(seq(&append(&store, "b").await.unwrap()), 2);
}

/// An append whose caller went away leaves either all of its batch or nothing, and the next one goes on.
#[tokio::test]
async fn a_cancelled_append_does_no_harm() {
    let database = Database::create().await;
    let store = database.store_ref();
    for round in 0..20u64 {
        let id = format!("cancelled-{round}");
        let wait = Duration::from_micros(200 * round);
        let _ = tokio::time::timeout(wait, append(store, &id)).await;
        let mut tries = 0;
        while let Err(error) = append(store, &format!("kept-{round}")).await {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            tries += 1;
            assert!(tries < 50, "it never came back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let sequence = stored(store).await;
    assert!(sequence.len() >= 20);
    assert_eq!(sequence, (1..=sequence.len() as u64).collect::<Vec<_>>());
    assert_eq!(store.head(&system()).await.unwrap().seq, sequence.len() as u64);
}

/// Partitions are there before they are needed, and what an interrupted retention left is cleared away.
#[tokio::test]
async fn interrupted_retention_is_finished() {
    let database = Database::create().await;
    let store = database.store_ref();
    for day in 0..4 {
        store
            .append(&system(), vec![batch("acme", NOON + day * DAY, &["a"])])
            .await
            .unwrap();
    }
    assert_eq!(
        database
            .count("SELECT count(*) FROM pg_inherits WHERE inhparent = 'journal_batch'::regclass")
            .await,
        5
    );
    database
        .run("ALTER TABLE journal_batch DETACH PARTITION journal_batch_20260301")
        .await;
    let now = NOON + 3 * DAY;
    assert!(store.retain(&system(), 0, u64::MAX, now).await.unwrap() > 0);
    assert_eq!(
        database
            .count("SELECT count(*) FROM pg_class WHERE relname = 'journal_batch_20260301'")
            .await,
        0
    );
    assert_eq!(stored(store).await, [2, 3, 4]);
    // The clock moves back to a day whose partition is gone: it is made again.
    let mut appended = store.append(&system(), vec![batch("acme", NOON, &["b"])]).await;
    if appended.is_err() {
        appended = store.append(&system(), vec![batch("acme", NOON, &["b"])]).await;
    }
    assert_eq!(seq(&appended.unwrap()[0]), 5);
}

/// Retention forgets ids and keys that have expired, and no others.
#[tokio::test]
async fn expired_ids_and_keys_are_removed() {
    let database = Database::create().await;
    let store = database.store_ref();
    store
        .append(&system(), vec![keyed("acme", NOON - 8 * DAY, &["old"], "k1", 1)])
        .await
        .unwrap();
    store
        .append(&system(), vec![keyed("acme", NOON, &["new"], "k2", 1)])
        .await
        .unwrap();
    store.retain(&system(), 0, u64::MAX, NOON + 1).await.unwrap();
    assert_eq!(database.count("SELECT count(*) FROM recent_id").await, 1);
    assert_eq!(database.count("SELECT count(*) FROM idempotency").await, 1);
    assert!(matches!(
        append(store, "new").await.unwrap(),
        Appended::Committed { duplicates: 1, .. }
    ));
}

/// A server or database whose default is `off` answers before a commit is on disk; the store's sessions do not take part.
#[tokio::test]
async fn commits_are_durable_whatever_the_default_is() {
    let mut database = Database::create().await;
    database
        .run(
            "DO $$ BEGIN
                EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
            END $$;
            CREATE TABLE observed (setting TEXT NOT NULL);
            CREATE FUNCTION observe() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO observed VALUES (current_setting('synchronous_commit'));
                RETURN NULL;
            END $$;
            CREATE TRIGGER observe AFTER UPDATE ON journal_head FOR EACH STATEMENT EXECUTE FUNCTION observe();",
        )
        .await;
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    let default: String = sqlx::query_scalar("SHOW synchronous_commit")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(default, "off");
    database.reopen().await;
    append(database.store_ref(), "a").await.unwrap();
    let observed: Vec<String> = sqlx::query_scalar("SELECT setting FROM observed")
        .fetch_all(&mut other)
        .await
        .unwrap();
    assert_eq!(observed, ["on"]);
}
