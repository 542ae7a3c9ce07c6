//! What people do with their accounts: sign in and out, set a new installation up, take up an invitation, choose another
//! password. Each leaves its entry in the audit log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::Millis;
use engine::Clock;
use store::{
    Account, Accounts, AuditEntry, Guest, KnownAccount, Link, LinkKind, Logged, NewAccount, NewLink,
    NewSession, Role, Session, SessionHash, Sessions, StoreError, SystemScope, TenantId, TenantScope,
};

use super::denials::{Denial, Denials};
use super::key::{fresh_id, sha256};
use super::password;
use super::scope_of;
use super::session::{self, SessionLookup};
use super::setup::{Setup, SetupState};
use super::throttle::Throttle;
use super::turns::{Turn, Turns, network};

/// The longest address of an account, characters (RFC 5321).
const LONGEST_EMAIL: usize = 254;
/// The longest name, characters.
const LONGEST_NAME: usize = 80;
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
    /// Too many wrong passwords.
    #[error("Too many wrong passwords. Try again in {} s.", .0.as_secs().max(1))]
    Wait(Duration),
    /// Too many sign in at the same time.
    #[error("Too many people sign in right now. Try again in a moment.")]
    Busy,
    /// The token or link does not count any more, or never did.
    #[error("This link was used before, was replaced, or is too old.")]
    Gone,
    /// The store cannot be asked, or something else is not possible right now.
    #[error("This is not possible right now.")]
    Unavailable(String),
}

impl From<StoreError> for PeopleError {
    fn from(error: StoreError) -> PeopleError {
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
    turns: Arc<Turns>,
    throttle: Throttle,
    clock: Clock,
}

impl People {
    /// Over these stores.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        lookup: SessionLookup,
        sessions: Arc<dyn Sessions>,
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
            turns: Turns::new(cores),
            throttle: Throttle::default(),
            clock,
        }
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

