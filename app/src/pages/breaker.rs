//! `/breakers/{id}`: one breaker, its history, its causes, other limits.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use protocol::{Level, view};

use super::stay;
use crate::{
    browser::encode,
    features::{
        bar::bar_of,
        breaker::{Asked, Sources, breaker, limit_question, sentence, trip_question},
        detail::{Open, key_of, place},
        history::{SpanMenu, span_menu},
    },
    fetched::{AskedAbout, Kept, breaker_path},
    live::{Freshness, Live},
    part::{IntoPart, See, dynamic, when},
    seed::Site,
};

/// The range where none is named, as the server has it.
pub(super) const USUAL: &str = "now-7d";

/// The page of one breaker.
#[component]
pub fn BreakerPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let site = expect_context::<Site>();
    let kept = expect_context::<Kept>();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.see(|params| params.get("id").unwrap_or_default()));
    let asked =
        Memo::new(move |_| query.see(|query| AskedAbout::of(breaker_path(&id.get(), ""), USUAL, query)));
    let sources = Sources {
        // First: it takes what was painted.
        page: kept.of::<view::BreakerPage>(),
        replays: kept.of(),
        around: kept.of(),
        asked,
        trip: Memo::new(move |_| query.see(|query| query.get("trip").and_then(|id| id.parse().ok()))),
    };
    let open = move || Open {
        live,
        key: id.see(|id| key_of(id)).unwrap_or_default(),
        page: Some(sources.page),
    };
    sources.page.follow(asked, live, &site);
    let replays = Memo::new(move |_| asked.see(limit_question));
    sources.replays.follow(replays, live, &site);
    let around = Memo::new(move |_| trip_question(open(), sources.trip.get()));
    sources.around.follow(around, live, &site);
    watch(live, id, sources);

    let old = Memo::new(move |_| sources.page.asking.trouble.see(Option::is_some));
    let stale = Memo::new(move |_| matches!(live.freshness(), Freshness::Stale(_)));
    let nobody = sources.page.asking.nobody();
    let went = move || match (nobody.get(), old.get()) {
        (true, _) => Asked::Nobody,
        (false, true) => Asked::Failed,
        (false, false) => Asked::UnderWay,
    };
    let said = dynamic(move || open().breaker(|breaker| sentence(breaker, went(), live.now.get())));
    let name = move || open().breaker(|breaker| breaker.map_or("Breaker".to_owned(), |b| b.breaker.clone()));
    let at = move || open().breaker(|breaker| breaker.map(place).unwrap_or_default());
    let title = move || {
        let name = name();
        let trouble = said.see(|said| match said.level {
            Some(Level::Attention | Level::Act) => said.lead.trim_end_matches('.').to_lowercase(),
            _ => String::new(),
        });
        // How long would change the title every second.
        let state = trouble.split(" for ").next().unwrap_or_default();
        let words = match state {
            "" => [&name, " · Fuseboard"].concat(),
            state => [&name, " ", state, " · Fuseboard"].concat(),
        };
        super::title_text(words)
    };
    let list = [&site.base, "/breakers"].concat();
    let navigate = use_navigate();
    let menu = SpanMenu {
        ends: dynamic(move || asked.see(|asked| (asked.from.clone(), asked.to.clone()))),
        words: sources.page.words(asked),
        go: {
            let list = list.clone();
            Callback::new(move |(from, to): (String, String)| {
                let id = id.get_untracked();
                let to = [&list, "/", &id, "?from=", &encode(&from), "&to=", &encode(&to)].concat();
                navigate(&to, stay());
            })
        },
    };
    let heading = view! {
        <a class="up" href=list>
            "Breakers"
        </a>
        <span class="slash" aria-hidden="true">" / "</span>
        <span data-page-of="" title=dynamic(at)>{dynamic(name)}</span>
    };
    view! {
        <Title text=title/>
        <main
            id="main"
            tabindex="-1"
            data-page="breaker"
            data-old=dynamic(move || old.get().then_some(""))
            data-stale=dynamic(move || stale.get().then_some(""))
        >
            {bar_of(heading.part(), live, said, Some(span_menu(menu)))}
            {when(move || Some(breaker(live, open().key, sources)))}
        </main>
    }
    .part()
}

/// Follows the breaker over the socket while the page is open, and looks at its history anew when it changes.
fn watch(live: Live, id: Memo<String>, sources: Sources) {
    Effect::new(move |_| {
        let id = id.get();
        live.detail_of.set(Some(id));
    });
    on_cleanup(move || _ = live.detail_of.try_set(None));
    Effect::new(move |before: Option<Option<u64>>| {
        let newest = live.detail.see(|detail| {
            let detail = detail.as_ref().and_then(Option::as_ref)?;
            detail.transitions.iter().map(|change| change.id).max()
        });
        if before
            .flatten()
            .is_some_and(|before| newest.is_some_and(|newest| newest > before))
        {
            sources.page.asking.hurry();
        }
        newest.or(before.flatten())
    });
}
