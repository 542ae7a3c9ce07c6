//! The audit log: one sealed chain per tenant.

use domain::Millis;
use futures::future::join_all;

use super::samples::{NOON, api_key, audit, audit_key};
use super::{Subject, scope, system, tenant};
use crate::audit::{Fault, Verifier};
use crate::{AuditEntry, AuditHead, AuditQuery, Audits, Keys, SealedEntry};

async fn record(subject: &impl Subject, slug: &str, entry: AuditEntry) {
    subject
        .store()
        .record(&scope(slug), entry)
        .await
        .expect("the entry is stored");
}

async fn search(subject: &impl Subject, slug: &str, query: AuditQuery) -> Vec<SealedEntry> {
    subject
        .store()
        .audit(&scope(slug), query)
        .await
        .expect("the log can be read")
}

async fn numbers(subject: &impl Subject, query: AuditQuery) -> Vec<u64> {
    let found = search(subject, "acme", query).await;
    found.into_iter().map(|sealed| sealed.n).collect()
}

fn all() -> AuditQuery {
    AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    }
}

/// The whole chain, oldest first, a few entries at a time.
async fn chain(subject: &impl Subject, slug: &str) -> Vec<SealedEntry> {
    let mut chain: Vec<SealedEntry> = Vec::new();
    loop {
        let after = chain.last().map_or(0, |last| last.n);
        let page = subject.store().sealed(&system(), &tenant(slug), after, 3).await;
        let page = page.expect("the log can be read");
        if page.is_empty() {
            return chain;
        }
        assert!(page.len() <= 3);
        chain.extend(page);
    }
}

/// Whether the chain is whole and holds these heads: for tests of an adapter that change it behind its back.
///
/// # Errors
/// What is wrong with it.
pub async fn verify(subject: &impl Subject, slug: &str, heads: &[AuditHead]) -> Result<u64, Fault> {
    let (key, tenant) = (audit_key(), tenant(slug));
    let mut verifier = Verifier::new(&key, &tenant, heads);
    for sealed in &chain(subject, slug).await {
        verifier.check(sealed)?;
    }
    verifier.finish().map(|verified| verified.entries)
}

async fn verified(subject: &impl Subject, slug: &str) -> Vec<SealedEntry> {
    let heads = subject.store().heads(&system()).await.expect("heads can be read");
    verify(subject, slug, &heads).await.expect("the chain is whole");
    chain(subject, slug).await
}

fn entry(at: Millis, actor: &str, action: &str, target: &str) -> AuditEntry {
    AuditEntry {
        at,
        actor: actor.into(),
        address: "2001:db8::7".into(),
        action: action.into(),
        target: target.into(),
        detail: "ü, \"quoted\", 日本\n".into(),
    }
}

/// Every field, sealed, from 1 on.
pub async fn entries_come_back_as_they_were_sealed(subject: &mut impl Subject) {
    let entries = [
        entry(NOON, "account:1", "session.open", "s1"),
        entry(NOON - 5, "cli:root", "key.create", ""),
        audit("key.revoke", "k"),
    ];
    for entry in entries.clone() {
        record(subject, "acme", entry).await;
    }
    let chain = verified(subject, "acme").await;
    let numbers: Vec<u64> = chain.iter().map(|sealed| sealed.n).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let kept: Vec<AuditEntry> = chain.into_iter().map(|sealed| sealed.entry).collect();
    assert_eq!(kept, entries);
}

/// What is too long is cut before it is sealed, and so is what a database cannot keep.
pub async fn entries_are_fitted_before_they_are_sealed(subject: &mut impl Subject) {
    let long = AuditEntry {
        detail: "é\0".repeat(5_000),
        ..audit("x", "y")
    };
    record(subject, "acme", long.clone()).await;
    let chain = verified(subject, "acme").await;
    assert_eq!(chain[0].entry, long.fitted());
}

/// Nothing begins anew at a start.
pub async fn a_chain_goes_on_across_reopening(subject: &mut impl Subject) {
    record(subject, "acme", audit("a", "1")).await;
    subject.reopen().await;
    record(subject, "acme", audit("a", "2")).await;
    assert_eq!(verified(subject, "acme").await.len(), 2);
}

