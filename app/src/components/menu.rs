//! A button with a small menu of choices, one of which is taken. Arrow keys move, Enter chooses, `Esc` and leaving it
//! close it.

use leptos::{ev, html, prelude::*, tachys::dom::event_target};

use crate::lasting::Lasting;
use crate::part::{IntoPart, Part, dynamic};
use wasm_bindgen::JsCast;

use super::{Icon, icon};

/// One choice.
pub struct MenuItem {
    /// Its words.
    pub label: &'static str,
    /// It is the one taken.
    pub taken: Signal<bool>,
    /// Takes it.
    pub take: Callback<()>,
}

/// Draws the button with `face` and, while `open`, its menu. `name` is spoken before the face; `marker` becomes the
/// value of `data-menu` on the button.
pub fn menu(
    name: &'static str,
    marker: &'static str,
    face: Part,
    open: Lasting<bool>,
    items: Vec<MenuItem>,
) -> Part {
    menu_with(name, marker, face, open, items, None)
}

/// A [`menu`] with something below its choices.
pub fn menu_with(
    name: &'static str,
    marker: &'static str,
    face: Part,
    open: Lasting<bool>,
    items: Vec<MenuItem>,
    below: Option<Part>,
) -> Part {
    let button = NodeRef::<html::Button>::new();
    let list = NodeRef::<html::Div>::new();
    let around = NodeRef::<html::Div>::new();
    // Into the menu when it opens; the effect runs after the menu is on the page.
    Effect::new(move |before: Option<bool>| {
        let now = open.get();
        if now && before == Some(false) {
            request_animation_frame(move || {
                if let Some(list) = list.get_untracked() {
                    let taken = list.query_selector("[aria-checked=true]").ok().flatten();
                    focus(taken.or_else(|| list.first_element_child()));
                }
            });
        }
        now
    });
    let close = move || {
        open.set(false);
        focus(button.get_untracked().map(|button| button.unchecked_into()));
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let here = event_target::<web_sys::Element>(&event);
        let key = event.key();
        // Fields below the choices keep their keys.
        if key != "Escape" && here.get_attribute("role").is_none() {
            return;
        }
        match key.as_str() {
            "ArrowDown" => focus(here.next_element_sibling().or_else(|| first(list))),
            "ArrowUp" => focus(here.previous_element_sibling().or_else(|| last(list))),
            "Home" => focus(first(list)),
            "End" => focus(last(list)),
            "Escape" => close(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let on_leave = move |event: ev::FocusEvent| {
        let gone_to = event
            .related_target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = around
            .get_untracked()
            .is_some_and(|around| around.contains(gone_to.as_ref()));
        // The button's own click closes it; closing here as well would open it again.
        let on_button = button
            .get_untracked()
            .is_some_and(|button| button.contains(gone_to.as_ref()));
        if !inside && !on_button {
            open.set(false);
        }
    };
    let items = items
        .into_iter()
        .map(|item| {
            view! {
                <button
                    type="button"
                    class="menu-item"
                    role="menuitemradio"
                    tabindex="-1"
                    aria-checked=dynamic(move || if item.taken.get() { "true" } else { "false" })
                    on:click=move |_| {
                        item.take.run(());
                        close();
                    }
                >
                    {icon(Icon::Check)}
                    {item.label}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="menu">
            <button
                type="button"
                class="pill"
                node_ref=button
                data-menu=marker
                aria-haspopup="menu"
                aria-expanded=dynamic(move || if open.get() { "true" } else { "false" })
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <span class="vh">{name} ": "</span>
                {face}
                {icon(Icon::Chevron)}
            </button>
            <div
                class="menu-list"
                node_ref=around
                hidden=dynamic(move || !open.get())
                on:keydown=on_key
                on:focusout=on_leave
            >
                <div class="menu-items" role="menu" aria-label=name node_ref=list>
                    {items}
                </div>
                {below}
            </div>
        </div>
    }
    .part()
}

fn first(list: NodeRef<html::Div>) -> Option<web_sys::Element> {
    list.get_untracked().and_then(|list| list.first_element_child())
}

fn last(list: NodeRef<html::Div>) -> Option<web_sys::Element> {
    list.get_untracked().and_then(|list| list.last_element_child())
}

fn focus(element: Option<web_sys::Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Fails only for elements that are not on the page any more.
        let _ = element.focus();
    }
}
