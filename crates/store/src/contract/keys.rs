//! API keys and the audit log.

use super::samples::{NOON, api_key, audit};
use super::{Subject, is_conflict, scope, system};
use crate::{ApiKey, AuditEntry, Keys, NewApiKey, Scope};

async fn create(subject: &impl Subject, slug: &str, key: NewApiKey) {
    let entry = audit("key.create", &key.key.id);
    subject
        .store()
        .create(&scope(slug), key, entry)
        .await
        .expect("the key is stored");
}

async fn revoke(subject: &impl Subject, slug: &str, id_or_name: &str, at: i64) -> Option<ApiKey> {
    let entry = audit("key.revoke", id_or_name);
    subject
        .store()
        .revoke(&scope(slug), id_or_name, at, entry)
        .await
        .expect("revoking works")
}

async fn by_hash(subject: &impl Subject, hash: u8) -> Option<ApiKey> {
    subject
        .store()
        .by_hash(&system(), &[hash; 32])
        .await
        .expect("keys can be read")
}

async fn list(subject: &impl Subject, slug: &str) -> Vec<ApiKey> {
    subject
        .store()
        .list(&scope(slug))
        .await
        .expect("keys can be read")
}

async fn log(subject: &impl Subject, slug: &str) -> Vec<AuditEntry> {
    subject
        .store()
        .audit(&scope(slug), 100)
        .await
        .expect("the log can be read")
}

/// Every field, by hash and in the list; a hash that nobody has is nobody.
pub async fn a_key_comes_back_exactly(subject: &mut impl Subject) {
    let mut first = api_key("acme", 1, "ci, \"quoted\" – ü");
    create(subject, "acme", first.clone()).await;
    assert_eq!(by_hash(subject, 1).await, Some(first.key.clone()));
    assert_eq!(by_hash(subject, 2).await, None);
    for (n, scopes) in [(2, vec![]), (3, vec![Scope::MetricsRead])] {
        let mut other = api_key("acme", n, &format!("k{n}"));
        other.key.scopes = scopes;
        create(subject, "acme", other.clone()).await;
        assert_eq!(by_hash(subject, n).await, Some(other.key));
    }
    first.key.revoked = None;
    assert_eq!(list(subject, "acme").await[0], first.key);
}

/// Committed is committed, revocations too.
pub async fn keys_survive_reopening(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "a")).await;
    create(subject, "acme", api_key("acme", 2, "b")).await;
    revoke(subject, "acme", "b", NOON + 9).await;
    subject.reopen().await;
    let revoked: Vec<_> = list(subject, "acme")
        .await
        .iter()
        .map(|key| key.revoked)
        .collect();
    assert_eq!(revoked, [None, Some(NOON + 9)]);
    assert_eq!(log(subject, "acme").await.len(), 3);
}

/// A revoked key's name is free again.
pub async fn a_name_is_used_once_among_keys_that_are_not_revoked(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "ci")).await;
    let second = api_key("acme", 2, "ci");
    is_conflict(
        subject
            .store()
            .create(&scope("acme"), second.clone(), audit("key.create", "x"))
            .await,
    );
    revoke(subject, "acme", "ci", NOON).await.expect("it is there");
    create(subject, "acme", second).await;
    revoke(subject, "acme", "ci", NOON).await.expect("it is there");
    create(subject, "acme", api_key("acme", 3, "ci")).await;
    assert_eq!(list(subject, "acme").await.len(), 3);
}

/// Within a tenant and across tenants.
pub async fn an_id_or_hash_is_used_once(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "a")).await;
    for slug in ["acme", "beta"] {
        let same_id = NewApiKey {
            hash: [9; 32],
            ..api_key(slug, 1, "b")
        };
        is_conflict(
            subject
                .store()
                .create(&scope(slug), same_id, audit("key.create", "x"))
                .await,
        );
        let same_hash = NewApiKey {
            hash: [1; 32],
            ..api_key(slug, 9, "b")
        };
        is_conflict(
            subject
                .store()
                .create(&scope(slug), same_hash, audit("key.create", "x"))
                .await,
        );
    }
}

