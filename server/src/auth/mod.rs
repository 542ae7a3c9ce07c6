//! Who is asking, and whose data they may see. The only place that builds a [`TenantScope`].
//!
//! A program shows an API key in the `Authorization` header, nowhere else: addresses end up in logs. A browser on this
//! machine needs nothing and may look at tenant `default`, read only; what makes it "a browser on this machine" is
//! decided in [`crate::edge`]. Accounts and sessions will come in here.

mod key;
mod lookup;
mod manage;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use store::{ApiKey, KeyHash, Scope, TenantId, TenantScope};

pub use key::{generate, hash, well_formed};
pub use lookup::{KeyLookup, KnownKey};
pub use manage::{ManageError, NewKey, create_key, ensure_local_key, rotate_key};

/// What a request was found to be, put into its extensions by the policy of its route.
#[derive(Debug, Clone)]
pub enum Access {
    /// A route that shows nothing of anybody.
    Anyone,
    /// A browser on this machine: may look.
    Browser(TenantScope),
    /// A program with a key.
    Key {
        /// Whose data.
        scope: TenantScope,
        /// Which key.
        key: Arc<ApiKey>,
        /// For asking again whether it still counts.
        hash: KeyHash,
    },
}

impl Access {
    /// Whose data may be seen.
    pub fn scope(&self) -> Option<&TenantScope> {
        match self {
            Access::Anyone => None,
            Access::Browser(scope) | Access::Key { scope, .. } => Some(scope),
        }
    }
}

/// Why a key does not open a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// No `Authorization` header.
    Missing,
    /// There is one, but it holds no key that counts. In words why.
    Invalid(&'static str),
    /// The key may not do this.
    Scope(Scope),
    /// The key does not count from this address.
    Address(Option<IpAddr>),
    /// The key is of another tenant than the address names.
    Tenant,
    /// The store cannot be asked.
    Unavailable(String),
}

/// Whether the request carries an `Authorization` header at all.
pub fn has_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

/// The key in the `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refused::Missing)?;
    if values.next().is_some() {
        return Err(Refused::Invalid("there is more than one Authorization header"));
    }
    let value = value
        .to_str()
        .map_err(|_| Refused::Invalid("the Authorization header is not plain text"))?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Invalid(
            "the Authorization header must read: Bearer fb_…",
        ));
    }
    Ok(token.trim())
}

/// What the key in the header opens, for a route that wants `wanted`. `addressed` is the tenant in the path, if any;
/// `from` is the other end of the connection.
///
/// # Errors
/// Why not.
pub async fn by_key(
    lookup: &KeyLookup,
    headers: &HeaderMap,
    wanted: Scope,
    addressed: Option<&TenantId>,
    from: Option<IpAddr>,
) -> Result<Access, Refused> {
    let text = bearer(headers)?;
    if !well_formed(text) {
        return Err(Refused::Invalid(
            "this is not a Fuseboard key, or a character of it is wrong",
        ));
    }
    let hash = hash(text);
    let found = lookup
        .find_hash(&hash)
        .await
        .map_err(|error| Refused::Unavailable(error.to_string()))?;
    let known = found.ok_or(Refused::Invalid(
        "the key is not known here, or it was revoked, or it has expired",
    ))?;
    if !known.by_address(from) {
        return Err(Refused::Address(from));
    }
    let key = known.key.clone();
    if !key.scopes.iter().any(|scope| scope.covers(wanted)) {
        return Err(Refused::Scope(wanted));
    }
    if addressed.is_some_and(|tenant| *tenant != key.tenant) {
        return Err(Refused::Tenant);
    }
    lookup.note(&key);
    Ok(Access::Key {
        scope: scope_of(key.tenant.clone()),
        key,
        hash,
    })
}

/// What a browser on this machine opens.
pub fn by_browser(tenant: TenantId) -> Access {
    Access::Browser(scope_of(tenant))
}

/// The tenant with this slug, if there is one. Until tenants can be made there is one.
pub fn known_tenant(slug: &str) -> Option<TenantId> {
    TenantId::parse(slug).filter(|tenant| *tenant == TenantId::default_tenant())
}

/// The scope of a person at the command line of the server's own machine, who can read its files anyway.
pub fn by_command_line(tenant: TenantId) -> TenantScope {
    scope_of(tenant)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the auth layer: its callers have checked whose data it is"
)]
fn scope_of(tenant: TenantId) -> TenantScope {
    TenantScope::assume(tenant)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_scheme_may_be_in_any_case() {
        for value in ["Bearer fb_x", "bearer fb_x", "BEARER  fb_x "] {
            assert_eq!(bearer(&headers(&[value])), Ok("fb_x"));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(bearer(&headers(&[])), Err(Refused::Missing));
        for values in [&["Basic abc"][..], &["fb_x"], &["Bearer a", "Bearer b"]] {
            assert!(
                matches!(bearer(&headers(values)), Err(Refused::Invalid(_))),
                "{values:?}"
            );
        }
    }

    #[test]
    fn there_is_one_tenant() {
        assert!(known_tenant("default").is_some());
        assert!(known_tenant("acme").is_none());
        assert!(known_tenant("../default").is_none());
    }
}
