//! `/providers`: every provider over a range, the worst first.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};
use protocol::Level;
use protocol::view::Providers;

use super::stay;
use crate::{
    browser::encode,
    features::{
        bar::bar,
        history::{SpanMenu, span_menu},
        providers::{providers, sentence},
    },
    fetched::{Asked, Kept},
    live::Live,
    part::{IntoPart, See, dynamic},
    seed::Site,
};

/// The Providers page.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let fetched = expect_context::<Kept>().of::<Providers>();
    let query = use_query_map();
    let asked = Memo::new(move |_| query.see(Asked::of));
    fetched.follow(asked, live, &expect_context::<Site>());
    let page = [&expect_context::<Site>().base, "/providers"].concat();
    let navigate = use_navigate();
    let go_to = Callback::new(move |(from, to): (String, String)| {
        let to = [&page, "?from=", &encode(&from), "&to=", &encode(&to)].concat();
        navigate(&to, stay());
    });
    let menu = SpanMenu {
        ends: dynamic(move || asked.with(|asked| (asked.from.clone(), asked.to.clone()))),
        words: fetched.words(asked),
        go: go_to,
    };
    let old = Memo::new(move |_| fetched.asking.trouble.see(Option::is_some));
    let sentence = dynamic(move || {
        fetched
            .figures
            .see(|figures| sentence(figures.as_ref(), old.get()))
    });
    let title = move || {
        // Trouble is told by the tab as well.
        sentence.see(|sentence| match sentence.level {
            Some(Level::Attention | Level::Act) => {
                super::title_text([sentence.lead.trim_end_matches('.'), " · Fuseboard"].concat())
            }
            _ => "Providers · Fuseboard".to_owned(),
        })
    };
    view! {
        <Title text=title/>
        <main
            id="main"
            tabindex="-1"
            data-page="providers"
            data-old=dynamic(move || old.get().then_some(""))
        >
            {bar("Providers", live, sentence, Some(span_menu(menu)))}
            {providers(fetched, asked, go_to)}
        </main>
    }
    .part()
}
