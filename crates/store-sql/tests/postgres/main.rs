//! The Postgres adapter under the contract, and what only Postgres can do wrong.
//!
//! Needs a server: `FUSEBOARD_TEST_POSTGRES` names one, whose user may create databases. Every test makes a database of
//! its own and drops it.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod copy;
mod cost;
mod database;
mod faults;
mod pool;
mod proxy;
mod roles;
mod snapshot;
mod tampering;
mod wall;

async fn subject() -> database::Database {
    database::Database::create().await
}

store::contract_suite!(crate::subject);

/// The same as a user who owns the database and may do nothing else, so that the wall is all that lets it in anywhere.
mod plain {
    async fn subject() -> crate::database::Database {
        crate::database::Database::create_plain().await
    }

    store::contract_suite!(crate::plain::subject);
}
