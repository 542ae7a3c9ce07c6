//! Sessions: who is signed in, where and since when.

use async_trait::async_trait;
use domain::Millis;

use super::{Account, Logged, Role};
use crate::{StoreError, SystemScope, TenantId};

/// SHA-256 of what the cookie holds, which has more than 190 bits of randomness.
pub type SessionHash = [u8; 32];

/// A session, without what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Ten characters, random; names it in lists.
    pub id: String,
    /// The account's id.
    pub account: String,
    /// When it began.
    pub created: Millis,
    /// When it was used last, to a minute.
    pub seen: Millis,
    /// When the password was shown last, here or at a provider; 0 when that is not known.
    pub confirmed: Millis,
    /// When it ends at the latest.
    pub expires: Millis,
    /// An IP address, or empty.
    pub address: String,
    /// The browser, in its own words; cut.
    pub agent: String,
    /// What the provider was called through which somebody signed in; empty for a password.
    pub via: String,
}

/// A session to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// All but the hash.
    pub session: Session,
    /// Of what the cookie holds.
    pub hash: SessionHash,
}

/// A session with whom it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Whose.
    pub account: Account,
    /// What the account may do where, by tenant.
    pub roles: Vec<(TenantId, Role)>,
}

/// The port for sessions. Whether one has expired or been idle for too long is the caller's to say.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Stores a session, and that somebody signed in. In place of `old` (its hash), which ends. `Conflict` when there is
    /// no such account, or it is disabled.
    async fn open(
        &self,
        system: &SystemScope,
        new: NewSession,
        old: Option<&SessionHash>,
        audit: Logged,
    ) -> Result<(), StoreError>;

    /// The session with this hash.
    async fn session(&self, system: &SystemScope, hash: &SessionHash)
    -> Result<Option<SignedIn>, StoreError>;

    /// Notes when sessions, by id, were used last; an earlier time changes nothing.
    async fn sessions_seen(&self, system: &SystemScope, seen: &[(String, Millis)]) -> Result<(), StoreError>;

    /// The password was shown again: the session goes on with another cookie. False when there is no such session.
    async fn confirm(
        &self,
        system: &SystemScope,
        id: &str,
        hash: &SessionHash,
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// All sessions of an account, newest first.
    async fn sessions_of(&self, system: &SystemScope, account: &str) -> Result<Vec<Session>, StoreError>;

    /// Ends a session of an account. False when it has none of this id.
    async fn end(
        &self,
        system: &SystemScope,
        account: &str,
        id: &str,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// Ends all sessions of an account but `keep` (a session's id). Returns how many there were.
    async fn end_others(
        &self,
        system: &SystemScope,
        account: &str,
        keep: Option<&str>,
        audit: Logged,
    ) -> Result<u64, StoreError>;

    /// Removes sessions that ended before `now` or were not used since `idle_since`.
    async fn sweep(&self, system: &SystemScope, now: Millis, idle_since: Millis) -> Result<u64, StoreError>;
}
