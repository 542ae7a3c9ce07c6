//! `fuseboard serve`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use clap::Args;
use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::settings::ServerFlags;
use super::{CliError, Exit, say};
use crate::config::Config;
use crate::lifecycle::{self, Options, Running};
use crate::{logs, simulate};

/// Run the server until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fuseboard serve --listen 127.0.0.1:3000 --data-dir ./data --local-key\n  \
                  fuseboard serve --demo"
)]
pub struct ServeArgs {
    #[command(flatten)]
    flags: ServerFlags,
    /// Make the key `local` and write it to local.key in the data folder (mode 0600), unless it is there already.
    #[arg(long)]
    local_key: bool,
    /// Show what it looks like: simulated traffic, on this machine only, in a temporary folder that is gone in the end.
    #[arg(long)]
    demo: bool,
}

/// Settings that a demonstration decides itself.
const OF_A_DEMO: [&str; 6] = [
    "data.dir",
    "database.url",
    "audit.key_file",
    "server.external_url",
    "tls.cert_file",
    "tls.key_file",
];

/// Runs the server.
pub async fn run(args: ServeArgs) -> Result<Exit, CliError> {
    let mut config = args.flags.load()?;
    // Removed when it is dropped, however this ends.
    let _folder = match args.demo {
        true => Some(demo_folder(&mut config)?),
        false => None,
    };
    logs::init(&config.log_level, config.log_json);
    let unavailable = |error: std::io::Error| CliError::new(Exit::Unavailable, format!("signals: {error}"));
    // Listened to from the start: a stop that comes while the journal is replayed must not be lost.
    let mut terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unavailable)?;
    let options = Options {
        local_key: args.local_key || args.demo,
        demo: args.demo,
        ..Options::default()
    };

    let running = tokio::select! {
        running = lifecycle::start(&config, options) => running?,
        // Nothing was accepted yet, so nothing can be lost.
        _ = terminate.recv() => return Ok(Exit::Done),
        _ = interrupt.recv() => return Ok(Exit::Done),
    };
    say(&format!("listening on {}://{}", config.scheme(), running.address));
    if args.demo {
        say("demo: simulated traffic; all of it is gone when this stops");
    }
    if let Some(link) = &running.set_up_at {
        say(&format!(
            "new here: make the first account within 30 minutes at {link}"
        ));
    }
    let traffic = match args.demo {
        true => demonstrate(&running, &mut terminate, &mut interrupt).await,
        false => {
            asked(&mut terminate, &mut interrupt).await;
            Ok(())
        }
    };
    tracing::info!("stopping; a second signal stops at once");
    let clean = tokio::select! {
        clean = running.stop() => clean,
        _ = terminate.recv() => return Err(CliError::new(Exit::Failed, "stopped at once")),
        _ = interrupt.recv() => return Err(CliError::new(Exit::Failed, "stopped at once")),
    };
    traffic?;
    Ok(if clean { Exit::Done } else { Exit::Failed })
}

async fn asked(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Simulated traffic until somebody asks for the end.
async fn demonstrate(
    running: &Running,
    terminate: &mut Signal,
    interrupt: &mut Signal,
) -> Result<(), CliError> {
    let key = running.shared.local_key.clone().unwrap_or_default();
    let stop = CancellationToken::new();
    let traffic = simulate::demonstrate(format!("http://{}", running.address), &key, stop.clone());
    tokio::pin!(traffic);
    tokio::select! {
        // Only when it cannot go on.
        ended = traffic.as_mut() => return Ok(ended?),
        () = asked(terminate, interrupt) => stop.cancel(),
    }
    tokio::select! {
        ended = traffic => Ok(ended?),
        () = asked(terminate, interrupt) => Err(CliError::new(Exit::Failed, "stopped at once")),
    }
}

/// The folder of a demonstration. What would let others in, or keep something, is refused and not passed over: whoever set
/// it wants something else.
fn demo_folder(config: &mut Config) -> Result<TempDir, CliError> {
    let refused = |why: String| CliError::new(Exit::Usage, why);
    let set = |key: &str| {
        let found = config.effective.iter().find(|one| one.key == key);
        found.filter(|one| one.source != "default")
    };
    if let Some(set) = OF_A_DEMO.iter().find_map(|key| set(key)) {
        return Err(refused(format!(
            "--demo has a temporary folder of its own and stays on this machine: {} ({}) cannot be used with it",
            set.key, set.source
        )));
    }
    if !config.listen.ip().is_loopback() {
        return Err(refused(format!(
            "--demo listens on this machine only, such as 127.0.0.1:3000, not on {}",
            config.listen
        )));
    }
    let folder = tempfile::Builder::new()
        .prefix("fuseboard-demo-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(|error| CliError::new(Exit::Unavailable, format!("no temporary folder: {error}")))?;
    folder.path().clone_into(&mut config.data_dir);
    Ok(folder)
}
