//! The Postgres adapter under the contract, and what only Postgres can do wrong.
//!
//! Needs a server: `FUSEBOARD_TEST_POSTGRES` names one, whose user may create databases. Every test makes a database of
//! its own and drops it.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod copy;
mod database;
mod faults;
mod proxy;
mod snapshot;
mod tampering;

async fn subject() -> database::Database {
    database::Database::create().await
}

store::contract_suite!(crate::subject);
