//! The servers that are measured: ours and the peers', each a child process with data of its own.

pub mod bun;
pub mod fuseboard;
pub mod keys;
pub mod phoenix;
pub mod prometheus;
pub mod victoria;
pub mod viewer;

use std::fmt::{self, Display};
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::wire::http::Connection;

/// Starting takes no longer, even after a crash.
const START: Duration = Duration::from_secs(120);
/// Nor does stopping.
const STOP: Duration = Duration::from_secs(60);

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// We.
    Fuseboard,
    /// Prometheus.
    Prometheus,
    /// VictoriaMetrics.
    Victoria,
    /// bun's uWebSockets.
    Bun,
    /// Arize Phoenix.
    Phoenix,
}

impl Side {
    /// As it is named in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Fuseboard => "fuseboard",
            Side::Prometheus => "prometheus",
            Side::Victoria => "victoriametrics",
            Side::Bun => "bun",
            Side::Phoenix => "phoenix",
        }
    }
}

impl Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A running server. Dropping it kills it.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
    /// From its start until it said that it is ready.
    pub ready_after: Duration,
    child: Child,
}

impl Running {
    /// Starts `command` and waits until `path` at `address` answers 200. What it says goes to `log`.
    pub async fn start(mut command: Command, address: SocketAddr, path: &str, log: &Path) -> Result<Running> {
        let file = File::create(log).with_context(|| log.display().to_string())?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true);
        let start = Instant::now();
        let mut child = command.spawn().context("cannot start a server")?;
        loop {
            if let Ok(mut connection) = Connection::open(address).await
                && connection
                    .get(path, "")
                    .await
                    .is_ok_and(|answer| answer.status == 200)
            {
                break;
            }
            let ended = child.try_wait()?;
            if ended.is_some() || start.elapsed() > START {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let tail: Vec<&str> = said.lines().rev().take(5).collect();
                bail!("a server did not become ready ({ended:?}): {}", tail.join(" | "));
            }
            sleep(Duration::from_millis(2)).await;
        }
        Ok(Running {
            address,
            pid: child.id().context("it has ended")?,
            ready_after: start.elapsed(),
            child,
        })
    }

    /// Asks it to end and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(pid) = Pid::from_raw(self.pid.cast_signed()) {
            kill_process(pid, Signal::TERM)?;
        }
        timeout(STOP, self.child.wait())
            .await
            .context("it does not end")??;
        Ok(())
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("it cannot be killed")
    }
}

/// A port that is free now.
pub fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// A peer's program, if it was fetched.
pub fn peer(peers: &Path, program: &str) -> Option<PathBuf> {
    let path = peers.join(program);
    path.is_file().then_some(path)
}
