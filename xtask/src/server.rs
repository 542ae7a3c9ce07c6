//! The built server as a child for a build task: on a free port, with data of its own, gone afterwards.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::children::{self, Guarded, TempDir};
use crate::{http, pg, process, ui};

/// A running server.
pub struct Server {
    /// `127.0.0.1:port`.
    pub address: String,
    /// May push events.
    pub key: String,
    _process: Guarded,
    _data: TempDir,
}

/// Starts `binary` on the site folder and waits until it is ready.
pub fn start(binary: &Path, site: &Path) -> Result<Server> {
    let data = TempDir::new("data")?;
    let address = format!("127.0.0.1:{}", pg::free_port()?);
    let log = std::fs::File::create(data.path().join("log"))?;
    let mut child = children::spawn(
        process::command(binary)
            .args(["serve", "--local-key", "--listen", &address, "--data-dir"])
            .arg(data.path())
            .arg("--site-dir")
            .arg(site)
            .stdout(log.try_clone()?)
            .stderr(log),
    )?;
    let timer = ui::Timer::start();
    while !http::ready(&address) {
        if child.ended() || timer.elapsed() > Duration::from_secs(20) {
            let log = std::fs::read_to_string(data.path().join("log")).unwrap_or_default();
            bail!("the server did not become ready:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let key =
        std::fs::read_to_string(data.path().join("local.key")).context("the server made no key `local`")?;
    Ok(Server {
        address,
        key: key.trim().to_owned(),
        _process: child,
        _data: data,
    })
}
