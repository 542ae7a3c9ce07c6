//! Secrets: three layers of which none loses what it needs.

use super::accounts::logged;
use super::samples::NOON;
use super::{Subject, is_conflict, log, scope, system};
use crate::secrets::NONCE;
use crate::{DataKey, Holder, MasterKey, Place, SealedSecret, Secrets, StoreError, TenantId, Which};

fn holder(slug: &str) -> Holder {
    Holder::tenant(&scope(slug))
}

fn master(id: &str) -> MasterKey {
    MasterKey {
        id: id.into(),
        created: NOON,
    }
}

fn data_key(holder: &Holder, n: u32, master: &str) -> DataKey {
    DataKey {
        holder: holder.clone(),
        n,
        master: master.into(),
        nonce: [n as u8; NONCE],
        wrapped: vec![0, 255, n as u8],
        created: NOON + i64::from(n),
    }
}

fn place(owner: &str, field: &str) -> Place {
    Place {
        kind: "channel".into(),
        owner: owner.into(),
        field: field.into(),
    }
}

fn secret(owner: &str, field: &str, data_key: u32) -> SealedSecret {
    SealedSecret {
        place: place(owner, field),
        data_key,
        nonce: [data_key as u8 + 100; NONCE],
        sealed: [&[0, 255], owner.as_bytes(), field.as_bytes()].concat(),
        destination: None,
        created: NOON,
        changed: NOON,
    }
}

async fn add_master(subject: &impl Subject, id: &str, after: Option<&str>) -> bool {
    let entry = logged("default", "secrets.rotate", id);
    let added = subject
        .store()
        .add_master_key(&system(), master(id), after, entry)
        .await;
    added.expect("no error")
}

async fn drop_master(subject: &impl Subject, id: &str) -> bool {
    let entry = logged("default", "secrets.retire", id);
    let dropped = subject.store().drop_master_key(&system(), id, entry).await;
    dropped.expect("no error")
}

async fn add_data_key(
    subject: &impl Subject,
    holder: &Holder,
    n: u32,
    master: &str,
) -> Result<(), StoreError> {
    subject.store().add_data_key(data_key(holder, n, master)).await
}

/// Where what is done with a holder's secrets is logged.
fn log_of(holder: &Holder) -> &str {
    holder.of_tenant().map_or("default", TenantId::as_str)
}

async fn put(subject: &impl Subject, holder: &Holder, secret: SealedSecret) {
    let entry = logged(log_of(holder), "secret.put", &secret.place.owner);
    let put = subject.store().put_secret(holder, secret, entry).await;
    put.expect("no error");
}

async fn find(subject: &impl Subject, holder: &Holder, owner: &str, field: &str) -> Option<SealedSecret> {
    let found = subject.store().secret(holder, &place(owner, field)).await;
    found.expect("no error")
}

async fn drop_some(subject: &impl Subject, holder: &Holder, owner: &str, which: Which<'_>) -> Vec<String> {
    let entry = logged(log_of(holder), "secret.drop", owner);
    let dropped = subject
        .store()
        .drop_secrets(holder, "channel", owner, which, entry)
        .await;
    dropped.expect("no error")
}

async fn masters(subject: &impl Subject) -> Vec<String> {
    let masters = subject.store().master_keys(&system()).await;
    masters.expect("no error").into_iter().map(|key| key.id).collect()
}

/// A master key, and a data key of the tenant `default` and of the installation.
async fn prepare(subject: &impl Subject) -> Holder {
    assert!(add_master(subject, "m1", None).await);
    let own = holder("default");
    for holder in [&own, &Holder::installation(&system())] {
        add_data_key(subject, holder, 1, "m1").await.expect("no error");
    }
    own
}

