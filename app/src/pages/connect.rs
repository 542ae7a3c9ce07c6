//! `/connect`: what to paste, and who has sent what.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    features::{
        bar::bar,
        connect::{connect, waiting_sentence},
    },
    live::{Freshness, Live},
    part::{IntoPart, dynamic},
};

/// The Connect page.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let live = expect_context::<Live>();
    live.shows_connect();
    let stale = Memo::new(move |_| matches!(live.freshness(), Freshness::Stale(_)));
    view! {
        <Title text="Connect · Fuseboard"/>
        <main id="main" tabindex="-1" data-page="connect" data-stale=dynamic(move || stale.get().then_some(""))>
            {bar("Connect", live, dynamic(move || waiting_sentence(live, false)), None)}
            {connect(live)}
        </main>
    }
    .part()
}