/// The entry and the change are one transaction.
pub async fn a_refused_key_leaves_no_audit_entry(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "ci")).await;
    let second = api_key("acme", 2, "ci");
    is_conflict(
        subject
            .store()
            .create(&scope("acme"), second, audit("key.create", "x"))
            .await,
    );
    assert_eq!(revoke(subject, "acme", "nobody", NOON).await, None);
    assert_eq!(log(subject, "acme").await, [audit("key.create", "key0000001")]);
    assert_eq!(by_hash(subject, 2).await, None);
}

/// A scope proves one tenant.
pub async fn a_key_of_another_tenant_is_refused(subject: &mut impl Subject) {
    let foreign = api_key("beta", 1, "ci");
    is_conflict(
        subject
            .store()
            .create(&scope("acme"), foreign, audit("key.create", "x"))
            .await,
    );
    assert_eq!(
        (list(subject, "acme").await, list(subject, "beta").await),
        (vec![], vec![])
    );
}

/// Either way; the key that comes back is the key as it is now.
pub async fn a_key_is_revoked_by_id_or_name(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "a")).await;
    create(subject, "acme", api_key("acme", 2, "b")).await;
    let expected = ApiKey {
        revoked: Some(NOON + 1),
        ..api_key("acme", 1, "a").key
    };
    assert_eq!(
        revoke(subject, "acme", "key0000001", NOON + 1).await,
        Some(expected.clone())
    );
    assert_eq!(by_hash(subject, 1).await, Some(expected));
    let expected = ApiKey {
        revoked: Some(NOON + 2),
        ..api_key("acme", 2, "b").key
    };
    assert_eq!(revoke(subject, "acme", "b", NOON + 2).await, Some(expected));
    let actions: Vec<_> = log(subject, "acme")
        .await
        .into_iter()
        .map(|entry| entry.target)
        .collect();
    assert_eq!(actions, ["b", "key0000001", "key0000002", "key0000001"]);
}

/// The first time counts.
pub async fn revoking_again_changes_nothing(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "a")).await;
    let first = revoke(subject, "acme", "a", NOON + 1).await;
    assert_eq!(revoke(subject, "acme", "key0000001", NOON + 2).await, first);
    assert_eq!(
        revoke(subject, "acme", "a", NOON + 3).await,
        None,
        "a revoked key is not found by its name"
    );
    assert_eq!(log(subject, "acme").await.len(), 2);
}

/// A key named like another one's id cannot shield it.
pub async fn an_id_comes_before_a_name(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "key0000002")).await;
    create(subject, "acme", api_key("acme", 2, "b")).await;
    let revoked = revoke(subject, "acme", "key0000002", NOON).await;
    assert_eq!(revoked.map(|key| key.name), Some("b".into()));
}

/// By time made.
pub async fn keys_are_listed_oldest_first(subject: &mut impl Subject) {
    for n in [3, 1, 2] {
        create(subject, "acme", api_key("acme", n, &format!("k{n}"))).await;
    }
    let names: Vec<_> = list(subject, "acme")
        .await
        .into_iter()
        .map(|key| key.name)
        .collect();
    assert_eq!(names, ["k1", "k2", "k3"]);
}

/// In the order they were written, last first.
pub async fn audit_entries_come_newest_first_up_to_the_limit(subject: &mut impl Subject) {
    for n in 1..=4 {
        create(subject, "acme", api_key("acme", n, &format!("k{n}"))).await;
    }
    let newest = subject
        .store()
        .audit(&scope("acme"), 2)
        .await
        .expect("the log can be read");
    assert_eq!(
        newest,
        [
            audit("key.create", "key0000004"),
            audit("key.create", "key0000003")
        ]
    );
    assert_eq!(
        subject
            .store()
            .audit(&scope("acme"), 0)
            .await
            .expect("the log can be read"),
        []
    );
}

/// Neither seen, nor named, nor revoked, nor logged.
pub async fn keys_of_tenants_are_apart(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "ci")).await;
    create(subject, "beta", api_key("beta", 2, "ci")).await;
    assert_eq!(list(subject, "beta").await, [api_key("beta", 2, "ci").key]);
    assert_eq!(revoke(subject, "beta", "key0000001", NOON).await, None);
    assert_eq!(revoke(subject, "gamma", "ci", NOON).await, None);
    assert_eq!(by_hash(subject, 1).await.and_then(|key| key.revoked), None);
    assert_eq!(log(subject, "beta").await, [audit("key.create", "key0000002")]);
    assert_eq!(log(subject, "gamma").await, []);
}
