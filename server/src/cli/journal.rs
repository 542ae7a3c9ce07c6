//! `fuseboard journal`: reading what was accepted, while no server runs on it.

use clap::{Args, Subcommand};
use store::Offset;

use super::settings::DataFlags;
use super::{CliError, Exit, event_json, say, verify};
use crate::stores;

/// Batches read at a time.
pub const BATCHES: usize = 200;

/// Read the journal of accepted events.
#[derive(Debug, Args)]
pub struct JournalArgs {
    #[command(subcommand)]
    command: JournalCommand,
}

#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Print every event as one line of JSON, oldest batch first.
    #[command(after_help = "Example:\n  fuseboard journal export --data-dir ./data > events.ndjson")]
    Export {
        #[command(flatten)]
        flags: DataFlags,
        /// Only batches after this number.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Add the journal up again and compare with what was stored; prints one object of JSON. Exit code 1 when they differ.
    #[command(after_help = "Example:\n  fuseboard journal verify --data-dir ./data")]
    Verify {
        #[command(flatten)]
        flags: DataFlags,
    },
}

/// Does it.
pub async fn run(args: JournalArgs) -> Result<Exit, CliError> {
    match args.command {
        JournalCommand::Export { flags, after } => {
            let opened = stores::open_to_read(&flags.load()?).await?;
            let result = export(&opened, after).await;
            opened.close().await;
            result
        }
        JournalCommand::Verify { flags } => {
            let opened = stores::open_to_read(&flags.load()?).await?;
            let result = verify::verify(&opened).await;
            opened.close().await;
            let report = result?;
            say(&report.json().to_string());
            Ok(if report.ok() { Exit::Done } else { Exit::Failed })
        }
    }
}

async fn export(opened: &stores::OpenStores, after: u64) -> Result<Exit, CliError> {
    let system = opened.system();
    let head = opened.stores.journal.head(&system).await?;
    let mut from = Offset {
        writer: head.writer,
        seq: after,
    };
    loop {
        let batches = opened.stores.journal.read_after(&system, from, BATCHES).await?;
        let Some(last) = batches.last() else {
            return Ok(Exit::Done);
        };
        from = last.offset;
        for batch in &batches {
            for (index, event) in batch.events.iter().enumerate() {
                if !say(&event_json::line(batch, index, event).to_string()) {
                    return Ok(Exit::Done);
                }
            }
        }
    }
}
