//! Secrets, sealed: what others gave us to keep and to use, such as what signs a message or opens a mailbox.
//!
//! Three layers, each opened by the one above: a master key, which is in a file and never here; a data key for each
//! [`Holder`], wrapped with a master key; and the secrets of that holder, sealed with its data key. This port keeps the
//! lower two as bytes that it cannot read, and makes sure that nothing is removed which something else needs: a secret
//! names a data key that is there, and a data key a master key that is. So neither a rotation nor whoever runs beside
//! one can leave a secret that nothing opens.
//!
//! Deliberately absent: sealing and opening, and the keys themselves (crate `secrets`).

use async_trait::async_trait;
use domain::Millis;

use crate::{Logged, StoreError, SystemScope, TenantId, TenantScope};

/// How long a nonce is, in bytes.
pub const NONCE: usize = 24;

/// Whose secrets: a tenant's, or the installation's, which are those of its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holder(Option<TenantId>);

impl Holder {
    /// The tenant that the scope proves.
    pub fn tenant(scope: &TenantScope) -> Holder {
        Holder(Some(scope.tenant().clone()))
    }

    /// The installation.
    pub fn installation(_: &SystemScope) -> Holder {
        Holder(None)
    }

    /// Any, by its stored name.
    pub fn named(_: &SystemScope, name: &str) -> Option<Holder> {
        match name {
            "" => Some(Holder(None)),
            slug => TenantId::parse(slug).map(|tenant| Holder(Some(tenant))),
        }
    }

    /// The tenant; none for the installation.
    pub fn of_tenant(&self) -> Option<&TenantId> {
        self.0.as_ref()
    }

    /// As stored: a tenant's slug, or nothing, which is no slug.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", TenantId::as_str)
    }
}

/// Where a secret belongs: the field of something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// What kind of thing has it: `channel`, `account`.
    pub kind: String,
    /// Which of them, by its id.
    pub owner: String,
    /// Which field of it: `token`, `totp`.
    pub field: String,
}

/// A master key, without the key: that it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKey {
    /// Derived from the key, so that the right one is recognised.
    pub id: String,
    /// Since when.
    pub created: Millis,
}

/// A holder's key, wrapped.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Whose.
    pub holder: Holder,
    /// Its number among the holder's, from 1. The highest seals what is new.
    pub n: u32,
    /// The id of the master key it is wrapped with.
    pub master: String,
    /// With which nonce.
    pub nonce: [u8; NONCE],
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created: Millis,
}

/// A secret as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Where it belongs.
    pub place: Place,
    /// The number of the data key that seals it.
    pub data_key: u32,
    /// With which nonce.
    pub nonce: [u8; NONCE],
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The only place it may be sent to: scheme, host and port. `None`: it is never sent.
    pub destination: Option<String>,
    /// When it was given first.
    pub created: Millis,
    /// When it was given last.
    pub changed: Millis,
}

/// Which secrets of an owner are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// The one of this field.
    Field(&'a str),
    /// Those that may be sent somewhere, and not to this destination.
    NotFor(&'a str),
}

/// The port for secrets.
#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// The master keys that count, oldest first; new data keys are wrapped with the last.
    async fn master_keys(&self, system: &SystemScope) -> Result<Vec<MasterKey>, StoreError>;

    /// A master key counts from now on, and becomes the last. False, and nothing is written, when the last is not
    /// `after`, or the id counts already.
    async fn add_master_key(
        &self,
        system: &SystemScope,
        new: MasterKey,
        after: Option<&str>,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// A master key counts no more. False, and nothing is written, when a data key is wrapped with it, or there is none
    /// of this id.
    async fn drop_master_key(
        &self,
        system: &SystemScope,
        id: &str,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// All data keys of everybody, by holder and number.
    async fn data_keys(&self, system: &SystemScope) -> Result<Vec<DataKey>, StoreError>;

    /// The data keys of a holder, by number.
    async fn data_keys_of(&self, holder: &Holder) -> Result<Vec<DataKey>, StoreError>;

    /// Stores a data key. `Conflict` when its number is taken, or its master key is not the last.
    async fn add_data_key(&self, new: DataKey) -> Result<(), StoreError>;

    /// Removes a data key. False, and nothing is written, when a secret is sealed with it, or there is none.
    async fn drop_data_key(&self, holder: &Holder, n: u32) -> Result<bool, StoreError>;

    /// Stores a secret, in place of the one that is there; that one's `created` stays. `Conflict` when the holder has no
    /// such data key.
    async fn put_secret(&self, holder: &Holder, new: SealedSecret, audit: Logged) -> Result<(), StoreError>;

    /// The secret of a place.
    async fn secret(&self, holder: &Holder, place: &Place) -> Result<Option<SealedSecret>, StoreError>;

    /// Secrets of a holder after a place, by place, at most `limit`.
    async fn secrets(
        &self,
        holder: &Holder,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<SealedSecret>, StoreError>;

    /// Secrets of a holder that another data key than this one seals, at most `limit`.
    async fn sealed_otherwise(
        &self,
        holder: &Holder,
        data_key: u32,
        limit: usize,
    ) -> Result<Vec<SealedSecret>, StoreError>;

    /// Puts secrets that were sealed anew in place of what they were; each comes with the nonce that it had. What was
    /// changed or removed meanwhile stays as it is. Returns how many were put. `Conflict` when a data key is not there.
    async fn reseal(
        &self,
        holder: &Holder,
        resealed: Vec<([u8; NONCE], SealedSecret)>,
    ) -> Result<u64, StoreError>;

    /// Removes secrets of an owner; the fields they had, sorted. Nothing is logged when there were none.
    async fn drop_secrets(
        &self,
        holder: &Holder,
        kind: &str,
        owner: &str,
        which: Which<'_>,
        audit: Logged,
    ) -> Result<Vec<String>, StoreError>;

    /// Removes these master keys, the data keys wrapped with them and all that those seal: when they are lost for good.
    /// Returns how many secrets went.
    async fn forget(
        &self,
        system: &SystemScope,
        masters: &[String],
        audit: Logged,
    ) -> Result<u64, StoreError>;
}

/// What is done with a tenant's secrets is in the tenant's own log. Every adapter asks this.
///
/// # Errors
/// [`StoreError::Conflict`] when it would be in another's.
pub fn check_logged(holder: &Holder, audit: &Logged) -> Result<(), StoreError> {
    match holder.of_tenant() {
        Some(tenant) if *tenant != audit.tenant => Err(StoreError::Conflict(format!(
            "the secrets are of {tenant}, and the log is of {}",
            audit.tenant
        ))),
        _ => Ok(()),
    }
}

/// Every adapter answers with this.
pub fn not_the_last(master: &str) -> StoreError {
    StoreError::Conflict(format!("the master key {master} is not the one that wraps now"))
}

/// Every adapter answers with this.
pub fn no_data_key(n: u32) -> StoreError {
    StoreError::Conflict(format!("there is no data key {n}"))
}
