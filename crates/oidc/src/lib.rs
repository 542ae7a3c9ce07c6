//! OpenID Connect, the side that relies on a provider: what is asked of it, and what of its answers is believed.
//!
//! The authorization code flow with PKCE (S256), state and nonce, and no other. A sign-in goes in this order:
//!
//! 1. [`Client::begin`] reads the provider's metadata, whose `issuer` must be the configured one to the letter, and makes
//!    the address that the browser is sent to, with a [`Flow`] that the caller keeps on its own side.
//! 2. The browser comes back with a code. That it is the browser that began is the caller's to know (a cookie).
//! 3. [`Client::finish`] exchanges the code and checks the ID token: signature, issuer, audience, times, nonce.
//! 4. [`Client::ask_more`] asks for claims that the ID token does not have, when the caller needs them.
//!
//! Everything that leaves the process goes through [`outbound`], whose rules bound sizes and times and follow no redirects.
//!
//! Signatures are RS256, ES256 and EdDSA (Ed25519). The key decides with the algorithm: a token cannot choose one that is
//! not its key's. There is no code here for `none`, nor for algorithms with a shared secret.
//!
//! Deliberately absent: accounts, cookies and sessions (the server's), the clock, other flows, encrypted tokens, dynamic
//! registration, logging out at the provider, and access to anything but the claims of whoever signs in.

mod begin;
mod claims;
mod client;
mod error;
mod keys;
mod metadata;
mod token;

pub use begin::{Begun, Flow};
pub use claims::Who;
pub use client::{Client, Settings};
pub use error::{Error, TokenError};
