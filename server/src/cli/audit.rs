//! `fuseboard audit`: reading the log of who did what, and checking that nobody changed it.

use std::io::BufRead as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use engine::Clock;
use serde_json::{Value, json};
use store::audit::{Verified, Verifier};
use store::{AuditEntry, AuditHead, AuditQuery, SealedEntry, TenantId};

use super::settings::DataFlags;
use super::{CliError, Exit, complain, say, shown};
use crate::audit::HeadLine;
use crate::auth;
use crate::stores::{self, OpenKeys};

/// Entries read at a time.
const AT_ONCE: usize = 1_000;

/// Read the audit log and check that nobody changed it.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Print entries, newest first.
    #[command(after_help = "Example:\n  fuseboard audit list --action key --limit 20")]
    List {
        #[command(flatten)]
        flags: DataFlags,
        /// Only this actor's, such as cli:root.
        #[arg(long)]
        actor: Option<String>,
        /// Only this action, or those that begin with it: key, key.create.
        #[arg(long)]
        action: Option<String>,
        /// Only those about this object.
        #[arg(long)]
        target: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Print one object of JSON per line.
        #[arg(long)]
        json: bool,
    },
    /// Print the whole log with its hashes and seals, oldest entry first, one object of JSON per line.
    #[command(after_help = "Example:\n  fuseboard audit export > audit.ndjson")]
    Export {
        #[command(flatten)]
        flags: DataFlags,
    },
    /// Print the newest entry's hash and seal of each tenant: keep it elsewhere, and nobody can cut the log off unseen.
    #[command(after_help = "Example:\n  fuseboard audit head > /mnt/elsewhere/heads.ndjson")]
    Head {
        #[command(flatten)]
        flags: DataFlags,
    },
    /// Check every entry of every tenant; exit code 1 when one was changed, removed or added.
    #[command(after_help = "Example:\n  fuseboard audit verify --heads /mnt/elsewhere/heads.ndjson")]
    Verify {
        #[command(flatten)]
        flags: DataFlags,
        /// Heads kept elsewhere: the output of `fuseboard audit head`, or a log that the server wrote as JSON.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Seal the log anew, when the file audit.key is lost for good; the log says that it was. Needs the server stopped.
    #[command(after_help = "Example:\n  fuseboard audit reseal --the-key-is-lost")]
    Reseal {
        #[command(flatten)]
        flags: DataFlags,
        /// What the old seals proved is proved no more.
        #[arg(long, required = true)]
        the_key_is_lost: bool,
    },
}

/// Does it.
pub async fn run(args: AuditArgs) -> Result<Exit, CliError> {
    match args.command {
        AuditCommand::List {
            flags,
            actor,
            action,
            target,
            limit,
            json,
        } => {
            let query = AuditQuery {
                actor,
                action,
                target,
                limit,
                ..AuditQuery::default()
            };
            list(&flags, query, json).await
        }
        AuditCommand::Export { flags } => {
            let opened = stores::open_keys(&flags.load()?).await?;
            let done = export(&opened).await;
            opened.close().await;
            done
        }
        AuditCommand::Head { flags } => head(&flags).await,
        AuditCommand::Verify { flags, heads, json } => {
            let heads = heads.map(read_heads).transpose()?.unwrap_or_default();
            let opened = stores::open_keys(&flags.load()?).await?;
            let report = verify(&opened, &heads).await;
            opened.close().await;
            tell(&report?, json)
        }
        AuditCommand::Reseal { flags, .. } => reseal(&flags).await,
    }
}

async fn list(flags: &DataFlags, query: AuditQuery, json: bool) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let scope = auth::by_command_line(TenantId::default_tenant());
    let found = opened.audits.audit(&scope, query).await;
    opened.close().await;
    for sealed in found? {
        let entry = &sealed.entry;
        let line = match json {
            true => object(&sealed).to_string(),
            false => format!(
                "{:>6}  {}  {:<16}  {:<12}  {:<12}  {}",
                sealed.n,
                shown::time(entry.at),
                entry.actor,
                entry.action,
                entry.target,
                entry.detail
            ),
        };
        if !say(&line) {
            break;
        }
    }
    Ok(Exit::Done)
}

async fn export(opened: &OpenKeys) -> Result<Exit, CliError> {
    let system = opened.system();
    for head in opened.audits.heads(&system).await? {
        let mut after = 0;
        loop {
            let page = opened
                .audits
                .sealed(&system, &head.tenant, after, AT_ONCE)
                .await?;
            let Some(last) = page.last() else { break };
            after = last.n;
            for sealed in &page {
                let mut object = object(sealed);
                object["tenant"] = head.tenant.as_str().into();
                object["hash"] = shown::hex(&sealed.hash).into();
                object["mac"] = shown::hex(&sealed.mac).into();
                if !say(&object.to_string()) {
                    return Ok(Exit::Done);
                }
            }
        }
    }
    Ok(Exit::Done)
}

