//! Playwright in the system's Chromium, against the built server and site.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{npm, process, run, site, ui};

/// What to run.
pub struct Suite<'a> {
    /// Which configuration below `end2end/`.
    pub config: &'a str,
    /// Parts of file names; empty means all.
    pub files: &'a [String],
    /// More variables for the tests.
    pub variables: &'a [(&'a str, &'a str)],
}

impl Default for Suite<'_> {
    fn default() -> Self {
        Suite {
            config: "playwright.config.ts",
            files: &[],
            variables: &[],
        }
    }
}

/// Runs it; the answer is Playwright's closing count.
pub fn run(suite: &Suite<'_>) -> Result<String> {
    let dir = process::root().join("end2end");
    npm::install(&dir)?;
    let chromium = chromium()?;
    let [nginx, caddy] = [installed("nginx")?, installed("caddy")?];
    // Playwright runs specs without looking at their types.
    process::run(
        process::command("node")
            .current_dir(&dir)
            .args(["node_modules/typescript/bin/tsc", "--noEmit"]),
    )?;
    let mut playwright = process::command("node");
    playwright
        .current_dir(&dir)
        .arg("node_modules/@playwright/test/cli.js")
        .args(["test", "--config", suite.config])
        .args(suite.files)
        .env("CHROMIUM", chromium)
        .env("NGINX", nginx)
        .env("CADDY", caddy)
        .env("FUSEBOARD_BIN", run::binary("ci"))
        .env("FUSEBOARD_SITE", site::dir())
        .env("FUSEBOARD_ROOT", process::root());
    for (name, value) in suite.variables {
        playwright.env(name, value);
    }
    if ui::coloured() {
        playwright.env("FORCE_COLOR", "1");
    }
    let mut counts: Vec<String> = Vec::new();
    process::tee(&mut playwright, |line| counts.extend(closing(line)))?;
    if counts.is_empty() {
        bail!("Playwright printed no closing line");
    }
    Ok(counts.join(", "))
}

/// `12 passed (3.4m)` and its like.
fn closing(line: &str) -> Option<String> {
    let line = line.trim();
    let mut words = line.split(' ');
    words.next()?.parse::<u32>().ok()?;
    let kind = words.next()?;
    let whole = words.next().is_none_or(|rest| rest.starts_with('('));
    (whole && ["passed", "failed", "flaky", "skipped"].contains(&kind)).then(|| line.to_owned())
}

/// The system's Chromium, installed where that is possible.
pub fn chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let find = || {
        [
            "chromium",
            "chromium-browser",
            "google-chrome-stable",
            "google-chrome",
        ]
        .iter()
        .find_map(|name| process::on_path(name))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    if process::can_apt() {
        ui::step("apt-get install chromium", || process::apt_install("chromium"))?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!("no Chromium here: install it (Debian: apt-get install chromium) or set CHROMIUM to its path")
}

/// A program that Debian has as a package of the same name.
fn installed(program: &str) -> Result<PathBuf> {
    let find = || {
        let sbin = PathBuf::from("/usr/sbin").join(program);
        process::on_path(program).or_else(|| sbin.is_file().then_some(sbin))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    if process::can_apt() {
        ui::step(&format!("apt-get install {program}"), || {
            process::apt_install(program)
        })?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!("no {program} here: install it (Debian: apt-get install {program})")
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn only_closing_lines_count() {
        assert_eq!(closing("  42 passed (1.2m)").as_deref(), Some("42 passed (1.2m)"));
        assert_eq!(closing("  1 failed").as_deref(), Some("1 failed"));
        assert_eq!(closing("  12 passed by the way"), None);
        assert_eq!(closing("  ✓  3 board.spec.ts"), None);
    }
}
