//! The page's program: `frontend` for wasm32, taken apart at its lazy routes, bound by wasm-bindgen as a library, made
//! small by wasm-opt. The glue script is bundled with its snippets into one file.
//!
//! `FUSEBOARD_SPLIT=off` in the environment builds it in one piece.
//!
//! wasm-opt comes from npm (binaryen 132): Debian's 108 breaks the externref table, and the page dies at start.

pub mod chunks;
mod snip;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::stage::{Inputs, stage};
use crate::{npm, process, ui};

/// The target that browsers run.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Flags of the page's program alone.
const RUSTFLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// What rustc's wasm32 output may use; all of it is in every browser since 2022.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Adds the target to the toolchain when it is missing.
pub fn add_target() -> Result<()> {
    let libdir =
        process::quiet(process::command("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(libdir.trim()).is_dir() {
        return Ok(());
    }
    if process::on_path("rustup").is_none() {
        bail!(
            "the Rust target {TARGET} is missing and there is no rustup to add it; install it with your packages"
        );
    }
    ui::step(&format!("rustup target add {TARGET}"), || {
        process::quiet(process::command("rustup").args(["target", "add", TARGET])).map(drop)
    })
}

/// The switch: `off` builds the program in one piece.
const SPLIT: &str = "FUSEBOARD_SPLIT";

/// Builds and returns the folder with `fuseboard.js`, `fuseboard_bg.wasm` and the chunks.
pub fn build() -> Result<PathBuf> {
    let split = std::env::var_os(SPLIT).is_none_or(|value| value != "off");
    ui::step("WASM", || {
        let mut cargo = process::cargo();
        cargo.args([
            "build",
            "--package",
            "frontend",
            "--lib",
            "--target",
            TARGET,
            "--profile",
            "wasm-release",
        ]);
        if split {
            // The splitter follows the linker's notes on who uses whom.
            cargo
                .args(["--features", "split"])
                .env(RUSTFLAGS, "-Clink-args=--emit-relocs");
        }
        process::run(&mut cargo)
    })?;
    let raw = process::target_dir()
        .join(TARGET)
        .join("wasm-release/frontend.wasm");
    let recipe = if split {
        "wasm-bindgen 0.2.130, split 5"
    } else {
        "wasm-bindgen 0.2.130, 4"
    };
    let inputs = Inputs::new(recipe)
        .file(&raw)?
        .file(&npm::frontend().join("js/chunks.js"))?
        .file(&npm::frontend().join("package-lock.json"))?;
    stage("WASM for the page", inputs, |dir| {
        let bound = dir.join("bound");
        let parts = if split {
            ui::step("wasm-split", || chunks::split(&raw, &bound))?
        } else {
            chunks::Parts {
                main: raw.clone(),
                chunks: Vec::new(),
            }
        };
        bind(&parts.main, &bound, split)?;
        optimise(&bound.join("fuseboard_bg.wasm"), &dir.join("fuseboard_bg.wasm"))?;
        for chunk in &parts.chunks {
            optimise(chunk, &dir.join(chunk.file_name().unwrap_or_default()))?;
        }
        bundle(&bound.join("fuseboard.js"), &dir.join("fuseboard.js"))?;
        if split {
            std::fs::copy(bound.join(chunks::MANIFEST), dir.join(chunks::MANIFEST))?;
        }
        std::fs::remove_dir_all(&bound).context("cannot tidy up")
    })
}

fn bind(raw: &Path, out: &Path, split: bool) -> Result<()> {
    ui::step("wasm-bindgen", || {
        let mut module = walrus::ModuleConfig::new()
            .generate_producers_section(false)
            .parse(&std::fs::read(raw)?)
            .context("the WASM cannot be read")?;
        let functions = snip::snip(&mut module);
        ui::note(&format!("{functions} functions of lazy hydration emptied"));
        Bindgen::new()
            .input_module("fuseboard", module)
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            // Chunks share the stack pointer and the like.
            .keep_lld_exports(split)
            .out_name("fuseboard")
            .generate(out)
            .context(
                "wasm-bindgen failed; is the crate wasm-bindgen the version that xtask/Cargo.toml names?",
            )
    })
}

fn optimise(from: &Path, to: &Path) -> Result<()> {
    ui::step("wasm-opt", || {
        process::run(
            npm::tool("node_modules/binaryen/bin/wasm-opt")
                // The second round finds half a percent more. Rust keeps nothing at the first kilobyte (it is the far end
                // of the stack), so that what is added to a pointer may move into the load: one percent.
                .args(["-Oz", "-Oz", "--low-memory-unused"])
                // Nobody reads the list of features from here on.
                .args(["--strip-debug", "--strip-target-features"])
                .args(FEATURES)
                .arg(from)
                .arg("-o")
                .arg(to),
        )
    })
}

fn bundle(from: &Path, to: &Path) -> Result<()> {
    let mut esbuild = npm::tool("node_modules/esbuild/bin/esbuild");
    esbuild.arg(from).args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--log-level=warning",
        // wasm-bindgen names the chunks' script once per function that it takes from it.
        "--log-override:duplicate-object-key=silent",
    ]);
    process::run(esbuild.arg(format!("--outfile={}", to.display())))
}
