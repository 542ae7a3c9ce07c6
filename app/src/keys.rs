//! The keyboard of the board, one listener on the document.
//!
//! `?` help, `.` next breaker that is not closed, `j` `k` through the fuses or a table's rows, `Enter` the selected one's
//! detail, `t` the time range, `r` replay and `Space` its play and pause, `/` the filter, `Esc` what is on top, `g b`,
//! `g p`, `g r`, `g e` and `g c` the pages. A page that lists breakers has them go through its rows instead
//! ([`crate::ui_state::Listed`]). Ignored while somebody types, together with a modifier,
//! and when the visitor has switched keys off (WCAG 2.1.4).
//!
//! Deliberately absent: what a selection looks like and that it is scrolled to (the fuse panel), focus inside dialogs
//! and menus (they are native or do it themselves).

#[cfg(feature = "hydrate")]
mod listen;
#[cfg(any(feature = "hydrate", test))]
mod wish;

use crate::live::Live;
use crate::ui_state::UiState;

/// Starts listening until the current owner goes. Call it once, in an effect that tracks nothing, inside the router. On
/// the server it does nothing.
pub fn start(live: Live, ui: UiState) {
    #[cfg(feature = "hydrate")]
    listen::start(live, ui);
    #[cfg(not(feature = "hydrate"))]
    let _ = (live, ui);
}

/// Keys work in this browser; they do unless they were switched off.
pub fn enabled() -> bool {
    #[cfg(feature = "hydrate")]
    {
        listen::enabled()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        true
    }
}

/// Switches keys on or off for this browser, from the next key on.
pub fn set_enabled(on: bool) {
    #[cfg(feature = "hydrate")]
    listen::set_enabled(on);
    #[cfg(not(feature = "hydrate"))]
    let _ = on;
}
