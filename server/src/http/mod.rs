//! The HTTP side: the table of routes, intake, reading, operations, and how errors are told.

mod activity;
mod alert_routes;
pub(crate) mod alerts;
pub(crate) mod audit;
mod body;
pub mod breakers;
mod calls;
mod counts;
mod events;
mod explore;
mod exposition;
mod finish;
mod markers;
mod ops;
mod page;
mod params;
pub(crate) mod people;
mod problem;
pub mod providers;
mod query;
pub mod quota;
mod read;
mod routes;
mod serve;
mod table;
mod transitions;

pub use body::Patience;
pub use counts::HttpCounts;
pub use explore::explore_question;
pub use page::page_ends;
pub(crate) use people::is_confirmed;
pub use problem::Problem;
pub use quota::{Quotas, Usual};
pub use read::{limits_of, range};
pub use routes::{ROUTES, Route, router};
pub use serve::serve;
