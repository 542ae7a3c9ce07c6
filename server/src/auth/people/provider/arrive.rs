//! Whoever comes back from the provider: who they are here, and whether they are let in.

use ::oidc::Who;
use store::{
    Account, AuditEntry, Guest, Identity, KnownAccount, Logged, NewAccount, SessionHash, SignedIn,
    StoreError, TenantId,
};

use super::super::choose::{checked_email, checked_name, folded};
use super::super::{People, PeopleError, Whence, actor, home};
use super::{Provider, Purpose, Signed, Way};
use crate::auth::key::{fresh_id, sha256};
use crate::auth::session;

/// What the address says that a browser came back with.
#[derive(Debug, Clone, Copy, Default)]
pub struct CameBack<'a> {
    /// Which sign-in.
    pub state: &'a str,
    /// What the provider gives for tokens.
    pub code: Option<&'a str>,
    /// The provider, as it names itself (RFC 9207).
    pub issuer: Option<&'a str>,
    /// Its word for why not.
    pub error: Option<&'a str>,
    /// Its sentence for why not.
    pub description: Option<&'a str>,
}

/// What came of it.
pub enum Arrived {
    /// In: the cookie's text, and where to.
    In(String, String),
    /// In, with an invitation to this tenant: the cookie's text.
    Joined(String, TenantId),
    /// The identity is linked; back to this page of the settings.
    Linked(String),
    /// It is them: the cookie's text, and back to this page of the settings.
    Confirmed(String, String),
}

impl People {
    /// Whoever comes back from the provider. `browser` is what the cookie of the browser holds, `current` its session. With
    /// an error comes what they had gone for, when that is known.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Refused`, `Away`, `Gone`, `Wait`.
    pub async fn arrive(
        &self,
        came: CameBack<'_>,
        browser: Option<&str>,
        current: Option<(&SignedIn, &SessionHash)>,
        whence: &Whence,
    ) -> Result<Arrived, (PeopleError, Option<Purpose>)> {
        let provider = self.asked_provider().map_err(|error| (error, None))?;
        let now = self.clock.now();
        let browser = sha256(browser.unwrap_or_default());
        let Some(waiting) = provider.waiting.take(&sha256(came.state), &browser, now) else {
            // What the address says beside the state is not shown: anybody can write an address.
            self.refused_from(
                "a state that is not this browser's, is old, or was used",
                None,
                whence,
            );
            let words = "This sign-in was not begun in this browser, took longer than ten minutes, or was finished \
                         already. Begin again.";
            return Err((PeopleError::Refused(words.into()), None));
        };
        let purpose = waiting.purpose.clone();
        let failed = |error| (error, Some(purpose.clone()));
        let name = [came.state, " at the provider"].concat();
        self.throttle
            .begin(&name, whence.address)
            .map_err(|wait| failed(PeopleError::Wait(wait)))?;
        let who = self.who(provider, &waiting.flow, came, whence).await;
        let mut who = who.map_err(failed)?;
        let arrived = match &purpose {
            Purpose::SignIn(next) => {
                let old = current.map(|(_, hash)| hash);
                let entered = self.enter_from(provider, &mut who, old, whence).await;
                entered.map(|text| Arrived::In(text, next.clone()))
            }
            Purpose::Join(token) => self.join_from(provider, &mut who, token, whence).await,
            Purpose::Link(signed) => self.link_from(provider, &mut who, signed, current, whence).await,
            Purpose::Confirm(signed) => self.confirm_from(provider, &who, signed, current, whence).await,
        };
        let arrived = arrived.map_err(failed)?;
        self.throttle.take_back(&name, whence.address, true);
        Ok(arrived)
    }

    /// Who it is, after everything that the provider said has been checked.
    async fn who(
        &self,
        provider: &Provider,
        flow: &::oidc::Flow,
        came: CameBack<'_>,
        whence: &Whence,
    ) -> Result<Who, PeopleError> {
        let told = |error| self.told(&error, whence);
        let now = self.clock.now();
        provider
            .client
            .check_issuer(came.issuer, now)
            .await
            .map_err(told)?;
        let code = match (came.error, came.code) {
            (None, Some(code)) if !code.is_empty() => code,
            (error, _) => {
                let line = |text: &str| -> String {
                    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
                    plain.take(200).collect()
                };
                let error = line(error.unwrap_or("no code"));
                let sentence = came.description.map(line).filter(|text| !text.trim().is_empty());
                self.refused_from(&format!("the provider answered {error}"), None, whence);
                let words = sentence.map_or_else(|| error.clone(), |text| format!("{error}: {text}"));
                return Err(PeopleError::Refused(format!(
                    "{} did not sign you in. It says: {words}",
                    provider.name
                )));
            }
        };
        let finished = provider.client.finish(flow, code, now).await;
        finished.map_err(told)
    }

