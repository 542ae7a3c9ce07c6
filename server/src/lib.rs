//! The composition root: configuration, command line, HTTP and WebSocket, the auth edge, start and stop.
//!
//! It knows everybody and nobody knows it. The binary `fuseboard` is [`cli::main`] and nothing else; the rest is a
//! library so that service tests can start the real server in their own process.
//!
//! Deliberately absent: rules about events (`domain`), reading them (`ingest`), keeping and showing them (`engine`).

pub mod assets;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod base;
pub mod cli;
pub mod config;
pub mod desk;
pub mod door;
pub mod edge;
pub mod http;
mod kpis;
pub mod lifecycle;
pub mod logs;
pub mod notify;
pub mod pages;
pub mod private_file;
pub mod secrets;
mod settings;
pub mod simulate;
pub mod state;
pub mod stores;
pub mod strangers;
pub mod tail;
pub mod tls;
pub mod ws;
