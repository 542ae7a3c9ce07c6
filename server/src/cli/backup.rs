//! `fuseboard backup`: works while the server runs.

use std::future::Future;
use std::path::{Path, PathBuf};

use archive::{Archive, Manifest, NOT_INCLUDED};
use clap::Args;
use engine::Clock;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use super::settings::DataFlags;
use super::{CliError, Exit, complain, say};
use crate::backup::{self, BackupError};

/// Write everything that is stored into one file, while the server runs or not. What was accepted before it began is in
/// it. Keys, local.key and the configuration are not.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fuseboard backup --to /var/backups\n  fuseboard backup --to monday.fbbackup --force\n  \
                  fuseboard backup --verify /var/backups/fuseboard-2026-11-21T040000Z.fbbackup"
)]
pub struct BackupArgs {
    #[command(flatten)]
    flags: DataFlags,
    /// The file to write, or a folder in which it gets a name of its own.
    #[arg(long, value_name = "PATH", required_unless_present = "verify")]
    to: Option<PathBuf>,
    /// Replace the file when it is there already.
    #[arg(long)]
    force: bool,
    /// Check this backup instead of writing one: every byte of it, against its checksums.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "force"])]
    verify: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Writes or checks one.
pub async fn run(args: BackupArgs) -> Result<Exit, CliError> {
    let since = Instant::now();
    if let Some(path) = &args.verify {
        let archive = check(path)?;
        let size = archive.size().map_err(BackupError::from)?;
        tell("sound", path, archive.manifest(), size, since, args.json);
        return Ok(Exit::Done);
    }
    let config = args.flags.load()?;
    let now = Clock::system().now();
    // Clap insists on one of the two.
    let to = target(&args.to.unwrap_or_default(), now);
    let manifest = or_signal(backup::make(&config, &to, args.force, now)).await??;
    let size = std::fs::metadata(&to).map_or(0, |metadata| metadata.len());
    tell("wrote", &to, &manifest, size, since, args.json);
    if !args.json {
        complain(&format!("not in a backup: {}", NOT_INCLUDED.join("; ")));
    }
    Ok(Exit::Done)
}

/// Reads all of it.
fn check(path: &Path) -> Result<Archive, BackupError> {
    let mut archive = Archive::open(path)?;
    archive.check()?;
    Ok(archive)
}

/// The file: the one named, or one with the time in its name within the folder named.
fn target(to: &Path, now: i64) -> PathBuf {
    let is_folder = to.is_dir() || to.as_os_str().to_string_lossy().ends_with('/');
    if is_folder {
        to.join(backup::file_name(now))
    } else {
        to.to_owned()
    }
}

/// Waits for it, unless a signal ends it before: then it is dropped, and cleans up.
pub async fn or_signal<T>(work: impl Future<Output = T>) -> Result<T, CliError> {
    let unavailable = |error: std::io::Error| CliError::new(Exit::Unavailable, format!("signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unavailable)?;
    tokio::select! {
        done = work => Ok(done),
        _ = terminate.recv() => Err(CliError::new(Exit::Failed, "stopped before it was done")),
        _ = interrupt.recv() => Err(CliError::new(Exit::Failed, "stopped before it was done")),
    }
}

fn tell(word: &str, path: &Path, manifest: &Manifest, size: u64, since: Instant, as_json: bool) {
    let took = since.elapsed();
    if as_json {
        let mut shown = shown(manifest);
        shown["file"] = path.display().to_string().into();
        shown["file_bytes"] = size.into();
        shown["took_ms"] = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).into();
        say(&shown.to_string());
        return;
    }
    say(&format!(
        "{word} {}: {size} bytes, {} with schema {}, {} parts, {}, in {:.1} s",
        path.display(),
        manifest.database.name(),
        manifest.schema,
        manifest.parts.len(),
        batches(manifest),
        took.as_secs_f64()
    ));
}

/// The manifest, and sums over its parts.
pub fn shown(manifest: &Manifest) -> Value {
    let mut shown = serde_json::to_value(manifest).unwrap_or_else(|_| json!({}));
    shown["bytes"] = manifest.bytes().into();
    shown["rows"] = json!(manifest.rows());
    shown
}

/// The journal, in words.
pub fn batches(manifest: &Manifest) -> String {
    match (manifest.journal.first, manifest.journal.last) {
        (Some(first), Some(last)) => format!("batches {first} to {last} of the journal"),
        _ => "no batch of the journal".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gets_a_file_with_the_time_in_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = "fuseboard-2026-11-21T040000Z.fbbackup";
        let now = 1_795_233_600_999;
        assert_eq!(target(folder.path(), now), folder.path().join(name));
        assert_eq!(
            target(Path::new("missing/"), now),
            Path::new("missing").join(name)
        );
        assert_eq!(
            target(Path::new("here.fbbackup"), now),
            Path::new("here.fbbackup")
        );
    }
}
