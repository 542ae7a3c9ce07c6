//! `/breakers`: every breaker over a range, the worst first.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};
use protocol::{Level, view::Breakers};

use super::stay;
use crate::{
    browser::encode,
    features::{
        bar::{bar, verdict_sentence},
        breakers::breakers,
        history::{SpanMenu, span_menu},
    },
    fetched::{AskedAbout, Kept},
    live::{Freshness, Live},
    part::{IntoPart, See, dynamic},
    seed::Site,
};

/// The Breakers page.
#[component]
pub fn BreakersPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let fetched = expect_context::<Kept>().of::<Breakers>();
    let site = expect_context::<Site>();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.see(|query| AskedAbout::of("breakers".to_owned(), super::breaker::USUAL, query))
    });
    fetched.follow(asked, live, &site);
    // A change of state anywhere: figures and instances are looked at anew.
    Effect::new(move |before: Option<Option<u64>>| {
        let newest = live
            .board
            .feed
            .see(|feed| feed.iter().map(|entry| entry.id).max());
        if before.is_some_and(|before| before != newest) {
            fetched.asking.hurry();
        }
        newest
    });
    let old = Memo::new(move |_| fetched.asking.trouble.see(Option::is_some));
    let stale = Memo::new(move |_| matches!(live.freshness(), Freshness::Stale(_)));
    let sentence = dynamic(move || verdict_sentence(live));
    let title = move || {
        // Trouble is told by the tab as well.
        sentence.see(|sentence| match sentence.level {
            Some(Level::Attention | Level::Act) => {
                super::title_text([sentence.lead.trim_end_matches('.'), " · Breakers · Fuseboard"].concat())
            }
            _ => "Breakers · Fuseboard".to_owned(),
        })
    };
    let here = [&site.base, "/breakers"].concat();
    let navigate = use_navigate();
    let menu = SpanMenu {
        ends: dynamic(move || asked.see(|asked| (asked.from.clone(), asked.to.clone()))),
        words: fetched.words(asked),
        go: Callback::new(move |(from, to): (String, String)| {
            let to = [&here, "?from=", &encode(&from), "&to=", &encode(&to)].concat();
            navigate(&to, stay());
        }),
    };
    view! {
        <Title text=title/>
        <main
            id="main"
            tabindex="-1"
            data-page="breakers"
            data-old=dynamic(move || old.get().then_some(""))
            data-stale=dynamic(move || stale.get().then_some(""))
        >
            {bar("Breakers", live, sentence, Some(span_menu(menu)))}
            {breakers(live, fetched, asked)}
        </main>
    }
    .part()
}
