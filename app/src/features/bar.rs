//! The bar on top of every page: its name, one sentence a tired person can act on, and how fresh the page is.

use std::time::Duration;

use leptos::prelude::*;
use protocol::Level;

use super::{help::help_button, live_pill::live_pill, range_menu::range_menu, theme_menu::theme_menu};
use crate::{
    components::shape,
    live::Live,
    part::{IntoPart, Part},
};

/// Spoken summaries are at least this far apart.
const SPOKEN_EVERY: Duration = Duration::from_secs(5);

/// The sentence: bold part and rest, with its urgency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its shape; none while there is nothing to judge.
    pub level: Option<Level>,
    /// The bold part.
    pub lead: String,
    /// The rest; may be empty.
    pub rest: String,
}

/// The board's verdict.
pub fn verdict_sentence(live: &Live) -> Sentence {
    live.board.verdict.with(|verdict| Sentence {
        level: Some(verdict.level),
        lead: verdict.lead.clone(),
        rest: verdict.rest.clone(),
    })
}

/// Draws the bar. Ranges are offered only where the page has one.
pub fn bar(title: &'static str, live: Live, sentence: Signal<Sentence>, ranged: Signal<bool>) -> Part {
    let level = move || sentence.with(|sentence| sentence.level);
    view! {
        <header class="bar">
            <h1>{title}</h1>
            <p class="verdict" data-verdict=move || level().map_or("none", crate::components::level_key)>
                {move || level().map(shape)}
                <span>
                    <b>{move || sentence.with(|sentence| sentence.lead.clone())}</b>
                    " "
                    {move || sentence.with(|sentence| sentence.rest.clone())}
                </span>
            </p>
            <div class="bar-end">
                {move || live.board.simulated.get().then(|| view! { <span class="tag" data-simulated="">"Simulated"</span> })}
                {move || ranged.get().then(|| range_menu(live))}
                {live_pill(live)}
                {theme_menu()}
                {help_button()}
            </div>
            {spoken(sentence)}
        </header>
    }
    .part()
}

/// Says the sentence when it changes, at most once in five seconds, and then the newest.
fn spoken(sentence: Signal<Sentence>) -> Part {
    let said = RwSignal::new(String::new());
    let resting = StoredValue::new(false);
    let pending = StoredValue::new(false);
    let words = move || sentence.with_untracked(|sentence| [&sentence.lead, " ", &sentence.rest].concat());
    fn rest(
        said: RwSignal<String>,
        resting: StoredValue<bool>,
        pending: StoredValue<bool>,
        words: Callback<(), String>,
    ) {
        resting.set_value(true);
        set_timeout(
            move || {
                // Gone with the page it belonged to.
                let Some(waiting) = pending.try_get_value() else {
                    return;
                };
                resting.set_value(false);
                if waiting {
                    pending.set_value(false);
                    said.set(words.run(()));
                    rest(said, resting, pending, words);
                }
            },
            SPOKEN_EVERY,
        );
    }
    let words = Callback::new(move |()| words());
    Effect::new(move |before: Option<()>| {
        sentence.track();
        if before.is_none() {
            return;
        }
        if resting.get_value() {
            pending.set_value(true);
        } else {
            said.set(words.run(()));
            rest(said, resting, pending, words);
        }
    });
    view! { <div class="vh" role="status">{said}</div> }.part()
}
