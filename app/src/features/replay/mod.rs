//! Replay: the bar at the bottom of the board with a day of activity and trips, and the note that says that this is
//! not now.
//!
//! [`Replay`] is what can be done (go to a moment, play, step from trip to trip, go back to live); [`bar`] is what the bar
//! holds, `scrub` the track in it with its thumb, `day` the paths drawn on that, `words` what moments are called. The
//! moment stands in the address, so that a reload, a link and Back keep it ([`address`]).
//!
//! What the bar holds is a chunk of the program that comes after the first paint: the server paints the note, and the
//! bar's empty place.
//!
//! Deliberately absent: the board of the moment. The server sends it in the frames of the live board.

mod address;
mod bar;
mod day;
mod scrub;
mod state;
mod words;

use leptos::prelude::*;

use crate::{
    components::{Icon, icon},
    later::{afterwards, later},
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
};

pub use address::start;
pub use bar::bar;
pub use state::Replay;
use words::{MINUTES, named};

later! {
    /// Draws what the bar holds.
    static BAR, fetch_bar: fn(Replay) -> Part = bar;
}

/// Draws the bar: its place at first, and what it holds once the page has come alive.
pub fn replay_bar(replay: Replay) -> Part {
    let on = replay.on();
    let bar = afterwards(&BAR);
    view! {
        <section class="replay" data-replay=dynamic(move || if on.get() { "on" } else { "off" }) aria-label="Replay">
            {when(move || bar.get().map(|draw| draw(replay)))}
        </section>
    }
    .part()
}

/// Draws "You are looking at 14:28, yesterday.", while that is so; and in its place, why a moment cannot be shown.
pub fn replay_note(replay: Replay) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let on = replay.on();
    // The words change once a minute, not with every frame.
    let minute = Memo::new(move |_| replay.shown() / MINUTES * MINUTES);
    let words = move || named(minute.get(), replay.live.present.get(), offset);
    when(move || match (on.get(), replay.live.refused.get()) {
        (true, _) => Some(
            view! {
                <div class="replay-note" data-replay-note="">
                    {icon(Icon::Past)}
                    <p>"You are looking at " <b>{dynamic(words)}</b> "."</p>
                    <button type="button" class="btn" data-replay-end="" on:click=move |_| replay.end()>
                        "Back to live"
                    </button>
                </div>
            }
            .part(),
        ),
        (false, Some(refused)) => Some(refusal(replay, &refused)),
        (false, None) => None,
    })
}

fn refusal(replay: Replay, words: &str) -> Part {
    // The parameter's name says nothing to who sees no parameters.
    let words = words.trim_start_matches("at: ").to_owned();
    view! {
        <div class="replay-note" role="alert" data-replay-refused="">
            {icon(Icon::Past)}
            <p>
                <b>"That moment cannot be shown."</b>
                " "
                {words}
            </p>
            <button type="button" class="btn" on:click=move |_| replay.end()>
                "Close"
            </button>
        </div>
    }
    .part()
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
