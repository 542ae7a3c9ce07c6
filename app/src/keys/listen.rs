//! The listener on the document, and what it does to the page.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

use super::wish::{Wish, neighbour, next_trouble, step, wish};
use crate::browser::{Listener, document, keep, monotonic_ms, window};
use crate::live::Live;
use crate::seed::Site;
use crate::ui_state::UiState;

/// The second key of `g b` may come so late, milliseconds.
const SEQUENCE_MS: f64 = 1_500.0;
const STORED: &str = "fb_keys";

pub(super) fn enabled() -> bool {
    let stored = window()
        .local_storage()
        .ok()
        .flatten()
        .and_then(|storage| storage.get_item(STORED).ok());
    stored.flatten().as_deref() != Some("off")
}

pub(super) fn set_enabled(on: bool) {
    let Ok(Some(storage)) = window().local_storage() else {
        return;
    };
    // Refused where storage is full or forbidden: then keys stay as they are.
    let _ = if on {
        storage.remove_item(STORED)
    } else {
        storage.set_item(STORED, "off")
    };
}

pub(super) fn start(live: Live, ui: UiState) {
    let base = use_context::<Site>().map(|site| site.base).unwrap_or_default();
    let navigate = use_navigate();
    let mut g_at = f64::NEG_INFINITY;
    keep(Listener::new(&document(), "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        let key = event.key();
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
            return;
        }
        if event.is_composing() || elsewhere(&event, &key) {
            return;
        }
        let at = monotonic_ms();
        let after_g = at - g_at <= SEQUENCE_MS;
        g_at = f64::NEG_INFINITY;
        let Some(wish) = wish(&key, after_g) else { return };
        // Esc is not a shortcut but what everybody expects; the rest can be switched off.
        if wish != Wish::Escape && !enabled() {
            return;
        }
        let page = match wish {
            Wish::Go => {
                g_at = at;
                return;
            }
            Wish::Board => Some("/"),
            Wish::Providers => Some("/providers"),
            Wish::Explore => Some("/explore"),
            Wish::Breakers => Some("/breakers"),
            Wish::Connect => Some("/connect"),
            _ => None,
        };
        let done = match page {
            Some(page) => {
                let options = NavigateOptions {
                    resolve: false,
                    ..NavigateOptions::default()
                };
                navigate(&[&base, page].concat(), options);
                true
            }
            None => grant(wish, &live, &ui),
        };
        if done {
            event.prevent_default();
        }
    }));
}

/// The key is meant for what has the focus: a field, a menu, a dialog, a button.
fn elsewhere(event: &Event, key: &str) -> bool {
    let Some(element) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return false;
    };
    let editable = element
        .dyn_ref::<HtmlElement>()
        .is_some_and(HtmlElement::is_content_editable);
    let within = |selector: &str| matches!(element.closest(selector), Ok(Some(_)));
    let typing = editable || within("input, textarea, select, [role=textbox], [role=combobox]");
    // Esc leaves a field as well, but a dialog closes by itself.
    if key == "Escape" {
        return within("dialog[open], [role=menu]");
    }
    let activates = match key {
        "Enter" => within("a[href], button, summary, [role=button], [tabindex]"),
        " " => within("button, summary, [role=button]"),
        _ => false,
    };
    typing || activates || within("[role=menu]") || (within("dialog[open]") && key != "?")
}

/// Does what a key asked for; `false` leaves the key to the browser.
fn grant(wish: Wish, live: &Live, ui: &UiState) -> bool {
    let selected = ui.selected.get_untracked();
    let listed = ui.listed.get_untracked();
    let order = || match listed {
        Some(listed) => listed.keys.get_untracked(),
        None => live.board.breakers.order.get_untracked(),
    };
    let select = |key: Option<u64>| {
        if key.is_some() && key == selected {
            // The same one again, perhaps out of focus by now: unselect, and select anew after the panel has noticed.
            let again = ui.selected;
            again.set(None);
            set_timeout(move || again.set(key), std::time::Duration::ZERO);
        } else if key.is_some() {
            ui.selected.set(key);
        }
        key.is_some()
    };
    match wish {
        Wish::Help => ui.help_open.update(|open| *open = !*open),
        Wish::Range => ui.range_open.set(true),
        Wish::Escape => return ui.escape(),
        Wish::Replay => {
            let Some(replay) = ui.replay.get_value() else {
                return false;
            };
            replay.toggle();
        }
        Wish::Play => return ui.replay.get_value().is_some_and(|replay| replay.play_or_pause()),
        Wish::Filter => return focus(filter()),
        Wish::Next | Wish::Previous => {
            let back = wish == Wish::Previous;
            return (listed.is_none() && row(back)) || select(neighbour(&order(), selected, back));
        }
        Wish::NextTrouble => {
            let state = |key: &u64| {
                live.board
                    .breakers
                    .get(*key)
                    .map(|row| row.with_untracked(|row| row.state))
            };
            let fuses: Vec<_> = order()
                .iter()
                .filter_map(|key| Some((*key, state(key)?)))
                .collect();
            return select(next_trouble(&fuses, selected));
        }
        Wish::Open => {
            if let (Some(listed), Some(key)) = (listed, selected) {
                listed.open.run(key);
                return true;
            }
            let row = selected.and_then(|key| live.board.breakers.get(key));
            let Some(id) = row.map(|row| row.with_untracked(|row| row.id.clone())) else {
                return false;
            };
            ui.show.run(Some(id));
        }
        Wish::Go | Wish::Board | Wish::Providers | Wish::Breakers | Wish::Explore | Wish::Connect => {
            return false;
        }
    }
    true
}

/// The page's field that filters, where it has one.
fn filter() -> Option<Element> {
    let document = document();
    let found = document.query_selector("main [data-filter], main input[type=search]");
    found.ok().flatten()
}

/// Moves the focus to the next or previous row of a table that has rows to go through; `false` where there is none.
fn row(back: bool) -> bool {
    let Ok(rows) = document().query_selector_all("main [data-row]") else {
        return false;
    };
    let active = document().active_element();
    let at = (0..rows.length()).find(|at| rows.item(*at).as_ref() == active.as_deref());
    let next = step(rows.length() as usize, at.map(|at| at as usize), back);
    focus(next.and_then(|next| rows.item(next as u32)?.dyn_into().ok()))
}

fn focus(element: Option<Element>) -> bool {
    let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    element.focus().is_ok()
}
