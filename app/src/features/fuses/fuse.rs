//! One fuse: lever, state, rate or next step, name, strip. It is a link to its own detail.

use leptos::prelude::*;
use protocol::view::Breaker;

use super::words::{agreement, fuse_words, ticks};
use crate::{
    components::{lever, state_key, state_title, state_word, strip},
    lasting::Lasting,
    live::Live,
    part::{IntoPart, Part, See, dynamic},
    ui_state::UiState,
};

/// Draws the fuse of this row. `label` is what the rail calls it.
pub fn fuse(live: Live, row: Lasting<Breaker>, label: String) -> Part {
    let ui = expect_context::<UiState>();
    let (key, id, name) = row.with_untracked(|row| (row.key, row.id.clone(), row.breaker.clone()));
    let state = dynamic(move || row.see(|row| state_key(row.state)));
    let words = move || {
        row.see(|row| {
            let now = if ticks(row) { live.now.get() } else { 0 };
            fuse_words(row, now)
        })
    };
    // A line does not begin with the dot.
    let label = label.replace(" · ", "\u{a0}· ");
    let open = {
        let id = id.clone();
        move || {
            live.detail_of
                .see(|open| open.as_deref() == Some(id.as_str()))
                .then_some("true")
        }
    };
    view! {
        <a
            class="fuse"
            href=["?breaker=", &id].concat()
            data-noscroll=""
            data-breaker=name
            data-key=key.to_string()
            data-state=state
            aria-current=dynamic(open)
            title=dynamic(move || row.see(fuse_title))
            on:focus=move |_| ui.selected.set(Some(key))
        >
            <span class="nm">{label}</span>
            {lever(state)}
            <span class="st">{dynamic(move || row.see(|row| state_title(row.state)))}</span>
            <span class="rate">
                <b>{dynamic(move || words().head)}</b>
                " "
                <small>{dynamic(move || words().sub)}</small>
            </span>
            {strip(dynamic(move || row.see(|row| row.strip.clone())))}
        </a>
    }
    .part()
}

/// The whole story of a fuse in one line, for `title`.
fn fuse_title(breaker: &Breaker) -> String {
    let mut parts = vec![breaker.breaker.clone()];
    for part in [
        &breaker.environment,
        &breaker.service,
        &breaker.deployment,
        &breaker.model,
    ] {
        if !part.is_empty() && !parts.contains(part) {
            parts.push(part.clone());
        }
    }
    let mut title = parts.join(" · ");
    title.push_str(": ");
    title.push_str(&agreement(breaker).unwrap_or_else(|| state_word(breaker.state).to_owned()));
    if !breaker.reason.is_empty() {
        title.push_str(", ");
        title.push_str(&breaker.reason);
    }
    if breaker.shared {
        title.push_str(" (several processes may report under one name)");
    }
    title
}
