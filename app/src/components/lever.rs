//! The lever: up is closed, the middle is half-open, down is open. The style sheet moves it by `data-state`.

use leptos::prelude::*;

use crate::part::{IntoPart, Part};

/// The lever of a fuse, by the key of its state. The state is said in words beside it.
pub fn lever(state: Signal<&'static str>) -> Part {
    drawn("lever", state)
}

/// The same, larger, for the head of the detail panel.
pub fn big_lever(state: Signal<&'static str>) -> Part {
    drawn("lever lever-big", state)
}

fn drawn(class: &'static str, state: Signal<&'static str>) -> Part {
    view! {
        <span class=class data-state=state aria-hidden="true">
            <i></i>
        </span>
    }
    .part()
}
