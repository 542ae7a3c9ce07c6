//! Arize Phoenix from PyPI, with its own defaults, on SQLite.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use tokio::process::Command;

use super::{Running, free_port, peer};
use crate::context::Bench;
use crate::machine::pin;

const PROGRAM: &str = "phoenix/bin/phoenix";

/// Whether it was fetched.
pub fn here(bench: &Bench) -> bool {
    peer(&bench.peers, PROGRAM).is_some()
}

/// Starts it on the measured core, with its data in `data`.
pub async fn start(bench: &Bench, data: &Path) -> Result<Running> {
    let program = peer(&bench.peers, PROGRAM).context("Phoenix was not fetched")?;
    let address = free_port()?;
    let mut command = pin::on(&[bench.cores.subject], program);
    command
        .arg("serve")
        .env("PHOENIX_HOST", "127.0.0.1")
        .env("PHOENIX_PORT", address.port().to_string())
        .env("PHOENIX_GRPC_PORT", free_port()?.port().to_string())
        .env("PHOENIX_WORKING_DIR", data)
        .env("PHOENIX_TELEMETRY_ENABLED", "false");
    Running::start(command, address, "/healthz", &data.with_extension("log")).await
}

/// Spans in its database.
pub async fn stored(bench: &Bench, data: &Path) -> Result<u64> {
    let script = "import sqlite3,sys; print(sqlite3.connect('file:'+sys.argv[1]+'?mode=ro', uri=True)\
                  .execute('select count(*) from spans').fetchone()[0])";
    let counted = Command::new(bench.peers.join("phoenix/bin/python"))
        .args(["-c", script])
        .arg(data.join("phoenix.db"))
        .kill_on_drop(true)
        .output()
        .await?;
    if !counted.status.success() {
        bail!(
            "its database cannot be read: {}",
            String::from_utf8_lossy(&counted.stderr)
        );
    }
    String::from_utf8(counted.stdout)?
        .trim()
        .parse()
        .context("no number")
}