/// A change and its entry are one transaction, in the same chain as what stands alone.
pub async fn changes_and_events_share_one_chain(subject: &mut impl Subject) {
    record(subject, "acme", audit("session.open", "s")).await;
    subject
        .store()
        .create(&scope("acme"), api_key("acme", 1, "ci"), audit("key.create", "k"))
        .await
        .expect("the key is stored");
    record(subject, "acme", audit("session.close", "s")).await;
    let actions: Vec<String> = verified(subject, "acme")
        .await
        .into_iter()
        .map(|sealed| sealed.entry.action)
        .collect();
    assert_eq!(actions, ["session.open", "key.create", "session.close"]);
}

/// Their own numbers, their own hashes, their own heads.
pub async fn chains_of_tenants_are_apart(subject: &mut impl Subject) {
    for (slug, entries) in [("acme", 3), ("beta", 1)] {
        for n in 0..entries {
            record(subject, slug, audit("a", &n.to_string())).await;
        }
    }
    assert_eq!(verified(subject, "acme").await.len(), 3);
    assert_eq!(verified(subject, "beta").await.len(), 1);
    assert_eq!(search(subject, "gamma", all()).await, []);
    let heads = subject.store().heads(&system()).await.expect("heads can be read");
    let heads: Vec<(&str, u64)> = heads.iter().map(|head| (head.tenant.as_str(), head.n)).collect();
    assert_eq!(heads, [("acme", 3), ("beta", 1)]);
}

/// Two who write at once are put into a row.
pub async fn writers_at_once_make_one_chain(subject: &mut impl Subject) {
    let subject = &*subject;
    let entries = (0..12).map(|n| async move { record(subject, "acme", audit("a", &n.to_string())).await });
    join_all(entries).await;
    assert_eq!(verified(subject, "acme").await.len(), 12);
}

/// Newest first; each of the questions alone.
pub async fn entries_are_found(subject: &mut impl Subject) {
    for (n, actor, action, target) in [
        (1, "account:1", "key.create", "a"),
        (2, "account:2", "key.revoke", "a"),
        (3, "account:1", "keys", "b"),
        (4, "system", "key", "b"),
    ] {
        record(subject, "acme", entry(NOON + n, actor, action, target)).await;
    }
    record(subject, "beta", entry(NOON, "account:1", "key.create", "a")).await;
    assert_eq!(numbers(subject, all()).await, [4, 3, 2, 1]);
    let by = |query: fn(&mut AuditQuery)| {
        let mut wanted = all();
        query(&mut wanted);
        wanted
    };
    assert_eq!(
        numbers(subject, by(|q| q.actor = Some("account:1".into()))).await,
        [3, 1]
    );
    // What begins with it and a dot, not what begins with its letters.
    assert_eq!(
        numbers(subject, by(|q| q.action = Some("key".into()))).await,
        [4, 2, 1]
    );
    assert_eq!(
        numbers(subject, by(|q| q.action = Some("key.revoke".into()))).await,
        [2]
    );
    assert_eq!(numbers(subject, by(|q| q.action = Some("ke%".into()))).await, []);
    assert_eq!(
        numbers(subject, by(|q| q.target = Some("b".into()))).await,
        [4, 3]
    );
    assert_eq!(numbers(subject, by(|q| q.from = Some(NOON + 3))).await, [4, 3]);
    assert_eq!(numbers(subject, by(|q| q.to = Some(NOON + 3))).await, [2, 1]);
    assert_eq!(
        numbers(subject, by(|q| (q.before, q.limit) = (Some(4), 2))).await,
        [3, 2]
    );
    assert_eq!(numbers(subject, by(|q| q.limit = 0)).await, []);
}

/// Every chain keeps what it says, ends with why, and can be added to and verified again.
pub async fn a_log_can_be_sealed_anew(subject: &mut impl Subject) {
    for (slug, entries) in [("acme", 3), ("beta", 1)] {
        for n in 0..entries {
            record(subject, slug, entry(NOON, "cli:root", "a", &n.to_string())).await;
        }
    }
    let why = audit("audit.reseal", "");
    let resealed = subject.store().reseal(&system(), why.clone()).await;
    assert_eq!(resealed.expect("it is sealed anew"), 4);
    record(subject, "acme", audit("b", "after")).await;
    subject.reopen().await;
    let acme: Vec<AuditEntry> = verified(subject, "acme")
        .await
        .into_iter()
        .map(|sealed| sealed.entry)
        .collect();
    assert_eq!(acme.len(), 5);
    assert_eq!(acme[1], entry(NOON, "cli:root", "a", "1"));
    assert_eq!((&acme[3], &acme[4].action), (&why, &"b".to_owned()));
    assert_eq!(verified(subject, "beta").await.len(), 2);
}
