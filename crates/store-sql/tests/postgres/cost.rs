//! What the wall costs a request. Prints figures and asserts nothing:
//! `cargo test --profile ci -p store-sql --test postgres -- --ignored --nocapture cost`.

use std::future::Future;

use domain::rollup::Rung;
use store::contract::Subject as _;
use store::contract::samples::{NOON, api_key, audit, flush};
use store::{
    Accounts as _, AuditQuery, Audits as _, ChunkParts, Journal as _, Keys as _, LiveStore as _,
    Rollups as _, Sessions as _, SystemScope, TenantId, TenantScope,
};

use crate::database::Database;

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
fn system() -> SystemScope {
    SystemScope::assume()
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the auth layer")]
fn acme() -> TenantScope {
    TenantScope::assume(TenantId::parse("acme").unwrap())
}

/// The median and the 99th of a hundred, in microseconds, of many calls one after the other.
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn figures<F: Future>(what: &str, mut call: impl FnMut() -> F) {
    let mut took = Vec::new();
    for round in 0..3_000 {
        let since = tokio::time::Instant::now();
        call().await;
        if round >= 300 {
            took.push(since.elapsed().as_nanos() as f64 / 1_000.0);
        }
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!("{what:<44} median {:>7.0} us   p99 {:>7.0} us", at(0.5), at(0.99));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn cost_of_reads_and_of_signing_in() {
    let database = Database::create().await;
    let store = database.store();
    store.flush(&system(), flush("acme", 0, 1)).await.unwrap();
    for number in 0..20 {
        let name = format!("key {number}");
        let entry = audit("key.create", &name);
        store
            .create(&acme(), api_key("acme", number, &name), entry)
            .await
            .unwrap();
    }
    let (system, acme) = (system(), acme());
    let tenant = acme.tenant();
    // The same statements, for the system and for a tenant: what is between them is the wall.
    figures("10 s partials, for the system", || async {
        store.uncompacted(&system, tenant).await.unwrap()
    })
    .await;
    figures("10 s partials, for a tenant", || async {
        let rung = Rung::TenSeconds;
        store.partials(&acme, rung, i64::MIN, i64::MAX).await.unwrap()
    })
    .await;
    figures("20 entries of the log, for the system", || async {
        store.sealed(&system, tenant, 0, 20).await.unwrap()
    })
    .await;
    figures("20 entries of the log, for a tenant", || async {
        let query = AuditQuery {
            limit: 20,
            ..AuditQuery::default()
        };
        store.audit(&acme, query).await.unwrap()
    })
    .await;
    figures("an idempotency key, for a tenant", || async {
        store.remembered(&acme, "k", "key", NOON).await.unwrap()
    })
    .await;
    figures("chunks of two hours, for a tenant", || async {
        let rung = Rung::TenSeconds;
        let hour = 3_600_000;
        let chunks = store.chunks(&acme, rung, NOON - hour, NOON + hour, ChunkParts::ALL);
        chunks.await.unwrap()
    })
    .await;
    figures("an account by its address (signing in)", || async {
        store.by_email(&system, "nobody@example").await.unwrap()
    })
    .await;
    figures("a session by its hash (each page)", || async {
        store.session(&system, &[7; 32]).await.unwrap()
    })
    .await;
}
