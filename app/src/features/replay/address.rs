//! The moment in the address: `?at=` epoch milliseconds.
//!
//! A replay that begins is a step in the page's history, so that Back ends it; its later moments replace each other
//! there. A link to a breaker names no moment and keeps the one that is on; a link to the board goes back to live.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::state::Replay;
use crate::browser;

/// A moment that plays is told this often, in milliseconds of what is shown times its speed.
const TOLD_EVERY: i64 = 2_000;

/// Keeps address and replay together until the current owner goes, and ends the replay with it.
pub fn start(replay: Replay) {
    let live = replay.live;
    let search = use_location().search;
    // What the server has shown, or refused, needs no wish.
    let quiet =
        move || live.replay.with_untracked(Option::is_none) && live.refused.with_untracked(Option::is_none);
    // Links, and Back and Forward between pages.
    Effect::new(move |before: Option<String>| {
        let now = search.get();
        let (named, breaker) = (moment_in(&now), now.contains("breaker="));
        match (&before, named) {
            (None, Some(at)) if quiet() => replay.stand_at(at),
            (Some(before), None) if *before != now && !breaker => replay.end_quietly(),
            _ => {}
        }
        now
    });
    // Back and Forward on this page.
    browser::on_back(move || {
        match moment_in(&browser::search()) {
            Some(at) => replay.stand_at(at),
            None => replay.end_quietly(),
        };
    });
    let told = Memo::new(move |_| {
        let moment = live.replay.get()?;
        if moment.speed == 0 {
            return Some(moment.at);
        }
        let every = TOLD_EVERY * i64::from(moment.speed);
        Some(live.frame_now.get() / every * every)
    });
    let begun = StoredValue::new(live.replay.with_untracked(Option::is_some));
    Effect::new(move |_| {
        search.track();
        let at = told.get();
        if replay.held.get() {
            return;
        }
        let step = at.is_some() && !begun.get_value();
        begun.set_value(at.is_some());
        // In the next frame, as it is then: by that time the router has written its own address.
        request_animation_frame(move || {
            let Some(at) = told.try_get_untracked() else {
                return;
            };
            let text = at.map(|at| at.to_string());
            if step {
                browser::push_query("at", text.as_deref());
            } else {
                browser::set_query("at", text.as_deref());
            }
        });
    });
    // The whole page may be gone already.
    on_cleanup(move || _ = live.replay.try_set(None));
}

/// The moment that an address names.
fn moment_in(search: &str) -> Option<i64> {
    search
        .trim_start_matches('?')
        .split('&')
        .find_map(|pair| pair.strip_prefix("at="))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::moment_in;

    #[test]
    fn a_moment_is_epoch_milliseconds() {
        assert_eq!(moment_in("?at=1785414482000"), Some(1_785_414_482_000));
        assert_eq!(moment_in("breaker=b_1&at=7&range=1h"), Some(7));
        for none in ["", "?", "?at=", "?at=noon", "?format=1", "?at=1.5"] {
            assert_eq!(moment_in(none), None, "{none}");
        }
    }
}
