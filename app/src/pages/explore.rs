//! `/explore`: any metric over any range.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};
use protocol::view::Explored;

use super::stay;
use crate::{
    features::{
        bar::bar,
        explore::{Address, Explore, explore, sentence},
        history::{SpanMenu, span_menu},
    },
    fetched::Kept,
    live::Live,
    part::{IntoPart, See, dynamic},
    seed::Site,
};

/// The Explore page.
#[component]
pub fn ExplorePage() -> impl IntoView {
    let live = expect_context::<Live>();
    let fetched = expect_context::<Kept>().of::<Explored>();
    let site = expect_context::<Site>();
    let query = use_query_map();
    let address = Memo::new(move |_| query.see(Address::of));
    let asked = Memo::new(move |_| address.with(|address| address.question.clone()));
    fetched.follow(asked, live, &site);
    let navigate = use_navigate();
    let base = site.base.clone();
    let go = Callback::new(move |address: Address| {
        navigate(&address.below(&base), stay());
    });
    let go_to = Callback::new(move |(from, to): (String, String)| {
        let mut address = address.get_untracked();
        (address.question.from, address.question.to) = (from, to);
        go.run(address);
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
    let this = Explore {
        fetched,
        address,
        go,
        pointed: RwSignal::new(None),
    };
    view! {
        <Title text="Explore · Fuseboard"/>
        <main
            id="main"
            tabindex="-1"
            data-page="explore"
            data-old=dynamic(move || old.get().then_some(""))
        >
            {bar("Explore", live, sentence, Some(span_menu(menu)))}
            {explore(this, go_to)}
        </main>
    }
    .part()
}
