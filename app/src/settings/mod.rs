//! The settings: oneself, members, keys, tenants, the audit log, the record.
//!
//! Plain pages and forms, made on the server only (ADR 0025): they are opened rarely, change nothing by themselves, and
//! must work when the program of the board does not. The one script copies what is shown once.
//!
//! Deliberately absent: who may see or change what; the server decides before a page is made.

mod audit;
mod frame;
mod identity;
mod keys;
mod members;
mod reach;
mod record;
mod second;
mod tenants;
mod you;

pub use crate::plain::form::Wrong;
pub use audit::{AuditView, audit};
pub use frame::{Frame, Section};
pub use keys::{EXPIRES, KeysView, SCOPES, keys};
pub use members::{MembersView, members};
pub use record::{Preview, RecordView, record};
pub use second::SecondFactor;
pub use tenants::{TenantsView, tenants};
pub use you::{YouView, you};
