//! `/providers`: every provider over a range, the worst first.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use protocol::Level;

use crate::{
    features::{
        bar::bar,
        providers::{providers, sentence, span_menu},
    },
    fetched::{Asked, Fetched},
    live::Live,
    part::{IntoPart, See, dynamic},
    seed::Site,
};

/// The Providers page.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let fetched = expect_context::<Fetched>();
    let query = use_query_map();
    let asked = Memo::new(move |_| query.see(Asked::of));
    fetched.follow(asked, live, &expect_context::<Site>());
    let old = Memo::new(move |_| fetched.trouble.see(Option::is_some));
    let sentence = dynamic(move || {
        fetched
            .providers
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
            {bar("Providers", live, sentence, Some(span_menu(fetched, asked)))}
            {providers(fetched, asked)}
        </main>
    }
    .part()
}
