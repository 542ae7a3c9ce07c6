//! What every bench is given: where things are, which core is whose, how often.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::machine;

/// As the command line says.
pub struct Settings {
    /// The server's binary.
    pub server: PathBuf,
    /// What the browser fetches.
    pub site: PathBuf,
    /// Results, peers, data.
    pub out: PathBuf,
    /// A Postgres in which databases may be made, and its first process.
    pub postgres: Option<(String, u32)>,
    /// How the server was built.
    pub profile: String,
    /// One short repetition.
    pub quick: bool,
    /// Repetitions of each side.
    pub repetitions: Option<usize>,
    /// How often a disturbed repetition is taken again.
    pub retries: Option<usize>,
}

/// Which core is whose. On a machine with one core both share it, and every figure says so.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    /// What is measured.
    pub subject: usize,
    /// What makes the load.
    pub generator: usize,
}

/// Handed to every bench.
pub struct Bench {
    /// The server's binary.
    pub server: PathBuf,
    /// What the browser fetches.
    pub site: PathBuf,
    /// Where results go.
    pub out: PathBuf,
    /// Where peers were put.
    pub peers: PathBuf,
    /// Data of servers; emptied at the start and at the end.
    pub scratch: PathBuf,
    /// A Postgres in which databases may be made, and its first process.
    pub postgres: Option<(String, u32)>,
    /// How the server was built.
    pub profile: String,
    /// One short repetition.
    pub quick: bool,
    /// Repetitions of each side.
    pub repetitions: usize,
    /// How often a disturbed repetition is taken again.
    pub retries: usize,
    /// Which core is whose.
    pub cores: Cores,
}

impl Bench {
    /// Checks what it is given.
    pub fn new(settings: Settings) -> Result<Bench> {
        let absolute = |path: PathBuf| std::path::absolute(&path).with_context(|| path.display().to_string());
        let server = absolute(settings.server)?;
        if !server.is_file() {
            bail!(
                "there is no server at {}; `cargo xtask bench` builds it",
                server.display()
            );
        }
        let out = absolute(settings.out)?;
        let scratch = out.join(format!("scratch-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        let cores = machine::cores()?;
        Ok(Bench {
            server,
            site: absolute(settings.site)?,
            peers: out.join("peers"),
            scratch,
            out,
            postgres: settings.postgres,
            profile: settings.profile,
            quick: settings.quick,
            repetitions: settings.repetitions.unwrap_or(if settings.quick { 1 } else { 5 }),
            retries: settings.retries.unwrap_or(if settings.quick { 0 } else { 3 }),
            cores: Cores {
                subject: cores.first().copied().unwrap_or_default(),
                generator: cores.last().copied().unwrap_or_default(),
            },
        })
    }

    /// A new, empty folder for the data of one server.
    pub fn folder(&self, label: &str) -> Result<PathBuf> {
        let path = self.scratch.join(label);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot empty {}", path.display()))?;
        }
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// A time, or a much shorter one when everything is to be quick.
    pub fn seconds(&self, whole: u64, quick: u64) -> Duration {
        Duration::from_secs(if self.quick { quick } else { whole })
    }

    /// A number, or a much smaller one when everything is to be quick.
    pub fn number(&self, whole: u64, quick: u64) -> u64 {
        if self.quick { quick } else { whole }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // What is left behind is only disk space, below `target`.
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}
