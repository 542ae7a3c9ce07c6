//! Pages: which widgets a route shows, and what its bar says.

mod board;
mod connect;
mod not_found;

pub use board::BoardPage;
pub use connect::ConnectPage;
pub use not_found::NotFoundPage;
