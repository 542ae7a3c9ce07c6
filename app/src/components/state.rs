//! Names of breaker states: on screen, in the style sheet, and how urgent each is.

use leptos::prelude::*;

use crate::part::{IntoPart, Part};
use protocol::{Level, State};

/// The name in `data-state`; the style sheet and the browser tests go by it.
pub const fn state_key(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half_open",
        State::ForcedOpen => "forced_open",
        State::Disabled => "disabled",
        State::MetricsOnly => "metrics_only",
        State::Unknown => "unknown",
    }
}

/// The word inside a sentence: "half-open".
pub const fn state_word(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
        State::ForcedOpen => "forced open",
        State::Disabled => "disabled",
        State::MetricsOnly => "metrics only",
        State::Unknown => "unknown",
    }
}

/// The word on its own, where room is scarce: "Forced".
pub const fn state_title(state: State) -> &'static str {
    match state {
        State::Closed => "Closed",
        State::Open => "Open",
        State::HalfOpen => "Half-open",
        State::ForcedOpen => "Forced",
        State::Disabled => "Disabled",
        State::MetricsOnly => "Metrics",
        State::Unknown => "Unknown",
    }
}

/// Decides the shape of its mark. Forced open was somebody's wish: attention, not alarm.
pub const fn state_level(state: State) -> Level {
    match state {
        State::Open => Level::Act,
        State::HalfOpen | State::ForcedOpen => Level::Attention,
        State::Unknown => Level::Unknown,
        State::Closed | State::Disabled | State::MetricsOnly => Level::Ok,
    }
}

/// A shape and a word in the colour of the state.
pub fn state_mark(state: State, words: String) -> Part {
    view! {
        <span class="state" data-state=state_key(state)>
            {super::shape(state_level(state))}
            {words}
        </span>
    }
    .part()
}
