//! Sessions.

use super::accounts::{create, logged, sign_in};
use super::samples::NOON;
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{Accounts, NewSession, Role, Session, Sessions, SignedIn};

async fn find(subject: &impl Subject, hash: [u8; 32]) -> Option<SignedIn> {
    let found = subject.store().session(&system(), &hash).await;
    found.expect("sessions can be read")
}

async fn ids(subject: &impl Subject, account: &str) -> Vec<String> {
    let sessions = subject.store().sessions_of(&system(), account).await;
    let sessions = sessions.expect("sessions can be read");
    sessions.into_iter().map(|session| session.id).collect()
}

/// Every field, with its account and its roles, also after reopening.
pub async fn a_session_comes_back_exactly(subject: &mut impl Subject) {
    create(subject, "ada", Role::Admin).await;
    let hash = sign_in(subject, "ada", "s1", 1).await;
    subject.reopen().await;
    let found = find(subject, hash).await.expect("it is there");
    let expected = Session {
        id: "s1".into(),
        account: "ada".into(),
        created: NOON + 1,
        seen: NOON + 1,
        confirmed: NOON + 1,
        expires: NOON + 10_000,
        address: "192.0.2.7".into(),
        agent: "Größe \u{1f600}".into(),
        via: "Größe".into(),
    };
    assert_eq!(found.session, expected);
    assert_eq!(found.account.email, "ada@example.com");
    assert_eq!(found.account.last_login, Some(NOON + 1));
    assert_eq!(found.roles, [(tenant("default"), Role::Admin)]);
    assert_eq!(find(subject, [2; 32]).await, None);
    assert_eq!(log(subject, "default").await.len(), 2);
}

/// A role that changes is seen at once.
pub async fn a_session_has_the_roles_of_now(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    let hash = sign_in(subject, "bob", "s1", 1).await;
    let entry = super::samples::audit("member.role", "bob");
    let store = subject.store();
    store
        .set_role(&scope("default"), "bob", Some(Role::Admin), entry)
        .await
        .expect("no error");
    let found = find(subject, hash).await.expect("it is there");
    assert_eq!(found.roles, [(tenant("default"), Role::Admin)]);
}

/// Signing in again in the same browser ends what was there; nobody signs in without an account.
pub async fn a_session_takes_the_place_of_one(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let old = sign_in(subject, "ada", "s1", 1).await;
    let mut session = find(subject, old).await.expect("it is there").session;
    session.id = "s2".into();
    let new = NewSession {
        session: session.clone(),
        hash: [2; 32],
    };
    let entry = || logged("default", "session.open", "ada");
    let store = subject.store();
    store
        .open(&system(), new, Some(&old), entry())
        .await
        .expect("no error");
    assert_eq!(find(subject, old).await, None);
    assert_eq!(ids(subject, "ada").await, ["s2"]);
    session.account = "nobody".into();
    session.id = "s3".into();
    let nobody = NewSession {
        session,
        hash: [3; 32],
    };
    is_conflict(store.open(&system(), nobody, None, entry()).await);
    assert_eq!(find(subject, [3; 32]).await, None);
}

/// When it was used last only moves on.
pub async fn when_a_session_was_seen_only_moves_on(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let hash = sign_in(subject, "ada", "s1", 1).await;
    let store = subject.store();
    for (id, at, expected) in [
        ("s1", NOON + 50, NOON + 50),
        ("s1", NOON + 20, NOON + 50),
        ("nobody", NOON + 90, NOON + 50),
    ] {
        let seen = [(id.to_owned(), at)];
        store.sessions_seen(&system(), &seen).await.expect("no error");
        assert_eq!(
            find(subject, hash).await.expect("it is there").session.seen,
            expected
        );
    }
}

/// After the password was shown again only the new cookie opens it.
pub async fn a_confirmed_session_has_another_cookie(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let old = sign_in(subject, "ada", "s1", 1).await;
    let store = subject.store();
    let entry = || logged("default", "session.confirm", "ada");
    let confirm = async |id: &str| {
        let done = store.confirm(&system(), id, &[2; 32], NOON + 77, entry()).await;
        done.expect("no error")
    };
    assert!(!confirm("nobody").await);
    assert!(confirm("s1").await);
    assert_eq!(find(subject, old).await, None);
    let found = find(subject, [2; 32]).await.expect("it is there");
    assert_eq!(
        (found.session.id.as_str(), found.session.confirmed),
        ("s1", NOON + 77)
    );
}

/// Newest first; one is ended by its own account only; the others at once.
pub async fn sessions_are_listed_and_ended(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    create(subject, "bob", Role::Viewer).await;
    for (id, hash) in [("s1", 1), ("s2", 2), ("s3", 3), ("s4", 4)] {
        sign_in(subject, "ada", id, hash).await;
    }
    sign_in(subject, "bob", "b1", 9).await;
    assert_eq!(ids(subject, "ada").await, ["s4", "s3", "s2", "s1"]);
    let store = subject.store();
    let end = async |account: &str, id: &str| {
        let entry = logged("default", "session.end", id);
        store.end(&system(), account, id, entry).await.expect("no error")
    };
    assert!(!end("bob", "s3").await, "another's");
    assert!(end("ada", "s3").await);
    assert!(!end("ada", "s3").await);
    assert_eq!(ids(subject, "ada").await, ["s4", "s2", "s1"]);
    let entry = logged("default", "session.end_others", "ada");
    let ended = store.end_others(&system(), "ada", Some("s2"), entry).await;
    assert_eq!(ended.expect("no error"), 2);
    assert_eq!(ids(subject, "ada").await, ["s2"]);
    assert_eq!(ids(subject, "bob").await, ["b1"]);
}

/// What has ended, and what nobody used for too long.
pub async fn old_sessions_are_swept(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    for (id, hash) in [("s1", 1), ("s2", 2), ("s3", 3)] {
        sign_in(subject, "ada", id, hash).await;
    }
    let store = subject.store();
    let sweep = async |now, idle_since| store.sweep(&system(), now, idle_since).await.expect("no error");
    assert_eq!(sweep(NOON + 9_999, NOON).await, 0);
    assert_eq!(sweep(NOON + 9_999, NOON + 1).await, 1);
    assert_eq!(ids(subject, "ada").await, ["s3", "s2"]);
    assert_eq!(sweep(NOON + 10_000, NOON).await, 2);
}
