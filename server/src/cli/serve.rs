//! `fuseboard serve`.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::settings::ServerFlags;
use super::{CliError, Exit, say};
use crate::lifecycle::{self, Options};
use crate::logs;

/// Run the server until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fuseboard serve --listen 127.0.0.1:3000 --data-dir ./data --local-key")]
pub struct ServeArgs {
    #[command(flatten)]
    flags: ServerFlags,
    /// Make the key `local` and write it to local.key in the data folder (mode 0600), unless it is there already.
    #[arg(long)]
    local_key: bool,
}

/// Runs the server.
pub async fn run(args: ServeArgs) -> Result<Exit, CliError> {
    let config = args.flags.load()?;
    logs::init(&config.log_level, config.log_json);
    let unavailable = |error: std::io::Error| CliError::new(Exit::Unavailable, format!("signals: {error}"));
    // Listened to from the start: a stop that comes while the journal is replayed must not be lost.
    let mut terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unavailable)?;

    let running = tokio::select! {
        running = lifecycle::start(&config, Options { local_key: args.local_key, ..Options::default() }) => running?,
        // Nothing was accepted yet, so nothing can be lost.
        _ = terminate.recv() => return Ok(Exit::Done),
        _ = interrupt.recv() => return Ok(Exit::Done),
    };
    say(&format!("listening on {}://{}", config.scheme(), running.address));
    if let Some(link) = &running.set_up_at {
        say(&format!(
            "new here: make the first account within 30 minutes at {link}"
        ));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        clean = running.stop() => Ok(if clean { Exit::Done } else { Exit::Failed }),
        _ = terminate.recv() => Err(CliError::new(Exit::Failed, "stopped at once")),
        _ = interrupt.recv() => Err(CliError::new(Exit::Failed, "stopped at once")),
    }
}
