//! The page's program: `frontend` for wasm32, bound by wasm-bindgen as a library, made small by wasm-opt. The glue
//! script is bundled with its snippets into one file.
//!
//! wasm-opt comes from npm (binaryen 132): Debian's 108 breaks the externref table, and the page dies at start.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::stage::{Inputs, stage};
use crate::{npm, process, ui};

/// The target that browsers run.
pub const TARGET: &str = "wasm32-unknown-unknown";

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

/// Builds and returns the folder with `fuseboard.js` and `fuseboard_bg.wasm`.
pub fn build() -> Result<PathBuf> {
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
        process::run(&mut cargo)
    })?;
    let raw = process::target_dir()
        .join(TARGET)
        .join("wasm-release/frontend.wasm");
    let inputs = Inputs::new("wasm-bindgen 0.2.130, 2")
        .file(&raw)?
        .file(&npm::frontend().join("package-lock.json"))?;
    stage("WASM for the page", inputs, |dir| {
        let bound = dir.join("bound");
        bind(&raw, &bound)?;
        optimise(&bound.join("fuseboard_bg.wasm"), &dir.join("fuseboard_bg.wasm"))?;
        bundle(&bound.join("fuseboard.js"), &dir.join("fuseboard.js"))?;
        std::fs::remove_dir_all(&bound).context("cannot tidy up")
    })
}

fn bind(raw: &Path, out: &Path) -> Result<()> {
    ui::step("wasm-bindgen", || {
        let mut module = walrus::ModuleConfig::new()
            .generate_producers_section(false)
            .parse(&std::fs::read(raw)?)
            .context("the WASM cannot be read")?;
        let functions = snip(&mut module);
        ui::note(&format!("{functions} functions of lazy hydration emptied"));
        Bindgen::new()
            .input_module("fuseboard", module)
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .out_name("fuseboard")
            .generate(out)
            .context(
                "wasm-bindgen failed; is the crate wasm-bindgen the version that xtask/Cargo.toml names?",
            )
    })
}

/// Only hydration that waits (`leptos::mount::hydrate_lazy`) calls these; ours does not wait. The linker keeps them
/// because every erased view carries a pointer to its own. Remove this with the first lazy route.
const NEVER_CALLED: &str = "hydrate_async";

/// Smaller functions (in instructions) may be shared with others that happen to have the same body.
const SHARED_BELOW: u64 = 100;

/// Empties functions that are never called: one that is called after all stops the page, and the browser tests with
/// it. Returns how many there were.
fn snip(module: &mut walrus::Module) -> usize {
    let doomed: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| {
            module
                .funcs
                .get(*id)
                .name
                .as_deref()
                .is_some_and(|name| name.contains(NEVER_CALLED))
        })
        .filter(|(_, function)| function.size() >= SHARED_BELOW)
        .map(|(id, function)| (id, function.ty(), function.args.clone()))
        .collect();
    for (id, ty, arguments) in &doomed {
        let ty = module.types.get(*ty);
        let (parameters, results) = (ty.params().to_vec(), ty.results().to_vec());
        let mut builder = walrus::FunctionBuilder::new(&mut module.types, &parameters, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(*id).kind = walrus::FunctionKind::Local(builder.local_func(arguments.clone()));
    }
    doomed.len()
}

fn optimise(from: &Path, to: &Path) -> Result<()> {
    ui::step("wasm-opt", || {
        process::run(
            npm::tool("node_modules/binaryen/bin/wasm-opt")
                .arg("-Oz")
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
    ]);
    process::run(esbuild.arg(format!("--outfile={}", to.display())))
}
