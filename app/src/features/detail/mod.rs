//! The detail panel of one breaker: a drawer at the right on a desk, a sheet on a phone. What is open is in the URL
//! (`?breaker=b_…`), so Back closes it and a link shows it.
//!
//! The head is drawn from the board, which every page has from its first paint; the rest waits for the socket.

mod head;
mod instances;
mod transitions;
mod trip;

use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;
use protocol::view::{Breaker, BreakerDetail};
use wasm_bindgen::JsCast;

use crate::{
    components::{Icon, icon},
    live::Live,
    part::{IntoPart, Part},
    ui_state::UiState,
};

/// Under this width (CSS pixels) the panel is a sheet over the whole page, as in the style sheet.
const SHEET_BELOW: f64 = 760.0;

/// The `key` in a `b_…` id.
fn key_of(id: &str) -> Option<u64> {
    id.strip_prefix("b_")
        .filter(|hex| hex.len() == 16)
        .and_then(|hex| u64::from_str_radix(hex, 16).ok())
}

/// Draws the panel while the URL names a breaker. `covered` tells the page that a sheet lies over it.
pub fn detail(live: Live, covered: RwSignal<bool>) -> Part {
    let query = use_query_map();
    let wanted = Memo::new(move |_| {
        query
            .with(|query| query.get("breaker"))
            .filter(|id| !id.is_empty())
    });
    Effect::new(move |_| {
        let id = wanted.get();
        if live.detail_of.with_untracked(|open| *open != id) {
            live.detail_of.set(id.clone());
        }
        let narrow = window()
            .inner_width()
            .ok()
            .and_then(|width| width.as_f64())
            .is_some_and(|w| w <= SHEET_BELOW);
        covered.set(id.is_some() && narrow);
    });
    // Gone already when the whole page goes.
    on_cleanup(move || _ = live.detail_of.try_set(None));
    (move || wanted.get().map(|id| drawer(live, id))).part()
}

fn drawer(live: Live, id: String) -> Part {
    let ui = expect_context::<UiState>();
    let key = key_of(&id);
    let row = Memo::new(move |_| {
        // The order changes when the breaker appears or goes.
        live.board.breakers.order.track();
        key.and_then(|key| live.board.breakers.get(key))
    });
    let known = {
        let id = id.clone();
        Memo::new(move |_| {
            live.detail.with(|detail| match detail {
                Some(Some(detail)) if detail.breaker.id == id => Known::Here,
                Some(None) => Known::Gone,
                _ => Known::NotYet,
            })
        })
    };
    let of_this = Memo::new(move |_| {
        live.detail
            .get()
            .flatten()
            .filter(|detail| detail.breaker.id == id)
    });
    let breaker = Memo::new(move |_| {
        row.get()
            .map(|row| row.get())
            .or_else(|| of_this.with(|d| d.as_ref().map(|d| d.breaker.clone())))
    });
    let close_button = NodeRef::<html::Button>::new();
    move_focus(close_button, key);
    view! {
        <aside class="drawer" aria-labelledby="detail-title">
            <header class="drawer-head">
                <h2 id="detail-title" data-detail="name">
                    {move || breaker.with(|b| b.as_ref().map_or_else(|| "Breaker".to_owned(), |b| b.breaker.clone()))}
                </h2>
                <p class="drawer-where">{move || breaker.with(|b| b.as_ref().map(place).unwrap_or_default())}</p>
                <button
                    type="button"
                    class="icon-button"
                    aria-label="Close the detail panel"
                    title="Close (Esc)"
                    node_ref=close_button
                    on:click=move |_| ui.show.run(None)
                >
                    {icon(Icon::Close)}
                </button>
            </header>
            {move || breaker.with(Option::is_some).then(|| head::head(live, breaker, of_this))}
            {move || match known.get() {
                Known::Here => view! {
                    {instances::instances(live, of_this)}
                    {transitions::transitions(live, of_this)}
                    {trip::trip(live, of_this)}
                }
                .part(),
                Known::Gone => view! {
                    <p class="pad quiet" data-detail-gone="">
                        "No such breaker any more. Breakers that say nothing for a day are forgotten; their transitions stay."
                    </p>
                }
                .part(),
                Known::NotYet => view! { <p class="pad quiet">"Instances and transitions arrive with the live connection."</p> }.part(),
            }}
        </aside>
    }
    .part()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    NotYet,
    Here,
    Gone,
}

/// Where it is: provider, model, and the parts of its identity beside the name.
fn place(breaker: &Breaker) -> String {
    let parts = [
        &breaker.provider,
        &breaker.model,
        &breaker.deployment,
        &breaker.service,
        &breaker.environment,
    ];
    let mut shown: Vec<&str> = Vec::new();
    for part in parts {
        if !part.is_empty() && !shown.contains(&part.as_str()) {
            shown.push(part);
        }
    }
    shown.join(" · ")
}

/// Focus goes to the close button when the panel opens, and back to the fuse when it closes.
fn move_focus(button: NodeRef<html::Button>, key: Option<u64>) {
    Effect::new(move |_| {
        if let Some(button) = button.get() {
            // Fails only for an element that has left the page.
            let _ = button.focus();
        }
    });
    on_cleanup(move || {
        if cfg!(target_arch = "wasm32")
            && let Some(key) = key
        {
            let fuse = document()
                .query_selector(&format!(".fuse[data-key=\"{key}\"]"))
                .ok()
                .flatten();
            if let Some(fuse) = fuse.and_then(|fuse| fuse.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = fuse.focus();
            }
        }
    });
}

/// What the parts below the head read.
type Detail = Memo<Option<BreakerDetail>>;

/// Rows of a list of the detail, drawn again when they change.
fn rows<T: Clone + PartialEq + Send + Sync + 'static>(
    detail: Detail,
    of: fn(&BreakerDetail) -> &Vec<T>,
) -> Memo<Vec<T>> {
    Memo::new(move |_| {
        detail.with(|detail| {
            detail
                .as_ref()
                .map(|detail| of(detail).clone())
                .unwrap_or_default()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::feed::breaker_id;

    #[test]
    fn the_id_in_the_url_is_the_key() {
        assert_eq!(key_of(&breaker_id(0xdead_beef)), Some(0xdead_beef));
        assert_eq!(key_of("b_1"), None);
        assert_eq!(key_of("x_000000000000002a"), None);
        assert_eq!(key_of("b_zz00000000000000"), None);
    }
}
