//! What the bar holds: the keys at its left, the track, the time at its right.

use leptos::prelude::*;

use super::scrub;
use super::state::Replay;
use crate::{
    components::{Icon, icon},
    fetched::Day,
    format::{clock, full},
    part::{IntoPart, Part, dynamic, when},
    seed::Site,
};

/// How fast a replay may play.
const SPEEDS: [(u8, &str); 4] = [(1, "1×"), (5, "5×"), (20, "20×"), (60, "60×")];

/// Draws it, and keeps the day fresh that it shows.
pub fn bar(replay: Replay) -> Part {
    let site = expect_context::<Site>();
    let offset = site.utc_offset_min;
    expect_context::<Day>().follow(replay.live, &site);
    let on = replay.on();
    let time = move || {
        if on.get() {
            clock(replay.shown(), offset)
        } else {
            ["now ", &clock(replay.live.present.get(), offset)].concat()
        }
    };
    view! {
        <div class="replay-keys">{when(move || Some(if on.get() { controls(replay) } else { begin(replay) }))}</div>
        {scrub::scrub(replay, offset)}
        <time class="replay-time" title=dynamic(move || full(replay.shown(), offset))>{dynamic(time)}</time>
    }
    .part()
}

fn begin(replay: Replay) -> Part {
    view! {
        <button type="button" class="pill" data-replay-begin="" title="Replay (r)" on:click=move |_| replay.toggle()>
            {icon(Icon::Play)}
            "Replay"
        </button>
    }
    .part()
}

fn controls(replay: Replay) -> Part {
    let plays = replay.plays();
    let words = dynamic(move || if plays.get() { "Pause" } else { "Play" });
    let speeds = SPEEDS
        .into_iter()
        .map(|(speed, words)| {
            let pressed = dynamic(move || if replay.speed.get() == speed { "true" } else { "false" });
            view! {
                <button type="button" aria-pressed=pressed data-speed=words on:click=move |_| replay.set_speed(speed)>
                    {words}
                </button>
            }
        })
        .collect_view();
    view! {
        {step(replay, false)}
        <button
            type="button"
            class="icon-button"
            data-replay-play=""
            aria-label=words
            title=dynamic(move || if plays.get() { "Pause (Space)" } else { "Play (Space)" })
            on:click=move |_| _ = replay.play_or_pause()
        >
            {when(move || Some(icon(if plays.get() { Icon::Pause } else { Icon::Play })))}
        </button>
        {step(replay, true)}
        <span class="speeds" role="group" aria-label="Speed">{speeds}</span>
    }
    .part()
}

fn step(replay: Replay, on: bool) -> Part {
    let (words, marker) = if on {
        ("Next trip", "next")
    } else {
        ("Previous trip", "previous")
    };
    view! {
        <button
            type="button"
            class="icon-button"
            data-replay-trip=marker
            aria-label=words
            title=words
            disabled=dynamic(move || replay.trip(on).is_none())
            on:click=move |_| {
                if let Some(at) = replay.trip(on) {
                    replay.to_trip(at);
                }
            }
        >
            {icon(if on { Icon::Next } else { Icon::Previous })}
        </button>
    }
    .part()
}
