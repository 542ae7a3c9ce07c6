//! `cargo xtask test`: every check of the project in one order, each timed, with a summary at the end. All steps run
//! even when one fails, so that one run tells everything.
//!
//! Words select: a step's name selects that step; any other word filters the tests of the selected steps (without a
//! step's name: of `tests`).
//!
//! `frontend` is never built together with the rest: cargo would unite the features `hydrate` and `ssr` of `app`, and
//! the server would come out wrong.

use std::process::Command;

use anyhow::{Result, anyhow, bail};

use crate::wasm::TARGET;
use crate::{architecture, browser, budget, children, peers, pg, process, site, strace, ui, wasm};

type Step = fn(&mut Run) -> Result<()>;

/// All steps, in order.
const STEPS: [(&str, Step); 10] = [
    ("fmt", fmt),
    ("architecture", |run| {
        let report = architecture::check()?;
        run.remark(report);
        Ok(())
    }),
    ("clippy", clippy),
    ("clippy-wasm", clippy_wasm),
    ("alone", alone),
    ("xtask", xtask),
    ("tests", tests),
    ("site", |_| site::build()),
    ("browser", browser),
    ("budget", |_| budget::check()),
];

/// What the steps share.
struct Run {
    /// Words that are no step's name.
    words: Vec<String>,
    /// What a step wants repeated in the summary.
    remark: String,
}

impl Run {
    fn remark(&mut self, text: String) {
        self.remark = text;
    }
}

/// Runs all steps, or those that `arguments` select.
pub fn run(arguments: &[String]) -> Result<()> {
    children::pass_signals_on(true)?;
    let selected = select(arguments);
    let timer = ui::Timer::start();
    let mut run = Run {
        words: words(arguments),
        remark: String::new(),
    };
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| selected.contains(name)) {
        let clock = ui::Timer::start();
        let result = ui::step(name, || step(&mut run));
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        let took = ui::seconds(clock.elapsed());
        lines.push(format!(
            "{word:<7} {name:<13} {took:>13}  {}",
            std::mem::take(&mut run.remark)
        ));
        if let Err(error) = result {
            ui::error(&error);
            failed.push(*name);
        }
    }
    ui::headline(&format!("cargo xtask test: {}", ui::seconds(timer.elapsed())));
    for line in lines {
        ui::note(line.trim_end());
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn is_step(word: &str) -> bool {
    STEPS.iter().any(|(name, _)| *name == word)
}

fn words(arguments: &[String]) -> Vec<String> {
    arguments
        .iter()
        .filter(|word| !is_step(word) && *word != "--")
        .cloned()
        .collect()
}

fn select(arguments: &[String]) -> Vec<&'static str> {
    let named: Vec<_> = STEPS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| arguments.iter().any(|word| word == name))
        .collect();
    match (named.is_empty(), words(arguments).is_empty()) {
        (false, _) => named,
        (true, true) => STEPS.iter().map(|(name, _)| *name).collect(),
        (true, false) => vec!["tests"],
    }
}

