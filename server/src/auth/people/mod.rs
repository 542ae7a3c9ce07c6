//! What people do with their accounts: sign in and out, and choose another password here; how an account comes to be is
//! in [`join`]. Each leaves its entry in the audit log.

mod choose;
mod join;
mod provider;
mod second;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::Clock;
use store::{
    Account, Accounts, AuditEntry, Identities, KnownAccount, Link, Logged, NewSession, Role, Session,
    SessionHash, Sessions, SignedIn, StoreError, SystemScope, TenantId,
};

use super::Person;
use super::denials::{Denial, Denials};
use super::devices::Devices;
use super::key::{fresh_id, sha256};
use super::password;
use super::session::{self, SessionLookup};
use super::setup::{Setup, SetupState};
use super::throttle::{Source, Throttle};
use super::turns::{Turn, Turns, Who, network};
use choose::{check_password, hashed, off};
use provider::Way;

pub use choose::{LONGEST_EMAIL, checked_email, checked_name, folded};
pub use join::LINK_COUNTS;
pub use provider::{Arrived, CameBack, Provider, Purpose, Signed};
pub use second::{Begun, Entered, Seconds};

/// How much of a browser's own description is kept, characters.
const LONGEST_AGENT: usize = 200;

/// Why somebody is not let in, or something is not changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// A field of a form cannot be used: its name, and why in words for its sender.
    #[error("{why}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why.
        why: String,
    },
    /// No such account, or not its password. It is not told which.
    #[error("The address or the password is wrong.")]
    Wrong,
    /// Not a code of the second factor that counts.
    #[error("This code is wrong, or was used before. An app shows another every 30 s.")]
    WrongCode,
    /// Too many wrong passwords or codes.
    #[error("Too many wrong tries. Try again in {} s.", .0.as_secs().max(1))]
    Wait(Duration),
    /// Too many sign in at the same time.
    #[error("Too many people sign in right now. Try again in a moment.")]
    Busy,
    /// The token or link does not count any more, or never did.
    #[error("This link was used before, was replaced, or is too old.")]
    Gone,
    /// Only whom the provider of this name sends is let in.
    #[error("Signing in here is possible with {0} only.")]
    Only(String),
    /// Whom the provider sent is not let in, or cannot do what they came for. In words why.
    #[error("{0}")]
    Refused(String),
    /// The provider cannot be asked, in words for people.
    #[error("{0}")]
    Away(String),
    /// The store cannot be asked, or something else is not possible right now.
    #[error("This is not possible right now.")]
    Unavailable(String),
}

impl From<StoreError> for PeopleError {
    fn from(error: StoreError) -> PeopleError {
        PeopleError::Unavailable(crate::lifecycle::chain(&error))
    }
}

impl From<::secrets::VaultError> for PeopleError {
    fn from(error: ::secrets::VaultError) -> PeopleError {
        PeopleError::Unavailable(crate::lifecycle::chain(&error))
    }
}

impl From<getrandom::Error> for PeopleError {
    fn from(error: getrandom::Error) -> PeopleError {
        PeopleError::Unavailable(error.to_string())
    }
}

/// Where somebody is.
#[derive(Debug, Clone, Default)]
pub struct Whence {
    /// The other end of the connection, or what a trusted proxy says it is.
    pub address: Option<IpAddr>,
    /// The browser, in its own words.
    pub agent: String,
    /// What it holds as a browser in which somebody has signed in; nobody has looked at it yet.
    pub device: Option<String>,
}

impl Whence {
    /// The address as text; empty when it is not known.
    pub fn text(&self) -> String {
        self.address
            .map(|address| address.to_canonical().to_string())
            .unwrap_or_default()
    }
}

/// A name and a password that somebody chose for a new account.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// Of the account.
    pub email: &'a str,
    /// What others see; the part before the `@` when it is empty.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
}

