//! Tabs of snippets, with the key pointed at and a button that copies all of it.

use std::{sync::Arc, time::Duration};

use leptos::{ev, html, prelude::*, tachys::dom::event_target, task::spawn_local};
use wasm_bindgen::JsCast;

use super::make::make_key;
use super::snippets::{SNIPPETS, Shown};
use crate::{
    browser,
    part::{IntoPart, Part, dynamic, when},
    seed::Site,
};

/// What the copy button says: at rest, after it has copied, and when the browser would not.
const COPY: [&str; 3] = ["Copy", "Copied", "The browser refused; select the text"];

/// A button that copies `text`.
pub fn copy_button(text: Signal<String>) -> Part {
    let copied = RwSignal::new(0_usize);
    let press = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let done = if browser::copy(text).await { 1 } else { 2 };
            // Gone when the visitor has left the page meanwhile.
            let _ = copied.try_set(done);
            set_timeout(move || _ = copied.try_set(0), Duration::from_secs(3));
        });
    };
    let words = dynamic(move || COPY[copied.get()]);
    view! {
        <button type="button" class="btn copy" on:click=press>
            <span role="status">{words}</span>
        </button>
    }
    .part()
}

/// Draws the tabs and the chosen snippet.
pub fn snippet_tabs() -> Part {
    let site = Arc::new(expect_context::<Site>());
    let chosen = RwSignal::new(0_usize);
    let made = RwSignal::new(None::<String>);
    let make = make_key(&site, made);
    let shown = move || made.with(|made| SNIPPETS[chosen.get()].shown(&site, made.as_deref()));
    let all = {
        let shown = shown.clone();
        dynamic(move || shown().text())
    };
    let list = NodeRef::<html::Div>::new();
    let on_key = move |event: ev::KeyboardEvent| {
        let here = event_target::<web_sys::Element>(&event);
        let next = match event.key().as_str() {
            "ArrowRight" => here.next_element_sibling(),
            "ArrowLeft" => here.previous_element_sibling(),
            "Home" => list.get_untracked().and_then(|list| list.first_element_child()),
            "End" => list.get_untracked().and_then(|list| list.last_element_child()),
            _ => return,
        };
        event.prevent_default();
        if let Some(tab) = next.and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Fails only for an element that has left the page.
            let _ = tab.focus();
            tab.click();
        }
    };
    let tabs = SNIPPETS
        .into_iter()
        .enumerate()
        .map(|(place, snippet)| {
            let here = move || chosen.get() == place;
            view! {
                <button
                    type="button"
                    role="tab"
                    id=["tab-", snippet.id].concat()
                    aria-controls="snippet"
                    aria-selected=dynamic(move || if here() { "true" } else { "false" })
                    tabindex=dynamic(move || if here() { "0" } else { "-1" })
                    on:click=move |_| chosen.set(place)
                >
                    {snippet.name}
                </button>
            }
        })
        .collect_view();
    let labelled = dynamic(move || ["tab-", SNIPPETS[chosen.get()].id].concat());
    view! {
        <div class="tabs" role="tablist" aria-label="How to send events" node_ref=list on:keydown=on_key>
            {tabs}
        </div>
        <section class="card code" id="snippet" role="tabpanel" aria-labelledby=labelled data-snippet=dynamic(move || SNIPPETS[chosen.get()].id)>
            <pre tabindex="0">
                <code>{when(move || Some(lines(shown())))}</code>
            </pre>
            {copy_button(all)}
            {make}
        </section>
    }
    .part()
}

/// The first line is a remark and is set quieter; the key is marked.
fn lines(shown: Shown) -> Part {
    let Shown { before, key, after } = shown;
    let (remark, before) = match before.split_once('\n') {
        Some((remark, rest)) => (remark.to_owned(), ["\n", rest].concat()),
        None => (String::new(), before),
    };
    view! {
        <span class="remark">{remark}</span>
        {before}
        <mark>{key}</mark>
        {after.trim_end().to_owned()}
    }
    .part()
}
