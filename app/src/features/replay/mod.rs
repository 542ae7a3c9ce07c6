//! Replay: the bar at the bottom of the board with a day of activity and trips, and the note that says that this is
//! not now.
//!
//! [`Replay`] is what can be done (go to a moment, play, step from trip to trip, go back to live); `scrub` is the track
//! with its thumb, `day` the paths drawn on it, `words` what moments are called. The moment stands in the address, so
//! that a reload, a link and Back keep it ([`address`]).
//!
//! Deliberately absent: the board of the moment. The server sends it in the frames of the live board.

mod address;
mod day;
mod scrub;
mod state;
mod words;

use leptos::prelude::*;

use crate::{
    components::{Icon, icon},
    format::{clock, full},
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
};

pub use address::start;
pub use state::Replay;
use words::{MINUTES, named};

/// How fast a replay may play.
const SPEEDS: [(u8, &str); 4] = [(1, "1×"), (5, "5×"), (20, "20×"), (60, "60×")];

/// Draws the bar.
pub fn replay_bar(replay: Replay) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let on = replay.on();
    let time = move || {
        if on.get() {
            clock(replay.shown(), offset)
        } else {
            ["now ", &clock(replay.live.present.get(), offset)].concat()
        }
    };
    view! {
        <section class="replay" data-replay=dynamic(move || if on.get() { "on" } else { "off" }) aria-label="Replay">
            <div class="replay-keys">{when(move || Some(if on.get() { controls(replay) } else { begin(replay) }))}</div>
            {scrub::scrub(replay, offset)}
            <time class="replay-time" title=dynamic(move || full(replay.shown(), offset))>{dynamic(time)}</time>
            {when(move || replay.live.refused.get().map(refusal))}
        </section>
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

fn refusal(words: String) -> Part {
    view! { <p class="replay-refused" role="alert" data-replay-refused="">{words}</p> }.part()
}

/// Draws "You are looking at 14:28, yesterday.", while that is so.
pub fn replay_note(replay: Replay) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let on = replay.on();
    // The words change once a minute, not with every frame.
    let minute = Memo::new(move |_| replay.shown() / MINUTES * MINUTES);
    let words = move || named(minute.get(), replay.live.present.get(), offset);
    when(move || {
        on.get().then(|| {
            view! {
                <div class="replay-note" data-replay-note="">
                    {icon(Icon::Past)}
                    <p>"You are looking at " <b>{dynamic(words)}</b> "."</p>
                    <button type="button" class="btn" data-replay-end="" on:click=move |_| replay.end()>
                        "Back to live"
                    </button>
                </div>
            }
        })
    })
}

/// The pieces of the board page read it from the context.
pub fn provide(live: Live) -> Replay {
    let replay = state::make(live);
    provide_context(replay);
    replay
}

impl Replay {
    /// A moment that has passed is shown.
    fn on(self) -> Memo<bool> {
        Memo::new(move |_| self.live.replay.see(Option::is_some))
    }

    /// Time passes in it.
    fn plays(self) -> Memo<bool> {
        Memo::new(move |_| {
            self.live
                .replay
                .see(|moment| moment.is_some_and(|moment| moment.speed > 0))
        })
    }
}