/// Every layer, also after reopening.
pub async fn a_secret_comes_back_exactly(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    let mut new = secret("größe \u{1f600}", "token", 1);
    new.destination = Some("https://hooks.example.com:443".into());
    put(subject, &own, new.clone()).await;
    subject.reopen().await;
    assert!(subject.store().master_keys(&system()).await.expect("no error") == [master("m1")]);
    let all = subject.store().data_keys(&system()).await.expect("no error");
    let installation = Holder::installation(&system());
    assert!(all == [data_key(&installation, 1, "m1"), data_key(&own, 1, "m1")]);
    let of_own = subject.store().data_keys_of(&own).await.expect("no error");
    assert!(of_own == [data_key(&own, 1, "m1")]);
    assert!(find(subject, &own, "größe \u{1f600}", "token").await == Some(new));
    assert!(find(subject, &own, "größe \u{1f600}", "other").await.is_none());
    let actions: Vec<String> = log(subject, "default")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["secret.put", "secrets.rotate"]);
}

/// Two who rotate at once: one is first, and a refused key leaves nothing.
pub async fn a_master_key_follows_the_last(subject: &mut impl Subject) {
    assert!(!add_master(subject, "m1", Some("m0")).await, "there is no m0");
    assert!(add_master(subject, "m1", None).await);
    assert!(!add_master(subject, "m2", None).await, "there is one by now");
    assert!(add_master(subject, "m2", Some("m1")).await);
    assert!(!add_master(subject, "m3", Some("m1")).await, "m2 is the last");
    assert!(!add_master(subject, "m1", Some("m2")).await, "it counts already");
    assert_eq!(masters(subject).await, ["m1", "m2"]);
    assert_eq!(log(subject, "default").await.len(), 2);
}

/// What wraps a data key stays.
pub async fn a_master_key_in_use_stays(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    assert!(!drop_master(subject, "m1").await);
    assert!(!drop_master(subject, "nobody").await);
    assert!(add_master(subject, "m2", Some("m1")).await);
    for holder in [&own, &Holder::installation(&system())] {
        assert!(!drop_master(subject, "m1").await);
        let dropped = subject.store().drop_data_key(holder, 1).await;
        assert!(dropped.expect("no error"));
    }
    assert!(drop_master(subject, "m1").await);
    assert!(!drop_master(subject, "m1").await);
    assert_eq!(masters(subject).await, ["m2"]);
    assert_eq!(log(subject, "default").await.len(), 3);
}

/// So that a rotation meets everything that was wrapped before it.
pub async fn a_data_key_is_wrapped_with_the_last_master_key(subject: &mut impl Subject) {
    let own = holder("default");
    is_conflict(add_data_key(subject, &own, 1, "m1").await);
    assert!(add_master(subject, "m1", None).await);
    assert!(add_master(subject, "m2", Some("m1")).await);
    is_conflict(add_data_key(subject, &own, 1, "m1").await);
    add_data_key(subject, &own, 1, "m2").await.expect("no error");
    is_conflict(add_data_key(subject, &own, 1, "m2").await);
    let keys = subject.store().data_keys_of(&own).await.expect("no error");
    assert_eq!(keys.len(), 1);
}

/// What seals a secret stays.
pub async fn a_data_key_in_use_stays(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    put(subject, &own, secret("a", "token", 1)).await;
    let drop_key = async |n| subject.store().drop_data_key(&own, n).await.expect("no error");
    assert!(!drop_key(1).await);
    assert!(!drop_key(2).await, "there is none");
    assert_eq!(drop_some(subject, &own, "a", Which::All).await, ["token"]);
    assert!(drop_key(1).await);
    assert!(!drop_key(1).await);
}

/// Nothing is stored that nothing opens.
pub async fn a_secret_needs_its_data_key(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    let entry = || logged("default", "secret.put", "a");
    let store = subject.store();
    is_conflict(store.put_secret(&own, secret("a", "token", 2), entry()).await);
    let other = holder("other");
    let theirs = logged("other", "secret.put", "a");
    is_conflict(store.put_secret(&other, secret("a", "token", 1), theirs).await);
    // Nor in a log of somebody else.
    let theirs = logged("other", "secret.put", "a");
    is_conflict(store.put_secret(&own, secret("a", "token", 1), theirs).await);
    let theirs = logged("other", "secret.drop", "a");
    is_conflict(store.drop_secrets(&own, "channel", "a", Which::All, theirs).await);
    assert!(find(subject, &own, "a", "token").await.is_none());
    assert_eq!(log(subject, "default").await.len(), 1, "only the master key");
}

