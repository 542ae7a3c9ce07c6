//! Signing in with an OpenID Connect provider, and everything that must not get in by it: a provider that lies, browsers
//! that were lured, and people whose identity opens nothing here. An honest provider of somebody else's is in `end2end`.

mod lies;
mod lured;
mod only;
mod people;
pub mod place;
mod provider;
mod settings;