/// Accounts and sessions, as the server uses them.
pub struct People {
    /// The accounts.
    pub accounts: Arc<dyn Accounts>,
    /// The sessions.
    pub sessions: Arc<dyn Sessions>,
    /// From cookies to sessions.
    pub lookup: SessionLookup,
    /// The one-time token of a new installation.
    pub setup: Setup,
    /// What was refused.
    pub denials: Denials,
    /// The right to ask before it is known whose data it is.
    pub system: SystemScope,
    identities: Arc<dyn Identities>,
    provider: Option<Provider>,
    seconds: Seconds,
    turns: Arc<Turns>,
    throttle: Throttle,
    devices: Option<Devices>,
    clock: Clock,
}

impl People {
    /// Over these stores.
    pub fn new(
        (accounts, sessions, identities): (Arc<dyn Accounts>, Arc<dyn Sessions>, Arc<dyn Identities>),
        lookup: SessionLookup,
        seconds: Seconds,
        setup: Setup,
        denials: Denials,
        system: SystemScope,
        clock: Clock,
    ) -> People {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        People {
            accounts,
            sessions,
            lookup,
            setup,
            denials,
            system,
            identities,
            provider: None,
            seconds,
            turns: Turns::new(cores),
            throttle: Throttle::default(),
            devices: None,
            clock,
        }
    }

    /// Knows browsers again in which somebody has signed in.
    #[must_use]
    pub fn with_devices(self, devices: Devices) -> People {
        let devices = Some(devices);
        People { devices, ..self }
    }

    /// The text of the cookie that makes the browser known in which this session was opened. `None` when it cannot be:
    /// it stays a stranger, which is no reason not to let anybody in.
    pub async fn device_of(&self, session: &str) -> Option<String> {
        let found = self.lookup.find(&sha256(session)).await.ok()??;
        self.devices.as_ref()?.text(&found.account.email)
    }

    /// How a new installation stands. An account that was made on the command line meanwhile counts too.
    pub async fn setup_state(&self) -> SetupState {
        let state = self.setup.state(self.clock.now());
        if state == SetupState::Done {
            return state;
        }
        // When the store cannot be asked, setting up will say so.
        if self.accounts.any_account(&self.system).await.unwrap_or(false) {
            self.setup.finish();
            return SetupState::Done;
        }
        state
    }

