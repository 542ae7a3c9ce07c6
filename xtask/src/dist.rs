//! `cargo xtask dist`: the product as one file, with the site inside.

use anyhow::{Context as _, Result};

use crate::{process, run, site, ui};

/// Builds `target/dist-out/fuseboard`.
pub fn run() -> Result<()> {
    site::build()?;
    ui::step("Server, one file", || {
        let mut cargo = process::cargo();
        cargo.args([
            "build",
            "--profile",
            "dist",
            "--package",
            "server",
            "--features",
            "embed",
        ]);
        process::run(cargo.env("SITE_DIR", site::dir()))
    })?;
    let out = process::target_dir().join("dist-out");
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let file = out.join("fuseboard");
    let bytes = std::fs::copy(run::binary("dist"), &file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    ui::headline(&format!("{}: {:.1} MB", file.display(), bytes as f64 / 1e6));
    Ok(())
}
