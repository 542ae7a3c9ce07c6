//! `fuseboard tail`: breaker transitions in a terminal, as they come, for as long as it is wanted.
//!
//! A client like any other: the public JSON subprotocol, a key, and the same replica as the page.

mod backoff;
mod connection;
mod print;

use clap::Args;

use crate::cli::{CliError, Exit, KeySource, Trust, complain};
use backoff::Backoff;
use connection::{Ended, Target};
use print::Printer;

/// Print the live stream of breaker transitions.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fuseboard tail --key-file data/local.key")]
pub struct TailArgs {
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The key needs the scope metrics:read.
    #[command(flatten)]
    key: KeySource,
    #[command(flatten)]
    trust: Trust,
    /// Begin with so many of the newest transitions.
    #[arg(long, default_value_t = 10)]
    last: usize,
    /// Print one object of JSON per transition.
    #[arg(long)]
    json: bool,
}

/// Prints until it is interrupted.
pub async fn run(args: TailArgs) -> Result<Exit, CliError> {
    let target = Target::new(&args.url, &args.key.read()?, args.trust.config()?)
        .map_err(|why| CliError::new(Exit::Usage, why))?;
    let mut printer = Printer::new(args.json, args.last);
    tokio::select! {
        result = follow(&target, &mut printer) => result,
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
    }
}

async fn follow(target: &Target, printer: &mut Printer) -> Result<Exit, CliError> {
    let mut backoff = Backoff::default();
    let mut ever = false;
    loop {
        let (ended, connected) = connection::follow(target, printer).await;
        if connected {
            backoff.reset();
            ever = true;
        }
        let at_least = match ended {
            Ended::OutputClosed => return Ok(Exit::Done),
            Ended::Refused(why) => return Err(CliError::new(Exit::Failed, why)),
            // Before the first success a wrong address is more likely than a restart.
            Ended::Lost(why, _) if !ever => {
                return Err(CliError::new(
                    Exit::Unavailable,
                    format!("{}: {why}", target.shown()),
                ));
            }
            Ended::Lost(why, at_least) => {
                complain(&format!("connection lost ({why}); trying again"));
                at_least
            }
        };
        tokio::time::sleep(at_least + backoff.next()).await;
    }
}