    /// The account that an identity opens.
    async fn opened_by(&self, who: &Who, whence: &Whence) -> Result<Option<KnownAccount>, PeopleError> {
        let known = self
            .identities
            .by_identity(&self.system, &who.issuer, &who.subject)
            .await?;
        if let Some(known) = &known
            && known.account.disabled.is_some()
        {
            self.refused_from("the account is disabled", Some(&known.account), whence);
            return Err(PeopleError::Refused(
                "Your account here is disabled. An admin can say more.".into(),
            ));
        }
        Ok(known)
    }

    async fn enter_from(
        &self,
        provider: &Provider,
        who: &mut Who,
        old: Option<&SessionHash>,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        let known = match self.opened_by(who, whence).await? {
            Some(known) => known,
            None => self.sign_up(provider, who, whence).await?,
        };
        let way = self.way(provider, who, old);
        self.open_by(&known.account, &home(&known.roles), whence, "session.open", way)
            .await
    }

    /// As a session of somebody from the provider begins: the password counts as shown when it was shown there.
    fn way<'a>(&self, provider: &'a Provider, who: &Who, old: Option<&'a SessionHash>) -> Way<'a> {
        let shown = who.signed_in_at().unwrap_or_default();
        Way {
            via: &provider.name,
            confirmed: shown.min(self.clock.now()),
            old,
        }
    }

    /// An account for somebody who has none, or why there is none.
    async fn sign_up(
        &self,
        provider: &Provider,
        who: &mut Who,
        whence: &Whence,
    ) -> Result<KnownAccount, PeopleError> {
        let lacks_roles = !provider.roles_claim.is_empty() && !who.has(&provider.roles_claim);
        if who.email().is_none() || who.name().is_none() || lacks_roles {
            self.ask_more(provider, who, whence).await?;
        }
        let name = &provider.name;
        let who_it_is = format!("subject {} ({})", who.subject, who.shown());
        let refused = |why: &str, words: String| {
            self.refused_from(&format!("{who_it_is}: {why}"), None, whence);
            Err(PeopleError::Refused(words))
        };
        let email = who.verified_email().map(folded);
        if let Some(email) = &email
            && self.accounts.by_email(&self.system, email).await?.is_some()
        {
            let words = match provider.only {
                false => format!(
                    "{email} has an account here that {name} is not linked to. Sign in with its password once, and link \
                     {name} under Settings."
                ),
                true => format!(
                    "{email} has an account here that {name} is not linked to. Whoever runs this server can link it: \
                     fuseboard admin link"
                ),
            };
            return refused("the address has an account that it is not linked to", words);
        }
        if !provider.sign_up || !self.accounts.any_account(&self.system).await? {
            let words = "There is no account for you here. Ask an admin for an invitation.".into();
            return refused("there is no account", words);
        }
        let Some(email) = email else {
            let words = format!(
                "{name} does not say that your email address has been verified, and nobody gets an account without that."
            );
            return refused("the address is not verified", words);
        };
        let Some(role) = provider.roles.of(&who.values(&provider.roles_claim)) else {
            let words = format!("{name} gives you no role here. Ask an admin for one, or for an invitation.");
            return refused("there is no role for it", words);
        };
        let new = self.account_for(who, &email)?;
        let (account, tenant) = (new.account.clone(), TenantId::default_tenant());
        let entry = AuditEntry {
            actor: actor(&account.id),
            detail: format!("{email} as {}, through {name}: {who_it_is}", role.as_str()),
            ..self.entry("account.create", &account.id, whence)
        };
        let made = self
            .accounts
            .create_account(&self.system, new, &tenant, role, entry)
            .await;
        self.free(made)?;
        Ok(KnownAccount {
            account,
            password: None,
            roles: vec![(tenant, role)],
        })
    }

    async fn join_from(
        &self,
        provider: &Provider,
        who: &mut Who,
        token: &str,
        whence: &Whence,
    ) -> Result<Arrived, PeopleError> {
        let (link, email, is_known) = self.invitation(token).await?;
        let name = &provider.name;
        let known = self.opened_by(who, whence).await?;
        let refused = |why: &str, words: String| {
            self.refused_from(why, known.as_ref().map(|known| &known.account), whence);
            Err(PeopleError::Refused(words))
        };
        let (account, guest) = match &known {
            Some(known) if known.account.email == email => {
                (known.account.clone(), Guest::Known(known.account.id.clone()))
            }
            Some(known) => {
                let words = format!(
                    "At {name} you are {} here, and this invitation is for {email}.",
                    known.account.email
                );
                return refused("an invitation for somebody else", words);
            }
            None if is_known => {
                let words = format!(
                    "{email} has an account here that {name} is not linked to. Take the invitation up with its password, \
                     or link {name} under Settings first."
                );
                return refused("an invitation for an account that it is not linked to", words);
            }
            None => {
                if who.name().is_none() {
                    self.ask_more(provider, who, whence).await?;
                }
                let new = self.account_for(who, &email)?;
                (new.account.clone(), Guest::New(Box::new(new)))
            }
        };
        let entry = AuditEntry {
            actor: actor(&account.id),
            detail: format!(
                "{email} took up the invitation {} through {name}: subject {} ({})",
                link.id,
                who.subject,
                who.shown()
            ),
            ..self.entry("member.join", &account.id, whence)
        };
        let now = self.clock.now();
        let hash = sha256(token.trim());
        let accepted = self.accounts.accept(&self.system, &hash, guest, now, entry).await;
        self.free(accepted)?.ok_or(PeopleError::Gone)?;
        self.lookup.forget(&account.id);
        let way = self.way(provider, who, None);
        let text = self
            .open_by(&account, &link.tenant, whence, "session.open", way)
            .await?;
        Ok(Arrived::Joined(text, link.tenant))
    }

