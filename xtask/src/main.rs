//! `cargo xtask …`: build, run, test, prove. What the README's two commands, `.ci/run` and the workflow call.
//! Linux and macOS; needs Rust, Node.js with npm, and for `test` PostgreSQL, Chromium and strace, which it can install on
//! Debian. Deliberately absent: anything the product does by itself.

mod architecture;
mod bench;
mod browser;
mod budget;
mod children;
mod dist;
mod http;
mod npm;
mod peers;
mod pg;
mod pictures;
mod process;
mod prove;
mod run;
mod server;
mod site;
mod sources;
mod stage;
mod strace;
mod tests;
mod ui;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  run [-- --simulate] [server flags]   build everything and serve http://127.0.0.1:3000 on SQLite in ./data
  test [STEP…] [WORD…]                 every check, or some steps of it, or the tests whose names contain a word
  prove kills|power|heap|history       the long proofs
  bench [NAME…] [--list] [--quick] [--repetitions N] [--retries N] [--json FILE] [--profile P]
                                       the figures of docs/PERFORMANCE.md, beside peers; `bench micro`: single steps
  pictures                             take the pictures of the documentation, docs/img/*.png
  dist                                 the product as one file: target/dist-out/fuseboard
  site                                 only build what the browser fetches, into target/site
  architecture                         only check who uses whom
  budget                               only weigh the page

Steps of test, in order: fmt architecture clippy clippy-wasm alone xtask tests site browser budget.
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = match words.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    match dispatch(name, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(name: &str, rest: &[String]) -> Result<()> {
    match name {
        "run" => run::run(rest),
        "test" => tests::run(rest),
        "prove" => prove::run(rest),
        "bench" => bench::run(rest),
        "pictures" => pictures::run(),
        "dist" => dist::run(),
        "site" => site::build(),
        "budget" => site::build().and_then(|()| budget::check()),
        "architecture" => architecture::check().map(|told| ui::note(&told)),
        "help" | "--help" | "-h" => {
            eprint!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`; `cargo xtask help` lists them"),
    }
}
