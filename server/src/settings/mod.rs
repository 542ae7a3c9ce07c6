//! The settings as plain pages and forms (ADR 0025). Each form says in `do` what it wants; what it does is what the same
//! request over JSON does ([`crate::http`]). A change that went well leads back to the page with GET, so that a reload
//! changes nothing again; what is shown once is shown in the answer itself.

mod audit;
mod keys;
mod members;
mod record;
pub(crate) mod sent;
mod tenants;
pub(crate) mod visit;
mod you;

pub use audit::audit_page;
pub use keys::{keys_form, keys_page};
pub use members::{members_form, members_page};
pub use record::{record_form, record_page};
pub use tenants::{tenants_form, tenants_page};
pub use you::{you_form, you_page};
