//! Putting, opening, dropping.

use secrets::{LONGEST, VaultError};
use store::secrets::NONCE;
use store::{AuditQuery, Audits as _, Secrets as _, SystemScope, TenantId, TenantScope};

use super::{Bench, holder, installation, logged, open, place, put, to};

#[tokio::test]
async fn a_secret_is_what_was_put_and_nothing_stored_shows_it() {
    let bench = Bench::new();
    let own = holder("default");
    assert!(open(&bench.vault, &own, "a").await.unwrap().is_none());
    assert!(bench.file.content().is_none(), "no key before there is a secret");
    put(&bench.vault, &own, "a", "hunter2 hunter2").await;
    put(&bench.vault, &installation(), "a", "another").await;
    put(&bench.vault, &own, "empty", "").await;
    for vault in [&bench.vault, &bench.elsewhere()] {
        assert_eq!(open(vault, &own, "a").await.unwrap().unwrap(), "hunter2 hunter2");
        assert_eq!(
            open(vault, &installation(), "a").await.unwrap().unwrap(),
            "another"
        );
        assert_eq!(open(vault, &own, "empty").await.unwrap().unwrap(), "");
        assert!(open(vault, &holder("other"), "a").await.unwrap().is_none());
    }
    assert_eq!(bench.file.keys(), 1);
    let stored = bench.store.secret(&own, &place("a")).await.unwrap().unwrap();
    assert!(!stored.sealed.windows(7).any(|seven| seven == b"hunter2"));
    put(&bench.vault, &own, "a", "changed").await;
    assert_eq!(open(&bench.vault, &own, "a").await.unwrap().unwrap(), "changed");
}

#[tokio::test]
async fn what_was_moved_or_changed_in_the_database_does_not_open() {
    let bench = Bench::new();
    let own = holder("default");
    put(&bench.vault, &own, "a", "for a").await;
    put(&bench.vault, &own, "b", "for b").await;
    put(&bench.vault, &holder("other"), "a", "theirs").await;
    let stored = bench.store.secret(&own, &place("a")).await.unwrap().unwrap();
    let swap = async |change: &dyn Fn(&mut store::SealedSecret)| {
        let mut changed = stored.clone();
        change(&mut changed);
        let (holder, at) = (own.clone(), changed.place.clone());
        bench
            .store
            .put_secret(&holder, changed, logged("tampering"))
            .await
            .unwrap();
        let opened = bench.elsewhere().open(&holder, &at, None).await;
        assert!(
            matches!(
                opened,
                Err(VaultError::Unsound(_) | VaultError::OtherDestination { .. })
            ),
            "it opened"
        );
        bench
            .store
            .put_secret(&own, stored.clone(), logged("mended"))
            .await
            .unwrap();
    };
    swap(&|secret| secret.place = place("b")).await;
    swap(&|secret| secret.sealed[0] ^= 1).await;
    swap(&|secret| secret.nonce = [0; NONCE]).await;
    swap(&|secret| secret.destination = Some("https://evil.example:443".into())).await;
    // Another tenant's bytes, with the same number of the data key.
    let theirs = bench
        .store
        .secret(&holder("other"), &place("a"))
        .await
        .unwrap()
        .unwrap();
    bench
        .store
        .put_secret(&own, theirs, logged("tampering"))
        .await
        .unwrap();
    assert!(matches!(
        open(&bench.vault, &own, "a").await,
        Err(VaultError::Unsound(_))
    ));
    // And `verify` tells.
    let verified = bench.elsewhere().verify().await.unwrap();
    assert_eq!(
        (verified.opened, verified.faults.len()),
        (1, 2),
        "{:?}",
        verified.faults
    );
}

#[tokio::test]
async fn a_secret_that_was_changed_to_another_destination_does_not_open_there() {
    let bench = Bench::new();
    let own = holder("default");
    let (good, evil) = (to("https://hooks.example.com/x"), to("https://evil.example/x"));
    let vault = &bench.vault;
    let place = place("a");
    vault
        .put(&own, &place, b"token", Some(&good), 1, logged("secret.put"))
        .await
        .unwrap();
    assert!(vault.open(&own, &place, Some(&good)).await.unwrap().is_some());
    for other in [Some(&evil), None] {
        let error = vault.open(&own, &place, other).await.err().unwrap();
        assert!(matches!(error, VaultError::OtherDestination { .. }), "{error}");
        assert!(
            error.to_string().contains("https://hooks.example.com:443"),
            "{error}"
        );
    }
    // With the database in hand, the bytes still say what they were given for.
    let mut changed = bench.store.secret(&own, &place).await.unwrap().unwrap();
    changed.destination = Some(evil.as_str().to_owned());
    bench
        .store
        .put_secret(&own, changed, logged("tampering"))
        .await
        .unwrap();
    assert!(matches!(
        vault.open(&own, &place, Some(&evil)).await,
        Err(VaultError::Unsound(_))
    ));
}

