//! bun, whose server is uWebSockets, with the script `bench/peers/fanout.js`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Running, free_port, peer};
use crate::context::Bench;
use crate::machine::pin;

/// Whether it was fetched.
pub fn here(bench: &Bench) -> bool {
    peer(&bench.peers, "bun").is_some() && script().is_file()
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/fanout.js")
}

/// Starts it on the measured core.
pub async fn start(bench: &Bench) -> Result<Running> {
    let program = peer(&bench.peers, "bun").context("bun was not fetched")?;
    let address = free_port()?;
    let mut command = pin::on(&[bench.cores.subject], program);
    command.arg(script()).arg(address.port().to_string());
    Running::start(command, address, "/", &bench.scratch.join("bun.log")).await
}
