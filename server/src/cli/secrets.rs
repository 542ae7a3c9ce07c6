//! `fuseboard secrets`: the keys that secrets are sealed with. No command prints a secret.

use ::secrets::{Rotated, Step, Vault, VaultError};
use clap::{Args, Subcommand};
use engine::Clock;
use serde_json::{Value, json};
use store::{AuditEntry, Logged, TenantId};

use super::settings::DataFlags;
use super::shown::{actor, time};
use super::{CliError, Exit, complain, say};
use crate::stores::{self, OpenKeys};

/// Secrets sealed anew in one transaction: a few milliseconds, so that a server beside it does not wait.
const AT_ONCE: usize = 100;

/// Replace the keys that secrets are sealed with, and check that every secret opens.
#[derive(Debug, Args)]
pub struct SecretsArgs {
    #[command(subcommand)]
    command: SecretsCommand,
}

#[derive(Debug, Subcommand)]
enum SecretsCommand {
    /// List what secrets there are: where they belong, and never what they are.
    #[command(after_help = "Example:\n  fuseboard secrets list --json")]
    List {
        #[command(flatten)]
        flags: DataFlags,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Open every secret and every key, and print how many; exit code 1 when one does not open.
    #[command(after_help = "Example:\n  fuseboard secrets verify")]
    Verify {
        #[command(flatten)]
        flags: DataFlags,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a new master key and seal everything anew, while the server runs or not. When it is interrupted, run it again:
    /// it goes on. The old master key stays in the file, because backups from before need it.
    #[command(after_help = "Example:\n  fuseboard secrets rotate")]
    Rotate {
        #[command(flatten)]
        flags: DataFlags,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove the master keys from the file that the database does not need any more. Do it when no backup is left from
    /// before the last rotation: the secrets in it could not be opened.
    #[command(after_help = "Example:\n  fuseboard secrets prune")]
    Prune {
        #[command(flatten)]
        flags: DataFlags,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove the secrets that nobody can open any more, when the master key file is lost for good.
    #[command(after_help = "Example:\n  fuseboard secrets forget --the-key-is-lost")]
    Forget {
        #[command(flatten)]
        flags: DataFlags,
        /// What is removed has to be given anew.
        #[arg(long, required = true)]
        the_key_is_lost: bool,
    },
}

/// Does it.
pub async fn run(args: SecretsArgs) -> Result<Exit, CliError> {
    let (SecretsCommand::List { flags, .. }
    | SecretsCommand::Verify { flags, .. }
    | SecretsCommand::Rotate { flags, .. }
    | SecretsCommand::Prune { flags, .. }
    | SecretsCommand::Forget { flags, .. }) = &args.command;
    let config = flags.load()?;
    let opened = stores::open_keys(&config).await?;
    let vault = crate::secrets::vault(&config, opened.secrets.clone(), opened.system());
    let done = match args.command {
        SecretsCommand::List { json, .. } => list(&vault, json).await,
        SecretsCommand::Verify { json, .. } => verify(&vault, json).await,
        SecretsCommand::Rotate { json, .. } => rotate(&vault, json).await,
        SecretsCommand::Prune { json, .. } => prune(&opened, &vault, json).await,
        SecretsCommand::Forget { .. } => forget(&vault).await,
    };
    drop(vault);
    opened.close().await;
    done
}

async fn list(vault: &Vault, json: bool) -> Result<Exit, CliError> {
    let mut shown = Vec::new();
    for holder in vault.holders().await? {
        for one in vault.list(&holder).await? {
            if json {
                let tenant = Some(holder.as_str()).filter(|slug| !slug.is_empty());
                shown.push(json!({
                    "tenant": tenant, "kind": one.place.kind, "owner": one.place.owner, "field": one.place.field,
                    "destination": one.destination, "master_key": one.master, "created": one.created,
                    "changed": one.changed,
                }));
                continue;
            }
            let line = format!(
                "{:<12}  {} {} {}  {}  {}  {}",
                Some(holder.as_str())
                    .filter(|slug| !slug.is_empty())
                    .unwrap_or("-"),
                one.place.kind,
                one.place.owner,
                one.place.field,
                time(one.changed),
                one.master,
                one.destination.as_deref().unwrap_or("-"),
            );
            if !say(&line) {
                return Ok(Exit::Done);
            }
        }
    }
    if json {
        say(&Value::Array(shown).to_string());
    }
    Ok(Exit::Done)
}

async fn verify(vault: &Vault, json: bool) -> Result<Exit, CliError> {
    let verified = vault.verify().await?;
    if json {
        say(&json!({ "opened": verified.opened, "faults": verified.faults }).to_string());
    } else {
        say(&format!("{} secrets open", verified.opened));
        verified.faults.iter().for_each(|fault| complain(fault));
    }
    Ok(if verified.faults.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

async fn rotate(vault: &Vault, json: bool) -> Result<Exit, CliError> {
    let told = |step: &Step| match step {
        Step::Written(id) if !json => complain(&format!("the master key {id} is in the file")),
        Step::Retired(id) if !json => complain(&format!("nothing in the database needs {id} any more")),
        _ => {}
    };
    let now = Clock::system().now();
    let rotated = ::secrets::rotate(vault, now, &actor(), AT_ONCE, told).await?;
    let Rotated {
        master,
        retired,
        resumed,
        data_keys,
        secrets,
    } = rotated;
    if json {
        let shown = json!({
            "master_key": master, "retired": retired, "resumed": resumed, "data_keys": data_keys, "secrets": secrets,
        });
        say(&shown.to_string());
        return Ok(Exit::Done);
    }
    let Some(master) = master else {
        complain("there are no secrets yet, and so no keys to replace");
        return Ok(Exit::Done);
    };
    let how = if resumed {
        ", going on with a rotation that was interrupted"
    } else {
        ""
    };
    say(&format!(
        "sealed {secrets} secrets anew under the master key {master}{how}"
    ));
    complain(
        "copy the master key file again. The old key is still in it: backups from before need it. Without such backups \
         `fuseboard secrets prune` removes it.",
    );
    Ok(Exit::Done)
}

async fn prune(opened: &OpenKeys, vault: &Vault, json: bool) -> Result<Exit, CliError> {
    let pruned = ::secrets::prune(vault).await?;
    for id in &pruned {
        let logged = logged("secrets.prune", id);
        let scope = crate::auth::by_command_line(logged.tenant);
        opened.audits.record(&scope, logged.entry).await?;
    }
    if json {
        say(&json!({ "pruned": pruned }).to_string());
    } else if pruned.is_empty() {
        complain("every key in the file is needed");
    } else {
        pruned.iter().all(|id| say(&format!("removed {id}")));
    }
    Ok(Exit::Done)
}

async fn forget(vault: &Vault) -> Result<Exit, CliError> {
    let missing: Vec<String> = vault.missing().await?.into_iter().map(|key| key.id).collect();
    if missing.is_empty() {
        return Err(CliError::new(
            Exit::Failed,
            "no key is lost: the file has every master key that the database needs",
        ));
    }
    let gone = vault.forget(logged("secrets.forget", &missing.join(" "))).await?;
    say(&format!(
        "removed {gone} secrets that only {} could open",
        missing.join(", ")
    ));
    Ok(Exit::Done)
}

/// In the log of the tenant that every installation has.
fn logged(action: &str, target: &str) -> Logged {
    Logged {
        tenant: TenantId::default_tenant(),
        entry: AuditEntry {
            at: Clock::system().now(),
            actor: actor(),
            action: action.into(),
            target: target.into(),
            ..AuditEntry::default()
        },
    }
}

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> CliError {
        let exit = match &error {
            VaultError::Store(error) => return CliError::new(exit_of(error), crate::lifecycle::chain(error)),
            VaultError::File { .. }
            | VaultError::Malformed { .. }
            | VaultError::MissingKey { .. }
            | VaultError::Busy(_)
            | VaultError::Random(_) => Exit::Unavailable,
            VaultError::Unsound(_)
            | VaultError::UnsoundKey { .. }
            | VaultError::OtherDestination { .. }
            | VaultError::TooLong(_) => Exit::Failed,
        };
        CliError::new(exit, error.to_string())
    }
}

fn exit_of(error: &store::StoreError) -> Exit {
    match error {
        store::StoreError::Unavailable(_) => Exit::Unavailable,
        store::StoreError::Corrupt(_) | store::StoreError::Conflict(_) => Exit::Failed,
    }
}
