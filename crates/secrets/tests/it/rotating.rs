//! Rotations, whole, interrupted, and beside others.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use secrets::{Rotated, Step, VaultError, prune, rotate};
use store::{Holder, Secrets as _, SystemScope};

use super::{Bench, holder, installation, logged_by, open, place, put};

/// Three holders with a few secrets each.
async fn filled(bench: &Bench) -> Vec<(Holder, String)> {
    let mut all = Vec::new();
    for holder in [holder("default"), holder("other"), installation()] {
        for n in 0..7 {
            let owner = format!("{n}");
            put(&bench.vault, &holder, &owner, &secret(&holder, &owner)).await;
            all.push((holder.clone(), owner));
        }
    }
    all
}

fn secret(holder: &Holder, owner: &str) -> String {
    format!("{}/{owner}", holder.as_str())
}

async fn all_open(bench: &Bench, all: &[(Holder, String)]) {
    for vault in [&bench.vault, &bench.elsewhere()] {
        for (holder, owner) in all {
            let opened = open(vault, holder, owner).await.unwrap();
            assert_eq!(opened.as_deref(), Some(secret(holder, owner).as_str()));
        }
    }
}

async fn run(bench: &Bench) -> Rotated {
    rotate(&bench.elsewhere(), 2, "cli:test", 3, |_| {})
        .await
        .unwrap()
}

async fn masters(bench: &Bench) -> Vec<String> {
    let masters = bench.store.master_keys(&SystemScope::assume()).await.unwrap();
    masters.into_iter().map(|master| master.id).collect()
}

#[tokio::test]
async fn a_rotation_replaces_every_key_and_loses_nothing() {
    let bench = Bench::new();
    let all = filled(&bench).await;
    let before = (
        masters(&bench).await,
        bench.store.data_keys(&SystemScope::assume()).await.unwrap(),
    );
    let rotated = run(&bench).await;
    assert_eq!(
        (rotated.data_keys, rotated.secrets, rotated.resumed),
        (3, 21, false)
    );
    assert_eq!(rotated.retired, before.0);
    assert_eq!(masters(&bench).await, [rotated.master.clone().unwrap()]);
    let keys = bench.store.data_keys(&SystemScope::assume()).await.unwrap();
    assert!(keys.len() == 3 && keys.iter().all(|key| !before.1.contains(key)));
    all_open(&bench, &all).await;
    assert_eq!(bench.file.keys(), 2, "backups from before need the old one");
    assert_eq!(prune(&bench.vault).await.unwrap(), before.0);
    assert_eq!(bench.file.keys(), 1);
    all_open(&bench, &all).await;
    assert!(prune(&bench.vault).await.unwrap().is_empty());
    // Once more, from there.
    assert_eq!(run(&bench).await.secrets, 21);
    all_open(&bench, &all).await;
}

#[tokio::test]
async fn nothing_to_rotate_makes_nothing() {
    let bench = Bench::new();
    assert_eq!(run(&bench).await, Rotated::default());
    assert!(bench.file.content().is_none());
    assert!(prune(&bench.vault).await.unwrap().is_empty());
}

/// Interrupted after each step in turn, and each time finished by another.
#[tokio::test]
async fn a_rotation_goes_on_wherever_it_was_interrupted() {
    let bench = Bench::new();
    let all = filled(&bench).await;
    let mut points = 0;
    for point in 0.. {
        let mut steps = 0;
        let vault = bench.elsewhere();
        let stopped = AssertUnwindSafe(rotate(&vault, 2, "cli:test", 3, |_: &Step| {
            assert!(steps < point, "stopped here");
            steps += 1;
        }))
        .catch_unwind()
        .await;
        all_open(&bench, &all).await;
        if let Ok(done) = stopped {
            assert!(done.unwrap().master.is_some());
            break;
        }
        points += 1;
        let verified = bench.elsewhere().verify().await.unwrap();
        assert_eq!((verified.opened, verified.faults.len()), (21, 0));
        let rotated = run(&bench).await;
        assert!(rotated.master.is_some(), "{rotated:?}");
        all_open(&bench, &all).await;
        assert_eq!(masters(&bench).await.len(), 1);
    }
    assert!(
        points >= 17,
        "{points} points: the file, the database, three holders, the old key"
    );
}

