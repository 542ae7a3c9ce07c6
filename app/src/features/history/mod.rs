//! What pages of history have in common: the choice of a range, and what went wrong with asking.

mod span_menu;
mod trouble;
mod zoom;

use leptos::prelude::*;

use crate::part::{IntoPart, Part};

pub use span_menu::{GoTo, SpanMenu, short, span_menu};
pub use trouble::{trouble, trouble_unless};
pub use zoom::{Cover, marks, zoom};

/// Something to know before believing the figures, and what can be done about it.
pub fn note(lead: &'static str, words: String, button: Option<Part>) -> Part {
    // Interrupts only where something can be done.
    let role = button.is_some().then_some("alert");
    view! {
        <div class="note trouble" role=role>
            <b>{lead}</b>
            <span>{words}</span>
            {button}
        </div>
    }
    .part()
}

/// Retention has dropped a part of the range.
pub fn partial_note() -> Part {
    let words = "What is older has been dropped; the figures are of the rest.";
    note("Not all of this range is kept.", words.to_owned(), None)
}
