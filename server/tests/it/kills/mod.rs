//! Kill -9: the built server, under load, is killed again and again, and nothing it acknowledged may be lost or
//! counted twice. `KILLS` says how often (30), `KILLS_SEED` which random choices.
//!
//! What it cannot show: a power cut. A killed process leaves its writes with the kernel, so this passes even without
//! a single fsync; the power-cut replay is another proof.

#![expect(clippy::print_stdout, reason = "the figures of the run are part of the proof")]

mod child;

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use child::{Database, Fuseboard};

use crate::common::load::Load;
use crate::common::{check, postgres};

/// Looks into the journal between kills; one more follows at the end.
const LOOKS: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_on_sqlite_lose_nothing() {
    prove("sqlite", Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_on_postgres_lose_nothing() {
    let Some(database) = postgres::create().await else {
        eprintln!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    };
    prove("postgres", Database::Postgres(database.url.clone())).await;
    database.drop().await;
}

async fn prove(name: &str, database: Database) {
    let kills = number("KILLS").unwrap_or(30);
    let seed = number("KILLS_SEED").unwrap_or_else(|| rand::rng().random());
    eprintln!("{name}: {kills} kills, KILLS_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed.into());

    let mut server = Fuseboard::start(database).await;
    let load = Load::start(&server.address(), &server.key(), seed);
    for kill in 1..=kills {
        tokio::time::sleep(Duration::from_millis(random.random_range(200..2000))).await;
        server.kill();
        // As it was left, before a start could mend anything.
        if kill % (kills / LOOKS).max(1) == 0 {
            let acknowledged = load.acknowledged();
            let stored = check::exported(&server.ask(&["journal", "export"]).await);
            check::each_once(&stored);
            check::nothing_lost(&stored, &acknowledged);
            check::nothing_invented(&stored, &load.sent());
        }
        server.restart().await;
    }

    // Whatever has no answer yet is sent again, with the same ids, until it has one.
    let history = load.finish().await;
    server.stop().await;
    let stored = check::exported(&server.ask(&["journal", "export"]).await);
    check::each_once(&stored);
    check::nothing_lost(&stored, &history.acknowledged);
    check::nothing_invented(&stored, &history.acknowledged);
    check::counted_once(&server.ask(&["journal", "verify"]).await, &history);

    println!(
        "{name}: {kills} kills, {} events acknowledged in {} batches, 0 lost, 0 twice; {} batches had no answer and \
         were sent again, {} of their events were already stored, {} batches were refused for now; ready after a kill: \
         median {} ms, slowest {} ms; seed {seed}",
        history.acknowledged.len(),
        history.batches,
        history.unanswered,
        history.repeats,
        history.put_off,
        child::median(&server.ready_ms),
        server.ready_ms.iter().max().unwrap_or(&0),
    );
    assert!(
        history.unanswered > 0,
        "no kill ever hit a request under way: the load is too thin to prove anything"
    );
    assert!(
        history.acknowledged.len() as u32 > kills * 20,
        "too few events between kills to prove anything"
    );
}

/// A number from the environment of the test run.
fn number(variable: &str) -> Option<u32> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}
