//! `cargo xtask pictures`: the pictures of the documentation, `docs/img/*.png`, taken from the running product.

use anyhow::{Context as _, Result};

use crate::{browser, children, process, site, tests, ui};

/// Builds, starts traffic, takes them.
pub fn run() -> Result<()> {
    children::pass_signals_on(true)?;
    site::build()?;
    ui::step("Server", || process::run(&mut tests::build_binaries()))?;
    let out = process::root().join("docs/img");
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let told = out.to_string_lossy().into_owned();
    browser::run(&browser::Suite {
        config: "pictures.config.ts",
        variables: &[("PICTURES", &told)],
        ..browser::Suite::default()
    })?;
    ui::headline(&format!("pictures are in {}", out.display()));
    Ok(())
}
