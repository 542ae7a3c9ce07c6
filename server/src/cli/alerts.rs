//! `fuseboard alerts`: look at alerts, take one, silence some, in a terminal. A client of a running server like any
//! other, so that everybody else sees at once what was done.

use std::time::Duration;

use clap::{Args, Subcommand};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::{Value, json};

use super::shown::time;
use super::{CliError, Exit, KeySource, Trust, say};

/// Look at alerts, take them, silence them.
#[derive(Debug, Args)]
pub struct AlertsArgs {
    #[command(subcommand)]
    command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    /// List alerts, newest first.
    #[command(after_help = "Example:\n  fuseboard alerts ls --key-file data/local.key\n  \
                            fuseboard alerts ls --phase resolved 'provider=\"openai\"'\n  \
                            fuseboard alerts ls --source grafana,prometheus --json")]
    Ls(LsArgs),
    /// Acknowledge an alert: "I have it".
    #[command(
        after_help = "Example:\n  fuseboard alerts ack 41 --note 'calling them' --for 2h --key-file admin.key"
    )]
    Ack(AckArgs),
    /// Tell nobody of some alerts for a while.
    #[command(
        after_help = "Example:\n  fuseboard alerts silence 'provider=\"openai\",severity!=\"critical\"' --for 2h \
                      --comment 'they are at it' --key-file admin.key"
    )]
    Silence(SilenceArgs),
}

/// A running server, and who asks it.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// Looking needs the scope api:read, doing something api:admin.
    #[command(flatten)]
    key: KeySource,
    #[command(flatten)]
    trust: Trust,
    /// Print what the server answers, as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
struct LsArgs {
    /// Matchers of labels, as amtool writes them.
    matchers: Option<String>,
    /// Phases, separated by commas: firing, acknowledged, snoozed, suppressed, resolved.
    #[arg(long, default_value = "firing,acknowledged,snoozed,suppressed")]
    phase: String,
    /// Who found them, separated by commas: rule, prometheus, alertmanager, grafana.
    #[arg(long)]
    source: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Args)]
struct AckArgs {
    /// The alerts' numbers.
    #[arg(required = true)]
    ids: Vec<u64>,
    /// What others shall know.
    #[arg(long, default_value = "")]
    note: String,
    /// It needs somebody again after so long, such as 30m or 2h.
    #[arg(long = "for", value_parser = length)]
    lasts: Option<i64>,
    /// Also when somebody else has it.
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Args)]
struct SilenceArgs {
    /// Matchers of labels, as amtool writes them; all must match.
    matchers: String,
    /// How long, such as 30m or 2h.
    #[arg(long = "for", value_parser = length)]
    lasts: i64,
    /// Why.
    #[arg(long)]
    comment: String,
    #[command(flatten)]
    server: Server,
}

/// Does what was asked.
pub async fn run(args: AlertsArgs) -> Result<Exit, CliError> {
    match args.command {
        AlertsCommand::Ls(args) => ls(args).await,
        AlertsCommand::Ack(args) => ack(args).await,
        AlertsCommand::Silence(args) => silence(args).await,
    }
}

async fn ls(args: LsArgs) -> Result<Exit, CliError> {
    let mut target = args.server.address("alerts")?;
    target
        .query_pairs_mut()
        .append_pair("phase", &args.phase)
        .append_pair("source", args.source.as_deref().unwrap_or_default())
        .append_pair("match", args.matchers.as_deref().unwrap_or_default())
        .append_pair("limit", &args.limit.to_string());
    let told = args.server.ask(Method::GET, target, None).await?;
    if args.server.json {
        say(&told.to_string());
        return Ok(Exit::Done);
    }
    for alert in told["items"].as_array().into_iter().flatten() {
        if !say(&line(alert)) {
            break;
        }
    }
    Ok(Exit::Done)
}

/// `41  critical  firing        2026-11-21T14:28:02Z  Breaker open: claude-sonnet · 2 of 3 instances are open`
fn line(alert: &Value) -> String {
    let text = |name: &str| plain(alert[name].as_str().unwrap_or_default());
    let owner = alert["ack"]["by"]["name"].as_str();
    let sender = alert["source"].as_str().filter(|source| *source != "rule");
    let summary = text("summary");
    format!(
        "{:>5}  {:<8}  {:<12}  {}  {}{}{}{}",
        alert["id"].to_string(),
        text("severity"),
        text("phase"),
        time(alert["fired"].as_i64().unwrap_or_default()),
        text("title"),
        if summary.is_empty() {
            String::new()
        } else {
            format!(" · {summary}")
        },
        sender.map_or_else(String::new, |sender| format!(" · from {}", plain(sender))),
        owner.map_or_else(String::new, |owner| format!(" · {} has it", plain(owner))),
    )
}

/// What others named must not move the cursor of a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

