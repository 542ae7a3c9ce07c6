//! The panel: a rail per provider, fuses on it.

use leptos::prelude::*;
use protocol::{Level, view::Provider};
use wasm_bindgen::JsCast;

use super::{
    fuse::fuse,
    rails::{Placed, Rail, Slot, rails},
};
use crate::{
    components::{level_key, moving_shape},
    format::{latency_short, money, rate},
    lasting::Lasting,
    live::Live,
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    ui_state::UiState,
};

/// Draws the panel.
pub fn panel(live: Live) -> Part {
    let ui = expect_context::<UiState>();
    let drawn = Memo::new(move |_| {
        let Live { board, .. } = live;
        let placed = board.breakers.order.get();
        let placed = placed
            .into_iter()
            .filter_map(|key| board.breakers.get(key).map(|row| row.see(Placed::of)));
        let named = board.providers.order.get();
        let named = named
            .into_iter()
            .filter_map(|id| Some((board.providers.get(id)?.see(|row| row.name.clone()), id)));
        rails(
            &named.collect::<Vec<_>>(),
            &placed.collect::<Vec<_>>(),
            ui.selected.get(),
        )
    });
    let count = move || {
        let (breakers, named) = drawn.see(|rails| {
            let breakers: usize = rails.iter().map(|rail| rail.slots.len()).sum();
            (
                breakers,
                rails.iter().filter(|rail| !rail.provider.is_empty()).count(),
            )
        });
        let plural = if named == 1 { "" } else { "s" };
        format!("{breakers} in {named} provider{plural} · lever up = closed")
    };
    let items = move || {
        let item = |shown: &Rail| {
            let name = shown.provider.clone();
            Item::new(name.clone(), move || rail(live, name, drawn))
        };
        drawn.see(|rails| rails.iter().map(item).collect())
    };
    focus_selected(ui);
    view! {
        <section class="card panel" id="panel" aria-labelledby="panel-title">
            <header>
                <h2 id="panel-title">"Breakers"</h2>
                <span class="sub">{dynamic(count)}</span>
            </header>
            {list(items)}
        </section>
    }
    .part()
}

/// `j`, `k` and `.` select; here the selected fuse gets the focus, so that Enter opens it and it scrolls into view.
fn focus_selected(ui: UiState) {
    Effect::new(move |_| {
        if let Some(key) = ui.selected.get() {
            // At once, so that a key pressed right after meets it; or after the fuse has been unfolded, if it has to be.
            if !focus_fuse(key) {
                request_animation_frame(move || _ = focus_fuse(key));
            }
        }
    });
}

/// Gives the focus to the fuse of this breaker; false when it is not drawn.
pub fn focus_fuse(key: u64) -> bool {
    let fuse = document()
        .query_selector(&format!(".fuse[data-key=\"{key}\"]"))
        .ok()
        .flatten();
    let Some(fuse) = fuse.and_then(|fuse| fuse.dyn_into::<web_sys::HtmlElement>().ok()) else {
        return false;
    };
    // Fails only for an element that has left the page.
    fuse.focus().is_ok()
}

fn rail(live: Live, name: String, drawn: Memo<Vec<Rail>>) -> Part {
    let unfolded = RwSignal::new(false);
    let (title, column) = (name.clone(), name.clone());
    // The rail of this name; its place among the others may change.
    let name = StoredValue::new(name);
    let this = move || {
        let rails = drawn.get();
        name.with_value(|name| rails.into_iter().find(|rail| rail.provider == *name))
    };
    let slots = move || {
        let shown = this().map_or_else(Vec::new, |rail| rail.slots);
        let shown = shown.into_iter().filter(|slot| unfolded.get() || !slot.folded);
        shown.filter_map(|slot| item(live, slot)).collect()
    };
    let folded = move || this().map_or(0, |rail| rail.folded);
    let folding = Memo::new(move |_| folded() > 0);
    let empty = Memo::new(move |_| this().is_none_or(|rail| rail.slots.is_empty()));
    let fold_words = move || match unfolded.get() {
        true => "Fold".to_owned(),
        false => format!("+{} closed", folded()),
    };
    let fold = move || {
        view! {
            <button
                type="button"
                class="fold"
                aria-expanded=dynamic(move || if unfolded.get() { "true" } else { "false" })
                on:click=move |_| unfolded.update(|unfolded| *unfolded = !*unfolded)
            >
                {dynamic(fold_words)}
            </button>
        }
        .part()
    };
    let nothing = || view! { <p class="quiet">"No breaker has reported here."</p> }.part();
    view! {
        <div class="rail" data-provider=title>
            {provider_column(live, column, drawn)}
            <div class="fuses" data-empty=dynamic(move || empty.get().then_some(""))>
                {list(slots)}
                {when(move || folding.get().then(fold))}
                {when(move || empty.get().then(nothing))}
            </div>
        </div>
    }
    .part()
}

fn item(live: Live, slot: Slot) -> Option<Item> {
    let row = live.board.breakers.get(slot.key)?;
    Some(Item::new(format!("{} {}", slot.key, slot.label), move || {
        fuse(live, row, slot.label)
    }))
}

fn provider_column(live: Live, name: String, drawn: Memo<Vec<Rail>>) -> Part {
    let title = if name.is_empty() {
        "no provider named".to_owned()
    } else {
        name.clone()
    };
    let name = StoredValue::new(name);
    let row = move || {
        let id = name.with_value(|name| {
            drawn.see(|rails| {
                rails
                    .iter()
                    .find(|rail| rail.provider == *name)
                    .and_then(|rail| rail.id)
            })
        });
        id.and_then(|id| live.board.providers.get(id))
    };
    let level = move || level_key(row().map_or(Level::Unknown, |row| row.see(|row| row.level)));
    let known = Memo::new(move |_| row().is_some());
    view! {
        <div class="prov">
            <h3>
                {moving_shape(dynamic(level))}
                {title}
            </h3>
            {when(move || if known.get() { row().map(figures) } else { None })}
        </div>
    }
    .part()
}

fn figures(row: Lasting<Provider>) -> Part {
    let cost = move || {
        row.see(|row| match row.cost_per_call {
            Some(cost) => [&money(Some(cost)), "/call"].concat(),
            None if row.rate > 0.0 => "cost not known".to_owned(),
            None => "no traffic".to_owned(),
        })
    };
    view! {
        <p class="m">
            <span>
                <em>{dynamic(move || row.see(|row| rate(row.rate)))}</em>
                "/s · p95 "
                <em>{dynamic(move || row.see(|row| latency_short(row.p95_ms)))}</em>
            </span>
            <span>{dynamic(cost)}</span>
        </p>
    }
    .part()
}
