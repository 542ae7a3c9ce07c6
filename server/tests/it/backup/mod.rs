//! Backups of the built server under load, each put back into a new installation and compared. `BACKUPS` says how many
//! per database (4), `BACKUPS_SEED` which random load.

#![expect(clippy::print_stdout, reason = "the figures of the run are part of the proof")]

mod child;
mod refuse;

use std::time::Duration;

use rand::Rng as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use child::Fuseboard;

use crate::common::check;
use crate::common::load::{Events, Load};
use crate::common::postgres::{self, OwnDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_of_sqlite_under_load_hold_everything() {
    prove("sqlite", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_of_postgres_under_load_hold_everything() {
    if std::env::var_os("FUSEBOARD_TEST_POSTGRES").is_none() {
        eprintln!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    }
    prove("postgres", true).await;
}

/// A backup, and what the senders knew when it began and when it had ended.
struct Taken {
    file: String,
    acknowledged: Events,
    sent: Events,
    /// What the operator kept elsewhere.
    audit_key: Vec<u8>,
}

/// A new installation, with a database of its own where wanted.
async fn installation(on_postgres: bool) -> (Fuseboard, Option<OwnDatabase>) {
    let database = if on_postgres {
        postgres::create().await
    } else {
        None
    };
    let url = database.as_ref().map(|database| database.url.clone());
    (Fuseboard::new(url), database)
}

async fn prove(name: &str, on_postgres: bool) {
    let backups = number("BACKUPS").unwrap_or(4);
    let seed = number("BACKUPS_SEED").unwrap_or_else(|| rand::rng().random());
    eprintln!("{name}: {backups} backups, BACKUPS_SEED={seed}");
    let (mut server, database) = installation(on_postgres).await;
    server.start().await;
    let audit_key = std::fs::read(server.data().join("audit.key")).unwrap();
    let load = Load::start(&server.address(), &server.key(), seed);
    let since = Instant::now();
    tokio::time::sleep(Duration::from_millis(600)).await;

    let mut taken = Vec::new();
    let mut took = Vec::new();
    let mut during = 0;
    for count in 0..backups {
        let file = server
            .backups()
            .join(format!("{count}.fbbackup"))
            .display()
            .to_string();
        let acknowledged = load.acknowledged();
        let told = server.ask(&["backup", "--to", &file, "--json"]).await;
        let told: Value = serde_json::from_str(&told).unwrap();
        took.push(told["took_ms"].as_u64().unwrap());
        let sent = load.sent();
        during += load.acknowledged().len() - acknowledged.len();
        taken.push(Taken {
            file,
            acknowledged,
            sent,
            audit_key: audit_key.clone(),
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let history = load.finish().await;
    assert!(during > 0, "nothing was accepted while any backup was made");
    let rate = history.acknowledged.len() as f64 / since.elapsed().as_secs_f64();
    // One more, of what does not move.
    let file = server.backups().join("last.fbbackup").display().to_string();
    server.ask(&["backup", "--to", &file]).await;
    taken.push(Taken {
        file,
        acknowledged: history.acknowledged.clone(),
        sent: history.acknowledged.clone(),
        audit_key,
    });
    let figures = figures(&server).await;
    server.stop().await;

    let mut events = 0;
    for backup in &taken {
        let restored = compare(backup, on_postgres).await;
        events += restored.events;
        if backup.sent.len() == backup.acknowledged.len() {
            assert_eq!(restored.figures, figures, "figures of {}", backup.file);
        }
    }
    println!(
        "{name}: {} backups at {rate:.0} events/s, slowest {} ms, {during} events accepted meanwhile; restored {events} events in all, 0 lost, 0 twice; seed {seed}",
        taken.len(),
        took.iter().max().unwrap(),
    );
    drop(server);
    if let Some(database) = database {
        database.drop().await;
    }
}

/// What a backup gave.
struct Restored {
    events: usize,
    figures: Value,
}

async fn compare(backup: &Taken, on_postgres: bool) -> Restored {
    let (mut restored, database) = installation(on_postgres).await;
    let told = restored
        .ask(&["backup", "--verify", &backup.file, "--json"])
        .await;
    let manifest: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(manifest["tenants"], json!(["default"]));
    let told = restored.ask(&["restore", "--from", &backup.file, "--json"]).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["verify"]["ok"], true, "{told}");
    assert_eq!(told["verify"]["whole"], true, "{told}");
    assert_eq!(told["verify"]["head"], manifest["journal"]["last"], "{told}");
    let stored = check::exported(&restored.ask(&["journal", "export"]).await);
    check::each_once(&stored);
    check::nothing_lost(&stored, &backup.acknowledged);
    check::nothing_invented(&stored, &backup.sent);

    let serve = ["serve", "--listen", "127.0.0.1:0", "--site-dir", "site"];
    let told = restored.refused(69, &serve).await;
    assert!(told.contains("audit.key"), "{told}");
    std::fs::write(restored.data().join("audit.key"), &backup.audit_key).unwrap();
    restored.start().await;
    let figures = figures(&restored).await;
    restored.stop().await;
    let told: Value = serde_json::from_str(&restored.ask(&["journal", "verify"]).await).unwrap();
    assert_eq!(told["events"], stored.len(), "{told}");
    assert_eq!(told["weighted_calls"], told["partials_calls"], "{told}");
    assert_eq!(
        figures["outcomes"].as_f64(),
        told["weighted_calls"].as_f64(),
        "the sum that a query gives, and the journal's"
    );
    drop(restored);
    if let Some(database) = database {
        database.drop().await;
    }
    Restored {
        events: stored.len(),
        figures,
    }
}

/// Sums over everything, as queries answer them.
async fn figures(server: &Fuseboard) -> Value {
    let mut figures = json!({});
    for metric in ["outcomes", "requests", "failures", "latency_p95"] {
        let answer = server
            .get(&format!(
                "/api/v1/query?metric={metric}&from=now-1d&to=now%2B1h&max_points=1"
            ))
            .await;
        let sum: f64 = answer["series"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|series| series["points"].as_array().unwrap())
            .filter_map(|point| point[1].as_f64())
            .sum();
        figures[metric] = sum.into();
    }
    figures
}

/// A number from the environment of the test run.
fn number(variable: &str) -> Option<u32> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}
