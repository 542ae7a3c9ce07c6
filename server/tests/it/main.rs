//! The server as its users meet it: a real one on a free port for each test, its clients, its command line and its
//! databases. One program for all of it, since each test program is linked with the whole server.
//!
//! Deliberately absent: what is built and run by hand as `cargo xtask prove` (`power`, `history`) and what measures its own
//! memory (`replay_cost`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alert_rail;
mod alerts;
mod audit;
mod backup;
mod bad_input;
mod base;
mod breakers;
mod calls;
mod channels;
mod command_line;
mod common;
mod copy;
mod corpora;
mod corrections;
mod demo;
mod door;
mod duty;
mod edge;
mod elsewhere;
mod elsewhere_real;
mod explore;
mod intake;
mod kills;
mod kpi_figures;
mod kpi_questions;
mod kpis;
mod limits;
mod live;
mod matrix;
mod oidc;
mod outbox;
mod pages;
mod people;
mod prices;
mod providers;
mod query;
mod quotas;
mod replay;
mod second_factor;
mod secrets;
mod settings;
mod sharing;
mod slos;
mod tls;
