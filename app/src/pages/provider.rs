//! `/providers/:id`: one provider over a range.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use protocol::Level;
use protocol::view::ProviderPage;

use super::stay;
use crate::{
    features::{
        bar::bar_of,
        history::{SpanMenu, span_menu},
        provider::{provider, provider_address, sentence},
    },
    fetched::{Asked, AskedProvider, Kept},
    live::Live,
    part::{IntoPart, See, dynamic},
    seed::Site,
};

/// The page of one provider.
#[component]
pub fn OneProviderPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let fetched = expect_context::<Kept>().of::<ProviderPage>();
    let site = expect_context::<Site>();
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| AskedProvider {
        id: params.see(|params| params.get("id").unwrap_or_default()),
        range: query.see(Asked::of),
    });
    fetched.follow(asked, live, &site);
    // Another provider's figures must not stand under this one's address.
    let mine = Memo::new(move |_| {
        let id = asked.with(|asked| asked.id.clone());
        fetched.see(|figures| figures.row.id == id)
    });
    let base = site.base.clone();
    let navigate = use_navigate();
    let go_to = Callback::new(move |ends: (String, String)| {
        let id = asked.with_untracked(|asked| asked.id.clone());
        navigate(&provider_address(&base, &id, &ends), stay());
    });
    let menu = SpanMenu {
        ends: dynamic(move || asked.with(|asked| (asked.range.from.clone(), asked.range.to.clone()))),
        words: fetched.words(asked),
        go: go_to,
    };
    let old = Memo::new(move |_| fetched.asking.trouble.see(Option::is_some));
    let nobody = fetched.asking.nobody();
    let sentence = dynamic(move || {
        fetched.figures.see(|figures| {
            let figures = figures.as_ref().filter(|_| mine.get());
            sentence(figures, old.get(), nobody.get())
        })
    });
    let title = move || {
        let name = fetched.see(|figures| figures.row.name.clone());
        // Trouble is told by the tab as well.
        sentence.see(|sentence| match sentence.level {
            Some(Level::Attention | Level::Act) => {
                super::title_text([sentence.lead.trim_end_matches('.'), " · Fuseboard"].concat())
            }
            _ if mine.get() => super::title_text([&name[..], " · Fuseboard"].concat()),
            _ => "Provider · Fuseboard".to_owned(),
        })
    };
    let list = [&site.base, "/providers"].concat();
    let name = move || match mine.get() {
        true => fetched.see(|figures| figures.row.name.clone()),
        false => "Provider".to_owned(),
    };
    let heading = view! {
        <a class="up" href=list>
            "Providers"
        </a>
        <span class="slash" aria-hidden="true">" / "</span>
        <span data-page-of="">{dynamic(name)}</span>
    };
    view! {
        <Title text=title/>
        <main
            id="main"
            tabindex="-1"
            data-page="provider"
            data-old=dynamic(move || old.get().then_some(""))
        >
            {bar_of(heading.part(), live, sentence, Some(span_menu(menu)))}
            {provider(fetched, asked, mine, go_to)}
        </main>
    }
    .part()
}
