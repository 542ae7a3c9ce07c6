//! What a board may show but seldom begins with: the panel of a breaker, and what to paste on an empty board. One chunk.

use crate::features::{connect::connect, detail};
use crate::later::later;
use crate::live::Live;
use crate::part::Part;

/// The functions of the chunk.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Draws the panel of a breaker.
    pub drawer: fn(detail::Open) -> Part,
    /// Draws what to paste.
    pub connect: fn(Live) -> Part,
}

fn desk() -> Desk {
    Desk {
        drawer: detail::drawer,
        connect,
    }
}

later! {
    /// Gives the functions.
    pub static DESK, fetch_desk: fn() -> Desk = desk;
}
