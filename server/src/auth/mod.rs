//! Who is asking, and whose data they may see. The only place that builds a [`TenantScope`].
//!
//! A program shows an API key in the `Authorization` header, nowhere else: addresses end up in logs. A person has a
//! session, which a cookie opens; what makes a request one of a browser on our own pages is decided in [`crate::edge`].

mod denials;
pub mod devices;
mod key;
mod lookup;
mod manage;
mod password;
mod people;
pub mod provider_cookie;
mod session;
mod setup;
mod shares;
mod throttle;
pub mod totp;
mod turns;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store::{ApiKey, KeyHash, Role, Scope, SessionHash, SignedIn, TenantId, TenantScope};

pub use denials::{Denial, Denials};
pub use key::{generate, hash, well_formed};
pub use lookup::{KeyLookup, KnownKey};
pub use manage::{By, ManageError, NewKey, create_key, ensure_local_key, give_quota, revoke_key, rotate_key};
pub use password::{LONGEST as LONGEST_PASSWORD, SHORTEST as SHORTEST_PASSWORD};
pub use people::{
    Arrived, Begun, CameBack, Chosen, Entered, LINK_COUNTS, People, PeopleError, Provider, Purpose, Seconds,
    Signed, Whence, actor, checked_email, checked_name, folded, home,
};
pub use session::{CookieKind, Lifetime, SessionLookup};
pub use setup::{COUNTS as SETUP_COUNTS, Setup, SetupError, SetupState};
pub use shares::{fresh_share, share_hash, status_hash};

/// What a request was found to be, put into its extensions by the policy of its route.
#[derive(Debug, Clone)]
pub enum Access {
    /// A route that shows nothing of anybody.
    Anyone,
    /// Somebody who is signed in.
    Person(Person),
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

/// Somebody who is signed in, in one tenant.
#[derive(Debug, Clone)]
pub struct Person {
    /// Whose data.
    pub scope: TenantScope,
    /// What they may do there.
    pub role: Role,
    /// The account, the session, and all roles.
    pub signed_in: Arc<SignedIn>,
    /// For asking again whether the session still counts.
    pub hash: SessionHash,
}

impl Access {
    /// Whose data may be seen.
    pub fn scope(&self) -> Option<&TenantScope> {
        match self {
            Access::Anyone => None,
            Access::Person(Person { scope, .. }) | Access::Key { scope, .. } => Some(scope),
        }
    }

    /// As the audit log names it.
    pub fn actor(&self) -> String {
        match self {
            Access::Anyone => "anyone".into(),
            Access::Person(person) => actor(&person.signed_in.account.id),
            Access::Key { key, .. } => format!("key:{}", key.id),
        }
    }
}

impl Person {
    /// Somebody in the tenant that the address names, or at home when it names none. `None` when they are no member.
    pub fn of(signed_in: Arc<SignedIn>, hash: SessionHash, addressed: Option<&TenantId>) -> Option<Person> {
        let tenant = addressed
            .cloned()
            .unwrap_or_else(|| people::home(&signed_in.roles));
        let role = signed_in.roles.iter().find(|(own, _)| *own == tenant);
        let role = role.map(|(_, role)| *role)?;
        Some(Person {
            scope: scope_of(tenant),
            role,
            signed_in,
            hash,
        })
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

/// Whether the request carries a password, which a browser may send by itself.
pub fn has_password(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| scheme(value).0.eq_ignore_ascii_case("basic"))
}

fn scheme(value: &str) -> (&str, &str) {
    value.split_once(' ').unwrap_or((value, ""))
}

/// The key in the `Authorization` header; with `or_password` also the one that is shown as a password, whoever the user.
fn shown(headers: &HeaderMap, or_password: bool) -> Result<Cow<'_, str>, Refused> {
    if !(or_password && has_password(headers)) {
        return bearer(headers).map(Cow::Borrowed);
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values
        .next()
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if values.next().is_some() {
        return Err(Refused::Invalid("there is more than one Authorization header"));
    }
    let pair = STANDARD.decode(scheme(value).1.trim()).ok();
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
    let key = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let key = key.map(|(_, key)| Cow::Owned(key.to_owned()));
    key.ok_or(Refused::Invalid(
        "the Authorization header must hold a user and, as the password, a key",
    ))
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
    let (scheme, token) = scheme(value);
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Invalid(
            "the Authorization header must read: Bearer fb_…",
        ));
    }
    Ok(token.trim())
}