    async fn link_from(
        &self,
        provider: &Provider,
        who: &mut Who,
        signed: &Signed,
        current: Option<(&SignedIn, &SessionHash)>,
        whence: &Whence,
    ) -> Result<Arrived, PeopleError> {
        let current = self.still(signed, current, whence)?;
        let account = &current.account;
        if who.email().is_none() {
            self.ask_more(provider, who, whence).await?;
        }
        let identity = self.identity(who, &account.id);
        let detail = format!("{} of {}: subject {}", identity.shown, provider.name, who.subject);
        let tenant = home(&current.roles);
        let log = self.logged(&tenant, "account.link", &account.id, &account.id, whence, &detail);
        if let Err(error) = self.linked(identity, log).await {
            self.refused_from("an identity that is linked already", Some(account), whence);
            return Err(error);
        }
        Ok(Arrived::Linked(signed.back.clone()))
    }

    /// Stores a link, or says that it cannot be.
    pub(super) async fn linked(&self, identity: Identity, log: Logged) -> Result<(), PeopleError> {
        let linked = self.identities.link_identity(&self.system, identity, log).await;
        self.free(linked)
    }

    async fn confirm_from(
        &self,
        provider: &Provider,
        who: &Who,
        signed: &Signed,
        current: Option<(&SignedIn, &SessionHash)>,
        whence: &Whence,
    ) -> Result<Arrived, PeopleError> {
        let current = self.still(signed, current, whence)?;
        let account = &current.account;
        let known = self.opened_by(who, whence).await?;
        if known.is_none_or(|known| known.account.id != account.id) {
            self.refused_from("somebody else confirmed", Some(account), whence);
            return Err(PeopleError::Refused(format!(
                "Whoever signed in at {} is not linked to this account.",
                provider.name
            )));
        }
        let (text, hash) = session::fresh()?;
        let tenant = home(&current.roles);
        let id = &current.session.id;
        let log = self.logged(
            &tenant,
            "session.confirm",
            &account.id,
            id,
            whence,
            &provider.name,
        );
        let now = self.clock.now();
        let confirmed = self.sessions.confirm(&self.system, id, &hash, now, log).await?;
        self.lookup.forget(&account.id);
        match confirmed {
            true => Ok(Arrived::Confirmed(text, signed.back.clone())),
            false => Err(PeopleError::Gone),
        }
    }

    /// Whoever went to the provider is still signed in here, in the same session.
    fn still<'a>(
        &self,
        signed: &Signed,
        current: Option<(&'a SignedIn, &SessionHash)>,
        whence: &Whence,
    ) -> Result<&'a SignedIn, PeopleError> {
        let current = current.map(|(current, _)| current);
        let same = current
            .filter(|current| current.session.id == signed.session && current.account.id == signed.account);
        same.ok_or_else(|| {
            self.refused_from("a session that is another one by now", None, whence);
            PeopleError::Refused("You signed out, or in anew, meanwhile. Begin again under Settings.".into())
        })
    }

    async fn ask_more(&self, provider: &Provider, who: &mut Who, whence: &Whence) -> Result<(), PeopleError> {
        let asked = provider.client.ask_more(who, self.clock.now()).await;
        asked.map_err(|error| self.told(&error, whence))
    }

    /// An account for somebody from the provider, with their identity and without a password.
    fn account_for(&self, who: &Who, email: &str) -> Result<NewAccount, PeopleError> {
        let email = checked_email(email)?;
        let theirs = who.name().unwrap_or_default();
        // A name that cannot be used is no reason to let nobody in.
        let name = checked_name(theirs, &email).or_else(|_| checked_name("", &email))?;
        let id = fresh_id()?;
        Ok(NewAccount {
            identity: Some(self.identity(who, &id)),
            account: Account {
                id,
                email,
                name,
                platform_admin: false,
                created: self.clock.now(),
                disabled: None,
                last_login: None,
            },
            password: None,
        })
    }

    fn identity(&self, who: &Who, account: &str) -> Identity {
        Identity {
            issuer: who.issuer.clone(),
            subject: who.subject.clone(),
            account: account.to_owned(),
            shown: who.shown(),
            linked: self.clock.now(),
        }
    }

    /// What stands against something that is there is told; what else is wrong with the store is not.
    fn free<T>(&self, stored: Result<T, StoreError>) -> Result<T, PeopleError> {
        match stored {
            Err(StoreError::Conflict(_)) => Err(PeopleError::Refused(
                "This identity, or this address, belongs to an account already, or the account is linked to another \
                 identity there."
                    .into(),
            )),
            stored => Ok(stored?),
        }
    }
}
