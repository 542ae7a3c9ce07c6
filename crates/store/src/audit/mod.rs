//! The audit log: who did what, one chain of sealed entries per tenant.
//!
//! Every entry's hash covers the hash before it, and is sealed with a key that is not in the database. So an entry that
//! was changed, removed, added or moved is found by [`Verifier`]. What a chain alone cannot show is that its newest
//! entries were cut off: that needs a [`AuditHead`] that was written down elsewhere.
//!
//! Deliberately absent: who may read it (the auth layer), and when entries may go (they do not).

mod seal;
mod verify;

use async_trait::async_trait;
use domain::Millis;

use crate::{StoreError, SystemScope, TenantId, TenantScope};

pub use seal::{AuditKey, seal};
pub use verify::{Fault, Verified, Verifier};

/// The longest actor, address, action and target, in characters; what is longer is cut.
pub const SHORT: usize = 256;
/// The longest detail, in characters.
pub const LONG: usize = 2_048;

/// Who did what, written in the same transaction as the change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditEntry {
    /// When.
    pub at: Millis,
    /// `cli:root`, `system`, `key:k3j…`, `account:0193…`.
    pub actor: String,
    /// From where: an IP address, or empty.
    pub address: String,
    /// `key.create`, `key.revoke`.
    pub action: String,
    /// The object's id.
    pub target: String,
    /// In words; never a secret.
    pub detail: String,
}

impl AuditEntry {
    /// As it is stored and sealed: nothing that one of the databases would change, and no text without end.
    #[must_use]
    pub fn fitted(self) -> AuditEntry {
        AuditEntry {
            at: self.at,
            actor: fitted(self.actor, SHORT),
            address: fitted(self.address, SHORT),
            action: fitted(self.action, SHORT),
            target: fitted(self.target, SHORT),
            detail: fitted(self.detail, LONG),
        }
    }
}

fn fitted(text: String, most: usize) -> String {
    let fits = text.chars().count() <= most && !text.contains('\0');
    if fits {
        return text;
    }
    text.chars()
        .take(most)
        .map(|c| if c == '\0' { '\u{fffd}' } else { c })
        .collect()
}

/// SHA-256 over an entry and the hash before it.
pub type AuditHash = [u8; 32];

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// Its number within the tenant, from 1 without gaps.
    pub n: u64,
    /// What happened.
    pub entry: AuditEntry,
    /// Covers the entry, its number, its tenant and the hash before it.
    pub hash: AuditHash,
    /// HMAC-SHA256 of the hash, with the key that is not in the database.
    pub mac: [u8; 32],
}

/// The newest entry of a chain. Written down outside of the database, it shows later that nothing was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Whose chain.
    pub tenant: TenantId,
    /// The number of its newest entry.
    pub n: u64,
    /// That entry's hash.
    pub hash: AuditHash,
    /// And its seal.
    pub mac: [u8; 32],
}

/// Which entries are wanted. The default is all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Only entries with a smaller number: where the page before ended.
    pub before: Option<u64>,
    /// Not before this time.
    pub from: Option<Millis>,
    /// Before this time.
    pub to: Option<Millis>,
    /// Whose actor is this.
    pub actor: Option<String>,
    /// Whose action is this, or begins with it and a dot.
    pub action: Option<String>,
    /// Whose target is this.
    pub target: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl AuditQuery {
    /// Whether the entry is wanted, `before` and `limit` aside.
    pub fn wants(&self, entry: &AuditEntry) -> bool {
        let action = |wanted: &String| match entry.action.strip_prefix(wanted.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => false,
        };
        self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at < to)
            && self.actor.as_ref().is_none_or(|actor| *actor == entry.actor)
            && self.action.as_ref().is_none_or(action)
            && self.target.as_ref().is_none_or(|target| *target == entry.target)
    }
}

/// The port for reading the audit log, and for what happens without changing anything else: a login, a denial.
#[async_trait]
pub trait Audits: Send + Sync + 'static {
    /// Appends an entry.
    async fn record(&self, scope: &TenantScope, entry: AuditEntry) -> Result<(), StoreError>;

    /// Entries, newest first.
    async fn audit(&self, scope: &TenantScope, query: AuditQuery) -> Result<Vec<SealedEntry>, StoreError>;

    /// Entries with a number above `after`, oldest first, at most `limit`: for checking a chain.
    async fn sealed(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<SealedEntry>, StoreError>;

    /// Seals every chain anew with the key that the store was opened with, and ends each with `entry`: for when the key
    /// of the old seals is lost. Returns how many entries were sealed anew. What the old seals proved is proved no more.
    async fn reseal(&self, system: &SystemScope, entry: AuditEntry) -> Result<u64, StoreError>;

    /// The newest entry of each tenant's chain, by tenant.
    async fn heads(&self, system: &SystemScope) -> Result<Vec<AuditHead>, StoreError>;
}
