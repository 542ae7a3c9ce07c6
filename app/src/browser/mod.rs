//! What the page asks of the browser beside drawing: cookies, clipboard, clocks, listeners and timers that end with
//! their owner.
//!
//! Everything may be called from code that is also compiled for the server, where it does nothing. Clocks enter the
//! page here and nowhere else (`Instant::now` panics in WASM).
//!
//! Deliberately absent: the socket (`live`), charts (`charts`), keys (`keys`).

mod address;
mod cookie;
mod env;
#[cfg(feature = "hydrate")]
mod listen;

pub use address::{encode, keep_query, on_back, push_query, search, set_query};
pub use cookie::{set_theme, set_utc_offset_cookie};
pub use env::{copy, is_painted, monotonic_ms, now_ms, painted_page, prefers_dark, random, utc_offset_min};
#[cfg(feature = "hydrate")]
pub use env::{document, window};
#[cfg(feature = "hydrate")]
pub use listen::{Interval, Listener, Timeout, keep};
