//! Notes above the figures: what a reader must know before believing them.

use leptos::prelude::*;

use crate::{
    format::{ago, full, span_short},
    live::Live,
    part::{IntoPart, Part},
    seed::Site,
};

/// Without an event for this long, the board says so (milliseconds).
const SILENT_AFTER_MS: i64 = 60_000;

/// Draws "No events for 3 min", while that is so: connected, and nothing comes.
pub fn silent_note(live: Live) -> Part {
    let site = expect_context::<Site>();
    let offset = site.utc_offset_min;
    let connect = [&site.base, "/connect"].concat();
    let silent_since = Memo::new(move |_| {
        live.board
            .last_event
            .get()
            .filter(|last| live.now.get() - last > SILENT_AFTER_MS)
    });
    let note = move || {
        silent_since.get().map(|last| {
            let connect = connect.clone();
            view! {
                <p class="note" data-silent="">
                    <b>"No events for " {move || span_short(live.now.get() - last)} "."</b>
                    <span title=full(last, offset)>"The last arrived " {move || ago(Some(last), live.now.get())} "."</span>
                    <a href=connect>"See what is connected"</a>
                </p>
            }
        })
    };
    note.part()
}
