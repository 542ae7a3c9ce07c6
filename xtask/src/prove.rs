//! `cargo xtask prove NAME`: the long proofs, run by hand before an issue is called resolved.

mod defects;

use anyhow::{Result, bail};

use crate::{browser, children, pg, process, site, strace, tests, ui};

const NAMES: &str = "kills (200 SIGKILLs per database), power (2,000 states after power cuts), heap (86,400 frames in a \
                     browser), history (30 days of 100 million calls), outbox (500 alerts through six channels, 100 faults), \
                     defects [WORDS] (planted mistakes that the \
                     tests must notice)";

/// Runs one.
pub fn run(arguments: &[String]) -> Result<()> {
    let Some(name) = arguments.first() else {
        bail!("which one? {NAMES}")
    };
    children::pass_signals_on(true)?;
    let timer = ui::Timer::start();
    let outcome = match name.as_str() {
        "kills" => kills(),
        "power" => power(),
        "heap" => heap(),
        "history" => history(),
        "outbox" => outbox(),
        "defects" => defects::run(arguments.get(1..).unwrap_or_default()),
        other => bail!("there is no proof `{other}`; there are: {NAMES}"),
    }?;
    ui::headline(&format!(
        "prove {name}: {outcome}, {}",
        ui::seconds(timer.elapsed())
    ));
    Ok(())
}

fn kills() -> Result<String> {
    let postgres = pg::provide()?;
    let mut cargo = tests::test_command();
    // The same tests as in `cargo xtask test`, with more kills; what each of them counted is part of the proof.
    cargo
        .env("KILLS", "200")
        .env(pg::VARIABLE, &postgres.url)
        .arg("kills");
    if process::on_path("cargo-nextest").is_some() {
        cargo.arg("--no-capture");
    } else {
        cargo.args(["--", "--nocapture", "--test-threads=1"]);
    }
    tests::count(&mut cargo)
}

/// As shipped, because what is recorded is the product. The same tests as in `cargo xtask test`, with more moments.
fn power() -> Result<String> {
    strace::provide()?;
    let mut cargo = process::cargo();
    cargo
        .args(["test", "--release", "-p", "server", "--test", "power"])
        .args(["--", "--nocapture", "--test-threads=1"])
        .env("POWER_STATES", "1000");
    tests::count(&mut cargo)
}

/// As shipped, because it says how long answers take.
fn history() -> Result<String> {
    let mut cargo = process::cargo();
    cargo
        .args(["test", "--release", "-p", "server", "--test", "history"])
        .args(["--", "--nocapture"])
        .env("HISTORY_HOURS", "720")
        .env("HISTORY_CALLS", "100000000");
    process::run(&mut cargo)?;
    Ok("passed".to_owned())
}

/// The same tests as in `cargo xtask test`, with 3,000 notifications and 100 faults for each database; then the control: the
/// order that loses is planted into a copy, and the test must notice.
fn outbox() -> Result<String> {
    let postgres = pg::provide()?;
    let mut cargo = tests::test_command();
    cargo
        .env("OUTBOX_ALERTS", "500")
        .env("OUTBOX_FAULTS", "100")
        .env(pg::VARIABLE, &postgres.url)
        .arg("nothing_is_lost_by");
    if process::on_path("cargo-nextest").is_some() {
        cargo.arg("--no-capture");
    } else {
        cargo.args(["--", "--nocapture", "--test-threads=1"]);
    }
    let passed = tests::count(&mut cargo)?;
    let control = defects::run(&[defects::MARKED_FIRST.to_owned()])?;
    Ok(format!("{passed}; control: {control}"))
}

fn heap() -> Result<String> {
    site::build()?;
    process::run(&mut tests::build_binaries())?;
    browser::run(&browser::Suite {
        files: &["heap".to_owned()],
        variables: &[("HEAP_FRAMES", "86400")],
        ..browser::Suite::default()
    })
}
