//! VictoriaMetrics, single node, from Debian, with its own defaults.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Running, free_port, peer};
use crate::context::Bench;
use crate::machine::pin;

/// Where it takes samples.
pub const WRITE: &str = "/api/v1/write";

/// Whether it was fetched.
pub fn here(bench: &Bench) -> bool {
    peer(&bench.peers, "victoria-metrics").is_some()
}

/// Starts it on the measured core, with its data in `data`.
pub async fn start(bench: &Bench, data: &Path) -> Result<Running> {
    let program = peer(&bench.peers, "victoria-metrics").context("VictoriaMetrics was not fetched")?;
    let address = free_port()?;
    let mut command = pin::on(&[bench.cores.subject], program);
    command
        .arg(format!("-storageDataPath={}", data.display()))
        .arg(format!("-httpListenAddr={address}"))
        .arg("-retentionPeriod=2");
    Running::start(command, address, "/health", &data.with_extension("log")).await
}
