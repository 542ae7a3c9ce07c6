//! People: accounts, what they may do in which tenant, the links that let them in, and the tenants themselves.
//!
//! An account belongs to the installation, not to a tenant; a membership gives it a role in one. So most methods take a
//! [`SystemScope`]: the auth layer asks before it knows whose data a request may see. What a tenant's admin does takes a
//! [`TenantScope`] and touches that tenant only.
//!
//! Deliberately absent: hashing passwords (a stored one is a finished PHC string), and what a role allows (the policies
//! of routes).

mod identity;
mod link;
mod quota;
mod second;
mod session;

use async_trait::async_trait;
use domain::Millis;

use crate::{AuditEntry, StoreError, SystemScope, TenantId, TenantScope};

pub use identity::{Identities, Identity, linked_already};
pub use link::{Link, LinkHash, LinkKind, NewLink};
pub use quota::Quota;
pub use second::{RecoveryHash, SecondFactor, SecondFactors};
pub use session::{NewSession, Session, SessionHash, Sessions, SignedIn};

/// What somebody may do in a tenant. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Viewer,
    /// Acknowledge, silence, act on breakers.
    Operator,
    /// Change rules, keys and members below owner.
    Admin,
    /// Everything in the tenant.
    Owner,
}

impl Role {
    /// From the least to the most.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Admin, Role::Owner];

    /// Its name in the API, on pages and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// The role with this name.
    pub fn parse(name: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Ten characters, random.
    pub id: String,
    /// In lower case; no two accounts have the same.
    pub email: String,
    /// What others see.
    pub name: String,
    /// May make tenants and see all of them.
    pub platform_admin: bool,
    /// When it was made.
    pub created: Millis,
    /// Since when nobody can sign in with it.
    pub disabled: Option<Millis>,
    /// When somebody last signed in.
    pub last_login: Option<Millis>,
}

/// An account to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// All but the password.
    pub account: Account,
    /// The password's argon2id hash as a PHC string. `None`: it has none, and signs in elsewhere.
    pub password: Option<String>,
    /// Who it is at a provider, stored with it. Its [`Identity::account`] is the account's id.
    pub identity: Option<Identity>,
}

/// An account with all that is needed to let somebody in.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// The account.
    pub account: Account,
    /// As in [`NewAccount::password`].
    pub password: Option<String>,
    /// What it may do where, by tenant.
    pub roles: Vec<(TenantId, Role)>,
}

/// Somebody of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: Account,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: Millis,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its slug.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created: Millis,
}

/// Who takes up an invitation.
#[derive(Clone, PartialEq, Eq)]
pub enum Guest {
    /// Somebody without an account.
    New(Box<NewAccount>),
    /// The account with this id.
    Known(String),
}

/// Says what happened to a tenant's log, where the port cannot know the tenant otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Whose log.
    pub tenant: TenantId,
    /// What happened.
    pub entry: AuditEntry,
}

