//! `fuseboard erase`: takes data out of a running server for good, after saying what would go. A client of it like any other:
//! whoever writes to the store is the one that rewrites it.

use std::time::Duration;

use clap::Args;
use protocol::Span;
use reqwest::Method;
use serde_json::{Value, json};

use super::alerts::Server;
use super::shown::time;
use super::{CliError, Exit, say};

/// How long a look may take: it reads the whole journal.
const LOOK: Duration = Duration::from_secs(600);
/// How often it is asked whether an erasure is done.
const EVERY: Duration = Duration::from_secs(1);

/// Take data out for good: what has all that is named.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fuseboard erase --label user=anna@example.com --dry-run --key-file admin.key\n  \
                  fuseboard erase --service batch --from now-7d --note 'asked for by letter' --key-file admin.key"
)]
pub struct EraseArgs {
    /// What is of this service.
    #[arg(long)]
    service: Option<String>,
    /// What has this label, NAME=VALUE.
    #[arg(long, value_parser = label)]
    label: Option<(String, String)>,
    /// From then on, such as now-7d or 2026-11-20T14:00:00Z.
    #[arg(long)]
    from: Option<String>,
    /// Until before then.
    #[arg(long)]
    to: Option<String>,
    /// Why. It is kept for ever: do not write what is to be erased.
    #[arg(long, default_value = "")]
    note: String,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: Server,
}

/// Does it, and waits until it is done.
pub async fn run(args: EraseArgs) -> Result<Exit, CliError> {
    let now = engine::Clock::system().now();
    let moment = |name: &str, text: &Option<String>| {
        let read = |text: &String| {
            Span::moment(text, now, 0)
                .map_err(|error| CliError::new(Exit::Usage, format!("--{name}: {error}")))
        };
        text.as_ref().map(read).transpose()
    };
    let label = args.label.as_ref();
    let wanted = json!({
        "kind": "erase",
        "service": args.service,
        "label": label.map(|(name, value)| json!({ "name": name, "value": value })),
        "from": moment("from", &args.from)?,
        "to": moment("to", &args.to)?,
        "note": args.note,
    });
    let server = &args.server;
    if args.dry_run {
        let target = server.address("corrections/preview")?;
        let told = server
            .ask_within(Method::POST, target, Some(wanted), LOOK)
            .await?;
        if server.json {
            say(&told.to_string());
            return Ok(Exit::Done);
        }
        say(&format!(
            "would erase {}: {}",
            range(&told),
            counts(&told["erases"])
        ));
        for words in told["stays"].as_array().into_iter().flatten() {
            say(words.as_str().unwrap_or_default());
        }
        return Ok(Exit::Done);
    }
    let target = server.address("corrections")?;
    let mut told = server
        .ask_within(Method::POST, target, Some(wanted), LOOK)
        .await?;
    while told["state"] != "done" {
        tokio::time::sleep(EVERY).await;
        let target = server.address(&format!("corrections/{}", told["id"]))?;
        told = server.ask_within(Method::GET, target, None, LOOK).await?;
    }
    match server.json {
        true => say(&told.to_string()),
        false => say(&format!("erased {}: {}", range(&told), counts(&told["erased"]))),
    };
    Ok(Exit::Done)
}

fn label(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = parts.ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn range(told: &Value) -> String {
    let end = |name: &str| told[name].as_i64().map(|at| format!("{name} {}", time(at)));
    let ends: Vec<String> = [end("from"), end("to")].into_iter().flatten().collect();
    match ends.is_empty() {
        true => "of all times".to_owned(),
        false => ends.join(" "),
    }
}

fn counts(erased: &Value) -> String {
    let names = ["events", "buckets", "transitions", "alerts", "messages"];
    names.map(|name| format!("{} {name}", erased[name])).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_a_name_and_a_value() {
        assert_eq!(label("user=a=b"), Ok(("user".into(), "a=b".into())));
        assert!(label("user").is_err());
        assert!(label("=x").is_err());
    }

    #[test]
    fn what_went_is_one_line() {
        let told = json!({ "from": null, "to": 1_795_271_282_000_i64 });
        assert_eq!(range(&told), "to 2026-11-21T14:28:02Z");
        assert_eq!(range(&json!({})), "of all times");
        let erased = json!({ "events": 3, "buckets": 4, "transitions": 0, "alerts": 1, "messages": 2 });
        assert_eq!(
            counts(&erased),
            "3 events, 4 buckets, 0 transitions, 1 alerts, 2 messages"
        );
    }
}
