//! The field for a filter, with suggestions of keys and of the values they have lately.

use leptos::{ev, html, prelude::*};

use super::Explore;
use super::suggest::{Suggestion, suggest};
use crate::part::{IntoPart, Item, Part, dynamic, list};

/// Draws the field. A filter counts when Enter is pressed, the field is left, or a value is chosen.
pub(super) fn filter(explore: Explore) -> Part {
    let field = NodeRef::<html::Input>::new();
    let open = RwSignal::new(false);
    let text = RwSignal::new(
        explore
            .address
            .with_untracked(|address| address.question.filter.clone()),
    );
    let at = RwSignal::new(None::<usize>);
    // The address may change by Back, too.
    Effect::new(move |_| text.set(explore.address.with(|address| address.question.filter.clone())));
    let offers = Memo::new(move |_| {
        let shown = open.get();
        let offers = || {
            explore
                .fetched
                .see(|figures| text.with(|text| suggest(text, &figures.known)))
        };
        if shown { offers() } else { Vec::new() }
    });
    let go = move || {
        open.set(false);
        let filter = text.get_untracked().trim().to_owned();
        explore.change(|address| address.question.filter = filter);
    };
    let choose = move |offer: Suggestion| {
        text.set(offer.text);
        at.set(None);
        if offer.complete {
            go();
        }
        if let Some(field) = field.get_untracked() {
            // Fails only for a field that has left the page.
            let _ = field.focus();
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let count = offers.with_untracked(Vec::len);
        let here = at.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.set(Some(here.map_or(0, |here| (here + 1) % count))),
            "ArrowUp" if count > 0 => at.set(Some(here.map_or(count - 1, |here| (here + count - 1) % count))),
            "ArrowDown" => open.set(true),
            "Escape" if count > 0 => {
                open.set(false);
                at.set(None);
            }
            "Enter" => {
                let offer = here.and_then(|here| offers.with_untracked(|offers| offers.get(here).cloned()));
                match offer {
                    Some(offer) => choose(offer),
                    None => go(),
                }
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let typed = move |event: ev::Event| {
        text.set(event_target_value(&event));
        open.set(true);
        at.set(None);
    };
    let left = move |_: ev::FocusEvent| {
        let changed = explore
            .address
            .with_untracked(|address| text.with_untracked(|text| text.trim() != address.question.filter));
        open.set(false);
        if changed {
            go();
        }
    };
    let items = move || {
        let item = |(place, offer): (usize, &Suggestion)| {
            let offer = offer.clone();
            let key = [&place.to_string(), " ", &offer.text].concat();
            Item::new(key, move || option(place, offer, at, Callback::new(choose)))
        };
        offers.with(|offers| offers.iter().enumerate().map(item).collect())
    };
    let none = Memo::new(move |_| offers.with(Vec::is_empty));
    let flag = |is: bool| if is { "true" } else { "false" };
    view! {
        <div class="field filter-field">
            <label for="filter">"Filter"</label>
            <input
                id="filter"
                name="filter"
                type="text"
                role="combobox"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                maxlength="1024"
                placeholder="provider:openai service:!batch model:~gpt-5"
                aria-autocomplete="list"
                aria-controls="filter-offers"
                aria-expanded=dynamic(move || flag(!none.get()))
                aria-activedescendant=dynamic(move || at.get().map(|at| ["offer-", &at.to_string()].concat()))
                aria-invalid=dynamic(move || explore.fault("filter").map(|_| "true"))
                aria-describedby="ask-fault"
                data-filter=""
                node_ref=field
                value=text.get_untracked()
                prop:value=text
                on:input=typed
                on:focus=move |_| open.set(true)
                on:blur=left
                on:keydown=on_key
            />
            <div class="offers" id="filter-offers" role="listbox" aria-label="Suggestions" hidden=dynamic(move || none.get())>
                {list(items)}
            </div>
        </div>
    }
    .part()
}

fn option(
    place: usize,
    offer: Suggestion,
    at: RwSignal<Option<usize>>,
    choose: Callback<Suggestion>,
) -> Part {
    let shown = offer.shown.clone();
    let here = move || at.get() == Some(place);
    view! {
        <div
            class="offer"
            id=["offer-", &place.to_string()].concat()
            role="option"
            aria-selected=dynamic(move || if here() { "true" } else { "false" })
            // The field keeps the focus.
            on:mousedown=move |event| event.prevent_default()
            on:click=move |_| choose.run(offer.clone())
        >
            {shown}
        </div>
    }
    .part()
}
