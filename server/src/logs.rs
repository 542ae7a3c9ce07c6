//! Structured logs on standard error: text for people, JSON for collectors.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config;

/// Starts logging. A second call does nothing: tests start several servers in one process.
pub fn init(level: &str, json: bool) {
    // The configuration has checked the filter.
    let filter = EnvFilter::builder().parse_lossy(level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let done = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        let colour = std::io::stderr().is_terminal() && !config::no_color();
        builder.with_ansi(colour).try_init()
    };
    // An error means that somebody else logs already.
    drop(done);
}
