//! How an account comes to be, or comes back: the first one with the setup token, one on the command line, one with an
//! invitation, and a new password with a link from the host.

use domain::Millis;
use store::{
    Account, AuditEntry, Guest, Link, LinkKind, NewAccount, NewLink, Role, StoreError, TenantId, TenantScope,
};

use super::choose::{check_password, checked_email, checked_name, folded, hashed};
use super::{Chosen, Entered, People, PeopleError, Whence, actor, home};
use crate::auth::key::{fresh_id, sha256};
use crate::auth::turns::Turn;
use crate::auth::{scope_of, session};

/// How long an invitation counts.
pub const LINK_COUNTS: Millis = 7 * 86_400_000;

impl People {
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
    ) -> Result<Entered, PeopleError> {
        self.with_password()?;
        let (link, email, is_known) = self.invitation(token).await?;
        let (account, guest) = if is_known {
            let known = self.prove(&email, password, whence).await?;
            (known.account.clone(), Guest::Known(known.account.id))
        } else {
            let turn = self.turn_by(&link).await?;
            let chosen = Chosen {
                email: &email,
                name,
                password,
            };
            let new = self.account(chosen, Some(turn)).await?;
            (new.account.clone(), Guest::New(Box::new(new)))
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
        self.enter(&account, &link.tenant, whence, None).await
    }

    /// Chooses a new password with a link, and signs in.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn reset(&self, token: &str, password: &str, whence: &Whence) -> Result<Entered, PeopleError> {
        self.with_password()?;
        let link = self.link(token).await?;
        let LinkKind::Reset { account } = &link.kind else {
            return Err(PeopleError::Gone);
        };
        let known = self.accounts.by_id(&self.system, account).await?;
        let known = known.ok_or(PeopleError::Gone)?;
        check_password(password, &known.account)?;
        let turn = self.turn_by(&link).await?;
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
        self.seconds.forget(account);
        self.enter(&known.account, &link.tenant, whence, None).await
    }

    /// The link with this token.
    async fn link(&self, token: &str) -> Result<Link, PeopleError> {
        let now = self.clock.now();
        let hash = sha256(token.trim());
        let found = self.accounts.link(&self.system, &hash, now).await?;
        found.ok_or(PeopleError::Gone)
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
            identity: None,
        })
    }
}
