//! The second factor: what follows the right password where an account has one, and how an account comes to have one.
//!
//! Between password and code there is no session but a *half*: a token that opens nothing, counts for five minutes and
//! five codes, and is remembered here only. A restart forgets it, and its person shows the password again.

mod own;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::secrets::{ExposeSecret as _, Vault};
use domain::Millis;
use parking_lot::Mutex;
use store::{Account, Holder, Logged, Place, SecondFactor, SecondFactors, SessionHash, StoreError, TenantId};

use super::{People, PeopleError, Person, Whence, actor};
use crate::auth::denials::Denial;
use crate::auth::key::sha256;
use crate::auth::session;
use crate::auth::totp::{self, Typed};

/// How long a half counts.
const HALF_COUNTS: Millis = 5 * 60_000;
/// Wrong codes that a half takes.
const TRIES: u32 = 5;
/// Halves remembered; above it the oldest goes.
const REMEMBERED: usize = 10_000;
/// Wrong codes of an app that an account takes within [`GUESSED`], from wherever. Who has the password and many addresses
/// could else guess on; recovery codes, which nobody guesses, are let through.
const GUESSES: u32 = 50;
/// An hour.
const GUESSED: Millis = 3_600_000;

/// What the right password leads to.
#[derive(Clone, PartialEq, Eq)]
pub enum Entered {
    /// In: the cookie's text.
    Session(String),
    /// To the question for a code: the half's token.
    Half(String),
}

impl Entered {
    /// The cookie's text, of whoever is in.
    pub fn session(self) -> Option<String> {
        match self {
            Entered::Session(text) => Some(text),
            Entered::Half(_) => None,
        }
    }
}

/// What an authenticator app needs.
pub struct Begun {
    /// For typing: 32 letters and digits.
    pub secret: String,
    /// `otpauth://…`.
    pub address: String,
    /// The address as a QR code, SVG.
    pub qr: String,
}

/// Second factors, and those who are half in.
pub struct Seconds {
    store: Arc<dyn SecondFactors>,
    vault: Arc<Vault>,
    halves: Mutex<HashMap<[u8; 32], Half>>,
    /// By account: wrong codes, and since when they are counted.
    guesses: Mutex<HashMap<String, (u32, Millis)>>,
}

/// Somebody who has shown the password.
#[derive(Clone)]
struct Half {
    account: String,
    tenant: TenantId,
    old: Option<SessionHash>,
    until: Millis,
    wrong: u32,
}

impl Seconds {
    /// Over a store and the vault that has the seeds.
    pub fn new(store: Arc<dyn SecondFactors>, vault: Arc<Vault>) -> Seconds {
        Seconds {
            store,
            vault,
            halves: Mutex::default(),
            guesses: Mutex::default(),
        }
    }

    /// The half of a token, while it counts.
    fn half(&self, hash: &[u8; 32], now: Millis) -> Option<Half> {
        let halves = self.halves.lock();
        halves.get(hash).filter(|half| now < half.until).cloned()
    }

    fn remember(&self, hash: [u8; 32], half: Half, now: Millis) {
        let mut halves = self.halves.lock();
        if halves.len() >= REMEMBERED {
            halves.retain(|_, half| now < half.until);
        }
        if halves.len() >= REMEMBERED {
            let oldest = halves
                .iter()
                .min_by_key(|(_, half)| half.until)
                .map(|(hash, _)| *hash);
            oldest.and_then(|oldest| halves.remove(&oldest));
        }
        halves.insert(hash, half);
    }

    /// Counts a code of an app before it is looked at.
    ///
    /// # Errors
    /// Too many were wrong: how long to wait.
    fn guess(&self, account: &str, now: Millis) -> Result<(), PeopleError> {
        let mut guesses = self.guesses.lock();
        let (count, since) = guesses.entry(account.to_owned()).or_insert((0, now));
        if now >= *since + GUESSED {
            (*count, *since) = (0, now);
        }
        if *count >= GUESSES {
            let left = u64::try_from(*since + GUESSED - now).unwrap_or(0);
            return Err(PeopleError::Wait(Duration::from_millis(left)));
        }
        *count += 1;
        Ok(())
    }

    /// It was right.
    fn guessed_right(&self, account: &str) {
        if let Some((count, _)) = self.guesses.lock().get_mut(account) {
            *count = count.saturating_sub(1);
        }
    }

    /// A wrong code; after a few the half is gone.
    fn wrong(&self, hash: &[u8; 32]) {
        let mut halves = self.halves.lock();
        if let Some(half) = halves.get_mut(hash) {
            half.wrong += 1;
            if half.wrong >= TRIES {
                halves.remove(hash);
            }
        }
    }

    /// Whoever is half in with this account shows the password again.
    pub(super) fn forget(&self, account: &str) {
        self.halves.lock().retain(|_, half| half.account != account);
    }
}

impl People {
    /// After the password: a session, or the half of one for an account that has a second factor.
    pub(super) async fn enter(
        &self,
        account: &Account,
        tenant: &TenantId,
        whence: &Whence,
        old: Option<&SessionHash>,
    ) -> Result<Entered, PeopleError> {
        if self.enabled(&account.id).await?.is_none() {
            let text = self.open(account, tenant, whence, old, "session.open").await?;
            return Ok(Entered::Session(text));
        }
        let (token, hash) = session::fresh()?;
        let now = self.clock.now();
        let half = Half {
            account: account.id.clone(),
            tenant: tenant.clone(),
            old: old.copied(),
            until: now + HALF_COUNTS,
            wrong: 0,
        };
        self.seconds.remember(hash, half, now);
        Ok(Entered::Half(token))
    }

