//! What went wrong with asking for figures: said where the figures are, with what can be done about it. The old ones stay.

use leptos::prelude::*;

use super::note;
use crate::{
    fetched::{Asked, Cure, Fetched},
    format::clock,
    part::{IntoPart, Part, See, when},
    seed::Site,
};

/// Draws the note, while there is trouble.
pub(super) fn trouble(fetched: Fetched, asked: Memo<Asked>) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    when(move || {
        let trouble = fetched.trouble.get()?;
        let shown = fetched.providers.see(|figures| {
            let figures = figures.as_ref()?;
            let same = asked.see(|asked| asked.is_answered_by(figures));
            let range = if same { "" } else { figures.words.as_str() };
            Some(old(range, &clock(figures.as_of, offset)))
        });
        let (lead, words) = match shown {
            Some(shown) => (
                "The figures could not be refreshed.",
                [&trouble.words, " ", &shown].concat(),
            ),
            None => ("The figures could not be loaded.", trouble.words),
        };
        Some(note(lead, words, Some(button(fetched, trouble.cure))))
    })
}

fn button(fetched: Fetched, cure: Cure) -> Part {
    let words = match cure {
        Cure::Again | Cure::Other => "Retry",
        Cure::Reload => "Reload",
    };
    let act = move |_| match cure {
        Cure::Again | Cure::Other => fetched.retry(),
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
