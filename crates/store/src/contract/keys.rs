//! API keys, and that what is done with them is logged.

use super::samples::{NOON, api_key, audit};
use super::{Subject, is_conflict, log, scope, system};
use crate::{ApiKey, Keys, NewApiKey, Scope};

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

/// Every field, by hash and in the list; a hash that nobody has is nobody.
pub async fn a_key_comes_back_exactly(subject: &mut impl Subject) {
    let mut first = api_key("acme", 1, "ci, \"quoted\" – ü");
    create(subject, "acme", first.clone()).await;
    assert_eq!(by_hash(subject, 1).await, Some(first.key.clone()));
    assert_eq!(by_hash(subject, 2).await, None);
    for (n, scopes) in [(2, vec![]), (3, vec![Scope::MetricsRead])] {
        let mut other = api_key("acme", n, &format!("k{n}"));
        other.key.scopes = scopes;
        other.key.expires = Some(NOON + 1);
        other.key.addresses = vec!["10.0.0.0/8".into(), "2001:db8::/32".into()];
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

async fn rotate(subject: &impl Subject, old: &str, until: i64, new: NewApiKey) -> Option<ApiKey> {
    let entry = audit("key.rotate", old);
    subject
        .store()
        .rotate(&scope("acme"), old, until, new, entry)
        .await
        .expect("replacing works")
}

/// Both count until the old one's time is over; the name is the new one's.
pub async fn a_key_makes_room_for_another_of_its_name(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "ci")).await;
    let old = rotate(subject, "ci", NOON + 60, api_key("acme", 2, "ci")).await;
    let old = old.expect("it is there");
    assert_eq!(old.replaced_by.as_deref(), Some("key0000002"));
    assert_eq!(by_hash(subject, 1).await, Some(old.clone()));
    assert!(old.counts(NOON + 59) && !old.counts(NOON + 60));
    assert_eq!(by_hash(subject, 2).await, Some(api_key("acme", 2, "ci").key));
    // One that ends sooner anyway is not given more time.
    let mut short = api_key("acme", 3, "short");
    short.key.expires = Some(NOON + 5);
    create(subject, "acme", short).await;
    let old = rotate(subject, "key0000003", NOON + 60, api_key("acme", 4, "short")).await;
    assert_eq!(old.and_then(|key| key.expires), Some(NOON + 5));
    assert_eq!(
        rotate(subject, "nobody", NOON, api_key("acme", 5, "nobody")).await,
        None
    );
    let actions: Vec<String> = log(subject, "acme")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["key.rotate", "key.create", "key.rotate", "key.create"]);
}

/// Not one that was revoked, not one that was replaced; and the new one must be one that can be stored.
pub async fn only_a_key_in_use_is_replaced(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "a")).await;
    create(subject, "acme", api_key("acme", 2, "b")).await;
    revoke(subject, "acme", "b", NOON).await;
    rotate(subject, "a", NOON + 60, api_key("acme", 3, "a")).await;
    let before = (list(subject, "acme").await, log(subject, "acme").await);
    for (old, new) in [
        ("key0000002", api_key("acme", 9, "b")),
        ("key0000001", api_key("acme", 9, "a")),
        ("a", api_key("acme", 2, "a")),
        ("a", api_key("beta", 9, "a")),
    ] {
        let entry = audit("key.rotate", old);
        is_conflict(
            subject
                .store()
                .rotate(&scope("acme"), old, NOON, new, entry)
                .await,
        );
    }
    assert_eq!((list(subject, "acme").await, log(subject, "acme").await), before);
}

/// Who revokes a key means everything that opens the same door.
pub async fn a_key_ends_with_what_it_replaced(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "ci")).await;
    rotate(subject, "ci", NOON + 600, api_key("acme", 2, "ci")).await;
    rotate(subject, "ci", NOON + 600, api_key("acme", 3, "ci")).await;
    create(subject, "acme", api_key("acme", 4, "other")).await;
    revoke(subject, "acme", "ci", NOON + 9)
        .await
        .expect("it is there");
    let revoked: Vec<_> = list(subject, "acme")
        .await
        .iter()
        .map(|key| key.revoked)
        .collect();
    assert_eq!(revoked, [Some(NOON + 9), Some(NOON + 9), Some(NOON + 9), None]);
}

/// Whoever reports late does not turn the clock back; a key that nobody has is nobody's.
pub async fn when_a_key_was_seen_last_only_moves_on(subject: &mut impl Subject) {
    create(subject, "acme", api_key("acme", 1, "a")).await;
    create(subject, "acme", api_key("acme", 2, "b")).await;
    for (id, at) in [
        ("key0000001", NOON + 5),
        ("key0000001", NOON + 3),
        ("key0000009", NOON),
    ] {
        subject
            .store()
            .used(&system(), &[(id.to_owned(), at)])
            .await
            .expect("it is noted");
    }
    let seen: Vec<_> = list(subject, "acme")
        .await
        .iter()
        .map(|key| key.last_used)
        .collect();
    assert_eq!(seen, [Some(NOON + 5), None]);
    assert_eq!(log(subject, "acme").await.len(), 2, "being used is no entry");
}