fn object(sealed: &SealedEntry) -> Value {
    json!({
        "n": sealed.n,
        "time": sealed.entry.at,
        "actor": sealed.entry.actor,
        "address": sealed.entry.address,
        "action": sealed.entry.action,
        "target": sealed.entry.target,
        "detail": sealed.entry.detail,
    })
}

async fn head(flags: &DataFlags) -> Result<Exit, CliError> {
    let opened = stores::open_keys(&flags.load()?).await?;
    let heads = opened.audits.heads(&opened.system()).await;
    opened.close().await;
    for head in heads? {
        say(&json!(HeadLine::of(&head)).to_string());
    }
    Ok(Exit::Done)
}

/// Every head in a file; of lines that hold none there may be any number, but a file without one is the wrong file.
fn read_heads(path: PathBuf) -> Result<Vec<AuditHead>, CliError> {
    let failed = |why: String| CliError::new(Exit::Usage, format!("--heads {}: {why}", path.display()));
    let file = std::fs::File::open(&path).map_err(|error| failed(error.to_string()))?;
    let mut heads = Vec::new();
    for line in std::io::BufReader::new(file).lines() {
        let line = line.map_err(|error| failed(error.to_string()))?;
        heads.extend(HeadLine::read(&line));
    }
    match heads.is_empty() {
        true => Err(failed("there is no head in it".into())),
        false => Ok(heads),
    }
}

/// A tenant's chain, and what came out.
pub(super) struct Checked {
    pub(super) tenant: TenantId,
    pub(super) outcome: Result<Verified, String>,
}

/// Reads every chain.
pub(super) async fn verify(opened: &OpenKeys, heads: &[AuditHead]) -> Result<Vec<Checked>, CliError> {
    let system = opened.system();
    let stored = opened.audits.heads(&system).await?;
    let mut tenants: Vec<TenantId> = stored.into_iter().map(|head| head.tenant).collect();
    // A chain that was removed as a whole is known from elsewhere only.
    tenants.extend(heads.iter().map(|head| head.tenant.clone()));
    tenants.sort();
    tenants.dedup();
    let mut checked = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let mut verifier = Verifier::new(&opened.audit_key, &tenant, heads);
        let outcome = loop {
            let page = opened
                .audits
                .sealed(&system, &tenant, verifier.reached(), AT_ONCE)
                .await?;
            if page.is_empty() {
                break verifier.finish();
            }
            if let Err(fault) = page.iter().try_for_each(|sealed| verifier.check(sealed)) {
                break Err(fault);
            }
        };
        let outcome = outcome.map_err(|fault| fault.to_string());
        checked.push(Checked { tenant, outcome });
    }
    Ok(checked)
}

fn tell(checked: &[Checked], json: bool) -> Result<Exit, CliError> {
    if checked.is_empty() && !json {
        complain("the audit log is empty");
    }
    for Checked { tenant, outcome } in checked {
        say(&match (json, outcome) {
            (true, Ok(verified)) => json!({
                "tenant": tenant.as_str(), "ok": true, "entries": verified.entries, "heads": verified.anchors,
            })
            .to_string(),
            (true, Err(fault)) => {
                json!({ "tenant": tenant.as_str(), "ok": false, "fault": fault }).to_string()
            }
            (false, Ok(verified)) => format!(
                "{tenant}: {} entries as they were written, {} heads found in them",
                verified.entries, verified.anchors
            ),
            (false, Err(fault)) => format!("{tenant}: NOT AS WRITTEN: {fault}"),
        });
    }
    let whole = checked.iter().all(|one| one.outcome.is_ok());
    Ok(if whole { Exit::Done } else { Exit::Failed })
}

async fn reseal(flags: &DataFlags) -> Result<Exit, CliError> {
    let opened = stores::open_whatever_seals(&flags.load()?).await?;
    let entry = AuditEntry {
        at: Clock::system().now(),
        actor: shown::actor(),
        action: "audit.reseal".into(),
        detail: "the key of the seals before was lost; all entries above were sealed anew".into(),
        ..AuditEntry::default()
    };
    let resealed = opened.stores.audits.reseal(&opened.system(), entry).await;
    opened.close().await;
    say(&format!("sealed {} entries anew", resealed?));
    Ok(Exit::Done)
}
