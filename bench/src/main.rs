//! The load generator and the side-by-side harness: our server and its peers, one after the other, on one machine.
//!
//! Started by `cargo xtask bench`, which builds the server and fetches the peers. Never shipped. What is measured, and
//! how, is written at the top of each module of [`goals`]; how repetitions are taken and judged in [`repeat`].
//!
//! Deliberately absent: the Rust SDK. It is made for comfort; a generator must cost next to nothing.

#![expect(
    clippy::print_stdout,
    reason = "the table of figures is what this program is for"
)]

mod context;
mod figure;
mod goals;
mod load;
mod machine;
mod repeat;
mod report;
mod subject;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use context::Bench;

/// What the command line says.
#[derive(Debug, Parser)]
#[command(about = "Measures Fuseboard beside its peers")]
struct Arguments {
    /// Which benches; all when none is named.
    names: Vec<String>,
    /// Only list what there is.
    #[arg(long)]
    list: bool,
    /// One repetition, and shorter ones: shows that everything works, measures little.
    #[arg(long)]
    quick: bool,
    /// Repetitions of each side.
    #[arg(long)]
    repetitions: Option<usize>,
    /// How often a repetition is taken again that others disturbed.
    #[arg(long)]
    retries: Option<usize>,
    /// All results in one more file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The server's binary.
    #[arg(long, default_value = "target/release/fuseboard")]
    server: PathBuf,
    /// What the browser fetches.
    #[arg(long, default_value = "target/site")]
    site: PathBuf,
    /// Where results go and servers keep their data; should be on a real disk.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// A Postgres in which databases may be made.
    #[arg(long)]
    postgres: Option<String>,
    /// Its first process, whose CPU time counts as ours.
    #[arg(long, requires = "postgres")]
    postgres_pid: Option<u32>,
    /// How the server was built; told with every figure.
    #[arg(long, default_value = "release")]
    profile: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        for goal in goals::ALL {
            println!("{:<10} {:<14} {}", goal.name, goal.goals, goal.what);
        }
        return Ok(());
    }
    let chosen = goals::chosen(&arguments.names)?;
    let bench = Bench::new(context::Settings {
        server: arguments.server,
        site: arguments.site,
        out: arguments.out,
        postgres: arguments.postgres.zip(arguments.postgres_pid),
        profile: arguments.profile,
        quick: arguments.quick,
        repetitions: arguments.repetitions,
        retries: arguments.retries,
    })?;
    // Before the runtime, so that its threads stay there too. What is measured gets the other core.
    machine::pin::here(&[bench.cores.generator])?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // Whoever is dropped here ends the servers it has started.
        tokio::select! {
            done = all(&bench, &chosen, arguments.json) => done,
            _ = terminate.recv() => bail!("terminated"),
            _ = interrupt.recv() => bail!("interrupted"),
        }
    })
}

async fn all(bench: &Bench, chosen: &[&goals::Goal], json: Option<PathBuf>) -> Result<()> {
    let machine = machine::describe(&bench.scratch)?;
    report::machine(&machine);
    let mut results = Vec::new();
    let mut failed = Vec::new();
    for goal in chosen {
        if goal.name == "postgres" && bench.postgres.is_none() {
            eprintln!("  postgres: left out, because no Postgres was given");
            continue;
        }
        println!("\n{}: {}", goal.name, goal.what);
        match (goal.run)(bench).await {
            Ok(figures) => {
                report::figures(&figures);
                let result = report::json(bench, &machine, goal.name, &figures);
                report::write(&bench.out.join(format!("{}.json", goal.name)), &result)?;
                results.push(result);
            }
            Err(error) => {
                eprintln!("error: {}: {error:#}", goal.name);
                failed.push(goal.name);
            }
        }
    }
    if let Some(path) = json {
        report::write(&path, &serde_json::Value::Array(results))?;
    }
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}
