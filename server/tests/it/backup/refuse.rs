//! What is refused, and that a refusal changes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::child::Fuseboard;
use super::installation;

/// All files of a folder, with what is in them, logs and locks aside.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if !name.ends_with("-shm") && !name.ends_with("-wal") && !name.ends_with(".lock") {
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

async fn push(server: &Fuseboard, id: &str) {
    let event = json!([{
        "type": "call", "id": id, "provider": "openai", "model": "m", "outcome": "ok", "duration_ms": 5,
    }]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(format!("{}/api/v1/events", server.address()))
        .bearer_auth(server.key())
        .json(&event);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_holds_something_is_kept() {
    let (mut server, _) = installation(false).await;
    let told = server.refused(69, &["backup", "--to", "nowhere.fbbackup"]).await;
    assert!(told.contains("there is no data"), "{told}");
    server.start().await;
    push(&server, "first").await;
    let folder = server.backups();
    let written = server.run(&["backup", "--to", &text(&folder)]).await;
    assert_eq!(written.status.code(), Some(0));
    let told = String::from_utf8_lossy(&written.stderr);
    assert!(told.contains("not in a backup: the master key"), "{told}");
    let name = names(&folder).remove(0);
    assert!(
        name.starts_with("fuseboard-20") && name.ends_with("Z.fbbackup"),
        "{name}"
    );
    let backup = text(&folder.join(&name));

    let told = server.refused(1, &["backup", "--to", &backup]).await;
    assert!(told.contains("is there already"), "{told}");
    server.ask(&["backup", "--to", &backup, "--force"]).await;

    // No key, and nothing else that is private, is in it.
    let secret = server.key();
    let bytes = std::fs::read(&backup).unwrap();
    let told = String::from_utf8_lossy(&bytes);
    assert!(!told.contains(&secret) && told.contains("fuseboard.db.zst"));

    push(&server, "second").await;
    let told = server
        .refused(69, &["restore", "--from", &backup, "--force"])
        .await;
    assert!(told.contains("another fuseboard process"), "{told}");
    server.stop().await;
    let before = files(&server.data());
    let told = server.refused(1, &["restore", "--from", &backup]).await;
    assert!(told.contains("fuseboard.db is there already"), "{told}");
    assert!(files(&server.data()) == before, "it was touched");

    let told = server
        .ask(&["restore", "--from", &backup, "--force", "--json"])
        .await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["verify"]["events"], 1, "{told}");
    let aside = told["moved_aside"].as_str().unwrap();
    let kept = names(Path::new(aside));
    assert!(
        kept.contains(&"fuseboard.db".to_owned()) && kept.len() == 2,
        "{kept:?}"
    );
    // The old data is whole where it lies now.
    let words = ["journal", "verify", "--data-dir", aside];
    let told: Value = serde_json::from_str(&server.ask(&words).await).unwrap();
    assert_eq!((&told["events"], &told["ok"]), (&json!(2), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_changes_nothing() {
    let (mut server, _) = installation(false).await;
    server.start().await;
    push(&server, "first").await;
    server.stop().await;
    let backup = server.backups().join("good.fbbackup");
    server.ask(&["backup", "--to", &text(&backup)]).await;
    let whole = std::fs::read(&backup).unwrap();
    let before = files(&server.data());
    let damaged = server.backups().join("bad.fbbackup");
    for (share, expected) in [(0.3, "sqlite/fuseboard.db.zst"), (0.999, "damaged")] {
        let mut bytes = whole.clone();
        let at = (bytes.len() as f64 * share) as usize;
        bytes[at] ^= 0x10;
        std::fs::write(&damaged, &bytes).unwrap();
        for words in [
            &["restore", "--force", "--from", &text(&damaged)][..],
            &["backup", "--verify", &text(&damaged)],
        ] {
            let told = server.refused(1, words).await;
            assert!(told.contains(expected) && told.contains("bad.fbbackup"), "{told}");
        }
    }
    std::fs::write(&damaged, &whole[..whole.len() / 2]).unwrap();
    server
        .refused(1, &["restore", "--force", "--from", &text(&damaged)])
        .await;
    assert!(files(&server.data()) == before, "it was touched");

    // The other kind of database, before anything is asked of it.
    let words = [
        "restore",
        "--from",
        &text(&backup),
        "--data-dir",
        "elsewhere",
        "--database-url",
        "postgres://nobody@127.0.0.1:1/none",
    ];
    let told = server.refused(1, &words).await;
    assert!(
        told.contains("a backup of SQLite, and the target is Postgres"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_leaves_nothing() {
    let (mut server, _) = installation(false).await;
    server.start().await;
    push(&server, "first").await;
    let folder = server.backups();
    let file = text(&folder.join("full.fbbackup"));
    // 64 KiB: less than the smallest database.
    let output = server.run_cramped(128, &["backup", "--to", &file]).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("fuseboard.db") && told.contains("cannot copy"),
        "{told}"
    );
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        0,
        "something is left"
    );
    // The server did not notice.
    push(&server, "second").await;
    server.ask(&["backup", "--to", &file]).await;
    server.stop().await;

    // And a restore that finds no room leaves the target as it was.
    let (target, _) = installation(false).await;
    let output = target.run_cramped(128, &["restore", "--from", &file]).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("cannot write") && told.contains("fuseboard.db"),
        "{told}"
    );
    assert_eq!(names(&target.data()), [""; 0]);
    target.ask(&["restore", "--from", &file]).await;
}
