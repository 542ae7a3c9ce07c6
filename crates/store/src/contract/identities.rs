//! Identities.

use super::accounts::{account, create, invite, logged, sign_in};
use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{Accounts, Guest, Identities, Identity, KnownAccount, NewAccount, Role, Sessions, StoreError};

const ISSUER: &str = "https://idp.example/realms/Größe";
const OTHER: &str = "https://other.example";

fn identity(issuer: &str, subject: &str, account: &str) -> Identity {
    Identity {
        issuer: issuer.into(),
        subject: subject.into(),
        account: account.into(),
        shown: format!("{account}@Größe \u{1f600}"),
        linked: NOON + 7,
    }
}

async fn link(subject: &impl Subject, identity: Identity) -> Result<(), StoreError> {
    let entry = logged("default", "account.link", &identity.account);
    subject.store().link_identity(&system(), identity, entry).await
}

async fn find(subject: &impl Subject, issuer: &str, who: &str) -> Option<KnownAccount> {
    let found = subject.store().by_identity(&system(), issuer, who).await;
    found.expect("identities can be read")
}

async fn of(subject: &impl Subject, account: &str) -> Vec<Identity> {
    let found = subject.store().identities_of(&system(), account).await;
    found.expect("identities can be read")
}

/// Every field, also after reopening; issuer and subject are compared exactly.
pub async fn an_identity_comes_back_exactly(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    link(subject, identity(ISSUER, "S-1", "ada")).await.expect("free");
    link(subject, identity(OTHER, "S-1", "ada"))
        .await
        .expect("another issuer");
    link(subject, identity(ISSUER, "s-1", "bob"))
        .await
        .expect("another subject");
    subject.reopen().await;
    let expected = [identity(ISSUER, "S-1", "ada"), identity(OTHER, "S-1", "ada")];
    assert_eq!(of(subject, "ada").await, expected);
    assert_eq!(of(subject, "nobody").await, []);
    let known = find(subject, ISSUER, "S-1").await.expect("it is there");
    assert_eq!(known.account, account("ada").account);
    assert_eq!(known.roles, [(tenant("default"), Role::Owner)]);
    let known = find(subject, ISSUER, "s-1").await.expect("it is there");
    assert_eq!(known.account.id, "bob");
    for (issuer, who) in [
        (ISSUER, ""),
        (ISSUER, "S-1 "),
        ("https://idp.example", "S-1"),
        (OTHER, "s-1"),
    ] {
        assert!(find(subject, issuer, who).await.is_none(), "{issuer} {who}");
    }
    assert_eq!(log(subject, "default").await.len(), 5);
}

/// Whose it is stays so; an account is one person at a provider; nobody is linked to no account.
pub async fn an_identity_opens_one_account(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    link(subject, identity(ISSUER, "1", "ada")).await.expect("free");
    let before = log(subject, "default").await.len();
    for taken in [
        identity(ISSUER, "1", "bob"),
        identity(ISSUER, "1", "ada"),
        identity(ISSUER, "2", "ada"),
        identity(ISSUER, "3", "nobody"),
    ] {
        is_conflict(link(subject, taken).await);
    }
    assert_eq!(log(subject, "default").await.len(), before);
    assert_eq!(of(subject, "ada").await, [identity(ISSUER, "1", "ada")]);
    assert_eq!(of(subject, "bob").await, []);
}

/// Many at once with the same identity: one account has it in the end.
pub async fn an_identity_is_linked_once_by_many_at_once(subject: &mut impl Subject) {
    let people = ["ada", "bob", "cyd", "dan"];
    for id in people {
        create(subject, id, Role::Viewer).await;
    }
    let subject = &*subject;
    let tries = people.map(|id| link(subject, identity(ISSUER, "1", id)));
    let linked = futures::future::join_all(tries).await;
    assert_eq!(linked.iter().filter(|linked| linked.is_ok()).count(), 1);
    let refused = linked
        .iter()
        .filter(|linked| matches!(linked, Err(StoreError::Conflict(_))));
    assert_eq!(refused.count(), 3);
}

/// With the account's other sessions; it can be linked again then.
pub async fn an_identity_is_unlinked(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    link(subject, identity(ISSUER, "1", "ada")).await.expect("free");
    link(subject, identity(OTHER, "1", "ada")).await.expect("free");
    sign_in(subject, "ada", "s1", 1).await;
    sign_in(subject, "ada", "s2", 2).await;
    sign_in(subject, "bob", "s3", 3).await;
    let store = subject.store();
    let unlink = async |account: &str, issuer: &str| {
        let entry = logged("default", "account.unlink", account);
        let was = store
            .unlink_identity(&system(), account, issuer, Some("s2"), entry)
            .await;
        was.expect("no error").map(|was| was.subject)
    };
    let before = log(subject, "default").await.len();
    assert_eq!(unlink("bob", ISSUER).await, None);
    assert_eq!(unlink("ada", "https://idp.example").await, None);
    assert_eq!(log(subject, "default").await.len(), before);
    assert_eq!(unlink("ada", ISSUER).await.as_deref(), Some("1"));
    assert_eq!(unlink("ada", ISSUER).await, None);
    assert_eq!(log(subject, "default").await.len(), before + 1);
    assert!(find(subject, ISSUER, "1").await.is_none());
    assert_eq!(of(subject, "ada").await, [identity(OTHER, "1", "ada")]);
    for (account, left) in [("ada", vec!["s2"]), ("bob", vec!["s3"])] {
        let sessions = store.sessions_of(&system(), account).await.expect("no error");
        let ids: Vec<&str> = sessions.iter().map(|session| session.id.as_str()).collect();
        assert_eq!(ids, left);
    }
    link(subject, identity(ISSUER, "1", "bob"))
        .await
        .expect("free again");
}

/// An account that is made for an identity has it from the first moment; when the identity is taken there is no account.
pub async fn a_new_account_comes_with_its_identity(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let new = |id: &str, who: &str| NewAccount {
        password: None,
        identity: Some(identity(ISSUER, who, id)),
        ..account(id)
    };
    let store = subject.store();
    let make = async |id: &str, who: &str| {
        let entry = audit("account.create", id);
        store
            .create_account(&system(), new(id, who), &tenant("default"), Role::Viewer, entry)
            .await
    };
    make("bob", "1").await.expect("free");
    is_conflict(make("cyd", "1").await);
    let known = find(subject, ISSUER, "1").await.expect("it is there");
    assert_eq!((known.account.id.as_str(), known.password), ("bob", None));

    // An invitation whose guest cannot come stays.
    let link = invite("default", "i1", 9, "cyd@example.com", Role::Admin);
    let offered = store
        .offer(&scope("default"), link, audit("member.invite", "cyd"))
        .await;
    offered.expect("no error");
    let before = log(subject, "default").await.len();
    let accept = async |who: &str| {
        let entry = audit("member.join", "cyd");
        let guest = Guest::New(Box::new(new("cyd", who)));
        store.accept(&system(), &[9; 32], guest, NOON + 10, entry).await
    };
    is_conflict(accept("1").await);
    assert_eq!(log(subject, "default").await.len(), before);
    assert!(accept("2").await.expect("no error").is_some());
    let known = find(subject, ISSUER, "2").await.expect("it is there");
    assert_eq!(known.roles, [(tenant("default"), Role::Admin)]);
}
