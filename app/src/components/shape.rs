//! How urgent something is, as a shape: diamond, square, dot, dotted ring. Colour only repeats it.

use leptos::prelude::*;

use crate::part::{IntoPart, Part};
use protocol::Level;

/// The name in `data-level`.
pub const fn level_key(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Unknown => "unknown",
        Level::Attention => "attention",
        Level::Act => "act",
    }
}

/// The shape; a sentence beside it always says the same in words, so assistive technology skips it.
pub fn shape(level: Level) -> Part {
    moving_shape(Signal::stored(level_key(level)))
}

/// The same where the level changes, by its key.
pub fn moving_shape(level: Signal<&'static str>) -> Part {
    view! { <i class="shape" data-level=level aria-hidden="true"></i> }.part()
}
