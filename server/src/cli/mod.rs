//! The command line: what was asked, and with which exit code it ends.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 64 bad configuration, 69 something it needs is unavailable. Standard
//! output carries what was asked for and nothing else; everything else goes to standard error.

mod admin;
mod alerts;
mod audit;
mod backup;
mod check_config;
mod copy;
mod erase;
mod event_json;
mod healthcheck;
mod journal;
mod key_source;
mod keys;
mod prices;
mod restore;
mod secrets;
mod serve;
mod settings;
mod shown;
mod tenants;
mod trust;
pub mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::backup::BackupError;
use crate::config::ConfigError;
use crate::lifecycle::StartError;
use crate::{simulate, tail};

pub use key_source::KeySource;
pub use trust::Trust;

/// A live operations board for LLM providers and the circuit breakers in front of them.
#[derive(Debug, Parser)]
#[command(name = "fuseboard", version, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 64 bad configuration, 69 something is unavailable.\n\
                        Example:\n  fuseboard serve --local-key"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::ServeArgs),
    /// Make accounts, and let people back in.
    Admin(admin::AdminArgs),
    /// Make, list, replace and revoke API keys.
    Keys(keys::KeysArgs),
    /// List tenants, and say what each may use.
    Tenants(tenants::TenantsArgs),
    /// Read the audit log and check that nobody changed it.
    Audit(audit::AuditArgs),
    /// Replace the keys that secrets are sealed with, and check that every secret opens.
    Secrets(secrets::SecretsArgs),
    /// Print the live stream of breaker transitions.
    Tail(tail::TailArgs),
    /// Look at alerts, take them, silence them.
    Alerts(alerts::AlertsArgs),
    /// Import what tokens cost.
    Prices(prices::PricesArgs),
    /// Take data out for good.
    Erase(erase::EraseArgs),
    /// Check the configuration and print what is in force.
    CheckConfig(check_config::CheckConfigArgs),
    /// Ask a running server whether it is ready.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Write a backup, while the server runs.
    Backup(backup::BackupArgs),
    /// Put a backup back, while no server runs.
    Restore(restore::RestoreArgs),
    /// Copy everything from SQLite into Postgres.
    Copy(copy::CopyArgs),
    /// Read the journal of accepted events.
    Journal(journal::JournalArgs),
    /// Send simulated traffic: real HTTP calls through real breakers.
    Simulate(simulate::SimulateArgs),
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was asked wrongly.
    Usage,
    /// The configuration is bad.
    Config,
    /// Something it needs is not there: the server, the database, a port.
    Unavailable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0_u8,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Config => 64,
            Exit::Unavailable => 69,
        })
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    exit: Exit,
    message: String,
}

impl CliError {
    /// With this code and these words.
    pub fn new(exit: Exit, message: impl Into<String>) -> CliError {
        CliError {
            exit,
            message: message.into(),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        CliError::new(Exit::Config, error.to_string())
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> CliError {
        CliError::new(Exit::Unavailable, error.to_string())
    }
}

impl From<crate::audit::AuditKeyError> for CliError {
    fn from(error: crate::audit::AuditKeyError) -> CliError {
        CliError::new(Exit::Unavailable, error.to_string())
    }
}

impl From<crate::stores::StoresError> for CliError {
    fn from(error: crate::stores::StoresError) -> CliError {
        CliError::new(Exit::Unavailable, crate::lifecycle::chain(&error))
    }
}

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> CliError {
        let exit = if error.is_unavailable() {
            Exit::Unavailable
        } else {
            Exit::Failed
        };
        CliError::new(exit, crate::lifecycle::chain(&error))
    }
}

impl From<store::StoreError> for CliError {
    fn from(error: store::StoreError) -> CliError {
        let exit = match error {
            store::StoreError::Unavailable(_) => Exit::Unavailable,
            store::StoreError::Corrupt(_) | store::StoreError::Conflict(_) => Exit::Failed,
        };
        CliError::new(exit, crate::lifecycle::chain(&error))
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Clap answers wrong usage itself, with code 2.
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Exit::Unavailable.into();
        }
    };
    // rustls wants one provider per process, chosen before the first connection; a second choice is refused.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let result = runtime.block_on(run(cli.command));
    // What still runs here is not worth waiting for: the command has ended.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&error.message);
            error.exit.into()
        }
    }
}

async fn run(command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Serve(args) => serve::run(args).await,
        Command::Admin(args) => admin::run(args).await,
        Command::Keys(args) => keys::run(args).await,
        Command::Tenants(args) => tenants::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Secrets(args) => secrets::run(args).await,
        Command::Tail(args) => tail::run(args).await,
        Command::Alerts(args) => alerts::run(args).await,
        Command::Prices(args) => prices::run(args).await,
        Command::Erase(args) => erase::run(args).await,
        Command::CheckConfig(args) => check_config::run(&args),
        Command::Healthcheck(args) => healthcheck::run(args).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Restore(args) => restore::run(args).await,
        Command::Copy(args) => copy::run(args).await,
        Command::Journal(args) => journal::run(args).await,
        Command::Simulate(args) => simulate::run(args).await,
    }
}

/// One line to standard output. False when nobody reads it any more (`| head`): then there is nothing left to do.
pub fn say(line: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

/// A message to standard error.
pub fn complain(message: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "fuseboard: {message}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_command_has_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        fn leaves(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                command.get_subcommands().for_each(|inner| leaves(inner, &path));
            } else {
                let help = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(help.contains("Example"), "{path} has no example");
            }
        }
        leaves(&command, "");
    }
}