/// A secret that is given again; since when there is one stays.
pub async fn a_secret_takes_the_place_of_one(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    add_data_key(subject, &own, 2, "m1").await.expect("no error");
    put(subject, &own, secret("a", "token", 1)).await;
    let mut new = secret("a", "token", 2);
    new.sealed = vec![7];
    new.destination = Some("https://b:443".into());
    (new.created, new.changed) = (NOON + 5, NOON + 5);
    put(subject, &own, new.clone()).await;
    new.created = NOON;
    assert!(find(subject, &own, "a", "token").await == Some(new));
}

/// Page by page, by kind, owner and field, byte by byte.
pub async fn secrets_are_listed_by_place(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    for (owner, field) in [
        ("b", "token"),
        ("B", "url"),
        ("a", "url"),
        ("a", "token"),
        ("ä", "token"),
    ] {
        put(subject, &own, secret(owner, field, 1)).await;
    }
    let mut seen: Vec<Place> = Vec::new();
    loop {
        let page = subject
            .store()
            .secrets(&own, seen.last(), 2)
            .await
            .expect("no error");
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        seen.extend(page.into_iter().map(|secret| secret.place));
    }
    let owners: Vec<(&str, &str)> = seen
        .iter()
        .map(|place| (place.owner.as_str(), place.field.as_str()))
        .collect();
    let expected = [
        ("B", "url"),
        ("a", "token"),
        ("a", "url"),
        ("b", "token"),
        ("ä", "token"),
    ];
    assert_eq!(owners, expected);
}

/// A rotation finds what is left to do, and does it.
pub async fn what_is_sealed_otherwise_is_sealed_anew(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    add_data_key(subject, &own, 2, "m1").await.expect("no error");
    for owner in ["a", "b", "c"] {
        put(subject, &own, secret(owner, "token", 1)).await;
    }
    put(subject, &own, secret("d", "token", 2)).await;
    let store = subject.store();
    let left = async |limit| store.sealed_otherwise(&own, 2, limit).await.expect("no error");
    assert_eq!(left(100).await.len(), 3);
    let first = left(2).await;
    assert_eq!(first.len(), 2);
    let anew = first.into_iter().map(|old| {
        let mut new = old.clone();
        (new.data_key, new.nonce, new.sealed) = (2, [9; NONCE], vec![9]);
        new.changed = NOON + 77;
        (old.nonce, new)
    });
    assert_eq!(store.reseal(&own, anew.collect()).await.expect("no error"), 2);
    assert_eq!(left(100).await.len(), 1);
    let found = find(subject, &own, "a", "token").await.expect("it is there");
    assert_eq!(
        (found.data_key, found.nonce, found.sealed.as_slice()),
        (2, [9; NONCE], &[9][..])
    );
    assert_eq!(found.changed, NOON, "nobody gave it anew");
    let mut lost = secret("c", "token", 1);
    let nonce = lost.nonce;
    lost.data_key = 3;
    is_conflict(store.reseal(&own, vec![(nonce, lost)]).await);
    assert_eq!(left(100).await.len(), 1);
}

/// Whoever gives or takes a secret during a rotation is right.
pub async fn what_changed_meanwhile_is_not_sealed_anew(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    add_data_key(subject, &own, 2, "m1").await.expect("no error");
    put(subject, &own, secret("a", "token", 1)).await;
    put(subject, &own, secret("b", "token", 1)).await;
    let store = subject.store();
    let read = store.sealed_otherwise(&own, 2, 100).await.expect("no error");
    let mut newer = secret("a", "token", 1);
    newer.nonce = [55; NONCE];
    newer.sealed = b"newer".to_vec();
    put(subject, &own, newer.clone()).await;
    assert_eq!(drop_some(subject, &own, "b", Which::All).await, ["token"]);
    let anew = read.into_iter().map(|old| {
        let mut new = old.clone();
        (new.data_key, new.nonce, new.sealed) = (2, [9; NONCE], vec![9]);
        (old.nonce, new)
    });
    assert_eq!(store.reseal(&own, anew.collect()).await.expect("no error"), 0);
    assert!(find(subject, &own, "a", "token").await == Some(newer));
    assert!(find(subject, &own, "b", "token").await.is_none());
}

