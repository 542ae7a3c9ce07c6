//! `fuseboard keys`. A running server sees the change within 5 s.

use clap::{Args, Subcommand};
use engine::Clock;
use serde_json::{Value, json};
use store::{ApiKey, AuditEntry, Scope, StoreError, TenantId};

use super::settings::DataFlags;
use super::{CliError, Exit, complain, say};
use crate::auth::{self, ManageError};
use crate::{config, stores};

/// Make, list and revoke API keys.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key and print it, alone, on standard output. It is shown once and never kept.
    #[command(after_help = "Example:\n  fuseboard keys create --name checkout --scope ingest:write")]
    Create {
        #[command(flatten)]
        flags: DataFlags,
        /// What to call it.
        #[arg(long)]
        name: String,
        /// What it may do; may be given more than once.
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List all keys, oldest first.
    #[command(after_help = "Example:\n  fuseboard keys list --json")]
    List {
        #[command(flatten)]
        flags: DataFlags,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key by its name or its id.
    #[command(after_help = "Example:\n  fuseboard keys revoke checkout")]
    Revoke {
        #[command(flatten)]
        flags: DataFlags,
        /// Its name or its id.
        #[arg(value_name = "NAME")]
        id_or_name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("there is no such scope; there are {}", all.join(", "))
    })
}

/// Does it.
pub async fn run(args: KeysArgs) -> Result<Exit, CliError> {
    match args.command {
        KeysCommand::Create {
            flags,
            name,
            scopes,
            json,
        } => create(&flags, &name, &scopes, json).await,
        KeysCommand::List { flags, json } => list(&flags, json).await,
        KeysCommand::Revoke {
            flags,
            id_or_name,
            json,
        } => revoke(&flags, &id_or_name, json).await,
    }
}

async fn create(flags: &DataFlags, name: &str, scopes: &[Scope], json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let now = Clock::system().now();
    let made = auth::create_key(opened.keys.as_ref(), &scope, name, scopes, &actor(), now).await;
    opened.close().await;
    let (text, key) = made.map_err(|error| match error {
        ManageError::Store(StoreError::Conflict(_)) => CliError::new(
            Exit::Failed,
            format!("there is a key named {name} already; revoke it first, or choose another name"),
        ),
        ManageError::Store(error) => error.into(),
        ManageError::Name(why) => CliError::new(Exit::Usage, why),
        error => CliError::new(Exit::Failed, error.to_string()),
    })?;
    if json {
        let mut shown = shown(&key);
        shown["key"] = text.into();
        say(&shown.to_string());
    } else {
        say(&text);
    }
    Ok(Exit::Done)
}

async fn list(flags: &DataFlags, json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let keys = opened.keys.list(&scope).await;
    opened.close().await;
    let keys = keys?;
    if json {
        say(&Value::Array(keys.iter().map(shown).collect()).to_string());
        return Ok(Exit::Done);
    }
    if keys.is_empty() {
        complain("there are no keys; make one with: fuseboard keys create --name NAME --scope ingest:write");
    }
    for key in &keys {
        let state = if key.revoked.is_some() {
            "revoked"
        } else {
            "in use"
        };
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let line = format!(
            "{}  {:<8}  {}  {}  {}",
            key.id,
            state,
            time(key.created),
            scopes.join(","),
            key.name
        );
        if !say(&line) {
            break;
        }
    }
    Ok(Exit::Done)
}

async fn revoke(flags: &DataFlags, id_or_name: &str, json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let now = Clock::system().now();
    let audit = AuditEntry {
        at: now,
        actor: actor(),
        action: "key.revoke".into(),
        target: id_or_name.into(),
        detail: String::new(),
    };
    let revoked = opened.keys.revoke(&scope, id_or_name, now, audit).await;
    opened.close().await;
    match revoked? {
        Some(key) => {
            say(&if json {
                shown(&key).to_string()
            } else {
                format!("revoked {} ({})", key.name, key.id)
            });
            Ok(Exit::Done)
        }
        None => Err(CliError::new(
            Exit::Failed,
            format!("there is no key in use with the name or id {id_or_name}"),
        )),
    }
}

fn actor() -> String {
    format!("cli:{}", config::user())
}

fn shown(key: &ApiKey) -> Value {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    json!({
        "id": key.id,
        "tenant": key.tenant.as_str(),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": scopes,
        "created": key.created,
        "revoked": key.revoked,
    })
}

/// RFC 3339, UTC, to the second.
fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms - ms.rem_euclid(1_000))
        .map(|time| time.to_string())
        .unwrap_or_default()
}
