//! The SQLite adapter under the contract, and what only files can do wrong.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod crash;
mod files;
mod folder;
mod snapshot;
mod tampering;

store::contract_suite!(crate::folder::subject);
