//! `fuseboard keys`. A running server sees the change within 5 s.

use clap::{Args, Subcommand};
use domain::Millis;
use engine::Clock;
use ipnet::IpNet;
use serde_json::{Value, json};
use store::{ApiKey, Scope, StoreError, TenantId};

use super::settings::DataFlags;
use super::shown::{actor, time};
use super::{CliError, Exit, complain, say};
use crate::auth::{self, By, ManageError, NewKey};
use crate::stores;

/// Make, list, replace and revoke API keys.
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
        /// For how long it counts: 90m, 24h, 90d [default: until it is revoked].
        #[arg(long, value_name = "LENGTH", value_parser = length)]
        expires: Option<i64>,
        /// The address range it counts from, such as 10.0.0.0/8 or 2001:db8::7; may be given more than once.
        #[arg(long = "from", value_name = "RANGE", value_parser = range)]
        addresses: Vec<IpNet>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a new key into the place of one, and print it, alone, on standard output. The old one counts a while longer.
    #[command(after_help = "Example:\n  fuseboard keys rotate checkout --overlap 24h")]
    Rotate {
        #[command(flatten)]
        flags: DataFlags,
        /// Its name or its id.
        #[arg(value_name = "NAME")]
        id_or_name: String,
        /// How long the old key still counts: 0s, 90m, 24h, 7d.
        #[arg(long, default_value = "24h", value_parser = length)]
        overlap: i64,
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

/// A length of time in milliseconds, at most ten years.
fn length(text: &str) -> Result<i64, String> {
    const WORDS: &str = "write a whole number and a unit, as in 90m, 24h or 90d, and at most 3650d";
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(WORDS.into()),
    };
    let number: i64 = number.parse().map_err(|_| WORDS.to_owned())?;
    let length = number.checked_mul(unit);
    length
        .filter(|length| (0..=3_650 * 86_400_000).contains(length))
        .ok_or_else(|| WORDS.into())
}

/// A range of addresses; one address is a range of one.
fn range(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    let range: IpNet = text.parse().or_else(|_| one()).map_err(|_| {
        "write an address or a range, as in 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32".to_owned()
    })?;
    Ok(range.trunc())
}

/// Does it.
pub async fn run(args: KeysArgs) -> Result<Exit, CliError> {
    match args.command {
        KeysCommand::Create {
            flags,
            name,
            scopes,
            expires,
            addresses,
            json,
        } => {
            let now = Clock::system().now();
            let wanted = NewKey {
                name: &name,
                scopes: &scopes,
                expires: expires.map(|length| now + length),
                addresses: &addresses,
            };
            create(&flags, wanted, now, json).await
        }
        KeysCommand::Rotate {
            flags,
            id_or_name,
            overlap,
            json,
        } => rotate(&flags, &id_or_name, overlap, json).await,
        KeysCommand::List { flags, json } => list(&flags, json).await,
        KeysCommand::Revoke {
            flags,
            id_or_name,
            json,
        } => revoke(&flags, &id_or_name, json).await,
    }
}

async fn create(flags: &DataFlags, wanted: NewKey<'_>, now: Millis, json: bool) -> Result<Exit, CliError> {
    let name = wanted.name;
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let made = auth::create_key(opened.keys.as_ref(), &scope, wanted, &By::here(actor(), now)).await;
    opened.close().await;
    let (text, key) = made.map_err(|error| match error {
        ManageError::Store(StoreError::Conflict(_)) => CliError::new(
            Exit::Failed,
            format!("there is a key named {name} already; revoke or rotate it, or choose another name"),
        ),
        error => refused(error),
    })?;
    if json {
        let mut shown = object(&key);
        shown["key"] = text.into();
        say(&shown.to_string());
    } else {
        say(&text);
    }
    Ok(Exit::Done)
}

async fn rotate(flags: &DataFlags, id_or_name: &str, overlap: i64, json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let now = Clock::system().now();
    let keys = opened.keys.as_ref();
    let made = auth::rotate_key(keys, &scope, id_or_name, now + overlap, &By::here(actor(), now)).await;
    opened.close().await;
    let Some((text, key, old)) = made.map_err(refused)? else {
        return Err(nobody(id_or_name));
    };
    let until = old.expires.map(time).unwrap_or_default();
    if json {
        let mut shown = object(&key);
        shown["key"] = text.into();
        shown["replaces"] = json!({ "id": old.id, "expires": old.expires });
        say(&shown.to_string());
    } else {
        say(&text);
        complain(&format!("the key {} before it counts until {until}", old.id));
    }
    Ok(Exit::Done)
}

fn refused(error: ManageError) -> CliError {
    match error {
        ManageError::Store(error) => error.into(),
        ManageError::Name(_) | ManageError::Addresses(_) => CliError::new(Exit::Usage, error.to_string()),
        error => CliError::new(Exit::Failed, error.to_string()),
    }
}

fn nobody(id_or_name: &str) -> CliError {
    CliError::new(
        Exit::Failed,
        format!("there is no key in use with the name or id {id_or_name}"),
    )
}

async fn list(flags: &DataFlags, json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let keys = opened.keys.list(&scope).await;
    opened.close().await;
    let keys = keys?;
    let now = Clock::system().now();
    if json {
        say(&Value::Array(keys.iter().map(object).collect()).to_string());
        return Ok(Exit::Done);
    }
    if keys.is_empty() {
        complain("there are no keys; make one with: fuseboard keys create --name NAME --scope ingest:write");
    }
    for key in &keys {
        let state = match key {
            _ if key.revoked.is_some() => "revoked",
            _ if !key.counts(now) => "expired",
            _ if key.replaced_by.is_some() => "replaced",
            _ => "in use",
        };
        let seen = key.last_used.map_or_else(|| "never used".to_owned(), time);
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let line = format!(
            "{}  {:<8}  {}  {:<20}  {}  {}",
            key.id,
            state,
            time(key.created),
            seen,
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
    let by = By::here(actor(), Clock::system().now());
    let revoked = auth::revoke_key(opened.keys.as_ref(), &scope, id_or_name, &by).await;
    opened.close().await;
    match revoked? {
        Some(key) => {
            say(&if json {
                object(&key).to_string()
            } else {
                format!("revoked {} ({})", key.name, key.id)
            });
            Ok(Exit::Done)
        }
        None => Err(nobody(id_or_name)),
    }
}

fn object(key: &ApiKey) -> Value {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    json!({
        "id": key.id,
        "tenant": key.tenant.as_str(),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": scopes,
        "created": key.created,
        "expires": key.expires,
        "addresses": key.addresses,
        "last_used": key.last_used,
        "replaced_by": key.replaced_by,
        "revoked": key.revoked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(length("90m"), Ok(5_400_000));
        assert_eq!((length("0s"), length("3650d")), (Ok(0), Ok(315_360_000_000)));
        for wrong in [
            "",
            "s",
            "90",
            "-1d",
            "1.5h",
            "1w",
            "3651d",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges() {
        let text = |text| range(text).map(|range| range.to_string());
        assert_eq!(text("10.1.2.3/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(text("192.0.2.7").as_deref(), Ok("192.0.2.7/32"));
        assert_eq!(text("2001:db8::7").as_deref(), Ok("2001:db8::7/128"));
        for wrong in [
            "",
            "10.0.0.0/33",
            "10.0.0",
            "example.com",
            "10.0.0.0/8,11.0.0.0/8",
        ] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
