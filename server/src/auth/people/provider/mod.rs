//! Signing in with an OpenID Connect provider (ADR 0027).
//!
//! Whom the provider sends is known by issuer and subject, never by an email address: an address can pass to somebody
//! else, and a provider can let people choose it. So an identity opens the account that it was linked to, and a new one
//! opens nothing: it is linked by whoever is signed in already, comes with an invitation, or, where that is switched on,
//! with an account of its own.
//!
//! What the provider says of the role counts when an account is made, and not later: who may do what here is decided here.

mod arrive;
mod waiting;

use ::oidc::{Begun, Client, Error};
use store::{Account, Identity, SessionHash};

use super::{People, PeopleError, Person, Whence, home};
use crate::auth::denials::Denial;
use crate::auth::key::sha256;
use crate::auth::turns::network;
use crate::config::{Oidc, Roles};
use waiting::{AllWaiting, WAITS, Waiting};

pub use arrive::{Arrived, CameBack};

/// The longest target of a refusal in the log, characters.
const LONGEST_TARGET: usize = 300;

/// The provider, and what its people may be here.
pub struct Provider {
    client: Client,
    /// On the button.
    name: String,
    only: bool,
    sign_up: bool,
    roles_claim: String,
    roles: Roles,
    waiting: AllWaiting,
}

/// What somebody goes to the provider for.
#[derive(Clone)]
pub enum Purpose {
    /// To sign in, and then to this page of ours.
    SignIn(String),
    /// To take up the invitation with this token.
    Join(String),
    /// To link the identity there to the account of this session, and back to this page of the settings.
    Link(Signed),
    /// To show again that it is them, in this session.
    Confirm(Signed),
}

/// Somebody who is signed in already.
#[derive(Clone)]
pub struct Signed {
    /// The session's id.
    session: String,
    /// The account's id.
    account: String,
    /// The page of the settings that they come back to.
    pub back: String,
}

impl Signed {
    /// Whoever asks.
    pub fn of(person: &Person, back: &str) -> Signed {
        Signed {
            session: person.signed_in.session.id.clone(),
            account: person.signed_in.account.id.clone(),
            back: back.to_owned(),
        }
    }
}

impl Provider {
    /// The provider that is configured; `client` asks it.
    pub fn new(config: &Oidc, client: Client) -> Provider {
        Provider {
            client,
            name: config.name.clone(),
            only: config.only,
            sign_up: config.sign_up,
            roles_claim: config.roles_claim.clone(),
            roles: config.roles.clone(),
            waiting: AllWaiting::default(),
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether nobody comes in any other way.
    pub fn only(&self) -> bool {
        self.only
    }

    /// As its ID tokens write it.
    pub fn issuer(&self) -> &str {
        self.client.issuer()
    }
}

impl People {
    /// The provider, if there is one.
    pub fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// With a provider.
    #[must_use]
    pub fn with_provider(self, provider: Option<Provider>) -> People {
        People { provider, ..self }
    }

    /// Whether a password lets anybody in.
    ///
    /// # Errors
    /// `Only`.
    pub fn with_password(&self) -> Result<(), PeopleError> {
        match &self.provider {
            Some(provider) if provider.only => Err(PeopleError::Only(provider.name.clone())),
            _ => Ok(()),
        }
    }

    fn asked_provider(&self) -> Result<&Provider, PeopleError> {
        self.provider.as_ref().ok_or(PeopleError::Gone)
    }

    /// Begins: where the browser is sent. `browser` is what its cookie holds, `back` our own address that it comes back to.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Away` when the provider cannot be asked, `Gone` when there is none.
    pub async fn go_to_provider(
        &self,
        purpose: Purpose,
        browser: &str,
        back: &str,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        let provider = self.asked_provider()?;
        let now = self.clock.now();
        let fresh = matches!(purpose, Purpose::Confirm(_));
        let begun = provider.client.begin(back, fresh, now).await;
        let Begun { flow, url } = begun.map_err(|error| self.told(&error, whence))?;
        let state = sha256(flow.state());
        let waiting = Waiting {
            flow,
            browser: sha256(browser),
            purpose,
            network: network(whence.address),
            until: now + WAITS,
        };
        provider.waiting.put(state, waiting, now);
        Ok(url)
    }

    /// Links an identity of the provider to an account, on the command line. False when the address has no account.
    ///
    /// # Errors
    /// The identity is linked already, or the store cannot be asked.
    pub async fn link_by_hand(
        &self,
        email: &str,
        issuer: &str,
        subject: &str,
        by: &str,
    ) -> Result<bool, PeopleError> {
        let email = super::folded(email);
        let Some(known) = self.accounts.by_email(&self.system, &email).await? else {
            return Ok(false);
        };
        let account = &known.account;
        let identity = Identity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            account: account.id.clone(),
            shown: email.clone(),
            linked: self.clock.now(),
        };
        let detail = format!("{subject} of {issuer}");
        let tenant = home(&known.roles);
        let mut log = self.logged(
            &tenant,
            "account.link",
            &account.id,
            &account.id,
            &Whence::default(),
            &detail,
        );
        log.entry.actor = by.to_owned();
        self.linked(identity, log).await?;
        Ok(true)
    }

    /// The identities of an account.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn identities_of(&self, account: &str) -> Result<Vec<Identity>, store::StoreError> {
        self.identities.identities_of(&self.system, account).await
    }

