//! The edge: which requests are let in at all, and what every answer carries.
//!
//! Deliberately absent: cross-origin access (no CORS header is ever sent).

mod headers;
mod origins;
mod policy;

pub use headers::{dress, page_policy};
pub use origins::{External, Foreign, Need, Origins, Via};
pub use policy::{Policy, admit, at_home, discard, enforce};
