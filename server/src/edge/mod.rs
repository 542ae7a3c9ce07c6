//! The edge: which requests are let in at all, and what every answer carries.
//!
//! Deliberately absent: cross-origin access (no CORS header is ever sent).

mod external;
mod headers;
mod origins;
mod policy;

pub use external::External;
pub use headers::{dress, page_policy};
pub use origins::{Foreign, Need, Origins, Via};
pub use policy::{Policy, admit, at_home, discard, enforce};
