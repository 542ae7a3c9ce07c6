//! `fuseboard check-config`.

use clap::Args;
use engine::Clock;
use serde_json::{Map, Value, json};

use super::settings::ServerFlags;
use super::{CliError, Exit, complain, say};
use crate::config::{Config, ConfigError, Effective};
use crate::tls;

/// Check the configuration and print what is in force, and where each value comes from. Secrets are masked.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fuseboard check-config --config fuseboard.toml --json")]
pub struct CheckConfigArgs {
    #[command(flatten)]
    flags: ServerFlags,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Checks and prints.
pub fn run(args: &CheckConfigArgs) -> Result<Exit, CliError> {
    match args
        .flags
        .load()
        .and_then(|config| certificate(&config).map(|()| config))
    {
        Ok(config) => {
            if args.json {
                say(&good(&config.effective).to_string());
            } else {
                print(&config.effective);
            }
            Ok(Exit::Done)
        }
        Err(ConfigError(problems)) => {
            if args.json {
                say(&json!({ "ok": false, "problems": problems }).to_string());
            } else {
                problems.iter().for_each(|problem| complain(problem));
            }
            Ok(Exit::Config)
        }
    }
}

/// The certificate and its key, where TLS is spoken. What a server would only warn of is told and no more.
fn certificate(config: &Config) -> Result<(), ConfigError> {
    let Some(files) = &config.tls else { return Ok(()) };
    let host = config.external.as_ref().map(|external| external.host());
    let (problem, remarks) = tls::check(files, host, Clock::system().now());
    remarks.iter().for_each(|remark| complain(remark));
    match problem {
        None => Ok(()),
        Some(problem) => Err(ConfigError(vec![format!(
            "tls.cert_file, tls.key_file: {problem}"
        )])),
    }
}

fn good(effective: &[Effective]) -> Value {
    let settings: Map<String, Value> = effective
        .iter()
        .map(|setting| {
            (
                setting.key.to_owned(),
                json!({ "value": setting.shown, "source": setting.source }),
            )
        })
        .collect();
    json!({ "ok": true, "settings": settings })
}

fn print(effective: &[Effective]) {
    let width = effective
        .iter()
        .map(|setting| setting.key.len() + setting.shown.len())
        .max()
        .unwrap_or_default();
    for setting in effective {
        let line = format!("{} = {:?}", setting.key, setting.shown);
        if !say(&format!(
            "{line:<indent$}  # {}",
            setting.source,
            indent = width + 5
        )) {
            return;
        }
    }
}
