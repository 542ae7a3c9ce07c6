//! Which stretch of time the figures, strips and charts cover.

use leptos::prelude::*;
use protocol::Range;

use crate::{
    components::{MenuItem, menu},
    live::Live,
    part::{IntoPart, Part, dynamic},
    ui_state::UiState,
};

const fn words(range: Range) -> (&'static str, &'static str) {
    match range {
        Range::M5 => ("Last 5 min", "5 min"),
        Range::M15 => ("Last 15 min", "15 min"),
        Range::H1 => ("Last hour", "1 h"),
    }
}

/// Draws the button and its menu; `t` opens it too.
pub fn range_menu(live: Live) -> Part {
    let open = expect_context::<UiState>().range_open;
    let face = view! {
        <span class="wide">{dynamic(move || words(live.range.get()).0)}</span>
        <span class="narrow" aria-hidden="true">{dynamic(move || words(live.range.get()).1)}</span>
    }
    .part();
    let items = Range::ALL
        .into_iter()
        .map(|range| MenuItem {
            label: words(range).0,
            taken: dynamic(move || live.range.get() == range),
            take: Callback::new(move |()| live.range.set(range)),
        })
        .collect();
    view! { <div data-range=dynamic(move || live.range.get().as_str())>{menu("Time range", "range", face, open, items)}</div> }
        .part()
}