    /// A code, or a recovery code, with the half that asked for it: opens the session, whose cookie's text is returned.
    ///
    /// # Errors
    /// See [`PeopleError`]: `Gone` when the half does not count (any more), `WrongCode`, `Wait`, `Field`.
    pub async fn enter_with_code(
        &self,
        token: &str,
        typed: &str,
        whence: &Whence,
    ) -> Result<String, PeopleError> {
        self.with_password()?;
        let hash = sha256(token);
        let half = self
            .seconds
            .half(&hash, self.clock.now())
            .ok_or(PeopleError::Gone)?;
        let Some(typed) = totp::read(typed) else {
            return Err(not_a_code());
        };
        let known = self.accounts.by_id(&self.system, &half.account).await?;
        let known = known.filter(|known| known.account.disabled.is_none());
        let account = known.ok_or(PeopleError::Gone)?.account;
        if let Err(error) = self.show_code(&account, &half.tenant, typed, whence).await {
            if matches!(error, PeopleError::WrongCode) {
                self.seconds.wrong(&hash);
            }
            return Err(error);
        }
        // Only one who shows a code with this half goes in with it.
        if self.seconds.halves.lock().remove(&hash).is_none() {
            return Err(PeopleError::Gone);
        }
        self.open(&account, &half.tenant, whence, half.old.as_ref(), "session.open")
            .await
    }

    /// Uses a code up, if it is one of the account's. Wrong ones make their sender wait, as wrong passwords do.
    async fn show_code(
        &self,
        account: &Account,
        tenant: &TenantId,
        typed: Typed,
        whence: &Whence,
    ) -> Result<(), PeopleError> {
        let name = format!("second factor of {}", account.id);
        self.throttle
            .begin(&name, whence.address)
            .map_err(PeopleError::Wait)?;
        match self.is_code(account, tenant, typed, whence).await {
            Ok(true) => {
                self.throttle.take_back(&name, whence.address, true);
                Ok(())
            }
            Ok(false) => {
                self.denials.note(Denial {
                    tenant: tenant.clone(),
                    actor: actor(&account.id),
                    address: whence.text(),
                    action: "session.code_denied",
                    target: account.email.clone(),
                });
                Err(PeopleError::WrongCode)
            }
            // Nobody looked at the code.
            Err(error) => {
                self.throttle.take_back(&name, whence.address, false);
                Err(error)
            }
        }
    }

    async fn is_code(
        &self,
        account: &Account,
        tenant: &TenantId,
        typed: Typed,
        whence: &Whence,
    ) -> Result<bool, PeopleError> {
        let store = &self.seconds.store;
        let now = self.clock.now();
        match typed {
            Typed::Code(code) => {
                let Some(second) = self.enabled(&account.id).await? else {
                    return Ok(false);
                };
                self.seconds.guess(&account.id, now)?;
                let right = match self.step_of(account, &second, code).await? {
                    Some(step) => {
                        let used = store.use_step(&self.system, &account.id, &second.seed, step);
                        used.await?
                    }
                    None => false,
                };
                if right {
                    self.seconds.guessed_right(&account.id);
                }
                Ok(right)
            }
            Typed::Recovery(hash) => {
                let log = self.logged(
                    tenant,
                    "account.recovery_code",
                    &account.id,
                    &account.id,
                    whence,
                    "",
                );
                let used = store.use_recovery_code(&self.system, &account.id, &hash, now, log);
                Ok(used.await?)
            }
        }
    }

    async fn step_of(
        &self,
        account: &Account,
        second: &SecondFactor,
        code: u32,
    ) -> Result<Option<i64>, PeopleError> {
        let place = place(&account.id, &second.seed);
        let seed = self.seconds.vault.open(&self.holder(), &place, None).await?;
        // A seed that was lost with its key: recovery codes, or the host, let its person in.
        Ok(seed.and_then(|seed| totp::step_of(seed.expose_secret(), code, self.clock.now())))
    }

    /// The second factor of an account; also one that is not enabled yet.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn second_factor(&self, account: &str) -> Result<Option<SecondFactor>, StoreError> {
        self.seconds.store.second_factor(&self.system, account).await
    }

    async fn enabled(&self, account: &str) -> Result<Option<SecondFactor>, StoreError> {
        let second = self.second_factor(account).await?;
        Ok(second.filter(|second| second.enabled.is_some()))
    }

    /// Accounts are no tenant's.
    fn holder(&self) -> Holder {
        Holder::installation(&self.system)
    }

    fn own(&self, person: &Person, action: &str, target: &str, whence: &Whence) -> Logged {
        let account = &person.signed_in.account.id;
        self.logged(person.scope.tenant(), action, account, target, whence, "")
    }
}

fn place(account: &str, field: &str) -> Place {
    Place {
        kind: "account".into(),
        owner: account.into(),
        field: field.into(),
    }
}

fn not_a_code() -> PeopleError {
    PeopleError::Field {
        field: "code",
        why: "A code has six digits; a recovery code has 24 letters and digits in four groups.".into(),
    }
}
