//! Whether anything has arrived, and how to see a board without a service of one's own.

use leptos::prelude::*;

use super::code::copy_button;
use crate::{
    format::{ago, full},
    live::{Freshness, Live},
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
};

/// Where the server listens, as people say it.
fn place(origin: &str) -> &str {
    origin
        .split_once("://")
        .map_or(origin, |(_, place)| place)
        .trim_end_matches('/')
}

/// Draws the row.
pub fn listening(live: Live) -> Part {
    let site = expect_context::<Site>();
    let offset = site.utc_offset_min;
    let simulating = RwSignal::new(false);
    // Both views carry it; whichever has heard last is right.
    let last = move || {
        live.board
            .last_event
            .get()
            .max(live.connect.see(|connect| connect.last_event))
    };
    let received = move || match last() {
        None => "nothing received yet".to_owned(),
        at => ["last event ", &ago(at, live.now.get())].concat(),
    };
    let socket = move || match live.freshness() {
        Freshness::Live | Freshness::Replay | Freshness::Behind(_) => "live connection ok",
        Freshness::Connecting => "connecting",
        Freshness::Stale(_) => "no live connection, trying again",
    };
    let title = move || last().map(|at| full(at, offset));
    view! {
        <section class="wait" aria-label="Listening">
            <span class="ring" data-still=dynamic(move || last().is_some().then_some("")) aria-hidden="true"></span>
            <div>
                <b>"Listening on " {place(&site.origin).to_owned()}</b>
                <small>
                    <span title=dynamic(title) data-last-event="">{dynamic(received)}</span>
                    " · "
                    {dynamic(socket)}
                </small>
            </div>
            <button
                type="button"
                class="btn"
                aria-expanded=dynamic(move || if simulating.get() { "true" } else { "false" })
                on:click=move |_| simulating.update(|simulating| *simulating = !*simulating)
            >
                "Watch a simulated outage instead"
            </button>
            {when(move || simulating.get().then(|| commands(&site)))}
        </section>
    }
    .part()
}

fn commands(site: &Site) -> Part {
    let command = |words: &'static str, text: String| {
        view! {
            <p class="quiet">{words}</p>
            <div class="command">
                <pre tabindex="0">
                    <code>{text.clone()}</code>
                </pre>
                {copy_button(Signal::stored(text))}
            </div>
        }
    };
    view! {
        <div class="simulate" data-simulate="">
            <p>"The simulator is a program of its own: it calls fake providers through real breakers and reports like any service."</p>
            {command("From the repository, server and simulator together:", "cargo xtask run -- --simulate".to_owned())}
            {command(
                "Beside this server, with a key that may send events:",
                ["fuseboard simulate --url ", &site.origin, &site.root, " --key-file data/local.key"].concat(),
            )}
        </div>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_has_no_scheme() {
        assert_eq!(place("http://127.0.0.1:3000"), "127.0.0.1:3000");
        assert_eq!(place("https://board.example/"), "board.example");
    }
}