    /// Takes an identity of one's own away; every other session of the account ends. False when there is none.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Refused` when nothing else would let them in.
    pub async fn unlink(&self, person: &Person, issuer: &str, whence: &Whence) -> Result<bool, PeopleError> {
        let account = &person.signed_in.account;
        let known = self.accounts.by_id(&self.system, &account.id).await?;
        let known = known.ok_or(PeopleError::Gone)?;
        let needed = self
            .provider()
            .is_some_and(|own| own.only && own.issuer() == issuer);
        if known.password.is_none() || needed {
            return Err(PeopleError::Refused(
                "Nothing else lets you in: without it nobody could sign in to this account.".into(),
            ));
        }
        let tenant = person.scope.tenant();
        let log = self.logged(tenant, "account.unlink", &account.id, &account.id, whence, issuer);
        let keep = Some(person.signed_in.session.id.as_str());
        let was = self
            .identities
            .unlink_identity(&self.system, &account.id, issuer, keep, log)
            .await?;
        self.lookup.forget(&account.id);
        Ok(was.is_some())
    }

    /// What people are told of an error of the provider. The log has it all, and the audit log that somebody was refused.
    fn told(&self, error: &Error, whence: &Whence) -> PeopleError {
        let name = self
            .provider
            .as_ref()
            .map_or("", |provider| provider.name.as_str());
        tracing::warn!(%error, provider = name, "nobody could be signed in with the provider");
        self.refused_from(&error.to_string(), None, whence);
        match error {
            Error::Unreachable { .. } | Error::Random(_) => PeopleError::Away(format!(
                "{name} cannot be asked right now. Try again in a moment; whoever runs this server finds more in its log."
            )),
            Error::Metadata { .. } => PeopleError::Away(format!(
                "{name} is not set up as this server expects. Whoever runs it finds more in its log."
            )),
            Error::Refused { error, .. } => {
                PeopleError::Refused(format!("{name} did not let you in ({error}). Begin again."))
            }
            Error::Token(why) => PeopleError::Refused(format!(
                "What {name} sent is not believed: {why}. Begin again; if that does not help, tell whoever runs this server."
            )),
        }
    }

    /// Notes in the audit log that somebody was refused.
    fn refused_from(&self, why: &str, account: Option<&Account>, whence: &Whence) {
        self.denials.note(Denial {
            tenant: store::TenantId::default_tenant(),
            actor: account.map_or_else(|| "anyone".into(), |account| super::actor(&account.id)),
            address: whence.text(),
            action: "session.denied",
            target: format!("oidc: {why}").chars().take(LONGEST_TARGET).collect(),
        });
    }
}

/// How a session came to be, besides with a password.
pub(super) struct Way<'a> {
    /// What the provider is called.
    pub via: &'a str,
    /// When the password was shown there last; 0 when that is not known.
    pub confirmed: i64,
    /// The session that the browser had; it ends.
    pub old: Option<&'a SessionHash>,
}