    /// Opens a session for whoever knows the password; returns the cookie's text. `old` is the session that the browser
    /// had; it ends.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        whence: &Whence,
        old: Option<&SessionHash>,
    ) -> Result<String, PeopleError> {
        let email = folded(email);
        let known = self.prove(&email, password, whence).await?;
        self.open(&known.account, &home(&known.roles), whence, old, "session.open")
            .await
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
        self.throttle
            .begin(email, whence.address)
            .map_err(PeopleError::Wait)?;
        let looked = async {
            let turn = self.turn(whence).await?;
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
                self.throttle.take_back(email, whence.address, true);
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
                self.throttle.take_back(email, whence.address, false);
                Err(error)
            }
        }
    }

    /// Makes the first account, whose person has the setup token, and signs it in.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Gone` for a wrong token, or when there is an account.
    pub async fn set_up(
        &self,
        token: &str,
        chosen: Chosen<'_>,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        self.throttle
            .begin("setup", whence.address)
            .map_err(PeopleError::Wait)?;
        if !self.setup.is_token(token, self.clock.now()) {
            return Err(PeopleError::Gone);
        }
        self.throttle.take_back("setup", whence.address, true);
        let turn = self.turn(whence).await?;
        let account = match self.create_first(chosen, Some(turn), whence).await? {
            Some(account) => account,
            None => return Err(PeopleError::Gone),
        };
        let tenant = TenantId::default_tenant();
        self.open(&account, &tenant, whence, None, "session.open").await
    }

    /// Makes the first account: owner of tenant `default` and platform admin. `None` when there is any account.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Field`.
    pub async fn create_first(
        &self,
        chosen: Chosen<'_>,
        turn: Option<Turn>,
        whence: &Whence,
    ) -> Result<Option<Account>, PeopleError> {
        let mut new = self.account(chosen, turn).await?;
        new.account.platform_admin = true;
        let account = new.account.clone();
        let tenant = TenantId::default_tenant();
        let entry = AuditEntry {
            actor: actor(&account.id),
            detail: format!("{} is the first account and owner", account.email),
            ..self.entry("account.create", &account.id, whence)
        };
        let made = self
            .accounts
            .create_first(&self.system, new, &tenant, entry)
            .await?;
        self.setup.finish();
        Ok(made.then_some(account))
    }

    /// Makes an account on the command line: the first one, or one more in a tenant. Whether it is the first.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Field`.
    pub async fn create(
        &self,
        chosen: Chosen<'_>,
        tenant: &TenantId,
        role: Role,
        by: &str,
    ) -> Result<bool, PeopleError> {
        let mut new = self.account(chosen, None).await?;
        if self
            .accounts
            .by_email(&self.system, &new.account.email)
            .await?
            .is_some()
        {
            return Err(PeopleError::Field {
                field: "email",
                why: format!("{} has an account already.", new.account.email),
            });
        }
        let first = !self.accounts.any_account(&self.system).await?;
        new.account.platform_admin = first;
        let entry = AuditEntry {
            actor: by.into(),
            detail: format!("{} as {}", new.account.email, role.as_str()),
            ..self.entry("account.create", &new.account.id, &Whence::default())
        };
        let made = self
            .accounts
            .create_account(&self.system, new, tenant, role, entry)
            .await;
        match made {
            Ok(()) => Ok(first),
            Err(StoreError::Conflict(why)) => Err(PeopleError::Field { field: "email", why }),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a link with which the account of this address gets a new password; returns its token. `None` when the
    /// address has no account.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn offer_reset(
        &self,
        email: &str,
        by: &str,
        counts: Millis,
    ) -> Result<Option<String>, PeopleError> {
        let known = self.accounts.by_email(&self.system, &folded(email)).await?;
        let Some(known) = known else {
            return Ok(None);
        };
        let account = known.account.id;
        let tenant = home(&known.roles);
        let kind = LinkKind::Reset {
            account: account.clone(),
        };
        let entry = AuditEntry {
            actor: by.into(),
            detail: format!("a link for a new password of {}", known.account.email),
            ..self.entry("account.reset_link", &account, &Whence::default())
        };
        Ok(Some(self.offer(tenant, kind, counts, entry).await?))
    }

    /// Makes an invitation; returns its token.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Field`.
    pub async fn invite(
        &self,
        scope: &TenantScope,
        (email, role): (&str, Role),
        by: &str,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        let email = checked_email(email)?;
        let entry = AuditEntry {
            actor: by.into(),
            detail: format!("{email} as {}", role.as_str()),
            ..self.entry("member.invite", &email, whence)
        };
        let kind = LinkKind::Invite { email, role };
        self.offer(scope.tenant().clone(), kind, LINK_COUNTS, entry).await
    }

    async fn offer(
        &self,
        tenant: TenantId,
        kind: LinkKind,
        counts: Millis,
        entry: AuditEntry,
    ) -> Result<String, PeopleError> {
        let (token, hash) = session::fresh()?;
        let now = self.clock.now();
        let link = Link {
            id: fresh_id()?,
            tenant: tenant.clone(),
            kind,
            by: entry.actor.clone(),
            created: now,
            expires: now + counts,
        };
        let new = NewLink { link, hash };
        self.accounts.offer(&scope_of(tenant), new, entry).await?;
        Ok(token)
    }

    /// What an invitation is to whoever holds its token, and whether its address has an account.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Gone`.
    pub async fn invitation(&self, token: &str) -> Result<(Link, String, bool), PeopleError> {
        let link = self.link(token).await?;
        let LinkKind::Invite { email, .. } = &link.kind else {
            return Err(PeopleError::Gone);
        };
        let email = email.clone();
        let known = self.accounts.by_email(&self.system, &email).await?;
        Ok((link, email, known.is_some()))
    }

    /// Takes up an invitation and signs in: with a new account, or, when the address has one, with its password.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn accept(
        &self,
        token: &str,
        name: &str,
        password: &str,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        let (link, email, is_known) = self.invitation(token).await?;
        let (account, guest) = if is_known {
            let known = self.prove(&email, password, whence).await?;
            (known.account.clone(), Guest::Known(known.account.id))
        } else {
            let turn = self.turn(whence).await?;
            let chosen = Chosen {
                email: &email,
                name,
                password,
            };
            let new = self.account(chosen, Some(turn)).await?;
            (new.account.clone(), Guest::New(new))
        };
        let entry = AuditEntry {
            actor: actor(&account.id),
            detail: format!("{email} took up the invitation {}", link.id),
            ..self.entry("member.join", &account.id, whence)
        };
        let now = self.clock.now();
        let accepted = self
            .accounts
            .accept(&self.system, &sha256(token.trim()), guest, now, entry)
            .await?;
        accepted.ok_or(PeopleError::Gone)?;
        self.lookup.forget(&account.id);
        self.open(&account, &link.tenant, whence, None, "session.open")
            .await
    }

    /// Chooses a new password with a link, and signs in.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn reset(&self, token: &str, password: &str, whence: &Whence) -> Result<String, PeopleError> {
        let link = self.link(token).await?;
        let LinkKind::Reset { account } = &link.kind else {
            return Err(PeopleError::Gone);
        };
        let known = self.accounts.by_id(&self.system, account).await?;
        let known = known.ok_or(PeopleError::Gone)?;
        check_password(password, &known.account)?;
        let turn = self.turn(whence).await?;
        let hash = hashed(Some(turn), password).await?;
        let entry = AuditEntry {
            actor: actor(account),
            detail: "a new password, with a link that was made on the host".into(),
            ..self.entry("account.password", account, whence)
        };
        let now = self.clock.now();
        let reset = self
            .accounts
            .reset(&self.system, &sha256(token.trim()), &hash, now, entry)
            .await?;
        reset.ok_or(PeopleError::Gone)?;
        self.lookup.forget(account);
        self.open(&known.account, &link.tenant, whence, None, "session.open")
            .await
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
        self.lookup.forget(&account.id);
        Ok(())
    }

    /// The link with this token.
    async fn link(&self, token: &str) -> Result<Link, PeopleError> {
        let now = self.clock.now();
        let hash = sha256(token.trim());
        let found = self.accounts.link(&self.system, &hash, now).await?;
        found.ok_or(PeopleError::Gone)
    }

    async fn turn(&self, whence: &Whence) -> Result<Turn, PeopleError> {
        let turn = self.turns.take(network(whence.address)).await;
        turn.map_err(|_| PeopleError::Busy)
    }

    /// A checked account that is not stored yet.
    async fn account(&self, chosen: Chosen<'_>, turn: Option<Turn>) -> Result<NewAccount, PeopleError> {
        let email = checked_email(chosen.email)?;
        let name = checked_name(chosen.name, &email)?;
        let account = Account {
            id: fresh_id()?,
            email,
            name,
            platform_admin: false,
            created: self.clock.now(),
            disabled: None,
            last_login: None,
        };
        check_password(chosen.password, &account)?;
        let password = hashed(turn, chosen.password).await?;
        Ok(NewAccount {
            account,
            password: Some(password),
        })
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
        let (text, hash) = session::fresh()?;
        let now = self.clock.now();
        let session = Session {
            id: fresh_id()?,
            account: account.id.clone(),
            created: now,
            seen: now,
            confirmed: now,
            expires: now + self.lookup.lifetime().most,
            address: whence.text(),
            agent: whence.agent.chars().take(LONGEST_AGENT).collect(),
        };
        let log = self.logged(tenant, action, &account.id, &session.id, whence, &account.email);
        let new = NewSession { session, hash };
        self.sessions.open(&self.system, new, old, log).await?;
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

/// An address as accounts have it.
pub fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A checked address, as accounts have it.
///
/// # Errors
/// `Field`.
pub fn checked_email(email: &str) -> Result<String, PeopleError> {
    let email = folded(email);
    let good = email.chars().count() <= LONGEST_EMAIL
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if good {
        return Ok(email);
    }
    Err(PeopleError::Field {
        field: "email",
        why: format!(
            "This is no email address. It reads name@host and has at most {LONGEST_EMAIL} characters."
        ),
    })
}

/// A checked name; the part of the address before the `@` when it is empty.
///
/// # Errors
/// `Field`.
pub fn checked_name(name: &str, email: &str) -> Result<String, PeopleError> {
    let name = name.trim();
    if name.is_empty() {
        let local = email.split('@').next().unwrap_or_default();
        return Ok(local.chars().take(LONGEST_NAME).collect());
    }
    if name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(PeopleError::Field {
        field: "name",
        why: format!("A name has at most {LONGEST_NAME} characters on one line."),
    })
}

fn check_password(password: &str, account: &Account) -> Result<(), PeopleError> {
    password::check(password, &[&account.email, &account.name]).map_err(|weak| PeopleError::Field {
        field: "password",
        why: weak.to_string(),
    })
}

async fn hashed(turn: Option<Turn>, password: &str) -> Result<String, PeopleError> {
    let password = password.to_owned();
    let hashed = off(turn, move || password::hash(&password)).await?;
    hashed.map_err(|error| PeopleError::Unavailable(error.to_string()))
}

/// Computes on a thread that serves nobody else meanwhile; the turn is kept until it is done, whoever waits.
async fn off<T: Send + 'static>(
    turn: impl Send + 'static,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PeopleError> {
    let work = move || {
        let _turn = turn;
        work()
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| PeopleError::Unavailable(error.to_string()))
}

/// How long a link counts.
pub const LINK_COUNTS: Millis = 7 * 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded_and_checked() {
        assert_eq!(checked_email(" Ada@Example.COM ").unwrap(), "ada@example.com");
        let long = format!("{}@b", "a".repeat(254));
        for bad in ["", "ada", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\u{7}c", &long] {
            assert!(
                matches!(checked_email(bad), Err(PeopleError::Field { field: "email", .. })),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_name_comes_from_the_address_when_there_is_none() {
        assert_eq!(checked_name("  ", "ada@example.com").unwrap(), "ada");
        assert_eq!(checked_name(" Ada L. ", "x@y").unwrap(), "Ada L.");
        assert!(checked_name("a\nb", "x@y").is_err());
        assert!(checked_name(&"a".repeat(81), "x@y").is_err());
    }

    #[test]
    fn home_is_default_for_its_members() {
        let tenant = |slug: &str| (TenantId::parse(slug).unwrap(), Role::Viewer);
        assert_eq!(home(&[tenant("acme"), tenant("default")]).as_str(), "default");
        assert_eq!(home(&[tenant("acme"), tenant("beta")]).as_str(), "acme");
        assert_eq!(home(&[]).as_str(), "default");
    }
}
