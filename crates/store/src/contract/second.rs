//! Second factors.

use super::accounts::{create, logged};
use super::samples::NOON;
use super::{Subject, log, system};
use crate::{Logged, RecoveryHash, Role, SecondFactor, SecondFactors};

const CODES: [RecoveryHash; 3] = [[1; 32], [2; 32], [3; 32]];

fn entry(action: &str) -> Logged {
    logged("default", action, "ada")
}

async fn begin(subject: &impl Subject, account: &str, seed: &str) -> bool {
    let store = subject.store();
    let system = system();
    let begun = store.begin_second_factor(&system, account, seed, NOON, entry("account.totp.begin"));
    begun.await.expect("no error")
}

async fn enable(subject: &impl Subject, seed: &str, step: i64) -> bool {
    let store = subject.store();
    let entry = entry("account.totp.enable");
    let system = system();
    let enabled = store.enable_second_factor(&system, "ada", (seed, step), &CODES, NOON + 1, entry);
    enabled.await.expect("no error")
}

async fn use_step(subject: &impl Subject, seed: &str, step: i64) -> bool {
    let used = subject.store().use_step(&system(), "ada", seed, step).await;
    used.expect("no error")
}

async fn use_code(subject: &impl Subject, code: RecoveryHash) -> bool {
    let store = subject.store();
    let system = system();
    let used = store.use_recovery_code(&system, "ada", &code, NOON + 2, entry("account.recovery_code"));
    used.await.expect("no error")
}

async fn replace(subject: &impl Subject, codes: &[RecoveryHash]) -> bool {
    let store = subject.store();
    let system = system();
    let replaced = store.replace_recovery_codes(&system, "ada", codes, entry("account.recovery_codes"));
    replaced.await.expect("no error")
}

async fn find(subject: &impl Subject) -> Option<SecondFactor> {
    let found = subject.store().second_factor(&system(), "ada").await;
    found.expect("no error")
}

/// Every field, at each stage, also after reopening.
pub async fn a_second_factor_comes_back_exactly(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    assert_eq!(find(subject).await, None);
    assert!(!begin(subject, "nobody", "s1").await);
    assert!(begin(subject, "ada", "s1").await);
    let mut expected = SecondFactor {
        seed: "s1".into(),
        begun: NOON,
        enabled: None,
        step: 0,
        recovery_codes: 0,
    };
    assert_eq!(find(subject).await, Some(expected.clone()));
    assert!(enable(subject, "s1", 77).await);
    subject.reopen().await;
    (expected.enabled, expected.step, expected.recovery_codes) = (Some(NOON + 1), 77, 3);
    assert_eq!(find(subject).await, Some(expected));
    assert_eq!(log(subject, "default").await.len(), 3);
}

/// One that was never enabled makes room; one that is stays. Only what was begun with is enabled.
pub async fn a_second_factor_is_begun_anew_until_it_is_enabled(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    assert!(!enable(subject, "s1", 1).await);
    assert!(begin(subject, "ada", "s1").await);
    assert!(begin(subject, "ada", "s2").await);
    assert!(!enable(subject, "s1", 1).await, "another seed by now");
    assert!(!use_step(subject, "s2", 5).await, "it is not enabled");
    assert!(!replace(subject, &CODES).await);
    assert!(enable(subject, "s2", 1).await);
    assert!(!enable(subject, "s2", 9).await);
    assert!(!begin(subject, "ada", "s3").await);
    assert_eq!(
        find(subject).await.map(|second| (second.seed, second.step)),
        Some(("s2".into(), 1))
    );
}

/// A code is used once, and none before it.
pub async fn a_step_is_used_once(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    assert!(begin(subject, "ada", "s1").await && enable(subject, "s1", 100).await);
    assert!(!use_step(subject, "s1", 100).await, "it enabled it");
    assert!(use_step(subject, "s1", 102).await);
    assert!(!use_step(subject, "s1", 102).await);
    assert!(!use_step(subject, "s1", 101).await);
    assert!(!use_step(subject, "s0", 103).await, "another seed");
    subject.reopen().await;
    assert!(!use_step(subject, "s1", 102).await, "also after a restart");
    assert!(use_step(subject, "s1", 103).await);
}

/// Two who show the same code at once: one of them.
pub async fn a_step_is_used_once_by_many_at_once(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    assert!(begin(subject, "ada", "s1").await && enable(subject, "s1", 1).await);
    let subject = &*subject;
    let tries = (0..8).map(|_| use_step(subject, "s1", 2));
    let used = futures::future::join_all(tries).await;
    assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
    let tries = (0..8).map(|_| use_code(subject, [2; 32]));
    let used = futures::future::join_all(tries).await;
    assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
}

/// Each once; new ones take the place of all; each use is logged.
pub async fn recovery_codes_are_used_once(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    assert!(!use_code(subject, [1; 32]).await);
    assert!(begin(subject, "ada", "s1").await && enable(subject, "s1", 1).await);
    let before = log(subject, "default").await.len();
    assert!(!use_code(subject, [9; 32]).await);
    assert!(use_code(subject, [2; 32]).await);
    assert!(!use_code(subject, [2; 32]).await);
    subject.reopen().await;
    assert!(!use_code(subject, [2; 32]).await);
    assert_eq!(find(subject).await.map(|second| second.recovery_codes), Some(2));
    assert!(replace(subject, &[[2; 32], [8; 32]]).await);
    assert!(!use_code(subject, [1; 32]).await);
    assert!(
        use_code(subject, [2; 32]).await,
        "a new code, whatever it was before"
    );
    assert_eq!(find(subject).await.map(|second| second.recovery_codes), Some(1));
    assert_eq!(log(subject, "default").await.len(), before + 3);
}

/// With all that belongs to it.
pub async fn a_second_factor_is_removed(subject: &mut impl Subject) {
    create(subject, "ada", Role::Owner).await;
    let store = subject.store();
    let remove = async || {
        let removed = store
            .remove_second_factor(&system(), "ada", entry("account.totp.remove"))
            .await;
        removed.expect("no error").map(|second| second.seed)
    };
    assert_eq!(remove().await, None);
    assert!(begin(subject, "ada", "s1").await && enable(subject, "s1", 1).await);
    let before = log(subject, "default").await.len();
    assert_eq!(remove().await.as_deref(), Some("s1"));
    assert_eq!(remove().await, None);
    assert_eq!(log(subject, "default").await.len(), before + 1);
    assert_eq!(find(subject).await, None);
    assert!(!use_code(subject, [1; 32]).await);
    assert!(begin(subject, "ada", "s2").await && enable(subject, "s2", 1).await);
}
