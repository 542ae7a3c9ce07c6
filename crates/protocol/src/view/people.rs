//! The settings pages: oneself, those who belong to a tenant, who is invited, its keys, the tenants and the audit log.
//! Times are epoch milliseconds. Nothing in here opens anything: what does is told once, where it is made.

use serde::{Deserialize, Serialize};

/// Whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The account.
    pub account: PersonRow,
    /// The tenant whose pages these are.
    pub tenant: String,
    /// The role there: `viewer`, `operator`, `admin` or `owner`.
    pub role: String,
    /// Where else, and as what.
    pub tenants: Vec<Belongs>,
    /// May make tenants.
    pub platform_admin: bool,
    /// Signs in with a password.
    pub has_password: bool,
    /// Since when signing in asks for a code of an app too.
    pub second_factor: Option<i64>,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
    /// Until when the password that was shown counts for changes that ask for it.
    pub confirmed_until: i64,
    /// Open sessions, newest first.
    pub sessions: Vec<SessionRow>,
    /// The OpenID Connect provider, where there is one.
    pub provider: Option<IdentityProvider>,
    /// Who the account is at providers, by issuer.
    pub identities: Vec<IdentityRow>,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// What people call it.
    pub name: String,
    /// As its ID tokens write it.
    pub issuer: String,
    /// Nobody comes in any other way.
    pub only: bool,
}

/// Who an account is at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRow {
    /// The provider.
    pub issuer: String,
    /// What the provider called them when it was linked.
    pub shown: String,
    /// When that was.
    pub linked: i64,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// Ten characters.
    pub id: String,
    /// In lower case.
    pub email: String,
    /// What others see.
    pub name: String,
}

/// A role in a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belongs {
    /// Its slug.
    pub tenant: String,
    /// `viewer`, `operator`, `admin` or `owner`.
    pub role: String,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Ten characters.
    pub id: String,
    /// The one that asks.
    pub current: bool,
    /// When it began.
    pub created: i64,
    /// When it was used last, to a minute.
    pub seen: i64,
    /// When it ends at the latest.
    pub expires: i64,
    /// An IP address, or empty.
    pub address: String,
    /// The browser, in its own words.
    pub agent: String,
    /// What the provider was called that let them in; empty for a password.
    pub via: String,
}

/// Those who belong to a tenant, and those who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Whoever asks; empty for a key.
    pub me: String,
    /// Roles that whoever asks may give and take.
    pub roles: Vec<String>,
    /// By address.
    pub members: Vec<MemberRow>,
    /// Invitations that can still be taken up, oldest first.
    pub invitations: Vec<InvitationRow>,
}

/// Somebody of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Who.
    pub account: PersonRow,
    /// As what.
    pub role: String,
    /// Since when.
    pub since: i64,
    /// When they last signed in.
    pub last_login: Option<i64>,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationRow {
    /// Ten characters.
    pub id: String,
    /// Whom it is for.
    pub email: String,
    /// As what.
    pub role: String,
    /// Who made it, as in the audit log.
    pub by: String,
    /// When.
    pub created: i64,
    /// Until when it can be taken up.
    pub expires: i64,
}

/// An invitation that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// What to send them; it is not told again.
    pub link: String,
    /// Until when it counts.
    pub expires: i64,
}

/// The keys of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeys {
    /// The server's time, for what has expired.
    pub as_of: i64,
    /// Newest first.
    pub keys: Vec<KeyRow>,
}

/// A key, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// Ten characters, part of its text.
    pub id: String,
    /// Given by a person.
    pub name: String,
    /// How its text begins.
    pub prefix: String,
    /// What it may do, such as `ingest:write`.
    pub scopes: Vec<String>,
    /// `in use`, `replaced`, `expired` or `revoked`.
    pub state: String,
    /// When it was made.
    pub created: i64,
    /// Until when it counts.
    pub expires: Option<i64>,
    /// Address ranges it counts from; from everywhere when there is none.
    pub addresses: Vec<String>,
    /// When it was seen last, to a minute.
    pub last_used: Option<i64>,
}

/// A key that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeKey {
    /// The key itself; it is not told again.
    pub text: String,
    /// All but the text.
    pub key: KeyRow,
}

/// The tenants of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenants {
    /// By slug.
    pub tenants: Vec<TenantRow>,
    /// What holds for those that have no quota of their own. Every figure is there.
    pub usual: QuotaRow,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRow {
    /// As in addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created: i64,
    /// What it may use that is something else than usual.
    pub quota: QuotaRow,
    /// Bytes that it has stored; `None` before they were counted.
    pub stored_bytes: Option<u64>,
}

/// What a tenant may use; `None` is as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuotaRow {
    /// Events per second; 0 is no limit.
    pub events_per_second: Option<u32>,
    /// Series.
    pub series: Option<u32>,
    /// MiB; 0 is no limit.
    pub stored_mib: Option<u32>,
}

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditPage {
    /// Newest first.
    pub items: Vec<AuditRow>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// From 1 without gaps within the tenant.
    pub n: u64,
    /// When.
    pub time: i64,
    /// `account:…`, `key:…`, `system`, …
    pub actor: String,
    /// An IP address, or empty.
    pub address: String,
    /// `key.create`, `session.open`, …
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// In words.
    pub detail: String,
}
