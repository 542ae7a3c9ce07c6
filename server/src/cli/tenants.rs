//! `fuseboard tenants`. A running server sees the change within 5 s.

use clap::{Args, Subcommand};
use engine::Clock;
use serde_json::{Value, json};
use store::{Quota, TenantId};

use super::settings::DataFlags;
use super::shown::actor;
use super::{CliError, Exit, say};
use crate::auth::{self, By};
use crate::stores;

/// List tenants, and say what each may use.
#[derive(Debug, Args)]
pub struct TenantsArgs {
    #[command(subcommand)]
    command: TenantsCommand,
}

#[derive(Debug, Subcommand)]
enum TenantsCommand {
    /// List all tenants with their quotas.
    #[command(after_help = "Example:\n  fuseboard tenants list --json")]
    List {
        #[command(flatten)]
        flags: DataFlags,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say what a tenant may use, and print it. What is not named stays; `usual` is what the settings say for all.
    #[command(
        after_help = "Example:\n  fuseboard tenants quota acme --events-per-second 500 --series 5000 --stored-mib usual"
    )]
    Quota {
        #[command(flatten)]
        flags: DataFlags,
        /// Its slug, as in addresses.
        #[arg(value_name = "TENANT", value_parser = tenant)]
        tenant: TenantId,
        /// Events that it may send per second, ten seconds of them at once; 0 is no limit.
        #[arg(long, value_name = "NUMBER", value_parser = events)]
        events_per_second: Option<Said>,
        /// Series; calls of further ones fold into one.
        #[arg(long, value_name = "NUMBER", value_parser = series)]
        series: Option<Said>,
        /// MiB that it may store of events, buckets and keyframes; 0 is no limit.
        #[arg(long, value_name = "NUMBER", value_parser = mib)]
        stored_mib: Option<Said>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A figure of a quota as it was given: `None` is `usual`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said(Option<u32>);

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text)
        .ok_or_else(|| "a slug has 1 to 63 of a to z, 0 to 9 and -, a letter first".to_owned())
}

fn events(text: &str) -> Result<Said, String> {
    said(text, 0, Quota::MOST_EVENTS)
}

fn series(text: &str) -> Result<Said, String> {
    said(text, 1, Quota::MOST_SERIES)
}

fn mib(text: &str) -> Result<Said, String> {
    said(text, 0, Quota::MOST_MIB)
}

fn said(text: &str, least: u32, most: u32) -> Result<Said, String> {
    if text == "usual" {
        return Ok(Said(None));
    }
    let number = text
        .parse::<u32>()
        .ok()
        .filter(|number| (least..=most).contains(number));
    let why = || format!("write a whole number of {least} to {most}, or usual");
    number.map(|number| Said(Some(number))).ok_or_else(why)
}

/// Does it.
pub async fn run(args: TenantsArgs) -> Result<Exit, CliError> {
    match args.command {
        TenantsCommand::List { flags, json } => list(&flags, json).await,
        TenantsCommand::Quota {
            flags,
            tenant,
            events_per_second,
            series,
            stored_mib,
            json,
        } => {
            let change = |quota: Quota| Quota {
                events_per_second: events_per_second.map_or(quota.events_per_second, |said| said.0),
                series: series.map_or(quota.series, |said| said.0),
                stored_mib: stored_mib.map_or(quota.stored_mib, |said| said.0),
            };
            give(&flags, &tenant, change, json).await
        }
    }
}

async fn list(flags: &DataFlags, json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let system = opened.system();
    let tenants = opened.accounts.all_tenants(&system).await;
    let quotas = opened.accounts.quotas(&system).await;
    opened.close().await;
    let (tenants, quotas) = (tenants?, quotas?);
    let quota = |tenant: &TenantId| {
        let own = quotas.iter().find(|(id, _)| id == tenant);
        own.map_or_else(Quota::default, |(_, quota)| *quota)
    };
    if json {
        let all = tenants.iter().map(|tenant| {
            let mut shown = object(&tenant.id, &quota(&tenant.id));
            shown["name"] = tenant.name.clone().into();
            shown["created"] = tenant.created.into();
            shown
        });
        say(&Value::Array(all.collect()).to_string());
        return Ok(Exit::Done);
    }
    for tenant in &tenants {
        if !say(&line(&tenant.id, &quota(&tenant.id))) {
            break;
        }
    }
    Ok(Exit::Done)
}

async fn give(
    flags: &DataFlags,
    tenant: &TenantId,
    change: impl Fn(Quota) -> Quota,
    json: bool,
) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let system = opened.system();
    let given = async {
        let quotas = opened.accounts.quotas(&system).await?;
        let own = quotas.iter().find(|(id, _)| id == tenant);
        let before = own.map_or_else(Quota::default, |(_, quota)| *quota);
        let quota = change(before);
        if quota == before {
            let tenants = opened.accounts.all_tenants(&system).await?;
            return Ok(tenants.iter().any(|one| one.id == *tenant).then_some(quota));
        }
        let by = By::here(actor(), Clock::system().now());
        let given = auth::give_quota(opened.accounts.as_ref(), &system, tenant, quota, &by).await?;
        Ok::<_, CliError>(given.map(|_| quota))
    };
    let given = given.await;
    opened.close().await;
    let Some(quota) = given? else {
        let message = format!("there is no tenant {tenant}; `fuseboard tenants list` names those there are");
        return Err(CliError::new(Exit::Failed, message));
    };
    say(&if json {
        object(tenant, &quota).to_string()
    } else {
        line(tenant, &quota)
    });
    Ok(Exit::Done)
}

fn line(tenant: &TenantId, quota: &Quota) -> String {
    format!("{tenant}  {}", quota.words())
}

/// Null is as usual.
fn object(tenant: &TenantId, quota: &Quota) -> Value {
    json!({
        "slug": tenant.as_str(),
        "quota": {
            "events_per_second": quota.events_per_second,
            "series": quota.series,
            "stored_mib": quota.stored_mib,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(events("0"), Ok(Said(Some(0))));
        assert_eq!(series("50000"), Ok(Said(Some(50_000))));
        assert_eq!(mib("usual"), Ok(Said(None)));
        for wrong in ["", "-1", "1.5", "none", "1000001"] {
            assert!(events(wrong).is_err(), "{wrong}");
        }
        assert!(series("0").is_err() && series("50001").is_err() && mib("1073741825").is_err());
    }
}
