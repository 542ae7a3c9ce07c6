//! `fuseboard prices`: a list of prices out of LiteLLM's file. A client of a running server, which uses the list from the next
//! batch on.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::alerts::{Server, plain};
use super::{CliError, Exit, say};

/// The largest file, as the server takes it.
const LARGEST: u64 = 8 << 20;

/// Import what tokens cost.
#[derive(Debug, Args)]
pub struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// Make a list of LiteLLM's model_prices_and_context_window.json. Calls of before keep the cost that they have.
    #[command(
        after_help = "Example:\n  fuseboard prices import prices.json --name 'October 2026' --from 2026-10-01 --preview \
                      --key-file admin.key\n  \
                      fuseboard prices import prices.json --name 'October 2026' --from 2026-10-01 --providers \
                      openai,anthropic --key-file admin.key"
    )]
    Import(ImportArgs),
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// The file.
    file: PathBuf,
    /// From when it holds: a day, from midnight UTC, or a moment such as 2026-10-01T09:00:00+02:00.
    #[arg(long)]
    from: String,
    /// What the list is called.
    #[arg(long)]
    name: String,
    /// Where the prices were read.
    #[arg(long, default_value = "")]
    source: String,
    /// Only these providers, separated by commas, as they are called on the board.
    #[arg(long, default_value = "")]
    providers: String,
    /// Only say what it would do.
    #[arg(long)]
    preview: bool,
    #[command(flatten)]
    server: Server,
}

/// Does what was asked.
pub async fn run(args: PricesArgs) -> Result<Exit, CliError> {
    match args.command {
        PricesCommand::Import(args) => import(args).await,
    }
}

async fn import(args: ImportArgs) -> Result<Exit, CliError> {
    let path = args.file.display();
    let unreadable = |error: std::io::Error| CliError::new(Exit::Unavailable, format!("{path}: {error}"));
    let size = std::fs::metadata(&args.file).map_err(unreadable)?.len();
    if size > LARGEST {
        let message = format!("{path}: has {size} bytes, at most {LARGEST} are taken");
        return Err(CliError::new(Exit::Usage, message));
    }
    let text = std::fs::read_to_string(&args.file).map_err(unreadable)?;
    let mut target = args.server.address("price-lists/import")?;
    target
        .query_pairs_mut()
        .append_pair("name", &args.name)
        .append_pair("from", &args.from)
        .append_pair("source", &args.source)
        .append_pair("providers", &args.providers)
        .append_pair("preview", if args.preview { "yes" } else { "no" });
    let told = args.server.send_file(target, &text).await?;
    if args.server.json {
        say(&told.to_string());
        return Ok(Exit::Done);
    }
    for line in lines(&told) {
        if !say(&line) {
            break;
        }
    }
    Ok(Exit::Done)
}

/// What was done, or would be.
fn lines(told: &Value) -> Vec<String> {
    let (entries, models) = (&told["entries"], &told["models"]);
    let (new, changed, same) = (&told["new"], &told["changed"], &told["same"]);
    let what = format!("{entries} prices of {models} models: {new} new, {changed} changed, {same} as before");
    let mut lines = vec![match told["list"].as_u64() {
        Some(list) => format!("list {list}: {what}"),
        None => format!("nothing saved; it would be {what}"),
    }];
    for skipped in told["skipped"].as_array().into_iter().flatten() {
        let why = plain(skipped["why"].as_str().unwrap_or_default());
        lines.push(format!("{} entries {why}", skipped["count"]));
    }
    for pair in told["unpriced"].as_array().into_iter().flatten() {
        let text = |place: usize| plain(pair[place].as_str().unwrap_or_default());
        lines.push(format!("still without a price: {} at {}", text(1), text(0)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_say_what_was_done_and_what_is_missing() {
        let mut told = json!({
            "list": 3, "entries": 7, "models": 5, "new": 4, "changed": 2, "same": 1,
            "skipped": [{ "why": "cannot be read", "count": 2, "names": ["a"] }],
            "unpriced": [["openai", "gpt\u{1b}"]],
        });
        assert_eq!(
            lines(&told),
            [
                "list 3: 7 prices of 5 models: 4 new, 2 changed, 1 as before",
                "2 entries cannot be read",
                "still without a price: gpt\u{fffd} at openai",
            ]
        );
        told["list"] = Value::Null;
        assert!(lines(&told)[0].starts_with("nothing saved; it would be 7 prices"));
    }
}
