//! The peers that `cargo xtask bench` measures beside us, from public packages, below `target` and never anywhere else.
//! One that cannot be had is no error: its figures are then missing, and a line says why.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::{process, ui};

/// A peer: which bench alone needs it, if only one does; what must be there; how to get it.
struct Peer {
    name: &'static str,
    only_for: Option<&'static str>,
    program: &'static str,
    fetch: fn(&Path) -> Result<()>,
}

const PEERS: [Peer; 4] = [
    Peer {
        name: "Prometheus",
        only_for: None,
        program: "prometheus",
        fetch: |dir| debian(dir, "prometheus", &["prometheus", "promtool"]),
    },
    Peer {
        name: "VictoriaMetrics",
        only_for: None,
        program: "victoria-metrics",
        fetch: |dir| debian(dir, "victoria-metrics", &["victoria-metrics"]),
    },
    Peer {
        name: "bun, whose server is uWebSockets",
        only_for: None,
        program: "bun",
        fetch: bun,
    },
    // Hundreds of megabytes: only for those who ask.
    Peer {
        name: "Phoenix",
        only_for: Some("phoenix"),
        program: "phoenix/bin/phoenix",
        fetch: phoenix,
    },
];

/// Fetches what is not there yet. The answer says, for each peer that cannot be had, why.
pub fn fetch(dir: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut told = Vec::new();
    for peer in &PEERS {
        if peer.only_for.is_some_and(|bench| !wanted(bench)) || dir.join(peer.program).exists() {
            continue;
        }
        let fetched = ui::step(peer.name, || {
            std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
            (peer.fetch)(dir)
        });
        if let Err(error) = fetched {
            told.push(format!("{} cannot be had: {error:#}", peer.name));
        }
    }
    told
}

/// Tells the tests where those are who send alerts.
pub const SENDERS: &str = "FUSEBOARD_TEST_SENDERS";

/// Fetches those who send alerts, for the tests that take them from real programs.
pub fn senders(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let packages: [(&str, &[&str]); 2] = [
        ("prometheus", &["prometheus", "promtool"]),
        ("prometheus-alertmanager", &["amtool"]),
    ];
    for (package, programs) in packages {
        if !programs.iter().all(|program| dir.join(program).exists()) {
            ui::step(package, || debian(dir, package, programs))?;
        }
    }
    Ok(())
}

/// Unpacks a Debian package without installing it.
fn debian(dir: &Path, package: &str, programs: &[&str]) -> Result<()> {
    for tool in ["apt-get", "dpkg"] {
        if process::on_path(tool).is_none() {
            bail!("its package is Debian's, and there is no {tool} here");
        }
    }
    let unpacked = dir.join(package).with_extension("deb.d");
    std::fs::create_dir_all(&unpacked)?;
    let download = || {
        let mut apt = process::command("apt-get");
        apt.args(["download", "-q", package]).current_dir(&unpacked);
        process::quiet(&mut apt)
    };
    if download().is_err() {
        // A fresh image has no package lists.
        process::quiet(process::command("apt-get").arg("update"))?;
        download()?;
    }
    let file = std::fs::read_dir(&unpacked)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .context("apt-get downloaded nothing")?;
    process::quiet(process::command("dpkg").arg("-x").arg(&file).arg(&unpacked))?;
    for program in programs {
        let from = unpacked.join("usr/bin").join(program);
        std::fs::copy(&from, dir.join(program)).with_context(|| format!("the package has no {program}"))?;
    }
    std::fs::remove_dir_all(&unpacked)?;
    Ok(())
}

fn bun(dir: &Path) -> Result<()> {
    let npm = dir.join("npm");
    std::fs::create_dir_all(&npm)?;
    let mut install = process::command("npm");
    install
        .args([
            "install",
            "--ignore-scripts",
            "--no-fund",
            "--no-audit",
            "--loglevel=error",
        ])
        .arg("--prefix")
        .arg(&npm)
        .args(["bun@1.4.5"])
        .current_dir(&npm);
    process::quiet(&mut install)?;
    // The install script would only move it.
    let scope = npm.join("node_modules/@oven");
    let found = std::fs::read_dir(&scope)?
        .flatten()
        .map(|entry| entry.path().join("bin/bun"))
        .find(|path| path.is_file())
        .context("the package has no program for this machine")?;
    std::fs::copy(&found, dir.join("bun"))?;
    Ok(())
}

fn phoenix(dir: &Path) -> Result<()> {
    let home = dir.join("phoenix");
    process::quiet(process::command("python3").args(["-m", "venv"]).arg(&home))
        .context("Python's venv is needed")?;
    process::quiet(process::command(home.join("bin/pip")).args([
        "install",
        "--quiet",
        "arize-phoenix==20.26.1",
    ]))?;
    Ok(())
}