    /// Opens a session for whoever knows the password, or, where the account has a second factor, asks for that. `old` is
    /// the session that the browser had; it ends.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        whence: &Whence,
        old: Option<&SessionHash>,
    ) -> Result<Entered, PeopleError> {
        self.with_password()?;
        let email = folded(email);
        let known = self.prove(&email, password, whence).await?;
        self.enter(&known.account, &home(&known.roles), whence, old).await
    }

    /// The account with this address, if this is its password.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Wrong`, `Wait`, `Busy`.
    pub async fn prove(
        &self,
        email: &str,
        password: &str,
        whence: &Whence,
    ) -> Result<KnownAccount, PeopleError> {
        // What no account can have is not worth a turn, but it counts.
        let possible =
            email.chars().count() <= LONGEST_EMAIL && password.chars().count() <= password::LONGEST;
        let device = whence.device.as_deref();
        let device = device.and_then(|text| self.devices.as_ref()?.known(email, text));
        let source = device.map_or_else(|| Source::from(whence.address), Source::Device);
        self.throttle.begin(email, source).map_err(PeopleError::Wait)?;
        let looked = async {
            let turn = match device {
                // All browsers of an account stand in one line: nobody has more places by signing in more often.
                Some(_) => self.turn_of(line(email)).await?,
                None => self.turn(whence).await?,
            };
            let known = match possible {
                true => self.accounts.by_email(&self.system, email).await?,
                false => None,
            };
            let stored = known.as_ref().and_then(|known| known.password.clone());
            let password = password.to_owned();
            let right = off(turn, move || password::verify(&password, stored.as_deref())).await?;
            let known = known.filter(|known| right && known.account.disabled.is_none());
            Ok::<_, PeopleError>(known)
        };
        match looked.await {
            Ok(Some(known)) => {
                self.throttle.take_back(email, source, true);
                Ok(known)
            }
            Ok(None) => {
                self.denials.note(Denial {
                    tenant: TenantId::default_tenant(),
                    actor: "anyone".into(),
                    address: whence.text(),
                    action: "session.denied",
                    target: email.chars().take(LONGEST_EMAIL).collect(),
                });
                Err(PeopleError::Wrong)
            }
            // Nobody looked at the password.
            Err(error) => {
                self.throttle.take_back(email, source, false);
                Err(error)
            }
        }
    }

    /// Changes the password of somebody who shows the old one; every other session of the account ends.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn change_password(
        &self,
        account: &Account,
        session: &str,
        tenant: &TenantId,
        (old, new): (&str, &str),
        whence: &Whence,
    ) -> Result<(), PeopleError> {
        check_password(new, account)?;
        self.prove(&account.email, old, whence).await?;
        let turn = self.turn(whence).await?;
        let hash = hashed(Some(turn), new).await?;
        let log = self.logged(tenant, "account.password", &account.id, &account.id, whence, "");
        self.accounts
            .set_password(&self.system, &account.id, &hash, Some(session), log)
            .await?;
        self.seconds.forget(&account.id);
        self.lookup.forget(&account.id);
        Ok(())
    }

    /// Whoever is signed in shows the password again: the session goes on with another cookie, whose text is returned.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Gone` when the session has ended meanwhile.
    pub async fn confirm(
        &self,
        person: &Person,
        password: &str,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        let (account, session) = (&person.signed_in.account, &person.signed_in.session);
        self.prove(&account.email, password, whence).await?;
        let (text, hash) = session::fresh()?;
        let tenant = person.scope.tenant();
        let log = self.logged(tenant, "session.confirm", &account.id, &session.id, whence, "");
        let now = self.clock.now();
        let confirmed = self
            .sessions
            .confirm(&self.system, &session.id, &hash, now, log)
            .await?;
        self.lookup.forget(&account.id);
        match confirmed {
            true => Ok(text),
            false => Err(PeopleError::Gone),
        }
    }

    /// The sessions of an account that still count, newest first.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn open_sessions(&self, account: &str) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.sessions.sessions_of(&self.system, account).await?;
        sessions.retain(|session| self.lookup.counts(session));
        Ok(sessions)
    }

    /// The session with this hash as it is now; or, when it goes on with another cookie, the same session under that.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn goes_on(&self, person: &Person) -> Result<Option<Arc<SignedIn>>, StoreError> {
        if let Some(now) = self.lookup.find(&person.hash).await? {
            return Ok(Some(now));
        }
        let account = &person.signed_in.account.id;
        let sessions = self.open_sessions(account).await?;
        let id = &person.signed_in.session.id;
        let Some(session) = sessions.into_iter().find(|session| session.id == *id) else {
            return Ok(None);
        };
        let known = self.accounts.by_id(&self.system, account).await?;
        let known = known.filter(|known| known.account.disabled.is_none());
        Ok(known.map(|known| {
            Arc::new(SignedIn {
                session,
                account: known.account,
                roles: known.roles,
            })
        }))
    }

    /// Opens a session; returns the cookie's text.
    ///
    /// # Errors
    /// See [`PeopleError`]: the account is gone or disabled, or the store cannot be asked.
    pub async fn open(
        &self,
        account: &Account,
        tenant: &TenantId,
        whence: &Whence,
        old: Option<&SessionHash>,
        action: &str,
    ) -> Result<String, PeopleError> {
        let way = Way {
            via: "",
            confirmed: self.clock.now(),
            old,
        };
        self.open_by(account, tenant, whence, action, way).await
    }

    /// As [`People::open`], whichever way somebody came.
    async fn open_by(
        &self,
        account: &Account,
        tenant: &TenantId,
        whence: &Whence,
        action: &str,
        way: Way<'_>,
    ) -> Result<String, PeopleError> {
        let (text, hash) = session::fresh()?;
        let now = self.clock.now();
        let session = Session {
            id: fresh_id()?,
            account: account.id.clone(),
            created: now,
            seen: now,
            confirmed: way.confirmed,
            expires: now + self.lookup.lifetime().most,
            address: whence.text(),
            agent: whence.agent.chars().take(LONGEST_AGENT).collect(),
            via: way.via.to_owned(),
        };
        let detail = match way.via {
            "" => account.email.clone(),
            via => format!("{} through {via}", account.email),
        };
        let log = self.logged(tenant, action, &account.id, &session.id, whence, &detail);
        let new = NewSession { session, hash };
        self.sessions.open(&self.system, new, way.old, log).await?;
        self.lookup.forget(&account.id);
        Ok(text)
    }

    /// Ends a session of an account. False when it has none of this id.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn sign_out(
        &self,
        account: &Account,
        session: &str,
        tenant: &TenantId,
        whence: &Whence,
    ) -> Result<bool, PeopleError> {
        let log = self.logged(
            tenant,
            "session.end",
            &account.id,
            session,
            whence,
            &account.email,
        );
        let ended = self.sessions.end(&self.system, &account.id, session, log).await?;
        self.lookup.forget(&account.id);
        Ok(ended)
    }

    async fn turn(&self, whence: &Whence) -> Result<Turn, PeopleError> {
        self.turn_of(Who::Stranger(network(whence.address))).await
    }

    async fn turn_of(&self, who: Who) -> Result<Turn, PeopleError> {
        self.turns.take(who).await.map_err(|_| PeopleError::Busy)
    }

    /// A turn for whoever holds a link of ours.
    async fn turn_by(&self, link: &Link) -> Result<Turn, PeopleError> {
        self.turn_of(line(&link.id)).await
    }

    fn entry(&self, action: &str, target: &str, whence: &Whence) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            actor: String::new(),
            address: whence.text(),
            action: action.into(),
            target: target.into(),
            detail: String::new(),
        }
    }

    /// An entry of what an account did.
    pub fn logged(
        &self,
        tenant: &TenantId,
        action: &str,
        account: &str,
        target: &str,
        whence: &Whence,
        detail: &str,
    ) -> Logged {
        Logged {
            tenant: tenant.clone(),
            entry: AuditEntry {
                actor: actor(account),
                detail: detail.into(),
                ..self.entry(action, target, whence)
            },
        }
    }
}

