//! Secrets at rest: what others gave us to keep is sealed before it reaches the database, and opened only to be used.
//!
//! Three layers. A *master key* is in a file ([`KeyFile`]) outside of the database; it wraps a *data key* for each
//! [`Holder`](store::Holder), a tenant or the installation; and that seals the holder's secrets. Both layers are
//! XChaCha20-Poly1305 with random nonces, and what is sealed names its place: bytes that were moved to another tenant,
//! row, column or destination do not open there.
//!
//! A [`Vault`] puts and opens; [`rotate`] replaces every key while vaults of other processes go on. What must never
//! happen, whoever is killed when: that something is stored which no key opens. The order of steps in [`rotate`] and the
//! references of the port ([`store::Secrets`]) see to it.
//!
//! Deliberately absent: where the file is and how it is written (the server), the database (`store-sql`), and telling
//! anybody a secret: there is no way to list them but by name, and none of our types that holds one can be printed.

mod destination;
mod error;
mod keyring;
mod rotation;
mod seal;
mod vault;

pub use destination::Destination;
pub use error::VaultError;
pub use keyring::KeyFile;
pub use rotation::{Rotated, Step, prune, rotate};
pub use secrecy::{ExposeSecret, SecretSlice};
pub use vault::{Listed, Vault, Verified};

/// The longest secret, in bytes.
pub const LONGEST: usize = 64 << 10;
