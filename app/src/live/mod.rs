//! The page's live state: seeded by the first paint, then fed by one socket per tab.
//!
//! `store` holds the signals (`rows` those of lists), `apply` is the only writer of what the server says, `socket` is
//! the only one that talks to the server, over a `link`; `outdated` replaces a page of an older build. The rest is pure
//! and tested without a browser: `backoff` (when to come back), `clock` (what time the server has), `freshness` (how
//! old the picture is), `views` (what to subscribe to), `reload` (when a page of an older build may replace itself).
//!
//! Deliberately absent: what the frames mean (`protocol::replica`), how anything looks.

mod apply;
#[cfg(any(feature = "hydrate", test))]
mod backoff;
#[cfg(any(feature = "hydrate", test))]
mod clock;
mod freshness;
#[cfg(feature = "hydrate")]
mod link;
#[cfg(feature = "hydrate")]
mod outdated;
#[cfg(any(feature = "hydrate", test))]
mod reload;
mod rows;
#[cfg(feature = "hydrate")]
mod socket;
mod store;
#[cfg(feature = "hydrate")]
mod text;
#[cfg(any(feature = "hydrate", test))]
mod views;

#[cfg(test)]
pub(crate) mod tests;

pub use freshness::Freshness;
pub use rows::Rows;
pub use store::{BoardStore, Connection, Live};

use crate::seed::Site;

/// Opens the socket and keeps it open, starts the ticking of [`Live::now`]; ends with the current owner. Call it once,
/// in an effect that tracks nothing. On the server it does nothing.
pub fn start(live: Live, site: &Site) {
    #[cfg(feature = "hydrate")]
    socket::start(live, site);
    #[cfg(not(feature = "hydrate"))]
    let _ = (live, site);
}