fn fmt(_: &mut Run) -> Result<()> {
    process::run(process::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(_: &mut Run) -> Result<()> {
    let mut cargo = process::cargo();
    cargo
        .arg("clippy")
        .args(SERVER_SIDE)
        .args(["--all-targets", "--profile", "ci", "--", "-D", "warnings"]);
    process::run(&mut cargo)?;
    let mut xtask = process::cargo();
    xtask.args([
        "clippy",
        "--package",
        "xtask",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    process::run(&mut xtask)
}

fn clippy_wasm(_: &mut Run) -> Result<()> {
    wasm::add_target()?;
    let mut page = process::cargo();
    page.args([
        "clippy",
        "--package",
        "frontend",
        "--features",
        "split",
        "--target",
        TARGET,
        "--profile",
        "ci",
        "--",
        "-D",
        "warnings",
    ]);
    process::run(&mut page)?;
    // The pure rules must stay free of anything that a browser cannot do.
    let mut pure = process::cargo();
    pure.args([
        "check",
        "--package",
        "domain",
        "--package",
        "protocol",
        "--target",
        TARGET,
        "--profile",
        "ci",
    ]);
    process::run(&mut pure)
}

/// Built together, one crate's features hide what another forgot to ask for.
fn alone(_: &mut Run) -> Result<()> {
    for package in [
        "archive",
        "domain",
        "protocol",
        "store",
        "ingest",
        "fuseboard-client",
        "outbound",
        "secrets",
        "oidc",
        "engine",
        "store-sql",
        "bench",
        "server",
    ] {
        let mut cargo = process::cargo();
        cargo.args(["check", "--quiet", "--package", package, "--profile", "ci"]);
        process::run(&mut cargo)?;
    }
    Ok(())
}

/// Our own tests, built like the running xtask, so that its dependencies are not compiled twice.
fn xtask(run: &mut Run) -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["test", "--package", "xtask"]);
    let summary = count(&mut cargo)?;
    run.remark(summary);
    Ok(())
}

/// Everything that runs without a browser: unit, property, contract, service tests, kills.
fn tests(run: &mut Run) -> Result<()> {
    let postgres = pg::provide()?;
    // Not everybody can have it: macOS has no strace. Its tests say that they were skipped.
    if let Err(error) = strace::provide() {
        ui::note(&format!("power cuts are not tested: {error}"));
    }
    // The same place as for `bench`. Tests that need them say that they were skipped.
    let senders = process::target_dir().join("bench/peers");
    if let Err(error) = peers::senders(&senders) {
        ui::note(&format!("no alerts are taken from real programs: {error:#}"));
    }
    let mut cargo = test_command();
    cargo
        .env(pg::VARIABLE, &postgres.url)
        .env(peers::SENDERS, &senders)
        .args(&run.words);
    let mut summary = count(&mut cargo)?;
    if run.words.is_empty() && process::on_path("cargo-nextest").is_some() {
        // nextest leaves the examples in the documentation out.
        let mut docs = process::cargo();
        docs.args(["test", "--doc", "--quiet", "--profile", "ci"])
            .args(SERVER_SIDE);
        summary = format!("{summary}; documentation: {}", count(&mut docs)?);
    }
    run.remark(summary);
    Ok(())
}

fn browser(run: &mut Run) -> Result<()> {
    process::run(&mut build_binaries())?;
    let summary = browser::run(&browser::Suite {
        files: &run.words,
        ..browser::Suite::default()
    })?;
    run.remark(summary);
    Ok(())
}

/// What runs on the server's side, always named together: the same selection gives the same features, so nothing is
/// compiled twice.
const SERVER_SIDE: [&str; 5] = ["--workspace", "--exclude", "frontend", "--exclude", "xtask"];

/// The runner over all server-side tests; the caller adds filters.
pub fn test_command() -> Command {
    let mut cargo = process::cargo();
    if process::on_path("cargo-nextest").is_some() {
        cargo
            .args(["nextest", "run", "--cargo-profile", "ci", "--no-fail-fast"])
            .args(SERVER_SIDE);
        if ui::coloured() {
            cargo.arg("--color=always");
        }
    } else {
        cargo
            .args(["test", "--profile", "ci", "--no-fail-fast"])
            .args(SERVER_SIDE)
            .args(["--lib", "--bins", "--tests"]);
    }
    cargo
}

/// Builds what [`test_command`] runs, the server's binary among it.
pub fn build_binaries() -> Command {
    let mut cargo = process::cargo();
    cargo
        .args(["test", "--no-run", "--quiet", "--profile", "ci", "--tests"])
        .args(SERVER_SIDE);
    cargo
}

/// Runs a test runner; what it counted is in the answer. A run without a single test is a failure.
pub fn count(command: &mut Command) -> Result<String> {
    let mut tally = Tally::default();
    let result = process::tee(command, |line| tally.read(line));
    result.map_err(|error| match tally.failed {
        0 => error,
        failed => error.context(format!("{failed} tests failed")),
    })?;
    tally.told()
}

/// What a runner's closing lines say: nextest's one, or one for each of `cargo test`'s binaries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    seen: bool,
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    fn read(&mut self, line: &str) {
        let counts = if line.trim_start().starts_with("Summary [") {
            line.split_once("tests run:")
                .or_else(|| line.split_once("test run:"))
                .map(|(_, counts)| counts)
        } else {
            // Under nextest such a line is indented: the output of one test, counted already.
            line.strip_prefix("test result: ")
                .and_then(|rest| rest.split_once(". "))
                .map(|(_, counts)| counts)
        };
        let Some(counts) = counts else { return };
        self.seen = true;
        for part in counts.split([',', ';']) {
            let mut words = part.split_whitespace();
            let number = words
                .next()
                .and_then(|word| word.parse::<u64>().ok())
                .unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("skipped" | "ignored") => self.skipped += number,
                _ => {}
            }
        }
    }

    fn told(&self) -> Result<String> {
        if !self.seen {
            return Err(anyhow!("the test runner printed no closing line"));
        }
        let skipped = if self.skipped > 0 {
            format!(", {} skipped", self.skipped)
        } else {
            String::new()
        };
        Ok(format!("{} passed{skipped}", self.passed))
    }
}

#[cfg(test)]
mod self_tests {
    use super::*;

    fn list(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_select_steps_and_filter_tests() {
        assert_eq!(select(&[]).len(), STEPS.len());
        assert_eq!(select(&list("budget fmt")), ["fmt", "budget"]);
        assert_eq!(select(&list("sketch")), ["tests"]);
        assert_eq!(select(&list("browser opossum")), ["browser"]);
        assert_eq!(words(&list("browser opossum")), ["opossum"]);
    }

    #[test]
    fn closing_lines_are_counted() {
        let mut tally = Tally::default();
        tally.read("     Summary [  12.345s] 120 tests run: 118 passed (2 slow), 2 failed, 3 skipped");
        assert_eq!(
            tally,
            Tally {
                seen: true,
                passed: 118,
                failed: 2,
                skipped: 3
            }
        );
        let mut tally = Tally::default();
        tally.read(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        tally.read(
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        assert_eq!(
            tally,
            Tally {
                seen: true,
                passed: 15,
                failed: 0,
                skipped: 1
            }
        );
        tally.read(
            "    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 9s",
        );
        assert_eq!(tally.told().unwrap(), "15 passed, 1 skipped");
        assert!(Tally::default().told().is_err());
    }
}