/// The port for accounts, memberships, links and tenants.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Whether there is any account.
    async fn any_account(&self, system: &SystemScope) -> Result<bool, StoreError>;

    /// Stores the first account and makes it owner of `tenant`. False, and nothing is written, when there is any.
    async fn create_first(
        &self,
        system: &SystemScope,
        new: NewAccount,
        tenant: &TenantId,
        audit: AuditEntry,
    ) -> Result<bool, StoreError>;

    /// Stores an account and gives it a role in a tenant. `Conflict` when the address has an account, its
    /// identity is linked already, or there is no such tenant.
    async fn create_account(
        &self,
        system: &SystemScope,
        new: NewAccount,
        tenant: &TenantId,
        role: Role,
        audit: AuditEntry,
    ) -> Result<(), StoreError>;

    /// The account with this address, in lower case.
    async fn by_email(&self, system: &SystemScope, email: &str) -> Result<Option<KnownAccount>, StoreError>;

    /// The account with this id.
    async fn by_id(&self, system: &SystemScope, id: &str) -> Result<Option<KnownAccount>, StoreError>;

    /// Changes what others see. False when there is no such account.
    async fn rename(
        &self,
        system: &SystemScope,
        account: &str,
        name: &str,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// Changes the password and ends all sessions of the account but `keep` (a session's id). False when there is no
    /// such account.
    async fn set_password(
        &self,
        system: &SystemScope,
        account: &str,
        password: &str,
        keep: Option<&str>,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// Who belongs to the tenant, by address.
    async fn members(&self, scope: &TenantScope) -> Result<Vec<Member>, StoreError>;

    /// Gives a member another role; `None` takes it away, and with it the account's sessions end. Returns the role that
    /// was, `None` when the account is no member. `Conflict` when the tenant would be without an owner.
    async fn set_role(
        &self,
        scope: &TenantScope,
        account: &str,
        role: Option<Role>,
        audit: AuditEntry,
    ) -> Result<Option<Role>, StoreError>;

    /// All tenants, by slug.
    async fn all_tenants(&self, system: &SystemScope) -> Result<Vec<Tenant>, StoreError>;

    /// Stores a tenant and makes an account its owner. `Conflict` when the slug is taken or there is no such account.
    async fn create_tenant(
        &self,
        system: &SystemScope,
        tenant: Tenant,
        owner: &str,
        audit: AuditEntry,
    ) -> Result<(), StoreError>;

    /// The tenants that have a quota of their own, by slug.
    async fn quotas(&self, system: &SystemScope) -> Result<Vec<(TenantId, Quota)>, StoreError>;

    /// Gives a tenant a quota; one that says nothing takes it away. Returns the quota that was, `None` when there is no
    /// such tenant, and then nothing is written.
    async fn set_quota(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        quota: Quota,
        audit: AuditEntry,
    ) -> Result<Option<Quota>, StoreError>;

    /// Stores a link. `Conflict` when its tenant or account does not exist. A new one for the same address or account
    /// takes the place of the old.
    async fn offer(&self, scope: &TenantScope, link: NewLink, audit: AuditEntry) -> Result<(), StoreError>;

    /// The tenant's invitations that can still be taken up, oldest first.
    async fn invitations(&self, scope: &TenantScope, now: Millis) -> Result<Vec<Link>, StoreError>;

    /// Takes an invitation back. False when there is none of this id.
    async fn withdraw(&self, scope: &TenantScope, id: &str, audit: AuditEntry) -> Result<bool, StoreError>;

    /// The link with this hash, unless it has expired.
    async fn link(
        &self,
        system: &SystemScope,
        hash: &LinkHash,
        now: Millis,
    ) -> Result<Option<Link>, StoreError>;

    /// Takes up an invitation: it is gone, and its guest is a member; who is one already keeps the higher role. `None`,
    /// and nothing is written, when it is not there or has expired. `Conflict` when a new account's address or
    /// identity is taken.
    async fn accept(
        &self,
        system: &SystemScope,
        hash: &LinkHash,
        guest: Guest,
        now: Millis,
        audit: AuditEntry,
    ) -> Result<Option<Link>, StoreError>;

    /// Uses a link for a new password: it is gone, the password is the new one, all sessions of the account have ended.
    /// `None`, and nothing is written, when it is not there or has expired.
    async fn reset(
        &self,
        system: &SystemScope,
        hash: &LinkHash,
        password: &str,
        now: Millis,
        audit: AuditEntry,
    ) -> Result<Option<Link>, StoreError>;
}

/// A link can only be made for the tenant that the scope proves. Every adapter asks this.
///
/// # Errors
/// [`StoreError::Conflict`] when it leads to another tenant.
pub fn check_link(scope: &TenantScope, new: &NewLink) -> Result<(), StoreError> {
    if new.link.tenant == *scope.tenant() {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "the link {} leads to another tenant",
        new.link.id
    )))
}

/// Somebody must be able to let others in. Every adapter answers with this.
pub fn last_owner(tenant: &TenantId) -> StoreError {
    StoreError::Conflict(format!("the tenant {tenant} would be without an owner"))
}

/// Every adapter answers with this.
pub fn no_account(id: &str) -> StoreError {
    StoreError::Conflict(format!(
        "there is no account {id} that somebody could sign in with"
    ))
}

/// Every adapter answers with this.
pub fn no_tenant(tenant: &TenantId) -> StoreError {
    StoreError::Conflict(format!("there is no tenant {tenant}"))
}
