//! Whose data a call may touch. Every port method takes one of these.

use std::fmt;

/// A tenant's slug: 1–63 of `a-z`, `0-9`, `-`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(String);

impl TenantId {
    /// The tenant of a fresh installation.
    pub fn default_tenant() -> TenantId {
        TenantId("default".into())
    }

    /// Checks the slug.
    pub fn parse(slug: &str) -> Option<TenantId> {
        let mut bytes = slug.bytes();
        let good = slug.len() <= 63
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        good.then(|| TenantId(slug.into()))
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Proof that the caller may see one tenant. Built by the auth layer only: [`TenantScope::assume`] is banned by
/// `clippy.toml` everywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    /// The auth layer has checked that the principal belongs to this tenant.
    pub fn assume(tenant: TenantId) -> TenantScope {
        TenantScope { tenant }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }
}

/// Proof that the caller is the system itself: pipeline, flush, retention. Built by the supervisor only:
/// [`SystemScope::assume`] is banned by `clippy.toml` everywhere else.
#[derive(Debug, Clone)]
pub struct SystemScope {
    _private: (),
}

impl SystemScope {
    /// The supervisor starts the system's own work with this.
    pub fn assume() -> SystemScope {
        SystemScope { _private: () }
    }
}
