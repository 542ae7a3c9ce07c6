//! The edge: which requests are let in at all, and what every answer carries.
//!
//! Deliberately absent: cross-origin access (no CORS header is ever sent) and trust in any proxy.

mod browser;
mod headers;
mod policy;

pub use browser::{Need, check};
pub use headers::{dress, page_policy};
pub use policy::{Policy, admit, discard, enforce};
