//! The bar on top of every page: its name, one sentence a tired person can act on, and how fresh the page is.

use std::time::Duration;

use leptos::prelude::*;
use protocol::Level;

use super::{help::help_button, live_pill::live_pill, theme_menu::theme_menu};
use crate::{
    components::shape,
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
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
pub fn verdict_sentence(live: Live) -> Sentence {
    live.board.verdict.see(|verdict| Sentence {
        level: Some(verdict.level),
        lead: verdict.lead.clone(),
        rest: verdict.rest.clone(),
    })
}

/// Draws the bar. `ranges` is the menu of ranges, where the page has one.
pub fn bar(title: &'static str, live: Live, sentence: Signal<Sentence>, ranges: Option<Part>) -> Part {
    bar_of(title.part(), live, sentence, ranges)
}

/// The same under a title that is more than words.
pub fn bar_of(title: Part, live: Live, sentence: Signal<Sentence>, ranges: Option<Part>) -> Part {
    let level = move || sentence.see(|sentence| sentence.level);
    view! {
        <header class="bar">
            <h1>{title}</h1>
            <p class="verdict" data-verdict=dynamic(move || level().map_or("none", crate::components::level_key))>
                {when(move || level().map(shape))}
                <span>
                    <b>{dynamic(move || sentence.see(|sentence| sentence.lead.clone()))}</b>
                    " "
                    {dynamic(move || sentence.see(|sentence| sentence.rest.clone()))}
                </span>
            </p>
            <div class="bar-end">
                {when(move || live.board.simulated.get().then(|| view! { <span class="tag" data-simulated="">"Simulated"</span> }))}
                {ranges}
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
    let resting = RwSignal::new(false);
    let words = move || sentence.see(|Sentence { lead, rest, .. }| [lead, " ", rest].concat());
    let before = RwSignal::new(untrack(words));
    Effect::new(move |_| {
        let now = words();
        // While it rests, its end looks again.
        if resting.get() || before.with_untracked(|before| *before == now) {
            return;
        }
        before.set(now.clone());
        said.set(now);
        resting.set(true);
        // Gone with the page it belonged to.
        set_timeout(move || _ = resting.try_set(false), SPOKEN_EVERY);
    });
    view! { <div class="vh" role="status">{dynamic(move || said.get())}</div> }.part()
}
