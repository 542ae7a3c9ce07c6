//! Any other address: says so, and offers the pages there are. The server answers it with status 404.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    features::bar::{bar, verdict_sentence},
    live::Live,
    part::{IntoPart, dynamic},
    seed::Site,
};

/// The page for addresses that lead nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let base = expect_context::<Site>().base;
    view! {
        <Title text="Not found · Fuseboard"/>
        <main id="main" tabindex="-1" data-page="not_found">
            {bar("Not found", live, dynamic(move || verdict_sentence(live)), None)}
            <div class="doc">
                <section class="card pad lost">
                    <h2>"There is no page at this address."</h2>
                    <p>"It may be from another version, or mistyped. Links to a breaker look like " <code>"/?breaker=b_0123456789abcdef"</code> "."</p>
                    <p>
                        <a href=[&base, "/"].concat()>"Open the board"</a>
                        " or "
                        <a href=[&base, "/connect"].concat()>"connect a service"</a>
                        "."
                    </p>
                </section>
            </div>
        </main>
    }
    .part()
}