/// The line of an account or of a link, by what names it. What is hashed is no secret, and who shares a line by chance waits
/// a little longer.
fn line(name: &str) -> Who {
    let number = sha256(name)
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first));
    Who::Known(number)
}

/// An account as the audit log names it.
pub fn actor(account: &str) -> String {
    format!("account:{account}")
}

/// The tenant whose pages somebody sees under `/`: `default` for its members, else the first by slug.
pub fn home(roles: &[(TenantId, Role)]) -> TenantId {
    let default = TenantId::default_tenant();
    let found = roles.iter().find(|(tenant, _)| *tenant == default);
    let found = found.or_else(|| roles.first());
    found.map_or(default, |(tenant, _)| tenant.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_that_of_one_account() {
        assert_eq!(line("ada@example.org"), line("ada@example.org"));
        assert_ne!(line("ada@example.org"), line("bob@example.org"));
    }

    #[test]
    fn home_is_default_for_its_members() {
        let tenant = |slug: &str| (TenantId::parse(slug).unwrap(), Role::Viewer);
        assert_eq!(home(&[tenant("acme"), tenant("default")]).as_str(), "default");
        assert_eq!(home(&[tenant("acme"), tenant("beta")]).as_str(), "acme");
        assert_eq!(home(&[]).as_str(), "default");
    }
}
