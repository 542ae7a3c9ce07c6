//! Links that can be used once: to become a member, or to choose a new password.

use domain::Millis;

use super::Role;
use crate::TenantId;

/// SHA-256 of a link's token, which has more than 190 bits of randomness.
pub type LinkHash = [u8; 32];

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkKind {
    /// Become a member of the link's tenant.
    Invite {
        /// Whom it was made for; in lower case.
        email: String,
        /// As what.
        role: Role,
    },
    /// Choose a new password.
    Reset {
        /// The account's id.
        account: String,
    },
}

/// A link, without what it is used with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Ten characters, random.
    pub id: String,
    /// Where it leads, and whose log tells of it.
    pub tenant: TenantId,
    /// What it is for.
    pub kind: LinkKind,
    /// Who made it, as in the audit log.
    pub by: String,
    /// When.
    pub created: Millis,
    /// Until when it can be used.
    pub expires: Millis,
}

/// A link to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// All but the hash.
    pub link: Link,
    /// Of its token.
    pub hash: LinkHash,
}