#[tokio::test]
async fn an_interrupted_rotation_is_finished_and_not_begun_anew() {
    let bench = Bench::new();
    filled(&bench).await;
    for stop_at in [0, 1, 5] {
        let before = bench.file.keys();
        let mut steps = 0;
        let vault = bench.elsewhere();
        let stopped = AssertUnwindSafe(rotate(&vault, 2, "cli:test", 3, |_: &Step| {
            assert!(steps < stop_at, "stopped here");
            steps += 1;
        }));
        assert!(stopped.catch_unwind().await.is_err());
        assert_eq!(bench.file.keys(), before + 1);
        let rotated = run(&bench).await;
        assert!(rotated.resumed, "{stop_at}");
        assert_eq!(bench.file.keys(), before + 1, "one new key for one rotation");
    }
}

#[tokio::test]
async fn only_one_rotates() {
    let bench = Bench::new();
    filled(&bench).await;
    let other = bench.elsewhere();
    let mut tried = Vec::new();
    let second = |_: &Step| {
        let other = rotate(&other, 2, "cli:other", 3, |_| {}).now_or_never().unwrap();
        tried.push(matches!(other, Err(VaultError::Busy(_))));
        let pruned = prune(&bench.vault).now_or_never().unwrap();
        tried.push(matches!(pruned, Err(VaultError::Busy(_))));
    };
    rotate(&bench.elsewhere(), 2, "cli:test", 3, second)
        .await
        .unwrap();
    assert!(tried.len() > 10 && tried.iter().all(|busy| *busy));
}

#[tokio::test]
async fn a_secret_that_does_not_open_stops_it_and_nothing_is_lost() {
    let bench = Bench::new();
    let all = filled(&bench).await;
    let own = holder("other");
    let good = bench.store.secret(&own, &place("3")).await.unwrap().unwrap();
    let mut bad = good.clone();
    bad.sealed[0] ^= 1;
    bench
        .store
        .put_secret(&own, bad, logged_by(&own, "tampering"))
        .await
        .unwrap();
    let error = rotate(&bench.elsewhere(), 2, "cli:test", 3, |_| {})
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, VaultError::Unsound(ref at) if *at == place("3")),
        "{error}"
    );
    bench
        .store
        .put_secret(&own, good, logged_by(&own, "mended"))
        .await
        .unwrap();
    all_open(&bench, &all).await;
    assert!(run(&bench).await.resumed);
    all_open(&bench, &all).await;
}

/// Others put and open without pause while keys are rotated a dozen times.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_go_on_meanwhile() {
    let bench = Arc::new(Bench::new());
    let all = filled(&bench).await;
    let stop = Arc::new(AtomicBool::new(false));
    let work = async |name: String| {
        let vault = bench.elsewhere();
        let own = holder(&name);
        let mut rounds = 0_u32;
        while !stop.load(Ordering::Relaxed) {
            let owner = format!("busy{}", rounds % 5);
            put(&vault, &own, &owner, &format!("{name} {rounds}")).await;
            let opened = open(&vault, &own, &owner).await.unwrap();
            assert_eq!(opened.unwrap(), format!("{name} {rounds}"));
            rounds += 1;
            tokio::task::yield_now().await;
        }
        rounds
    };
    let rotations = async {
        for _ in 0..12 {
            run(&bench).await;
            tokio::task::yield_now().await;
        }
        stop.store(true, Ordering::Relaxed);
    };
    // "fresh" begins without a data key.
    let (a, b, ()) = futures::join!(work("other".into()), work("fresh".into()), rotations);
    assert!(a > 12 && b > 12, "{a} and {b} rounds");
    all_open(&bench, &all).await;
    let verified = bench.elsewhere().verify().await.unwrap();
    assert_eq!((verified.opened, verified.faults), (31, Vec::new()));
    assert_eq!(masters(&bench).await.len(), 1);
}
