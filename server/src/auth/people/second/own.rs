//! How an account comes to have a second factor, and to have none.

use store::{AuditEntry, Logged, RecoveryHash};

use super::{Begun, not_a_code, place};
use crate::auth::key::fresh_id;
use crate::auth::people::{People, PeopleError, Person, Whence, folded, home};
use crate::auth::totp::{self, Typed};

/// Recovery codes of an account.
const CODES: usize = 10;

impl People {
    /// Makes a seed for somebody's app; it is asked for when they have shown its first code. `at` is the board's host.
    /// `None` when they have a second factor.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn begin_second(
        &self,
        person: &Person,
        at: &str,
        whence: &Whence,
    ) -> Result<Option<Begun>, PeopleError> {
        let account = &person.signed_in.account;
        let before = self.second_factor(&account.id).await?;
        if before.as_ref().is_some_and(|before| before.enabled.is_some()) {
            return Ok(None);
        }
        let mut seed = zeroize::Zeroizing::new([0; totp::SEED]);
        getrandom::fill(&mut *seed)?;
        let field = format!("totp_{}", fresh_id()?);
        let (now, vault) = (self.clock.now(), &self.seconds.vault);
        let log = |action| self.own(person, action, &field, whence);
        let at_field = place(&account.id, &field);
        vault
            .put(&self.holder(), &at_field, &*seed, None, now, log("secret.put"))
            .await?;
        let store = &self.seconds.store;
        let begun =
            store.begin_second_factor(&self.system, &account.id, &field, now, log("account.totp.begin"));
        // What is not begun with, or no more, is of no use to anybody.
        let (begun, unused) = match begun.await? {
            true => (true, before.map(|before| before.seed)),
            false => (false, Some(field.clone())),
        };
        if let Some(unused) = unused {
            let unused = place(&account.id, &unused);
            vault.remove(&self.holder(), &unused, log("secret.drop")).await?;
        }
        if !begun {
            return Ok(None);
        }
        let address = totp::address(&*seed, &account.email, at);
        Ok(Some(Begun {
            secret: totp::base32(&*seed),
            // An address has at most 254 characters, which fits.
            qr: totp::qr_svg(&address).unwrap_or_default(),
            address,
        }))
    }

    /// Somebody has shown a first code: from now on one is asked for. Their other sessions end, which were opened with
    /// less. The recovery codes, shown this once.
    ///
    /// # Errors
    /// See [`PeopleError`]: `WrongCode`; `Gone` when nothing was begun, or it is enabled.
    pub async fn enable_second(
        &self,
        person: &Person,
        typed: &str,
        whence: &Whence,
    ) -> Result<Vec<String>, PeopleError> {
        let account = &person.signed_in.account;
        let Some(Typed::Code(code)) = totp::read(typed) else {
            return Err(not_a_code());
        };
        let second = self.second_factor(&account.id).await?;
        let second = second
            .filter(|second| second.enabled.is_none())
            .ok_or(PeopleError::Gone)?;
        let step = self
            .step_of(account, &second, code)
            .await?
            .ok_or(PeopleError::WrongCode)?;
        let (shown, hashes) = recovery_codes()?;
        let now = self.clock.now();
        let log = self.own(person, "account.totp.enable", &account.id, whence);
        let store = &self.seconds.store;
        let seed = (second.seed.as_str(), step);
        let enabled = store.enable_second_factor(&self.system, &account.id, seed, &hashes, now, log);
        if !enabled.await? {
            return Err(PeopleError::Gone);
        }
        let log = self.own(person, "session.end_others", &account.id, whence);
        let keep = Some(person.signed_in.session.id.as_str());
        self.sessions
            .end_others(&self.system, &account.id, keep, log)
            .await?;
        self.lookup.forget(&account.id);
        Ok(shown)
    }

    /// New recovery codes in place of all; `None` when there is no second factor.
    ///
    /// # Errors
    /// See [`PeopleError`].
    pub async fn new_recovery_codes(
        &self,
        person: &Person,
        whence: &Whence,
    ) -> Result<Option<Vec<String>>, PeopleError> {
        let account = &person.signed_in.account;
        let (shown, hashes) = recovery_codes()?;
        let log = self.own(person, "account.recovery_codes", &account.id, whence);
        let store = &self.seconds.store;
        let replaced = store.replace_recovery_codes(&self.system, &account.id, &hashes, log);
        Ok(replaced.await?.then_some(shown))
    }

    /// Removes somebody's own second factor. False when there is none.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn remove_own_second(&self, person: &Person, whence: &Whence) -> Result<bool, PeopleError> {
        let account = &person.signed_in.account;
        let log = |action| self.own(person, action, &account.id, whence);
        self.remove(&account.id, log("account.totp.remove"), log("secret.drop"))
            .await
    }

    /// Removes the second factor of an address, for whoever runs the host: `by` as in the audit log. False when there is
    /// none.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn remove_second_of(&self, email: &str, by: &str) -> Result<bool, PeopleError> {
        let known = self.accounts.by_email(&self.system, &folded(email)).await?;
        let Some(known) = known else {
            return Ok(false);
        };
        let log = |action| Logged {
            tenant: home(&known.roles),
            entry: AuditEntry {
                actor: by.into(),
                detail: format!("of {}, on the host", known.account.email),
                ..self.entry(action, &known.account.id, &Whence::default())
            },
        };
        self.remove(&known.account.id, log("account.totp.remove"), log("secret.drop"))
            .await
    }

    async fn remove(&self, account: &str, log: Logged, dropped: Logged) -> Result<bool, PeopleError> {
        let removed = self
            .seconds
            .store
            .remove_second_factor(&self.system, account, log)
            .await?;
        let Some(removed) = removed else {
            return Ok(false);
        };
        let seed = place(account, &removed.seed);
        self.seconds.vault.remove(&self.holder(), &seed, dropped).await?;
        Ok(true)
    }
}

fn recovery_codes() -> Result<(Vec<String>, Vec<RecoveryHash>), PeopleError> {
    let codes: Vec<_> = (0..CODES)
        .map(|_| totp::recovery_code())
        .collect::<Result<_, _>>()?;
    Ok(codes.into_iter().unzip())
}
