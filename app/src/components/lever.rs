//! The lever: up is closed, the middle is half-open, down is open. The style sheet moves it by `data-state`.

use leptos::prelude::*;

use crate::part::{IntoPart, Part};
use protocol::State;

use super::state_key;

/// The lever of a fuse. Its state is said in words beside it.
pub fn lever(state: Signal<State>) -> Part {
    view! {
        <span class="lever" data-state=move || state_key(state.get()) aria-hidden="true">
            <i></i>
        </span>
    }
    .part()
}

/// The same, larger, for the head of the detail panel.
pub fn big_lever(state: Signal<State>) -> Part {
    view! {
        <span class="lever lever-big" data-state=move || state_key(state.get()) aria-hidden="true">
            <i></i>
        </span>
    }
    .part()
}
