//! `/limits`: what is capped, and how near it is.

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::limits::Limits;

use crate::{
    features::{
        bar::bar,
        limits::{limits, sentence},
    },
    fetched::Kept,
    live::Live,
    part::{IntoPart, See, dynamic},
    seed::Site,
};

/// The Limits page.
#[component]
pub fn LimitsPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let fetched = expect_context::<Kept>().of::<Limits>();
    let asked = Memo::new(|_| ());
    fetched.follow(asked, live, &expect_context::<Site>());
    let old = Memo::new(move |_| fetched.asking.trouble.see(Option::is_some));
    let sentence = dynamic(move || fetched.figures.see(|limits| sentence(limits.as_ref(), old.get())));
    view! {
        <Title text="Limits · Fuseboard"/>
        <main id="main" tabindex="-1" data-page="limits" data-old=dynamic(move || old.get().then_some(""))>
            {bar("Limits", live, sentence, None)}
            {limits(fetched, asked)}
        </main>
    }
    .part()
}
