//! Connecting the first service: what to paste, whether anything has arrived, and what it said wrong.
//!
//! The page `/connect` and the empty board show the same.

mod code;
mod listening;
mod make;
mod snippets;
mod sources;

use leptos::prelude::*;

use crate::part::{IntoPart, Part, See};

use super::bar::{Sentence, verdict_sentence};
use crate::live::Live;

/// What the bar says: the board's verdict, or that nothing has come yet.
pub fn waiting_sentence(live: Live, turns_into_board: bool) -> Sentence {
    if live.board.last_event.see(Option::is_some) {
        return verdict_sentence(live);
    }
    let rest = if turns_into_board {
        "Paste one of these; this page turns into the board by itself."
    } else {
        "Paste one of these; the board shows it at once."
    };
    Sentence {
        level: None,
        lead: "Waiting for the first event.".to_owned(),
        rest: rest.to_owned(),
    }
}

/// Draws snippets, the listening row and the sources.
pub fn connect(live: Live) -> Part {
    view! {
        <div class="doc">
            {code::snippet_tabs()}
            {listening::listening(live)}
            {sources::sources(live)}
        </div>
    }
    .part()
}
