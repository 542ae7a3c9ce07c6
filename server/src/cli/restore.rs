//! `fuseboard restore`: while no server runs on the target.

use std::path::PathBuf;

use clap::Args;
use engine::Clock;
use serde_json::json;

use super::backup::{batches, or_signal, shown};
use super::settings::DataFlags;
use super::{CliError, Exit, complain, say, verify};
use crate::backup::{self, Restored};
use crate::{audit, stores};

/// Put a backup back: check all of it, then fill an empty folder or an empty Postgres database, then add the journal up
/// again and compare. A backup of an older version is brought up to date.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fuseboard restore --from monday.fbbackup --data-dir ./data\n  \
                  DATABASE_URL=postgres://me@db/empty fuseboard restore --from monday.fbbackup"
)]
pub struct RestoreArgs {
    #[command(flatten)]
    flags: DataFlags,
    /// The backup.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Move the data that is in the folder aside, into a folder `before-restore-…` within it. Nothing is deleted.
    #[arg(long)]
    force: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub async fn run(args: RestoreArgs) -> Result<Exit, CliError> {
    let config = args.flags.load()?;
    let now = Clock::system().now();
    let restored = or_signal(backup::restore(&config, &args.from, args.force, now)).await??;
    let opened = stores::open_to_read(&config).await?;
    let report = verify::verify(&opened).await;
    let heads = opened.stores.audits.heads(&opened.system()).await;
    let vault = crate::secrets::vault(&config, opened.secrets.clone(), opened.system());
    let sealed = vault.missing().await;
    drop(vault);
    opened.close().await;
    let report = report?;
    if let Some(path) = audit::missing(&config, &heads?)? {
        complain(&format!(
            "the audit log in it goes on with its own key only: put the audit.key that belongs to this backup to {} \
             before the server starts",
            path.display()
        ));
    }
    let sealed: Vec<String> = sealed?.into_iter().map(|key| key.id).collect();
    if !sealed.is_empty() {
        complain(&format!(
            "the secrets in it are sealed with the master key {}, which is no part of a backup: put the master key file \
             that belongs to it to {} before the server starts",
            sealed.join(" and "),
            crate::secrets::path(&config).display()
        ));
    }
    let (ok, counts) = (report.ok(), report.json());
    let Restored { manifest, aside } = restored;
    if args.json {
        let mut shown = shown(&manifest);
        shown["verify"] = counts.clone();
        shown["missing_master_keys"] = json!(sealed);
        shown["moved_aside"] = json!(aside.map(|path| path.display().to_string()));
        say(&shown.to_string());
    } else {
        say(&format!(
            "restored {}: {} with schema {}, {}; {} events in {} batches, {} calls in the journal, {} counted",
            args.from.display(),
            manifest.database.name(),
            manifest.schema,
            batches(&manifest),
            counts["events"],
            counts["batches"],
            counts["weighted_calls"],
            counts["partials_calls"],
        ));
        if let Some(aside) = aside {
            say(&format!("what was there before is in {}", aside.display()));
        }
    }
    if ok {
        return Ok(Exit::Done);
    }
    Err(CliError::new(
        Exit::Failed,
        format!("what was restored does not add up: {counts}"),
    ))
}