/// All of an owner, or one field; another's stay, and nothing to drop is nothing to log.
pub async fn secrets_go_with_their_owner(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    for (owner, field) in [("a", "url"), ("a", "token"), ("a", "pass"), ("b", "token")] {
        put(subject, &own, secret(owner, field, 1)).await;
    }
    let before = log(subject, "default").await.len();
    assert_eq!(
        drop_some(subject, &own, "a", Which::Field("token")).await,
        ["token"]
    );
    assert!(
        drop_some(subject, &own, "a", Which::Field("token"))
            .await
            .is_empty()
    );
    assert_eq!(drop_some(subject, &own, "a", Which::All).await, ["pass", "url"]);
    assert!(find(subject, &own, "b", "token").await.is_some());
    assert_eq!(log(subject, "default").await.len(), before + 2);
}

/// What may be sent to one place is not sent to another.
pub async fn a_destination_that_changes_drops_what_was_for_the_old(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    for (owner, field, destination) in [
        ("a", "token", Some("https://a:443")),
        ("a", "url", Some("https://b:443")),
        ("a", "seed", None),
        ("b", "token", Some("https://a:443")),
    ] {
        let mut new = secret(owner, field, 1);
        new.destination = destination.map(str::to_owned);
        put(subject, &own, new).await;
    }
    assert_eq!(
        drop_some(subject, &own, "a", Which::NotFor("https://b:443")).await,
        ["token"]
    );
    assert!(
        drop_some(subject, &own, "a", Which::NotFor("https://b:443"))
            .await
            .is_empty()
    );
    assert!(find(subject, &own, "a", "url").await.is_some());
    assert!(find(subject, &own, "a", "seed").await.is_some());
    assert!(find(subject, &own, "b", "token").await.is_some());
}

/// With a master key that is gone for good goes what only it opens, and nothing else.
pub async fn what_a_lost_key_sealed_is_forgotten(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    put(subject, &own, secret("a", "token", 1)).await;
    assert!(add_master(subject, "m2", Some("m1")).await);
    add_data_key(subject, &own, 2, "m2").await.expect("no error");
    put(subject, &own, secret("b", "token", 2)).await;
    let entry = logged("default", "secrets.forget", "m1");
    let gone = subject.store().forget(&system(), &["m1".into()], entry).await;
    assert_eq!(gone.expect("no error"), 1);
    assert_eq!(masters(subject).await, ["m2"]);
    assert!(find(subject, &own, "a", "token").await.is_none());
    assert!(find(subject, &own, "b", "token").await.is_some());
    let keys = subject.store().data_keys(&system()).await.expect("no error");
    assert!(keys == [data_key(&own, 2, "m2")]);
    assert_eq!(log(subject, "default").await[0].action, "secrets.forget");
}

/// The same place of two tenants holds two secrets.
pub async fn secrets_of_tenants_are_apart(subject: &mut impl Subject) {
    let own = prepare(subject).await;
    let other = holder("other");
    add_data_key(subject, &other, 1, "m1").await.expect("no error");
    let mut theirs = secret("a", "token", 1);
    theirs.sealed = b"theirs".to_vec();
    put(subject, &own, secret("a", "token", 1)).await;
    put(subject, &other, theirs.clone()).await;
    assert!(find(subject, &own, "a", "token").await == Some(secret("a", "token", 1)));
    assert!(find(subject, &other, "a", "token").await == Some(theirs.clone()));
    assert_eq!(drop_some(subject, &own, "a", Which::All).await, ["token"]);
    assert!(find(subject, &own, "a", "token").await.is_none());
    let listed = subject
        .store()
        .secrets(&other, None, 100)
        .await
        .expect("no error");
    assert!(listed == [theirs]);
}