async fn ack(args: AckArgs) -> Result<Exit, CliError> {
    let now = engine::Clock::system().now();
    let said = json!({
        "do": "ack",
        "ids": args.ids,
        "note": args.note,
        "until": args.lasts.map(|lasts| now + lasts),
        "take_over": args.take_over,
    });
    let target = args.server.address("alerts")?;
    let told = args.server.ask(Method::POST, target, Some(said)).await?;
    let items = told["items"].as_array().cloned().unwrap_or_default();
    let refused = items.iter().filter(|item| item["error"].is_string()).count();
    if args.server.json {
        say(&told.to_string());
    } else {
        for item in &items {
            match item["error"].as_str() {
                Some(why) => super::complain(&format!("{}: {}", item["id"], plain(why))),
                None => {
                    say(&line(&item["alert"]));
                }
            }
        }
    }
    Ok(if refused == 0 { Exit::Done } else { Exit::Failed })
}

async fn silence(args: SilenceArgs) -> Result<Exit, CliError> {
    let now = engine::Clock::system().now();
    let said = json!({ "matchers": args.matchers, "ends": now + args.lasts, "comment": args.comment });
    let target = args.server.address("silences")?;
    let told = args.server.ask(Method::POST, target, Some(said)).await?;
    if args.server.json {
        say(&told.to_string());
    } else {
        let until = time(told["ends"].as_i64().unwrap_or_default());
        say(&format!(
            "silence {} until {until}; it hides {} open alerts",
            told["id"], told["hides"]
        ));
    }
    Ok(Exit::Done)
}

impl Server {
    pub(super) fn address(&self, what: &str) -> Result<Url, CliError> {
        let base = self.url.trim_end_matches('/');
        Url::parse(&format!("{base}/api/v1/{what}"))
            .map_err(|error| CliError::new(Exit::Usage, format!("--url {}: {error}", self.url)))
    }

    /// The answer, or why there is none.
    async fn ask(&self, method: Method, target: Url, body: Option<Value>) -> Result<Value, CliError> {
        self.ask_within(method, target, body, Duration::from_secs(30))
            .await
    }

    /// The same, for what may take longer.
    pub(super) async fn ask_within(
        &self,
        method: Method,
        target: Url,
        body: Option<Value>,
        patience: Duration,
    ) -> Result<Value, CliError> {
        let with = |request: RequestBuilder| match &body {
            Some(body) => request.json(body),
            None => request,
        };
        self.answer(method, target, with, patience).await
    }

    /// The answer to a file, which is sent as it is: numbers in it must not pass through a float.
    pub(super) async fn send_file(&self, target: Url, text: &str) -> Result<Value, CliError> {
        let with = |request: RequestBuilder| {
            request
                .header("content-type", "application/json")
                .body(text.to_owned())
        };
        self.answer(Method::POST, target, with, Duration::from_secs(60))
            .await
    }

    async fn answer(
        &self,
        method: Method,
        target: Url,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
        patience: Duration,
    ) -> Result<Value, CliError> {
        let key = self.key.read()?;
        let unavailable = |error: reqwest::Error| {
            CliError::new(
                Exit::Unavailable,
                format!("{}: {}", self.url, error.without_url()),
            )
        };
        let mut client = Client::builder().no_proxy().timeout(patience);
        if let Some(pem) = self.trust.pem()? {
            let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(unavailable)?;
            client = client.tls_certs_merge(authorities);
        }
        let client = client.build().map_err(unavailable)?;
        let request = with(client.request(method, target).bearer_auth(key));
        let answer = request.send().await.map_err(unavailable)?;
        let status = answer.status();
        let told: Value = answer.json().await.unwrap_or_default();
        if status.is_success() {
            return Ok(told);
        }
        let detail = told["detail"].as_str().map_or_else(|| status.to_string(), plain);
        let exit = match status.as_u16() {
            400 => Exit::Usage,
            503 => Exit::Unavailable,
            _ => Exit::Failed,
        };
        Err(CliError::new(exit, detail))
    }
}

/// `90s`, `30m`, `2h`, `7d` in milliseconds.
fn length(text: &str) -> Result<i64, String> {
    let wrong = || "must be a number and one of s, m, h, d, such as 30m or 2h, at most 366d".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1_000,
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        _ => return Err(wrong()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let length = count.checked_mul(unit).ok_or_else(wrong)?;
    match (1..=366 * 86_400_000).contains(&length) {
        true => Ok(length),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        assert_eq!(length("90s"), Ok(90_000));
        assert_eq!(length("2h"), Ok(7_200_000));
        for bad in [
            "",
            "h",
            "2",
            "-1h",
            "0m",
            "367d",
            "1.5h",
            "9999999999999999d",
            "2 h",
            "2é",
        ] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_says_what_it_is_and_who_has_it() {
        let alert = json!({
            "id": 41, "severity": "critical", "phase": "acknowledged", "fired": 1_795_271_282_000_i64,
            "title": "Breaker open: \u{1b}[2Jsonnet", "summary": "the only instance is open",
            "ack": { "by": { "name": "ada" } },
        });
        assert_eq!(
            line(&alert),
            "   41  critical  acknowledged  2026-11-21T14:28:02Z  Breaker open: \u{fffd}[2Jsonnet · the only instance is \
             open · ada has it"
        );
        let sent = json!({
            "id": 7, "severity": "warning", "phase": "firing", "fired": 1_795_271_282_000_i64,
            "title": "HighLatency: checkout", "summary": "", "source": "grafana",
        });
        assert_eq!(
            line(&sent),
            "    7  warning   firing        2026-11-21T14:28:02Z  HighLatency: checkout · from grafana"
        );
    }
}
