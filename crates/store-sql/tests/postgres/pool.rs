//! A connection that served a tenant serves the system next, and then another tenant: nothing of the former is left,
//! however it ended.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::poll;
use store::codec::ZoneMap;
use store::contract::Subject as _;
use store::contract::samples::{DAY, NOON, api_key, audit, batch, flush};
use store::{
    BatchQuery, Journal as _, Keys as _, LiveStore as _, Rollups as _, StoreError, SystemScope, TenantId,
    TenantScope,
};
use store_sql::{PgOptions, PgStore};

use crate::database::{Database, options};

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
fn system() -> SystemScope {
    SystemScope::assume()
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the auth layer")]
fn scope(slug: &str) -> TenantScope {
    TenantScope::assume(TenantId::parse(slug).unwrap())
}

/// A store with a single connection: whoever asks next gets the one that was used before.
async fn single() -> (Database, PgStore) {
    let mut database = Database::create().await;
    for (number, slug) in [(1, "acme"), (2, "umbrella")] {
        let store = database.store();
        store.flush(&system(), flush(slug, 0, 1)).await.unwrap();
        store
            .create(
                &scope(slug),
                api_key(slug, number, "one"),
                audit("key.create", "one"),
            )
            .await
            .unwrap();
        store
            .append(&system(), vec![batch(slug, NOON, &["a"])])
            .await
            .unwrap();
    }
    database.take().close().await;
    let options = PgOptions {
        connections: 1,
        ..options()
    };
    let store = PgStore::connect(database.url(), options).await.unwrap();
    (database, store)
}

/// The connection is the system's again: the first of these the role of requests may not read at all, and of the second
/// it would see one tenant's.
async fn is_clean(store: &PgStore, after: &str) {
    let tenants = store.tenants(&system()).await;
    assert_eq!(tenants.expect(after).len(), 2, "{after}");
    let heads = store::Audits::heads(store, &system()).await;
    assert_eq!(heads.expect(after).len(), 2, "{after}");
    for (slug, prefix) in [("acme", 1), ("umbrella", 2)] {
        let keys = store.list(&scope(slug)).await.expect(after);
        let expected = api_key(slug, prefix, "one").key.id;
        assert_eq!(
            keys.iter().map(|key| &key.id).collect::<Vec<_>>(),
            [&expected],
            "{after}"
        );
    }
}

/// Everything there is in the journal.
fn everything() -> BatchQuery {
    BatchQuery {
        before: BatchQuery::NEWEST,
        from: 0,
        to: NOON + DAY,
        wanted: ZoneMap::default(),
        limit: 100,
    }
}

#[tokio::test]
async fn nothing_is_left_after_a_commit_a_rollback_and_an_error() {
    let (_database, store) = single().await;
    is_clean(&store, "the start").await;
    let revoked = store
        .revoke(&scope("acme"), "nobody's", NOON, audit("key.revoke", "x"))
        .await;
    assert_eq!(revoked.unwrap(), None);
    is_clean(&store, "a change that was not made").await;
    let taken = api_key("acme", 1, "another name");
    let twice = store
        .create(&scope("acme"), taken, audit("key.create", "x"))
        .await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    is_clean(&store, "an error").await;
    let page = store.read_before(&scope("acme"), everything()).await.unwrap();
    assert_eq!(page.batches.len(), 1);
    is_clean(&store, "a read of the journal").await;
    let new = api_key("acme", 3, "two");
    store
        .create(&scope("acme"), new, audit("key.create", "two"))
        .await
        .unwrap();
    store
        .revoke(&scope("acme"), "two", NOON, audit("key.revoke", "two"))
        .await
        .unwrap();
    let tenants = store.tenants(&system()).await.unwrap();
    assert_eq!(tenants.len(), 2, "a commit");
    store.close().await;
}

/// Polls a future so many times, then gives it up; `at_once` without time for an answer in between. Whether it had ended
/// before.
async fn give_up<T>(future: impl Future<Output = T>, (polls, at_once): (usize, bool)) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if poll!(&mut future).is_ready() {
            return true;
        }
        match at_once {
            true => tokio::task::yield_now().await,
            // So that the next answer is there.
            false => tokio::time::sleep(Duration::from_micros(300)).await,
        }
    }
    false
}

#[tokio::test]
async fn nothing_is_left_after_a_request_that_was_given_up() {
    let (_database, store) = single().await;
    let mut given_up = [0; 4];
    for polls in 1..=24 {
        for round in 0..3 {
            let after = format!("{polls} polls, round {round}");
            let acme = scope("acme");
            // A server that answers quickly is given up in the middle of something all the same.
            let polls = (polls, round == 2);
            let ended = give_up(store.read_before(&acme, everything()), polls).await;
            given_up[0] += u32::from(!ended);
            is_clean(&store, &after).await;
            let ended = give_up(store.list(&acme), polls).await;
            given_up[1] += u32::from(!ended);
            is_clean(&store, &after).await;
            let taken = api_key("acme", 1, "another name");
            let ended = give_up(store.create(&acme, taken, audit("key.create", "x")), polls).await;
            given_up[2] += u32::from(!ended);
            is_clean(&store, &after).await;
            // The system's own transactions are given up in the same way.
            let ended = give_up(store.drop_keyframes(&system(), 0, u64::MAX), polls).await;
            given_up[3] += u32::from(!ended);
            is_clean(&store, &after).await;
            let compacted = store
                .compacted(&system(), &TenantId::parse("acme").unwrap())
                .await;
            compacted.expect(&after);
        }
    }
    assert!(given_up.iter().all(|count| *count >= 6), "{given_up:?}");
    store.close().await;
}