/// What the key in the header opens, for a route that wants `wanted`. `addressed` is the tenant in the path, if any;
/// `from` is the other end of the connection. With `or_password` the key may be shown as a password.
///
/// # Errors
/// Why not, and whose key it is if it is one.
pub async fn by_key(
    lookup: &KeyLookup,
    (headers, or_password): (&HeaderMap, bool),
    wanted: Scope,
    addressed: Option<&TenantId>,
    from: Option<IpAddr>,
) -> Result<Access, (Refused, Option<Arc<ApiKey>>)> {
    let nobody = |refused| (refused, None);
    let text = shown(headers, or_password).map_err(nobody)?;
    if !well_formed(&text) {
        let why = "this is not a Fuseboard key, or a character of it is wrong";
        return Err(nobody(Refused::Invalid(why)));
    }
    let hash = hash(&text);
    let found = lookup.find_hash(&hash).await;
    let found = found.map_err(|error| nobody(Refused::Unavailable(error.to_string())))?;
    let known = found.ok_or(nobody(Refused::Invalid(
        "the key is not known here, or it was revoked, or it has expired",
    )))?;
    let key = known.key.clone();
    let refused = if !known.by_address(from) {
        Some(Refused::Address(from))
    } else if !key.scopes.iter().any(|scope| scope.covers(wanted)) {
        Some(Refused::Scope(wanted))
    } else if addressed.is_some_and(|tenant| *tenant != key.tenant) {
        Some(Refused::Tenant)
    } else {
        None
    };
    if let Some(refused) = refused {
        return Err((refused, Some(key)));
    }
    lookup.note(&key);
    Ok(Access::Key {
        scope: scope_of(key.tenant.clone()),
        key,
        hash,
    })
}

/// The scope of a person at the command line of the server's own machine, who can read its files anyway.
pub fn by_command_line(tenant: TenantId) -> TenantScope {
    scope_of(tenant)
}

/// The scope of whoever holds a link that was signed by us; it is used for the one alert that the link names.
pub fn by_link(link: &crate::notify::Ack) -> TenantScope {
    scope_of(link.tenant.clone())
}

/// The scope of whoever comes with the address of a document; it is used for the one document that the address leads to.
pub fn by_share(link: &store::ShareLink) -> TenantScope {
    scope_of(link.tenant.clone())
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
    fn where_it_may_a_key_is_shown_as_a_password() {
        let basic = |pair: &str| format!("basic {}", STANDARD.encode(pair));
        for pair in [":fb_x", "amtool:fb_x"] {
            assert_eq!(shown(&headers(&[&basic(pair)]), true).unwrap(), "fb_x");
            assert!(shown(&headers(&[&basic(pair)]), false).is_err(), "{pair}");
        }
        assert_eq!(shown(&headers(&["Bearer fb_x"]), true).unwrap(), "fb_x");
        let (one, bare) = (basic("a:fb_x"), basic("fb_x"));
        let bad: [&[&str]; 4] = [&["Basic"], &["Basic !"], &[&bare], &[&one, &one]];
        for values in bad {
            assert!(
                matches!(shown(&headers(values), true), Err(Refused::Invalid(_))),
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_person_is_in_the_tenant_that_is_addressed() {
        let tenant = |slug: &str| TenantId::parse(slug).unwrap();
        let account = store::Account {
            id: "a".into(),
            email: "a@b".into(),
            name: "a".into(),
            platform_admin: true,
            created: 0,
            disabled: None,
            last_login: None,
        };
        let session = store::Session {
            id: "s".into(),
            account: "a".into(),
            created: 0,
            seen: 0,
            confirmed: 0,
            expires: 0,
            address: String::new(),
            agent: String::new(),
            via: String::new(),
        };
        let signed_in = Arc::new(SignedIn {
            session,
            account,
            roles: vec![(tenant("acme"), Role::Admin), (tenant("default"), Role::Viewer)],
        });
        let role = |addressed: Option<&str>| {
            let addressed = addressed.map(tenant);
            Person::of(signed_in.clone(), [0; 32], addressed.as_ref()).map(|person| person.role)
        };
        assert_eq!(role(None), Some(Role::Viewer));
        assert_eq!(role(Some("acme")), Some(Role::Admin));
        assert_eq!(
            role(Some("other")),
            None,
            "a platform admin is no member of everything"
        );
    }
}
