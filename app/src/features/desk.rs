//! What a board may show but seldom begins with, each in a chunk of its own: the panel of a breaker, and what to paste on
//! an empty board, which a board with events never fetches.

use crate::features::{connect::connect, detail};
use crate::later::later;
use crate::live::Live;
use crate::part::Part;

later! {
    /// Draws the panel of a breaker.
    pub static DRAWER, fetch_drawer: fn(detail::Open) -> Part = detail::drawer;
}

later! {
    /// Draws what to paste.
    pub static CONNECT, fetch_connect: fn(Live) -> Part = connect;
}
