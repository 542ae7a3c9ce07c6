//! What crosses the wire to a browser or another client: frames, view objects, their codecs, and the client's replica.
//!
//! The browser, `fuseboard tail`, the tests and the load generator all use [`replica`], so "what a client shows after
//! these frames" has one definition. `docs/PROTOCOL.md` describes the JSON form for everybody else.
//!
//! Rules that keep both codecs honest (postcard is not self-describing): plain structs and externally tagged enums; no
//! `tag`, `flatten`, `untagged` or `skip_serializing_if`; no float that can be NaN (`Option<f64>` instead); ids are
//! `u64`; times are epoch milliseconds.
//!
//! What clients write is here too, so that a search box, a link and the REST interface agree: [`filter`] for which rows,
//! [`span`] for which time.
//!
//! Deliberately absent: any rule about the data (that is `domain`), formatting of numbers (that is the page's), IO.

pub mod alerts;
pub mod calls;
pub mod channels;
pub mod civil;
pub mod codec;
pub mod diff;
pub mod documents;
pub mod duty;
pub mod filter;
pub mod frame;
pub mod json;
pub mod kpis;
pub mod limits;
pub mod markers;
pub mod query;
pub mod record;
pub mod replica;
pub mod span;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod transitions;
pub mod view;

#[cfg(test)]
mod tests;

pub use codec::{Codec, DecodeError, Encoded, FrameError};
pub use filter::{Filter, FilterError};
pub use frame::{
    Bye, ClientFrame, Delta, DeltaBody, Hello, MAX_SPEED, Moment, ServerFrame, Snapshot, ViewBody,
};
pub use replica::{Changes, Gap, Replica};
pub use span::{Span, SpanError};
pub use view::{Level, Range, State};

/// The subprotocol of our own page: postcard, same build only (`?build=`).
pub const SUBPROTOCOL_POSTCARD: &str = "fuseboard.v1.postcard";
/// The subprotocol for everybody else.
pub const SUBPROTOCOL_JSON: &str = "fuseboard.v1.json";

/// The view of everything the board shows.
pub const VIEW_BOARD: &str = "board";
/// The view of what reached us and what was wrong with it.
pub const VIEW_CONNECT: &str = "connect";
/// The view of how many alerts need somebody.
pub const VIEW_ALERTS: &str = "alerts";
/// How the views of single breakers begin; a breaker's `b_…` id follows.
pub const VIEW_BREAKER: &str = "breaker:";

/// The view of one breaker in detail, by its `b_…` id.
pub fn breaker_view(id: &str) -> String {
    format!("{VIEW_BREAKER}{id}")
}
