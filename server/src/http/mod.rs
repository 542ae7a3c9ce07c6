//! The HTTP side: the table of routes, intake, reading, operations, and how errors are told.

mod body;
mod calls;
mod counts;
mod events;
mod exposition;
mod finish;
mod ops;
mod params;
mod problem;
mod providers;
mod query;
mod read;
mod routes;
mod serve;
mod table;
mod transitions;

pub use body::Patience;
pub use counts::HttpCounts;
pub use problem::Problem;
pub use providers::providers_range;
pub use read::range;
pub use routes::{ROUTES, Route, router};
pub use serve::serve;
