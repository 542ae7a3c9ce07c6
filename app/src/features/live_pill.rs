//! The live pill: how old what you see is, and the way to stop it from moving.

use leptos::prelude::*;

use crate::{
    components::{Icon, icon},
    format::span_short,
    live::{Freshness, Live},
    part::{IntoPart, Part, dynamic, when},
};

/// The name in `data-live`.
pub const fn freshness_key(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Connecting => "connecting",
        Freshness::Live => "live",
        Freshness::Replay => "replay",
        Freshness::Behind(_) => "behind",
        Freshness::Stale(_) => "stale",
    }
}

/// The words of the pill.
pub fn freshness_words(freshness: Freshness, paused: bool) -> String {
    match (freshness, paused) {
        (Freshness::Replay, _) => "Replay".to_owned(),
        (Freshness::Connecting | Freshness::Live, true) => "Paused".to_owned(),
        (Freshness::Behind(s) | Freshness::Stale(s), true) => {
            ["Paused, ", &span_short(s * 1000), " old"].concat()
        }
        (Freshness::Connecting, false) => "Connecting".to_owned(),
        (Freshness::Live, false) => "Live".to_owned(),
        (Freshness::Behind(s), false) => ["Behind ", &span_short(s * 1000)].concat(),
        (Freshness::Stale(s), false) => ["Stale ", &span_short(s * 1000), ", reconnecting"].concat(),
    }
}

/// Draws the pill and the pause button in it.
pub fn live_pill(live: Live) -> Part {
    let label = dynamic(move || {
        if live.paused.get() {
            "Resume live updates"
        } else {
            "Pause live updates"
        }
    });
    view! {
        <span
            class="pill live-pill"
            data-live=dynamic(move || freshness_key(live.freshness()))
            data-paused=dynamic(move || live.paused.get().then_some(""))
        >
            <i class="live-dot" aria-hidden="true"></i>
            <span class="live-words">{dynamic(move || freshness_words(live.freshness(), live.paused.get()))}</span>
            <button
                type="button"
                class="live-pause"
                hidden=dynamic(move || live.freshness() == Freshness::Replay)
                aria-label=label
                title=label
                on:click=move |_| live.paused.update(|paused| *paused = !*paused)
            >
                {when(move || Some(icon(if live.paused.get() { Icon::Play } else { Icon::Pause })))}
            </button>
        </span>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pill_says_how_old_it_is() {
        assert_eq!(freshness_words(Freshness::Live, false), "Live");
        assert_eq!(freshness_words(Freshness::Replay, false), "Replay");
        assert_eq!(freshness_words(Freshness::Behind(4), false), "Behind 4 s");
        assert_eq!(
            freshness_words(Freshness::Stale(42), false),
            "Stale 42 s, reconnecting"
        );
        assert_eq!(
            freshness_words(Freshness::Stale(125), false),
            "Stale 2 min, reconnecting"
        );
        assert_eq!(freshness_words(Freshness::Stale(42), true), "Paused, 42 s old");
        assert_eq!(freshness_words(Freshness::Connecting, false), "Connecting");
    }
}
