//! API keys: hashed, scoped, limited in time and place, replaceable, revocable.

use async_trait::async_trait;
use domain::Millis;

use crate::{AuditEntry, StoreError, SystemScope, TenantId, TenantScope};

/// SHA-256 of the whole key. A key has more than 190 bits of randomness, so no slow hash is needed.
pub type KeyHash = [u8; 32];

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Push events.
    IngestWrite,
    /// Read live views, figures, calls and states of breakers: what was measured.
    MetricsRead,
    /// Read whatever a viewer may see: also what people have set up and done, such as rules, alerts and silences.
    ApiRead,
    /// Change whatever an admin may change.
    ApiAdmin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 4] = [
        Scope::IngestWrite,
        Scope::MetricsRead,
        Scope::ApiRead,
        Scope::ApiAdmin,
    ];

    /// Its name in the API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::IngestWrite => "ingest:write",
            Scope::MetricsRead => "metrics:read",
            Scope::ApiRead => "api:read",
            Scope::ApiAdmin => "api:admin",
        }
    }

    /// The scope with this name.
    pub fn parse(name: &str) -> Option<Scope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Whether a key with this scope may do what `wanted` allows: `api:admin` reads whatever `api:read` does, and that
    /// whatever `metrics:read` does. Pushing events is apart: what administers need not be able to.
    pub const fn covers(self, wanted: Scope) -> bool {
        match wanted {
            Scope::IngestWrite => matches!(self, Scope::IngestWrite),
            Scope::MetricsRead => !matches!(self, Scope::IngestWrite),
            Scope::ApiRead => matches!(self, Scope::ApiRead | Scope::ApiAdmin),
            Scope::ApiAdmin => matches!(self, Scope::ApiAdmin),
        }
    }
}

/// A key as stored; the secret itself is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Ten characters, part of the key's text.
    pub id: String,
    /// Whose.
    pub tenant: TenantId,
    /// Given by a person; unique among the tenant's keys that are neither revoked nor replaced.
    pub name: String,
    /// The first characters of the key, to tell it by.
    pub prefix: String,
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Millis,
    /// Until when it counts.
    pub expires: Option<Millis>,
    /// From which address ranges it counts, such as `10.0.0.0/8`; from everywhere when there is none.
    pub addresses: Vec<String>,
    /// When it was seen last, to a minute.
    pub last_used: Option<Millis>,
    /// The id of the key that takes its place.
    pub replaced_by: Option<String>,
    /// When it was revoked.
    pub revoked: Option<Millis>,
}

impl ApiKey {
    /// Whether it counts at this time, from wherever.
    pub fn counts(&self, now: Millis) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// A key to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// All but the hash.
    pub key: ApiKey,
    /// SHA-256 of the whole key.
    pub hash: KeyHash,
}

/// The port for API keys.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// Stores a key. `Conflict` when a key in use of the tenant has the name, or the id exists.
    async fn create(&self, scope: &TenantScope, key: NewApiKey, audit: AuditEntry) -> Result<(), StoreError>;

    /// Puts a new key of the same name into the place of one, named by id or name, which counts until `until` at the
    /// latest. Returns the old one; `None` when there is none, `Conflict` when it was revoked or replaced before.
    async fn rotate(
        &self,
        scope: &TenantScope,
        old: &str,
        until: Millis,
        new: NewApiKey,
        audit: AuditEntry,
    ) -> Result<Option<ApiKey>, StoreError>;

    /// Marks a key, named by id or by the name of a key in use, as revoked, and with it those it replaced. `None` when
    /// there is none. A key that was revoked before is returned as it is, and nothing is written.
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

    /// Notes when keys, by id, were seen last; an earlier time changes nothing.
    async fn used(&self, system: &SystemScope, used: &[(String, Millis)]) -> Result<(), StoreError>;
}

/// Only a key in use can be replaced. Every adapter asks this.
///
/// # Errors
/// [`StoreError::Conflict`] when it was revoked or replaced before.
pub fn check_rotation(old: &ApiKey) -> Result<(), StoreError> {
    let why = match (&old.revoked, &old.replaced_by) {
        (Some(_), _) => "revoked",
        (None, Some(_)) => "replaced",
        (None, None) => return Ok(()),
    };
    Err(StoreError::Conflict(format!(
        "the key {} was {why} before",
        old.id
    )))
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
