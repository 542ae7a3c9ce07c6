//! The HTTP side: the table of routes, intake, reading, operations, and how errors are told.

mod body;
mod counts;
mod events;
mod exposition;
mod finish;
mod ops;
mod problem;
mod read;
mod routes;
mod serve;

pub use body::Patience;
pub use counts::HttpCounts;
pub use problem::Problem;
pub use read::range;
pub use routes::{ROUTES, Route, router};
pub use serve::serve;
