//! Which range a page covers. The choice is navigation: it is in the address and nowhere else.

use leptos::{ev, html, prelude::*};

use crate::{
    components::{MenuItem, menu_with},
    format::iso,
    lasting::Lasting,
    part::{IntoPart, Part, See, dynamic},
    seed::Site,
    ui_state::UiState,
};

/// What is offered: both ends, the words, and the words where room is scarce.
const CHOICES: [(&str, &str, &str, &str); 8] = [
    ("now-1h", "now", "Last hour", "1 h"),
    ("now-6h", "now", "Last 6 hours", "6 h"),
    ("now-24h", "now", "Last 24 hours", "24 h"),
    ("now-7d", "now", "Last 7 days", "7 d"),
    ("now-30d", "now", "Last 30 days", "30 d"),
    ("now-90d", "now", "Last 90 days", "90 d"),
    ("now/d", "now/d", "Today", "Today"),
    ("now-1d/d", "now-1d/d", "Yesterday", "Yesterday"),
];

/// Goes to the page's address with these two ends.
pub type GoTo = Callback<(String, String)>;

fn choice(from: &str, to: &str) -> Option<(&'static str, &'static str)> {
    let found = CHOICES
        .iter()
        .find(|(start, end, ..)| *start == from && *end == to);
    found.map(|(_, _, words, short)| (*words, *short))
}

/// A range in few letters, for the head of a column: `24 h`; else "Range".
pub fn short(from: &str, to: &str) -> &'static str {
    choice(from, to).map_or("Range", |(_, short)| short)
}

/// What the menu needs to know of its page.
#[derive(Clone, Copy)]
pub struct SpanMenu {
    /// The ends, as the address has them.
    pub ends: Signal<(String, String)>,
    /// The words of the range from the server, once it has answered for it.
    pub words: Signal<Option<String>>,
    /// Changes the address.
    pub go: GoTo,
}

/// Draws the button and its menu; `t` opens it too.
pub fn span_menu(menu: SpanMenu) -> Part {
    let SpanMenu { ends, words, go } = menu;
    let open = expect_context::<UiState>().range_open;
    // Another range than the offered ones has words from the server.
    let words = move || {
        ends.see(|(from, to)| match choice(from, to) {
            Some((words, _)) => words.to_owned(),
            None => words.get().unwrap_or_else(|| [from, " to ", to].concat()),
        })
    };
    let few = move || ends.see(|(from, to)| short(from, to));
    let face = view! {
        <span class="wide">{dynamic(words)}</span>
        <span class="narrow" aria-hidden="true">{dynamic(few)}</span>
    }
    .part();
    let items = CHOICES
        .into_iter()
        .map(|(from, to, label, _)| MenuItem {
            label,
            taken: dynamic(move || ends.see(|ends| ends.0 == from && ends.1 == to)),
            take: Callback::new(move |()| go.run((from.to_owned(), to.to_owned()))),
        })
        .collect();
    let told = move || ends.see(|(from, to)| [from, "/", to].concat());
    let form = custom(ends, go, open);
    view! { <div data-span=dynamic(told)>{menu_with("Time range", "range", face, open, items, Some(form))}</div> }
        .part()
}

/// Two fields for any range. Moments are shown as people write them.
fn custom(ends: Signal<(String, String)>, go: GoTo, open: Lasting<bool>) -> Part {
    let offset = expect_context::<Site>().utc_offset_min;
    let (from, to) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let written = move |text: &String| text.parse().map_or_else(|_| text.clone(), |at| iso(at, offset));
    let text = move |field: NodeRef<html::Input>| {
        field
            .get_untracked()
            .map(|field| field.value().trim().to_owned())
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "now".to_owned())
    };
    let apply = move |event: ev::SubmitEvent| {
        event.prevent_default();
        go.run((text(from), text(to)));
        open.set(false);
    };
    let field = move |label: &'static str, node: NodeRef<html::Input>, value: Signal<String>| {
        view! {
            <label>
                {label}
                <input
                    type="text"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="64"
                    node_ref=node
                    data-end=label
                    prop:value=value
                />
            </label>
        }
    };
    view! {
        <form class="range-form" on:submit=apply>
            {field("From", from, dynamic(move || ends.see(|(from, _)| written(from))))}
            {field("To", to, dynamic(move || ends.see(|(_, to)| written(to))))}
            <button type="submit" class="btn">"Apply"</button>
            <small>"now-6h, now-1d/d, 2026-11-20T14:00:00Z"</small>
        </form>
    }
    .part()
}

#[cfg(test)]
mod tests {
    use protocol::span::PRESETS;

    use super::*;

    #[test]
    fn choices_are_presets_and_have_their_words() {
        for (from, to, words, _) in CHOICES {
            let found = PRESETS
                .iter()
                .find(|preset| preset.from == from && preset.to == to);
            assert_eq!(found.map(|preset| preset.label), Some(words));
        }
        assert_eq!(
            (short("now-24h", "now"), short("now/w", "now")),
            ("24 h", "Range")
        );
    }
}
