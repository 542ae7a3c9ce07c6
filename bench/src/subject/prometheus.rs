//! Prometheus from Debian, with its own defaults, as a receiver of remote write. It scrapes nothing, not even itself.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Running, free_port, peer};
use crate::context::Bench;
use crate::machine::pin;

/// Where it takes samples.
pub const WRITE: &str = "/api/v1/write";

/// Whether it was fetched.
pub fn here(bench: &Bench) -> bool {
    peer(&bench.peers, "prometheus").is_some()
}

/// Starts it on the measured core, with its data in `data`.
pub async fn start(bench: &Bench, data: &Path) -> Result<Running> {
    let program = peer(&bench.peers, "prometheus").context("Prometheus was not fetched")?;
    let config = data.with_extension("yml");
    std::fs::write(&config, "scrape_configs: []\n")?;
    let address = free_port()?;
    let mut command = pin::on(&[bench.cores.subject], program);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .args([
            "--storage.tsdb.retention.time=60d",
            "--web.enable-remote-write-receiver",
        ])
        .arg(format!("--web.listen-address={address}"));
    Running::start(command, address, "/-/ready", &data.with_extension("log")).await
}
