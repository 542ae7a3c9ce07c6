//! Which range the page covers. The choice is navigation: it is in the address and nowhere else.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    components::{MenuItem, menu},
    fetched::{Asked, Fetched},
    part::{IntoPart, Part, See, dynamic},
    seed::Site,
    ui_state::UiState,
};

/// What is offered, all of it up to now: the beginning, the words, and the words where room is scarce.
const CHOICES: [(&str, &str, &str); 5] = [
    ("now-1h", "Last hour", "1 h"),
    ("now-6h", "Last 6 hours", "6 h"),
    ("now-24h", "Last 24 hours", "24 h"),
    ("now-7d", "Last 7 days", "7 d"),
    ("now-30d", "Last 30 days", "30 d"),
];

fn choice(from: &str, to: &str) -> Option<(&'static str, &'static str)> {
    let found = CHOICES.iter().find(|(start, ..)| *start == from && to == "now");
    found.map(|(_, words, short)| (*words, *short))
}

/// A range in few letters, for the head of a column: `24 h`; else "Range".
pub(super) fn short(from: &str, to: &str) -> &'static str {
    choice(from, to).map_or("Range", |(_, short)| short)
}

/// Draws the button and its menu; `t` opens it too.
pub fn span_menu(fetched: Fetched, asked: Memo<Asked>) -> Part {
    let open = expect_context::<UiState>().range_open;
    let page = [&expect_context::<Site>().base, "/providers"].concat();
    let navigate = use_navigate();
    // Another range than the offered ones has words from the server, once it has answered.
    let words = move || {
        asked.see(|asked| match choice(&asked.from, &asked.to) {
            Some((words, _)) => words.to_owned(),
            None => fetched.providers.see(|figures| match figures {
                Some(figures) if asked.is_answered_by(figures) => figures.words.clone(),
                _ => [&asked.from, " to ", &asked.to].concat(),
            }),
        })
    };
    let few = move || asked.see(|asked| short(&asked.from, &asked.to));
    let face = view! {
        <span class="wide">{dynamic(words)}</span>
        <span class="narrow" aria-hidden="true">{dynamic(few)}</span>
    }
    .part();
    let items = CHOICES
        .into_iter()
        .map(|(from, label, _)| {
            let to = [&page, "?from=", from, "&to=now"].concat();
            let navigate = navigate.clone();
            MenuItem {
                label,
                taken: dynamic(move || asked.see(|asked| asked.from == from && asked.to == "now")),
                take: Callback::new(move |()| {
                    let options = NavigateOptions {
                        resolve: false,
                        replace: true,
                        scroll: false,
                        ..NavigateOptions::default()
                    };
                    navigate(&to, options);
                }),
            }
        })
        .collect();
    let told = move || asked.see(|asked| [&asked.from, "/", &asked.to].concat());
    view! { <div data-span=dynamic(told)>{menu("Time range", "range", face, open, items)}</div> }.part()
}

#[cfg(test)]
mod tests {
    use protocol::span::PRESETS;

    use super::*;

    #[test]
    fn choices_are_presets_and_have_their_words() {
        for (from, words, _) in CHOICES {
            let found = PRESETS
                .iter()
                .find(|preset| preset.from == from && preset.to == "now");
            assert_eq!(found.map(|preset| preset.label), Some(words));
        }
        assert_eq!(
            (short("now-24h", "now"), short("now/d", "now")),
            ("24 h", "Range")
        );
    }
}
