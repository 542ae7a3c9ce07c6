//! Identities: who an account is at an OpenID Connect provider. An identity is what the provider says of somebody for
//! ever, its issuer and a subject; an email address is not, because it can pass to somebody else.

use async_trait::async_trait;
use domain::Millis;

use super::{KnownAccount, Logged};
use crate::{StoreError, SystemScope};

/// An identity and the account that it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider, as its ID tokens write `iss`.
    pub issuer: String,
    /// Who there, as they write `sub`. No two identities of a provider have the same.
    pub subject: String,
    /// The account's id. It has at most one identity of each provider.
    pub account: String,
    /// What the provider called them when it was linked: for people to recognise it by, and for nothing else.
    pub shown: String,
    /// When it was linked.
    pub linked: Millis,
}

/// The port for identities. One that comes with a new account is stored with that
/// ([`NewAccount::identity`](super::NewAccount::identity)).
#[async_trait]
pub trait Identities: Send + Sync + 'static {
    /// The account that an identity opens, whether or not somebody could sign in with it.
    async fn by_identity(
        &self,
        system: &SystemScope,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<KnownAccount>, StoreError>;

    /// All identities of an account, by issuer.
    async fn identities_of(&self, system: &SystemScope, account: &str) -> Result<Vec<Identity>, StoreError>;

    /// Links an identity to its account. `Conflict`, and nothing is written, when it is linked already, when the account
    /// has another one of the same provider, or when there is no such account.
    async fn link_identity(
        &self,
        system: &SystemScope,
        identity: Identity,
        audit: Logged,
    ) -> Result<(), StoreError>;

    /// Takes an account's identity of this provider away, and ends all its sessions but `keep` (a session's id). What it
    /// was; `None`, and nothing is written, when there is none.
    async fn unlink_identity(
        &self,
        system: &SystemScope,
        account: &str,
        issuer: &str,
        keep: Option<&str>,
        audit: Logged,
    ) -> Result<Option<Identity>, StoreError>;
}

/// Every adapter answers with this.
pub fn linked_already(identity: &Identity) -> StoreError {
    StoreError::Conflict(format!(
        "this identity of {} is linked already, or the account has another one there",
        identity.issuer
    ))
}
