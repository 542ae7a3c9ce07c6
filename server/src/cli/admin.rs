//! `fuseboard admin`: accounts, from the machine that the data is on.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use engine::Clock;
use store::{Role, TenantId};

use super::settings::DataFlags;
use super::shown::actor;
use super::{CliError, Exit, complain, say};
use crate::auth::{
    Chosen, Denials, LONGEST_PASSWORD, People, PeopleError, SETUP_COUNTS, Seconds, SessionLookup, Setup,
};
use crate::config::Config;
use crate::stores::{self, OpenKeys};

/// Make accounts, and let people back in.
#[derive(Debug, Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make an account. The first one is an owner, whatever the role.
    #[command(
        after_help = "Example:\n  fuseboard admin create --email ada@example.com --password-file /run/secrets/ada"
    )]
    Create {
        #[command(flatten)]
        flags: DataFlags,
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// What others see [default: the address before the @].
        #[arg(long, default_value = "")]
        name: String,
        /// A file that holds the password; - reads it from standard input. There is no flag for the password itself:
        /// others on this machine can see flags.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// viewer, operator, admin or owner.
        #[arg(long, default_value = "owner", value_parser = role)]
        role: Role,
    },
    /// Make a link with which somebody chooses a new password, and print it. It counts for 30 minutes, once.
    #[command(after_help = "Example:\n  fuseboard admin reset-password ada@example.com")]
    ResetPassword {
        #[command(flatten)]
        flags: DataFlags,
        /// The address they sign in with.
        email: String,
        /// Also remove the second factor: for somebody without app and recovery codes. It is removed at once.
        #[arg(long)]
        remove_second_factor: bool,
    },
    /// Link who somebody is at the provider of oidc.issuer to their account: for somebody who cannot sign in to do it.
    #[command(after_help = "Example:\n  fuseboard admin link ada@example.com --subject 248289761001")]
    Link {
        #[command(flatten)]
        flags: DataFlags,
        /// The address of the account.
        email: String,
        /// Who they are there: what ID tokens say as sub. The audit log has it for those who were refused.
        #[arg(long)]
        subject: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "there is no such role; there are viewer, operator, admin, owner".into())
}

/// Does it.
pub async fn run(args: AdminArgs) -> Result<Exit, CliError> {
    match args.command {
        AdminCommand::Create {
            flags,
            email,
            name,
            password_file,
            role,
        } => {
            let config = flags.load()?;
            let password = read_password(&password_file)?;
            let opened = stores::open_keys(&config).await?;
            let people = people(&config, &opened);
            let chosen = Chosen {
                email: &email,
                name: &name,
                password: &password,
            };
            let first = !people.accounts.any_account(&people.system).await?;
            let role = if first { Role::Owner } else { role };
            let tenant = TenantId::default_tenant();
            let made = people.create(chosen, &tenant, role, &actor()).await;
            drop(people);
            opened.close().await;
            made?;
            complain(&format!(
                "{} is {} of tenant {tenant}",
                crate::auth::folded(&email),
                role.as_str()
            ));
            Ok(Exit::Done)
        }
        AdminCommand::ResetPassword {
            flags,
            email,
            remove_second_factor,
        } => {
            let config = flags.load()?;
            if let Some(only) = config.oidc.as_ref().filter(|oidc| oidc.only) {
                let why = format!(
                    "oidc.only lets nobody in but with {}, so a new password would open nothing; see `fuseboard admin link`",
                    only.name
                );
                return Err(CliError::new(Exit::Usage, why));
            }
            let opened = stores::open_keys(&config).await?;
            let people = people(&config, &opened);
            let removed = match remove_second_factor {
                true => people.remove_second_of(&email, &actor()).await,
                false => Ok(false),
            };
            let made = people.offer_reset(&email, &actor(), SETUP_COUNTS).await;
            drop(people);
            opened.close().await;
            if removed? {
                complain(&format!("{email} has no second factor any more"));
            }
            let Some(token) = made? else {
                return Err(CliError::new(Exit::Failed, format!("{email} has no account")));
            };
            say(&format!("{}/reset#t={token}", config.url(config.listen)));
            Ok(Exit::Done)
        }
        AdminCommand::Link {
            flags,
            email,
            subject,
        } => link(flags, &email, &subject).await,
    }
}

/// Links an identity by hand.
async fn link(flags: DataFlags, email: &str, subject: &str) -> Result<Exit, CliError> {
    let config = flags.load()?;
    let Some(oidc) = &config.oidc else {
        let why = "oidc.issuer says of no provider that there could be a link to";
        return Err(CliError::new(Exit::Usage, why));
    };
    let opened = stores::open_keys(&config).await?;
    let people = people(&config, &opened);
    let linked = people.link_by_hand(email, &oidc.issuer, subject, &actor()).await;
    drop(people);
    opened.close().await;
    match linked? {
        true => {
            complain(&format!("{email} is {subject} of {}", oidc.issuer));
            Ok(Exit::Done)
        }
        false => Err(CliError::new(Exit::Failed, format!("{email} has no account"))),
    }
}

/// The password in a file: its first line.
fn read_password(file: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    // A little more than the longest, so that one that is too long is told and not cut.
    let limit = (LONGEST_PASSWORD * 4 + 16) as u64;
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_string(&mut text))
    };
    read.map_err(|error| CliError::new(Exit::Failed, format!("{}: {error}", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn people(config: &Config, opened: &OpenKeys) -> People {
    let clock = Clock::system();
    let sessions = opened.sessions.clone();
    let vault = crate::secrets::vault(config, opened.secrets.clone(), opened.system());
    let lookup = SessionLookup::new(sessions.clone(), opened.system(), clock.clone(), config.sessions);
    People::new(
        (opened.accounts.clone(), sessions, opened.identities.clone()),
        lookup,
        Seconds::new(opened.seconds.clone(), Arc::new(vault)),
        Setup::elsewhere(),
        Denials::new(opened.audits.clone(), clock.clone()),
        opened.system(),
        clock,
    )
}

impl From<PeopleError> for CliError {
    fn from(error: PeopleError) -> CliError {
        match error {
            PeopleError::Field { field, why } => CliError::new(Exit::Failed, format!("{field}: {why}")),
            PeopleError::Unavailable(why) => CliError::new(Exit::Unavailable, why),
            other => CliError::new(Exit::Failed, other.to_string()),
        }
    }
}
