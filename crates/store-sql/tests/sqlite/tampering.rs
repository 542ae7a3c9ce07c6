//! The log under somebody who can write to the file.

use store::audit::Fault;
use store::contract::Subject as _;
use store::contract::audit::verify;
use store::contract::samples::{api_key, audit};
use store::{Audits as _, Keys as _};
use store_sql::{SqliteKeys, SqliteOptions};

use crate::folder::{Sqlite, acme, subject, system};

/// What is done to a log of four entries, and how it shows.
const TAMPERINGS: [(&str, &str, Fault); 10] = [
    ("a field", "UPDATE audit SET actor = 'nobody' WHERE n = 2", Fault::Changed(2)),
    ("the time", "UPDATE audit SET at = at + 1 WHERE n = 1", Fault::Changed(1)),
    ("the hash", "UPDATE audit SET hash = mac WHERE n = 3", Fault::Changed(3)),
    ("the seal", "UPDATE audit SET mac = hash WHERE n = 3", Fault::Seal(3)),
    ("one removed", "DELETE FROM audit WHERE n = 2", Fault::Number { wanted: 2, found: 3 }),
    ("the first removed", "DELETE FROM audit WHERE n = 1", Fault::Number { wanted: 1, found: 2 }),
    ("the newest removed", "DELETE FROM audit WHERE n = 4", Fault::CutOff { entries: 3, head: 4 }),
    ("all removed", "DELETE FROM audit", Fault::CutOff { entries: 0, head: 4 }),
    (
        "another tenant's",
        "UPDATE audit SET tenant_id = 'beta'",
        Fault::CutOff { entries: 0, head: 4 },
    ),
    (
        "one added",
        "INSERT INTO audit SELECT tenant_id, 5, at, actor, address, action, target, detail, hash, mac FROM audit
         WHERE n = 4",
        Fault::Changed(5),
    ),
];

async fn with_four_entries() -> Sqlite {
    let subject = subject().await;
    for n in 1..=4 {
        let entry = audit("a", &n.to_string());
        subject.store().record(&acme(), entry).await.unwrap();
    }
    subject
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_an_entry() {
    let subject = with_four_entries().await;
    // Also after it was sealed anew, which has to get past what refuses here.
    subject
        .store()
        .reseal(&system(), audit("audit.reseal", ""))
        .await
        .unwrap();
    let file = subject.folder.path().join("fuseboard.db");
    for sql in ["UPDATE audit SET at = 0", "DELETE FROM audit WHERE n = 4"] {
        let refused = subject.try_edit(file.clone(), sql).await.unwrap_err();
        assert!(refused.to_string().contains("only ever added to"), "{refused}");
    }
    assert_eq!(verify(&subject, "acme", &[]).await, Ok(5));
}

#[tokio::test]
async fn what_is_done_to_it_without_the_triggers_is_found() {
    for (name, sql, fault) in TAMPERINGS {
        let subject = with_four_entries().await;
        let heads = subject.store().heads(&system()).await.unwrap();
        let file = subject.folder.path().join("fuseboard.db");
        for sql in [
            "DROP TRIGGER audit_is_not_changed",
            "DROP TRIGGER audit_is_not_removed",
            sql,
        ] {
            subject.edit(file.clone(), sql).await;
        }
        assert_eq!(verify(&subject, "acme", &heads).await, Err(fault), "{name}");
    }
}

#[tokio::test]
async fn entries_from_before_there_was_a_chain_are_taken_into_it() {
    let mut subject = subject().await;
    let file = subject.folder.path().join("fuseboard.db");
    let old = "INSERT INTO audit_unsealed VALUES ('acme', 1, 5, 'cli:root', 'key.create', 'k', 'first'),
                                                 ('acme', 2, 6, 'cli:root', 'key.revoke', 'k', 'second')";
    subject.edit(file, old).await;
    subject.reopen().await;
    subject
        .store()
        .record(&acme(), audit("a", "third"))
        .await
        .unwrap();
    assert_eq!(verify(&subject, "acme", &[]).await, Ok(3));
    subject.reopen().await;
    assert_eq!(verify(&subject, "acme", &[]).await, Ok(3), "taken once");
}

#[tokio::test]
async fn without_the_key_nothing_is_changed_that_must_be_logged() {
    let subject = subject().await;
    let keys = SqliteKeys::open(subject.folder.path(), SqliteOptions::default())
        .await
        .unwrap();
    let made = keys
        .create(&acme(), api_key("acme", 1, "a"), audit("key.create", "a"))
        .await;
    assert!(made.unwrap_err().to_string().contains("audit key"));
    assert_eq!(keys.list(&acme()).await.unwrap(), []);
}
