//! `fuseboard copy`: from SQLite into Postgres, while no server runs on either.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use store_sql::{Copied, CopyError, TransferError};
use tokio::time::{Duration, Instant};

use super::backup::or_signal;
use super::{CliError, Exit, audit, complain, say, verify};
use crate::config::{self, Config, Flag, Sources};
use crate::stores;

/// How often a line says how far it is.
const TOLD: Duration = Duration::from_secs(2);

/// Copy everything from a data folder (SQLite) into an empty Postgres database: events, history, accounts, sessions, keys
/// and the audit log. Killed at any moment, it goes on where it was when it is run again. In the end all of it is read back
/// and compared; before that no server starts on the target. The source is brought up to date, and not changed otherwise.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  DATABASE_URL=postgres://me:secret@db/fuseboard fuseboard copy --from ./data\n\
                  Then: stop using the SQLite files, keep audit.key where it is, and set database.url."
)]
pub struct CopyArgs {
    /// The configuration file; `fuseboard.toml` in this folder is read when there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder, also as sqlite://FOLDER.
    #[arg(long, value_name = "FOLDER")]
    from: String,
    /// An empty database; better given as DATABASE_URL, which `ps` cannot see.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    to: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Copies, and checks.
pub async fn run(args: CopyArgs) -> Result<Exit, CliError> {
    let since = Instant::now();
    let source = args.load("")?;
    let target = args.load(&args.to)?;
    let Some(url) = &target.database_url else {
        return Err(CliError::new(Exit::Usage, "--to must start with postgres://"));
    };
    // Whoever finds the log broken now knows that it was not the copy.
    check_audit(&source, "source").await?;
    // What the first start will need is asked for before everything is put there.
    store_sql::provide_app_role(url.expose(), &target.app_role)
        .await
        .map_err(CopyError::from)?;
    let mut told = Instant::now();
    let loud = std::io::stderr().is_terminal();
    let copied = or_signal(store_sql::copy(&source.data_dir, url.expose(), |there, all| {
        if loud && told.elapsed() >= TOLD {
            told = Instant::now();
            complain(&format!("{there} of {all} rows"));
        }
    }))
    .await??;
    let entries = check_audit(&target, "target").await?;
    let opened = stores::open_to_read(&target).await?;
    let report = verify::verify(&opened).await;
    opened.close().await;
    let (ok, counts) = report.map(|report| (report.ok(), report.json()))?;
    tell(&args, &copied, entries, &counts, since);
    if ok {
        return Ok(Exit::Done);
    }
    Err(CliError::new(
        Exit::Failed,
        format!("every row was copied, but the journal and what was counted from it do not agree: {counts}"),
    ))
}

impl CopyArgs {
    /// The configuration with this folder and this database.
    fn load(&self, url: &str) -> Result<Config, CliError> {
        let folder = self.from.strip_prefix("sqlite://").unwrap_or(&self.from);
        let flag = |name, key, value: &str| Flag {
            name,
            key,
            value: value.to_owned(),
        };
        Ok(config::load(&Sources {
            file: self.config.clone(),
            environment: config::environment(),
            flags: vec![
                flag("--from", "data.dir", folder),
                flag("--to", "database.url", url),
            ],
        })?)
    }
}

/// The number of entries, when all of them are as they were written.
async fn check_audit(config: &Config, place: &str) -> Result<u64, CliError> {
    let opened = match &config.database_url {
        // Not made here when it is missing.
        None if !config.data_dir.join("fuseboard.db").exists() => {
            let why = format!("there is no data at {}", config.data_dir.display());
            return Err(CliError::new(Exit::Unavailable, why));
        }
        _ => stores::open_keys(config).await?,
    };
    let checked = audit::verify(&opened, &[]).await;
    opened.close().await;
    let mut entries = 0;
    for one in checked? {
        match one.outcome {
            Ok(verified) => entries += verified.entries,
            Err(fault) => {
                let why = format!(
                    "the audit log of the {place} is not as it was written: {}: {fault}",
                    one.tenant
                );
                return Err(CliError::new(Exit::Failed, why));
            }
        }
    }
    Ok(entries)
}

fn tell(args: &CopyArgs, copied: &Copied, entries: u64, counts: &serde_json::Value, since: Instant) {
    let took = since.elapsed();
    let rows: u64 = copied.tables.values().sum();
    if args.json {
        let shown = json!({
            "rows": rows,
            "rows_before": copied.before,
            "tables": copied.tables,
            "audit_entries": entries,
            "verify": counts,
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        say(&shown.to_string());
        return;
    }
    say(&format!(
        "copied {rows} rows in {} tables ({} of them before), read back and compared; {entries} audit entries as they were \
         written; {} events in {} batches, {} calls in the journal, {} counted, in {:.1} s",
        copied.tables.len(),
        copied.before,
        counts["events"],
        counts["batches"],
        counts["weighted_calls"],
        counts["partials_calls"],
        took.as_secs_f64()
    ));
    complain(
        "audit.key, local.key and the configuration are not in a database: keep the data folder, and set database.url",
    );
}

impl From<CopyError> for CliError {
    fn from(error: CopyError) -> CliError {
        let exit = match &error {
            CopyError::Open(_)
            | CopyError::Transfer(TransferError::Database { .. } | TransferError::Open(_)) => {
                Exit::Unavailable
            }
            _ => Exit::Failed,
        };
        CliError::new(exit, crate::lifecycle::chain(&error))
    }
}