#[tokio::test]
async fn a_destination_that_changes_drops_its_secret() {
    let bench = Bench::new();
    let own = holder("default");
    let vault = &bench.vault;
    let old = to("https://hooks.example.com/a");
    let secret = |field: &str| store::Place {
        field: field.into(),
        ..place("a")
    };
    vault
        .put(&own, &secret("token"), b"x", Some(&old), 1, logged("secret.put"))
        .await
        .unwrap();
    vault
        .put(&own, &secret("note"), b"y", None, 1, logged("secret.put"))
        .await
        .unwrap();
    let moved = async |url: &str| {
        let moved = vault
            .moved(&own, "channel", "a", &to(url), logged("secret.drop"))
            .await;
        moved.unwrap()
    };
    assert!(moved("https://hooks.example.com/other/path").await.is_empty());
    assert_eq!(moved("https://hooks.example.com:8443/a").await, ["token"]);
    assert!(
        vault
            .open(&own, &secret("token"), Some(&old))
            .await
            .unwrap()
            .is_none()
    );
    assert!(vault.open(&own, &secret("note"), None).await.unwrap().is_some());
    assert!(
        vault
            .remove(&own, &secret("note"), logged("secret.drop"))
            .await
            .unwrap()
    );
    assert!(
        !vault
            .remove(&own, &secret("note"), logged("secret.drop"))
            .await
            .unwrap()
    );
    assert!(
        vault
            .remove_all(&own, "channel", "a", logged("secret.drop"))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_lost_or_wrong_key_is_told_and_no_other_is_made() {
    let bench = Bench::new();
    let own = holder("default");
    put(&bench.vault, &own, "a", "secret").await;
    let good = bench.file.content();
    for wrong in [None, Some(format!("{}\n", "ab".repeat(32)))] {
        bench.file.set(wrong.clone());
        let fresh = bench.elsewhere();
        for error in [
            fresh.check().await.err().unwrap(),
            open(&fresh, &own, "a").await.err().unwrap(),
            fresh.verify().await.err().unwrap(),
        ] {
            assert!(matches!(error, VaultError::MissingKey { .. }), "{error}");
            assert!(error.to_string().contains("/somewhere/master.key"), "{error}");
        }
        // A new holder needs a new data key, and that the master key that counts.
        let put = fresh
            .put(&holder("new"), &place("a"), b"x", None, 1, logged("secret.put"))
            .await;
        assert!(matches!(put, Err(VaultError::MissingKey { .. })));
        assert_eq!(bench.file.content(), wrong, "no key was made");
        assert_eq!(fresh.missing().await.unwrap().len(), 1);
    }
    bench.file.set(Some("nonsense\n".into()));
    let error = bench.elsewhere().check().await.err().unwrap().to_string();
    assert!(
        error.contains("/somewhere/master.key") && error.contains("line 1"),
        "{error}"
    );
    bench.file.set(good);
    assert_eq!(
        open(&bench.elsewhere(), &own, "a").await.unwrap().unwrap(),
        "secret"
    );
}

#[tokio::test]
async fn what_a_lost_key_sealed_can_be_forgotten() {
    let bench = Bench::new();
    let own = holder("default");
    put(&bench.vault, &own, "a", "one").await;
    assert_eq!(
        bench.vault.forget(logged("secrets.forget")).await.unwrap(),
        0,
        "nothing is lost"
    );
    bench.file.set(None);
    let fresh = bench.elsewhere();
    assert_eq!(fresh.forget(logged("secrets.forget")).await.unwrap(), 1);
    assert!(open(&fresh, &own, "a").await.unwrap().is_none());
    // The vault that knows the old data key of the same number uses the new one.
    put(&bench.vault, &own, "a", "two").await;
    assert_eq!(bench.file.keys(), 1);
    assert_eq!(open(&bench.elsewhere(), &own, "a").await.unwrap().unwrap(), "two");
}

#[tokio::test]
async fn too_long_is_refused_and_the_old_one_stays() {
    let bench = Bench::new();
    let own = holder("default");
    put(&bench.vault, &own, "a", "old").await;
    let long = vec![b'x'; LONGEST + 1];
    let error = bench
        .vault
        .put(&own, &place("a"), &long, None, 1, logged("secret.put"))
        .await;
    assert!(matches!(error, Err(VaultError::TooLong(n)) if n == LONGEST + 1));
    assert_eq!(open(&bench.vault, &own, "a").await.unwrap().unwrap(), "old");
    let most = &long[..LONGEST];
    bench
        .vault
        .put(&own, &place("a"), most, None, 1, logged("secret.put"))
        .await
        .unwrap();
}

#[tokio::test]
async fn names_are_listed_and_everything_is_logged() {
    let bench = Bench::new();
    let own = holder("default");
    for owner in ["b", "a"] {
        put(&bench.vault, &own, owner, "hunter2").await;
    }
    let listed = bench.vault.list(&own).await.unwrap();
    let owners: Vec<&str> = listed.iter().map(|one| one.place.owner.as_str()).collect();
    assert_eq!(owners, ["a", "b"]);
    assert!(!format!("{listed:?}").contains("hunter2"));
    let master = bench
        .store
        .master_keys(&SystemScope::assume())
        .await
        .unwrap()
        .remove(0)
        .id;
    assert!(listed.iter().all(|one| one.master == master));
    assert_eq!(bench.vault.holders().await.unwrap(), std::slice::from_ref(&own));
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let scope = TenantScope::assume(TenantId::default_tenant());
    let log = bench.store.audit(&scope, query).await.unwrap();
    let actions: Vec<&str> = log.iter().map(|sealed| sealed.entry.action.as_str()).collect();
    assert_eq!(actions, ["secret.put", "secret.put", "secrets.begin"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_puts_at_once_make_one_key() {
    for _ in 0..50 {
        let bench = Bench::new();
        let own = holder("default");
        let vaults: Vec<_> = (0..4).map(|_| bench.elsewhere()).collect();
        let puts = vaults
            .iter()
            .zip(["a", "b", "c", "d"])
            .map(|(vault, owner)| put(vault, &own, owner, owner));
        futures::future::join_all(puts).await;
        assert_eq!(bench.file.keys(), 1);
        for owner in ["a", "b", "c", "d"] {
            assert_eq!(
                open(&bench.elsewhere(), &own, owner).await.unwrap().unwrap(),
                owner
            );
        }
    }
}
