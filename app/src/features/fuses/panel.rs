//! The panel: a rail per provider, fuses on it.

use leptos::prelude::*;
use protocol::{Level, view::Provider};
use wasm_bindgen::JsCast;

use super::{
    fuse::fuse,
    rails::{Placed, Rail, Slot, rails},
};
use crate::{
    components::shape,
    format::{latency_short, money, rate},
    live::Live,
    part::{IntoPart, Part},
    ui_state::UiState,
};

/// Draws the panel.
pub fn panel(live: Live) -> Part {
    let ui = expect_context::<UiState>();
    let placed = Memo::new(move |_| {
        let order = live.board.breakers.order.get();
        order
            .into_iter()
            .filter_map(|key| live.board.breakers.get(key))
            .map(|row| row.with(Placed::of))
            .collect::<Vec<_>>()
    });
    let providers = Memo::new(move |_| {
        let order = live.board.providers.order.get();
        let rows = order
            .into_iter()
            .filter_map(|id| live.board.providers.get(id).map(|row| (id, row)));
        rows.map(|(id, row)| (row.with(|row| row.name.clone()), id))
            .collect::<Vec<(String, u64)>>()
    });
    let drawn = Memo::new(move |_| {
        let names: Vec<String> = providers.with(|rows| rows.iter().map(|(name, _)| name.clone()).collect());
        placed.with(|placed| rails(&names, placed, ui.selected.get()))
    });
    let count = move || {
        let breakers = placed.with(Vec::len);
        let named = drawn.with(|rails| rails.iter().filter(|rail| !rail.provider.is_empty()).count());
        let plural = if named == 1 { "" } else { "s" };
        format!("{breakers} in {named} provider{plural} · lever up = closed")
    };
    focus_selected(ui);
    view! {
        <section class="card panel" id="panel" aria-labelledby="panel-title">
            <header>
                <h2 id="panel-title">"Breakers"</h2>
                <span class="sub">{count}</span>
            </header>
            <For
                each=move || drawn.with(|rails| rails.iter().map(|rail| rail.provider.clone()).collect::<Vec<_>>())
                key=|name| name.clone()
                children=move |name| rail(live, name, drawn, providers)
            />
        </section>
    }
    .part()
}

/// `j`, `k` and `.` select; here the selected fuse gets the focus, so that Enter opens it and it scrolls into view.
fn focus_selected(ui: UiState) {
    Effect::new(move |before: Option<Option<u64>>| {
        let selected = ui.selected.get();
        if let (Some(key), true) = (selected, before.is_some_and(|before| before != selected)) {
            // After the fuse has been unfolded, if it was.
            request_animation_frame(move || {
                let fuse = document()
                    .query_selector(&format!(".fuse[data-key=\"{key}\"]"))
                    .ok()
                    .flatten();
                if let Some(fuse) = fuse.and_then(|fuse| fuse.dyn_into::<web_sys::HtmlElement>().ok()) {
                    // Fails only for an element that has left the page.
                    let _ = fuse.focus();
                }
            });
        }
        selected
    });
}

fn rail(live: Live, name: String, drawn: Memo<Vec<Rail>>, providers: Memo<Vec<(String, u64)>>) -> Part {
    let unfolded = RwSignal::new(false);
    let this = {
        let name = name.clone();
        Memo::new(move |_| drawn.with(|rails| rails.iter().find(|rail| rail.provider == name).cloned()))
    };
    let row = {
        let name = name.clone();
        Memo::new(move |_| {
            let id = providers.with(|rows| rows.iter().find(|(other, _)| *other == name).map(|(_, id)| *id));
            id.and_then(|id| live.board.providers.get(id))
        })
    };
    let slots = move || -> Vec<Slot> {
        let all = this.with(|rail| rail.as_ref().map_or_else(Vec::new, |rail| rail.slots.clone()));
        all.into_iter()
            .filter(|slot| unfolded.get() || !slot.folded)
            .collect()
    };
    let folded = Memo::new(move |_| this.with(|rail| rail.as_ref().map_or(0, |rail| rail.folded)));
    let empty = move || this.with(|rail| rail.as_ref().is_none_or(|rail| rail.slots.is_empty()));
    view! {
        <div class="rail" data-provider=name>
            {provider_column(name.clone(), row)}
            <div class="fuses" data-empty=move || empty().then_some("")>
                <For
                    each=slots
                    key=|slot| (slot.key, slot.label.clone())
                    children=move |slot| live.board.breakers.get(slot.key).map(|row| fuse(live, row, slot.label))
                />
                {move || {
                    (folded.get() > 0).then(|| view! {
                        <button
                            type="button"
                            class="fold"
                            aria-expanded=move || if unfolded.get() { "true" } else { "false" }
                            on:click=move |_| unfolded.update(|unfolded| *unfolded = !*unfolded)
                        >
                            {move || if unfolded.get() { "Fold".to_owned() } else { format!("+{} closed", folded.get()) }}
                        </button>
                    })
                }}
                {move || empty().then(|| view! { <p class="quiet">"No breaker has reported here."</p> })}
            </div>
        </div>
    }
    .part()
}

fn provider_column(name: String, row: Memo<Option<RwSignal<Provider>>>) -> Part {
    let level = Signal::derive(move || row.get().map_or(Level::Unknown, |row| row.with(|row| row.level)));
    let title = if name.is_empty() {
        "no provider named".to_owned()
    } else {
        name
    };
    let figures = move || row.get().map(figures);
    view! {
        <div class="prov">
            <h3>
                {shape(level)}
                {title}
            </h3>
            {figures}
        </div>
    }
    .part()
}

fn figures(row: RwSignal<Provider>) -> Part {
    let cost = move || {
        row.with(|row| match row.cost_per_call {
            Some(cost) => [&money(Some(cost)), "/call"].concat(),
            None if row.rate > 0.0 => "cost not known".to_owned(),
            None => "no traffic".to_owned(),
        })
    };
    view! {
        <p class="m">
            <span>
                <em>{move || row.with(|row| rate(row.rate))}</em>
                "/s · p95 "
                <em>{move || row.with(|row| latency_short(row.p95_ms))}</em>
            </span>
            <span>{cost}</span>
        </p>
    }
    .part()
}
