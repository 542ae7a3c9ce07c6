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
pub fn shape(level: impl Into<Signal<Level>>) -> Part {
    let level = level.into();
    view! { <i class="shape" data-level=move || level_key(level.get()) aria-hidden="true"></i> }.part()
}
