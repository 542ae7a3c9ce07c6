//! API keys: hashed, scoped, revocable. And the audit entry that every change carries.

use async_trait::async_trait;
use domain::Millis;

use crate::{StoreError, SystemScope, TenantId, TenantScope};

/// SHA-256 of the whole key. A key has more than 190 bits of randomness, so no slow hash is needed.
pub type KeyHash = [u8; 32];

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Push events.
    IngestWrite,
    /// Read live views and metrics.
    MetricsRead,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 2] = [Scope::IngestWrite, Scope::MetricsRead];

    /// Its name in the API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::IngestWrite => "ingest:write",
            Scope::MetricsRead => "metrics:read",
        }
    }

    /// The scope with this name.
    pub fn parse(name: &str) -> Option<Scope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A key as stored; the secret itself is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Ten characters, part of the key's text.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// Given by a person; unique among the tenant's keys that are not revoked.
    pub name: String,
    /// The first characters of the key, to tell it by.
    pub prefix: String,
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Millis,
    /// When it was revoked.
    pub revoked: Option<Millis>,
}

/// A key to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// All but the hash.
    pub key: ApiKey,
    /// SHA-256 of the whole key.
    pub hash: KeyHash,
}

/// Who did what, written in the same transaction as the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Millis,
    /// `cli:root`, `system`, later a person.
    pub actor: String,
    /// `key.create`, `key.revoke`.
    pub action: String,
    /// The object's id.
    pub target: String,
    /// In words; never a secret.
    pub detail: String,
}

/// The port for API keys.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// Stores a key. `Conflict` when an unrevoked key of the tenant has the name, or the id exists.
    async fn create(&self, scope: &TenantScope, key: NewApiKey, audit: AuditEntry) -> Result<(), StoreError>;

    /// Marks a key, named by id or by the name of an unrevoked key, as revoked. `None` when there is none. A key that
    /// was revoked before is returned as it is, and nothing is written.
    async fn revoke(
        &self,
        scope: &TenantScope,
        id_or_name: &str,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<ApiKey>, StoreError>;

    /// The key with this hash, revoked or not.
    async fn by_hash(&self, system: &SystemScope, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError>;

    /// All keys of the tenant, oldest first.
    async fn list(&self, scope: &TenantScope) -> Result<Vec<ApiKey>, StoreError>;

    /// Audit entries, newest first, at most `limit`.
    async fn audit(&self, scope: &TenantScope, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;
}

/// A key can only be stored for the tenant that the scope proves. Every adapter asks this.
///
/// # Errors
/// [`StoreError::Conflict`] when the key belongs to another tenant.
pub fn check_tenant(scope: &TenantScope, new: &NewApiKey) -> Result<(), StoreError> {
    if new.key.tenant == *scope.tenant() {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "the key {} belongs to another tenant",
        new.key.id
    )))
}
