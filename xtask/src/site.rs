//! The site folder, `target/site`: everything the browser fetches that is not a page. Made whole each time from kept
//! parts; what no part brings is removed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::stage::{Inputs, files_below, stage};
use crate::{npm, process, wasm};

/// The latin variable fonts: npm package, file, name under `/fonts/`.
const FONTS: [(&str, &str, &str); 2] = [
    ("inter", "inter-latin-wght-normal.woff2", "inter.woff2"),
    (
        "jetbrains-mono",
        "jetbrains-mono-latin-wght-normal.woff2",
        "jetbrains-mono.woff2",
    ),
];

/// Where the site is.
pub fn dir() -> PathBuf {
    process::target_dir().join("site")
}

/// Brings the site up to date.
pub fn build() -> Result<()> {
    wasm::add_target()?;
    npm::install(&npm::frontend())?;
    let parts = [
        ("pkg", wasm::build()?),
        ("pkg", styles()?),
        ("pkg", charts()?),
        ("fonts", fonts()?),
        ("licenses", licences()?),
        ("", public()?),
    ];
    assemble(&dir(), &parts)
}

fn styles() -> Result<PathBuf> {
    let style = process::root().join("style");
    stage("Styles", Inputs::new("css 1").folder(&style)?, |dir| {
        let mut esbuild = npm::tool("node_modules/esbuild/bin/esbuild");
        esbuild
            .arg(style.join("main.css"))
            .args([
                "--bundle",
                "--minify",
                "--target=chrome120,firefox120,safari17",
                "--external:../fonts/*",
            ])
            .args([
                "--log-level=warning",
                &format!("--outfile={}", dir.join("fuseboard.css").display()),
            ]);
        process::run(&mut esbuild)
    })
}

fn charts() -> Result<PathBuf> {
    let frontend = npm::frontend();
    let entry = frontend.join("js/echarts-entry.js");
    let inputs = Inputs::new("echarts 1")
        .file(&entry)?
        .file(&frontend.join("package-lock.json"))?;
    stage("Charts library", inputs, |dir| {
        let mut esbuild = npm::tool("node_modules/esbuild/bin/esbuild");
        esbuild
            .arg(&entry)
            .args([
                "--bundle",
                "--minify",
                "--format=iife",
                "--target=es2022",
                "--legal-comments=none",
            ])
            .args([
                "--log-level=warning",
                &format!("--outfile={}", dir.join("echarts.js").display()),
            ]);
        process::run(&mut esbuild)
    })
}

fn fonts() -> Result<PathBuf> {
    let inputs = Inputs::new("fonts 1").file(&npm::frontend().join("package-lock.json"))?;
    stage("Fonts", inputs, |dir| {
        for (package, file, name) in FONTS {
            let from = npm::frontend()
                .join("node_modules/@fontsource-variable")
                .join(package)
                .join("files")
                .join(file);
            copy(&from, &dir.join(name))?;
        }
        Ok(())
    })
}

/// The licences of what is served from npm, for everybody who gets the product.
fn licences() -> Result<PathBuf> {
    const TEXTS: [(&str, &str); 5] = [
        ("@fontsource-variable/inter/LICENSE", "inter.txt"),
        (
            "@fontsource-variable/jetbrains-mono/LICENSE",
            "jetbrains-mono.txt",
        ),
        ("echarts/LICENSE", "echarts.txt"),
        ("echarts/NOTICE", "echarts-notice.txt"),
        ("zrender/LICENSE", "zrender.txt"),
    ];
    let inputs = Inputs::new("licences 1").file(&npm::frontend().join("package-lock.json"))?;
    stage("Licences", inputs, |dir| {
        for (from, name) in TEXTS {
            copy(&npm::frontend().join("node_modules").join(from), &dir.join(name))?;
        }
        Ok(())
    })
}

fn public() -> Result<PathBuf> {
    let source = process::root().join("public");
    stage("Public files", Inputs::new("public 1").folder(&source)?, |dir| {
        for file in files_below(&source)? {
            copy(&file, &dir.join(file.strip_prefix(&source)?))?;
        }
        Ok(())
    })
}

/// Copies the parts to their places and removes what none of them brings.
fn assemble(site: &Path, parts: &[(&str, PathBuf)]) -> Result<()> {
    let mut wanted = BTreeSet::new();
    for (place, part) in parts {
        for file in files_below(part)? {
            let to = site.join(place).join(file.strip_prefix(part)?);
            // An unchanged file keeps its time, so that `dist` does not embed it anew.
            let same = std::fs::read(&to).is_ok_and(|old| std::fs::read(&file).is_ok_and(|new| new == old));
            if !same {
                copy(&file, &to)?;
            }
            wanted.insert(to);
        }
    }
    for file in files_below(site)? {
        if !wanted.contains(&file) {
            std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(dir) = to.parent() {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    std::fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::children::TempDir;

    #[test]
    fn what_no_part_brings_is_removed() {
        let temp = TempDir::new("site-test").unwrap();
        let (part, site) = (temp.path().join("part"), temp.path().join("site"));
        copy(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
            &part.join("deep/new.txt"),
        )
        .unwrap();
        copy(&part.join("deep/new.txt"), &site.join("pkg/old.txt")).unwrap();
        assemble(&site, &[("pkg", part)]).unwrap();
        assert!(site.join("pkg/deep/new.txt").exists());
        assert!(!site.join("pkg/old.txt").exists());
    }
}
