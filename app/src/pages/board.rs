//! `/`: the board, or, before the first event, what to paste. The one turns into the other by itself.

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::Level;

use crate::{
    features::{
        bar::bar,
        chart_cards::chart_cards,
        connect::{connect, waiting_sentence},
        detail::detail,
        feed::feed,
        fuses::panel,
        kpis::kpis,
        notes::silent_note,
        range_menu::range_menu,
    },
    live::{Freshness, Live},
    part::{IntoPart, Part, See, dynamic, when},
};

/// The board page.
#[component]
pub fn BoardPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let empty = Memo::new(move |_| live.board.last_event.see(Option::is_none));
    let stale = Memo::new(move |_| matches!(live.freshness(), Freshness::Stale(_)));
    let covered = RwSignal::new(false);
    let title = move || {
        // Trouble is told by the tab as well.
        live.board.verdict.see(|verdict| match verdict.level {
            Level::Attention | Level::Act => {
                super::title_text([verdict.lead.trim_end_matches('.'), " · Fuseboard"].concat())
            }
            Level::Ok | Level::Unknown => "Board · Fuseboard".to_owned(),
        })
    };
    let ranges = when(move || (!empty.get()).then(|| range_menu(live)));
    view! {
        <Title text=title/>
        <main
            id="main"
            tabindex="-1"
            data-page="board"
            data-waiting=dynamic(move || empty.get().then_some(""))
            data-stale=dynamic(move || stale.get().then_some(""))
        >
            <div class="page" inert=dynamic(move || covered.get())>
                {bar("Board", live, dynamic(move || waiting_sentence(live, true)), Some(ranges))}
                {when(move || Some(if empty.get() { connect(live) } else { body(live) }))}
            </div>
            {detail(live, covered)}
        </main>
    }
    .part()
}

fn body(live: Live) -> Part {
    view! {
        <div class="body">
            <div class="col">
                {silent_note(live)}
                {kpis(live)}
                {panel(live)}
                {chart_cards(live)}
            </div>
            <div class="col side">{feed(live)}</div>
        </div>
    }
    .part()
}
