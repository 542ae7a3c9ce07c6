//! The log under somebody who can write to the database.

use store::Audits as _;
use store::audit::Fault;
use store::contract::Subject as _;
use store::contract::audit::verify;
use store::contract::samples::audit;

use crate::database::Database;
use crate::faults::{acme, system};

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

async fn with_four_entries() -> Database {
    let database = Database::create().await;
    for n in 1..=4 {
        let entry = audit("a", &n.to_string());
        database.store().record(&acme(), entry).await.unwrap();
    }
    database
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_an_entry() {
    let database = with_four_entries().await;
    // Also after it was sealed anew, which has to get past what refuses here.
    database
        .store()
        .reseal(&system(), audit("audit.reseal", ""))
        .await
        .unwrap();
    for sql in [
        "UPDATE audit SET at = 0",
        "DELETE FROM audit WHERE n = 4",
        "TRUNCATE audit",
    ] {
        let refused = database.try_run(sql).await.unwrap_err();
        assert!(refused.to_string().contains("only ever added to"), "{refused}");
    }
    assert_eq!(verify(&database, "acme", &[]).await, Ok(5));
}

#[tokio::test]
async fn what_is_done_to_it_without_the_triggers_is_found() {
    let mut database = with_four_entries().await;
    let heads = database.store().heads(&system()).await.unwrap();
    for (name, sql, fault) in TAMPERINGS {
        // In a copy of the table, which then takes its place: the next tampering begins with what was there.
        database.run("CREATE TABLE kept AS SELECT * FROM audit").await;
        database.run("ALTER TABLE audit DISABLE TRIGGER ALL").await;
        database.run(sql).await;
        assert_eq!(verify(&database, "acme", &heads).await, Err(fault), "{name}");
        database.run("DELETE FROM audit").await;
        database.run("INSERT INTO audit SELECT * FROM kept").await;
        database.run("DROP TABLE kept").await;
        database.run("ALTER TABLE audit ENABLE TRIGGER ALL").await;
        assert_eq!(verify(&database, "acme", &heads).await, Ok(4));
    }
    database.reopen().await;
    assert_eq!(verify(&database, "acme", &heads).await, Ok(4));
}

#[tokio::test]
async fn entries_from_before_there_was_a_chain_are_taken_into_it() {
    let mut database = Database::create().await;
    database
        .run(
            "INSERT INTO audit_unsealed
             VALUES ('acme', 1, 5, 'cli:root', 'key.create', 'k', 'first'),
                    ('acme', 2, 6, 'cli:root', 'key.revoke', 'k', 'second')",
        )
        .await;
    database.reopen().await;
    database
        .store()
        .record(&acme(), audit("a", "third"))
        .await
        .unwrap();
    assert_eq!(verify(&database, "acme", &[]).await, Ok(3));
    database.reopen().await;
    assert_eq!(verify(&database, "acme", &[]).await, Ok(3), "taken once");
}
