//! Notes above the figures: what a reader must know before believing them.

use leptos::prelude::*;

use crate::{
    format::{ago, full, span_short},
    live::Live,
    part::{Part, dynamic, when},
    seed::Site,
};

/// Without an event for this long, the board says so (milliseconds).
const SILENT_AFTER_MS: i64 = 60_000;

/// Draws "No events for 3 min", while that is so: connected, and nothing comes.
pub fn silent_note(live: Live) -> Part {
    let site = expect_context::<Site>();
    let offset = site.utc_offset_min;
    let connect = [&site.base, "/connect"].concat();
    let last = move || live.board.last_event.get();
    let silent = Memo::new(move |_| last().is_some_and(|last| live.now.get() - last > SILENT_AFTER_MS));
    let lasted = move || span_short(live.now.get() - last().unwrap_or_default());
    let title = move || full(last().unwrap_or_default(), offset);
    when(move || {
        let connect = connect.clone();
        silent.get().then(|| {
            view! {
                <p class="note" data-silent="">
                    <b>"No events for " {dynamic(lasted)} "."</b>
                    <span title=dynamic(title)>
                        "The last arrived " {dynamic(move || ago(last(), live.now.get()))} "."
                    </span>
                    <a href=connect>"See what is connected"</a>
                </p>
            }
        })
    })
}
