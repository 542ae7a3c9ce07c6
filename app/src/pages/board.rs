//! `/`: the board, or, before the first event, what to paste. The one turns into the other by itself.

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::Level;

use crate::{
    features::{
        bar::bar,
        chart_cards::chart_cards,
        connect::waiting_sentence,
        desk::CONNECT,
        detail::detail,
        feed::feed,
        fuses::panel,
        kpis::kpis,
        notes::silent_note,
        rail::rail,
        range_menu::range_menu,
        replay::{self, Replay, replay_bar, replay_note},
    },
    later::arriving,
    live::{Freshness, Live},
    part::{IntoPart, Part, See, dynamic, when},
    ui_state::UiState,
};

/// The board page.
#[component]
pub fn BoardPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let empty =
        Memo::new(move |_| live.board.last_event.see(Option::is_none) && live.replay.see(Option::is_none));
    let stale = Memo::new(move |_| matches!(live.freshness(), Freshness::Stale(_)));
    let covered = RwSignal::new(false);
    let replay = replay::provide(live);
    replay::start(replay);
    let ui = expect_context::<UiState>();
    ui.replay.set_value(Some(replay));
    on_cleanup(move || _ = ui.replay.try_set_value(None));
    let title = move || {
        // Trouble is told by the tab as well.
        live.board.verdict.see(|verdict| match verdict.level {
            Level::Attention | Level::Act => {
                super::title_text([verdict.lead.trim_end_matches('.'), " · Fuseboard"].concat())
            }
            Level::Ok | Level::Unknown => "Board · Fuseboard".to_owned(),
        })
    };
    let connect = arriving(&CONNECT, move || empty.get());
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
                {when(move || if empty.get() { connect.get().map(|draw| draw(live)) } else { Some(body(live, replay)) })}
            </div>
            {detail(live, covered)}
        </main>
    }
    .part()
}

fn body(live: Live, replay: Replay) -> Part {
    view! {
        {replay_note(replay)}
        <div class="body">
            <div class="col">
                {silent_note(live)}
                {kpis(live)}
                {panel(live)}
                {chart_cards(live)}
            </div>
            <div class="col side"><div class="rail-place" inner_html=rail()></div> {feed(live)}</div>
        </div>
        {replay_bar(replay)}
    }
    .part()
}
