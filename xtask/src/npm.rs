//! npm parts: `frontend/` (what builds the page) and `end2end/` (what drives the browser). Installed from the
//! lockfile, without running install scripts, and only when the lockfile has changed since.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{process, ui};

/// The oldest Node.js that everything here runs on.
const OLDEST_NODE: u32 = 20;

/// Installs what `dir/package-lock.json` names into `dir/node_modules`.
pub fn install(dir: &Path) -> Result<()> {
    check_node()?;
    let lock = dir.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = dir.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ui::step(&format!("npm parts of {name}"), || {
        let mut npm = process::command("npm");
        npm.args([
            "ci",
            "--ignore-scripts",
            "--no-fund",
            "--no-audit",
            "--loglevel=error",
        ])
        .current_dir(dir)
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        process::quiet(&mut npm)?;
        std::fs::write(&stamp, &wanted).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

/// A program that an npm package of `frontend/` brings, run by Node.js.
pub fn tool(script: &str) -> Command {
    let mut node = process::command("node");
    node.arg(frontend().join(script));
    node
}

/// Where the page's build parts are.
pub fn frontend() -> PathBuf {
    process::root().join("frontend")
}

fn check_node() -> Result<()> {
    const HOW_TO: &str = "Node.js 20 or newer with npm is needed (Debian: apt-get install nodejs npm)";
    let version = process::quiet(process::command("node").arg("--version")).context(HOW_TO)?;
    match major(&version) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => bail!("{HOW_TO}; this is {}", version.trim()),
    }
}

/// `20` of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn node_tells_its_version() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("command not found"), None);
    }
}
