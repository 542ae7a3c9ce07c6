//! Our own server, as built, with its own defaults.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Running, free_port};
use crate::context::Bench;
use crate::machine::pin;

/// It, and the key it made for whoever is on its machine.
pub struct Fuseboard {
    /// The process.
    pub running: Running,
    /// May push events and read.
    pub key: String,
    /// Where its data is.
    pub data: PathBuf,
}

impl Fuseboard {
    /// Starts it on the measured core, on SQLite in `data`.
    pub async fn start(bench: &Bench, data: &Path) -> Result<Fuseboard> {
        Fuseboard::with(bench, data, &[bench.cores.subject], &[], &[]).await
    }

    /// Starts it on these cores, with more flags and variables.
    pub async fn with(
        bench: &Bench,
        data: &Path,
        cores: &[usize],
        flags: &[&str],
        variables: &[(&str, &OsStr)],
    ) -> Result<Fuseboard> {
        let address = free_port()?;
        let mut command = pin::on(cores, &bench.server);
        command
            .args([
                "serve",
                "--local-key",
                "--listen",
                &address.to_string(),
                "--data-dir",
            ])
            .arg(data)
            .arg("--site-dir")
            .arg(&bench.site)
            .args(flags)
            .envs(variables.iter().copied());
        // Beside the data, not in it: what the data takes on the disk is measured.
        let log = data.with_extension("log");
        let running = Running::start(command, address, "/readyz", &log).await?;
        let file = data.join("local.key");
        let key =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Fuseboard {
            running,
            key: key.trim().to_owned(),
            data: data.to_owned(),
        })
    }

    /// The header with which a program reads and sends.
    pub fn authorization(&self) -> String {
        authorization(&self.key)
    }
}

/// The header that shows a key.
pub fn authorization(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}
