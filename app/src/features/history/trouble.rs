//! What went wrong with asking for figures: said where the figures are, with what can be done about it. The old ones stay.

use leptos::prelude::*;

use super::note;
use crate::{
    fetched::{Asking, Cure, Fetched, Figures},
    format::clock,
    part::{IntoPart, Part, when},
    seed::Site,
};

/// Draws the note, while there is trouble.
pub fn trouble<T: Figures>(fetched: Fetched<T>, asked: Memo<T::Asked>) -> Part {
    trouble_unless(fetched, asked, Box::new(|| false))
}

/// Draws the note, while there is trouble that is not told elsewhere.
pub fn trouble_unless<T: Figures>(fetched: Fetched<T>, asked: Memo<T::Asked>, told: Told) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let shown = move || {
        fetched.see(|figures| {
            let same = asked.with(|asked| figures.answers(asked));
            let range = if same { "" } else { figures.words() };
            Some(old(range, &clock(figures.as_of(), offset)))
        })
    };
    draw(fetched.asking, told, Box::new(shown))
}

/// Whether trouble is told elsewhere.
pub type Told = Box<dyn Fn() -> bool + Send + Sync>;

fn draw(state: Asking, told: Told, shown: Box<dyn Fn() -> Option<String> + Send + Sync>) -> Part {
    when(move || {
        // That there is nobody is no trouble with figures; the page says it in their place.
        let trouble = state
            .trouble
            .get()
            .filter(|trouble| trouble.cure != Cure::Nobody && !told())?;
        let (lead, words) = match shown() {
            Some(shown) => (
                "The figures could not be refreshed.",
                [&trouble.words, " ", &shown].concat(),
            ),
            None => ("The figures could not be loaded.", trouble.words),
        };
        Some(note(lead, words, Some(button(state, trouble.cure))))
    })
}

fn button(state: Asking, cure: Cure) -> Part {
    let words = match cure {
        Cure::Again | Cure::Other | Cure::Nobody => "Retry",
        Cure::Reload => "Reload",
    };
    let act = move |_| match cure {
        Cure::Again | Cure::Other | Cure::Nobody => state.retry(),
        // Fails only for a page that is going away.
        Cure::Reload => _ = window().location().reload(),
    };
    view! { <button type="button" class="btn" on:click=act>{words}</button> }.part()
}

/// What is still shown.
fn old(range: &str, clock: &str) -> String {
    match range {
        "" => ["Shown are the figures of ", clock, "."].concat(),
        range => ["Shown is another range, ", range, ", as of ", clock, "."].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_said_with_its_age() {
        assert_eq!(old("", "14:32:08"), "Shown are the figures of 14:32:08.");
        assert_eq!(
            old("Last 24 hours", "14:32:08"),
            "Shown is another range, Last 24 hours, as of 14:32:08."
        );
    }
}
