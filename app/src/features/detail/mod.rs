//! The detail panel of one breaker: a drawer at the right on a desk, a sheet on a phone. What is open is in the URL
//! (`?breaker=b_…`), so Back closes it and a link shows it.
//!
//! The head is drawn from the board, which every page has from its first paint; the rest waits for the socket.

mod head;
mod instances;
mod transitions;
mod trip;

pub use head::head;
pub use instances::sentence as instances_sentence;
pub use transitions::change_words;
pub use trip::calls_table;

use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;
use protocol::view::{Breaker, BreakerDetail, BreakerPage};

use crate::{
    components::{Icon, icon},
    features::{desk::DRAWER, feed::breaker_id, fuses::focus_fuse},
    fetched::Fetched,
    later::arriving,
    live::Live,
    part::{IntoPart, Part, See, dynamic, when},
    seed::Site,
    ui_state::UiState,
};

/// Under this width (CSS pixels) the panel is a sheet over the whole page, as in the style sheet.
const SHEET_BELOW: f64 = 760.0;

/// The `key` in a `b_…` id.
pub fn key_of(id: &str) -> Option<u64> {
    id.strip_prefix("b_")
        .filter(|hex| hex.len() == 16)
        .and_then(|hex| u64::from_str_radix(hex, 16).ok())
}

/// Draws the panel while the URL names a breaker. `covered` tells the page that a sheet lies over it.
pub fn detail(live: Live, covered: RwSignal<bool>) -> Part {
    let query = use_query_map();
    let ui = expect_context::<UiState>();
    let wanted = Memo::new(move |_| {
        query
            .see(|query| query.get("breaker"))
            .filter(|id| !id.is_empty())
    });
    Effect::new(move |_| {
        let id = wanted.get();
        let narrow = window()
            .inner_width()
            .ok()
            .and_then(|width| width.as_f64())
            .is_some_and(|w| w <= SHEET_BELOW);
        covered.set(id.is_some() && narrow);
        ui.panel_open.set(id.is_some());
        if live.detail_of.with_untracked(|open| *open != id) {
            live.detail_of.set(id);
        }
    });
    // Gone already when the whole page goes.
    on_cleanup(move || {
        _ = live.detail_of.try_set(None);
        _ = ui.panel_open.try_set(false);
    });
    let drawer = arriving(&DRAWER, move || wanted.see(Option::is_some));
    when(move || {
        let draw = drawer.get()?;
        wanted.get().map(|id| {
            draw(Open {
                live,
                key: key_of(&id).unwrap_or_default(),
                page: None,
            })
        })
    })
}

/// The breaker that is looked at, in the panel or on its own page. Their parts read through this, so that nothing is
/// copied and kept twice.
#[derive(Clone, Copy)]
pub struct Open {
    /// What is live.
    pub live: Live,
    /// Which breaker.
    pub key: u64,
    /// On its own page: what was asked for over HTTP, and painted first.
    pub page: Option<Fetched<BreakerPage>>,
}

impl Open {
    /// Looks at its detail: `None` before it has arrived, and when there is no such breaker.
    pub fn detail<R>(self, look: impl FnOnce(Option<&BreakerDetail>) -> R) -> R {
        self.live.detail.see(|detail| {
            let detail = detail.as_ref().and_then(Option::as_ref);
            look(detail.filter(|detail| detail.breaker.key == self.key))
        })
    }

    /// Looks at its page's figures, where they are of this breaker.
    pub fn figures<R>(self, look: impl FnOnce(Option<&BreakerPage>) -> R) -> R {
        match self.page {
            Some(page) => page
                .figures
                .see(|page| look(page.as_ref().filter(|page| page.breaker.key == self.key))),
            None => look(None),
        }
    }

    /// Looks at the breaker: as the board has it, else as its detail or its page has it.
    pub fn breaker<R>(self, look: impl FnOnce(Option<&Breaker>) -> R) -> R {
        // The order changes when the breaker appears or goes.
        self.live.board.breakers.order.track();
        if let Some(row) = self.live.board.breakers.get(self.key) {
            return row.see(|breaker| look(Some(breaker)));
        }
        self.detail(|detail| match detail {
            Some(detail) => look(Some(&detail.breaker)),
            None => self.figures(|page| look(page.map(|page| &page.breaker))),
        })
    }

    /// Calls refused since the last change.
    fn turned_away(self) -> Option<u64> {
        match self.detail(|detail| detail.map(|detail| detail.not_permitted)) {
            Some(told) => told,
            None => self.figures(|page| page.and_then(|page| page.not_permitted)),
        }
    }
}

pub(super) fn drawer(open: Open) -> Part {
    let ui = expect_context::<UiState>();
    let site = expect_context::<Site>();
    let named = Memo::new(move |_| open.breaker(|breaker| breaker.is_some()));
    let here = Memo::new(move |_| open.detail(|detail| detail.is_some()));
    let gone = Memo::new(move |_| open.live.detail.see(|detail| matches!(detail, Some(None))));
    let name = move || {
        open.breaker(|breaker| breaker.map_or("Breaker".to_owned(), |breaker| breaker.breaker.clone()))
    };
    let at = move || open.breaker(|breaker| breaker.map(place).unwrap_or_default());
    let close_button = NodeRef::<html::Button>::new();
    move_focus(close_button, open.key);
    view! {
        <aside class="drawer" aria-labelledby="detail-title">
            <header class="drawer-head">
                <h2 id="detail-title" data-detail="name">
                    <a href=[&site.base, "/breakers/", &breaker_id(open.key)].concat() title="Its own page: history, causes, other limits">
                        {dynamic(name)}
                    </a>
                </h2>
                <p class="drawer-where">{dynamic(at)}</p>
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
            {when(move || named.get().then(|| head(open, None)))}
            {when(move || Some(match (here.get(), gone.get()) {
                (true, _) => parts(open),
                (false, true) => no_such_breaker(),
                (false, false) => not_yet(),
            }))}
        </aside>
    }
    .part()
}

fn parts(open: Open) -> Part {
    view! {
        {instances::instances(open)}
        {transitions::transitions(open)}
        {trip::trip(open)}
    }
    .part()
}

fn no_such_breaker() -> Part {
    view! {
        <p class="pad quiet" data-detail-gone="">
            "No such breaker any more. Breakers that say nothing for a day are forgotten; their transitions stay."
        </p>
    }
    .part()
}

fn not_yet() -> Part {
    view! { <p class="pad quiet">"Instances and transitions arrive with the live connection."</p> }.part()
}

/// Where it is: provider, model, and the parts of its identity beside the name.
pub fn place(breaker: &Breaker) -> String {
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
fn move_focus(button: NodeRef<html::Button>, key: u64) {
    Effect::new(move |_| {
        if button.get().is_some() {
            // The panel is built, and on the page only a moment later.
            request_animation_frame(move || {
                if let Some(Some(button)) = button.try_get_untracked() {
                    // Fails only for an element that has left the page.
                    let _ = button.focus();
                }
            });
        }
    });
    on_cleanup(move || {
        // The server cleans up as well, and has no focus.
        if cfg!(target_arch = "wasm32") {
            focus_fuse(key);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_in_the_url_is_the_key() {
        assert_eq!(key_of(&breaker_id(0xdead_beef)), Some(0xdead_beef));
        assert_eq!(key_of("b_1"), None);
        assert_eq!(key_of("x_000000000000002a"), None);
        assert_eq!(key_of("b_zz00000000000000"), None);
    }
}
