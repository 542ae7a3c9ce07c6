//! Secrets at rest: rotations that are killed lose nothing, a lost key is told, and no secret is found where none belongs.
//! `SECRETS` says how many are kept for the kills at random (400), `SECRETS_SEED` which random moments.

#![expect(clippy::print_stdout, reason = "the figures of the run are part of the proof")]

mod canary;
mod commands;
mod home;
mod kills;

use crate::common::postgres;

/// A number from the environment of the test run.
fn number(variable: &str) -> Option<u64> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}

/// Says so when there is no Postgres to test on.
async fn database() -> Option<postgres::OwnDatabase> {
    let database = postgres::create().await;
    if database.is_none() {
        eprintln!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
    }
    database
}
