//! The audit log on this side of the store: the key that seals it, and its heads on their way out of the database.
//!
//! What is logged is decided where it happens; how it is chained, in `store::audit`.

mod heads;
mod key;

pub use heads::{HeadLine, export};
pub use key::{AuditKeyError, Found, find_or_make, missing};
