//! The root component: takes the seed, makes the live state of it, starts what lives only in the browser, and routes.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    NavigateOptions,
    components::{FlatRoutes, Route, Router},
    hooks::use_navigate,
    path,
};
use protocol::Range;

use crate::{
    browser, carry,
    charts::{self, Skeletons},
    features::{help::help_dialog, nav::nav, theme_menu::chosen_theme},
    fetched::{Day, Kept},
    keys,
    live::{self, Live},
    pages::{BoardPage, NotFoundPage, off_board},
    part::IntoPart,
    seed::{Seed, Site},
    ui_state::UiState,
};

/// When the page has come to rest and may fetch what a click could want.
const PREPARE: Duration = Duration::from_secs(2);

/// The whole interface. On the server it needs a [`Seed`] as a context; in the browser it finds the same one in the
/// page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let seed = seed();
    let live = Live::seeded(&seed);
    let kept = Kept::seeded(seed.figures, seed.nobody);
    let site = seed.site;
    provide_context(live);
    provide_context(kept);
    provide_context(Day::seeded(seed.activity));
    provide_context(site.clone());
    provide_context(chosen_theme(&site));
    provide_context(Skeletons(
        SharedValue::new_str(charts::skeletons).into_inner().into(),
    ));
    let base = site.base.clone();
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            live::start(live, &site);
            set_timeout(|| leptos::task::spawn_local(off_board::prepare()), PREPARE);
            // The browser tests wait for it: from here on a click does something.
            if let Some(body) = document().body() {
                let _ = body.set_attribute("data-hydrated", "");
            }
        }
    });
    view! {
        <Router base=base>
            <Frame/>
        </Router>
    }
}

/// The server's seed; in the browser, what the page carries of it.
fn seed() -> Seed {
    let carried = SharedValue::new_str(|| carry::pack(&expect_context::<Seed>())).into_inner();
    use_context().unwrap_or_else(|| carry::unpack(&carried).expect("a page and its program are of one build"))
}

/// What stays while pages change: navigation, keys, help.
#[component]
fn Frame() -> impl IntoView {
    let site = expect_context::<Site>();
    let live = expect_context::<Live>();
    let ui = UiState::new(show(&site, live));
    provide_context(ui);
    Effect::new(move |before: Option<()>| {
        if before.is_none() {
            keys::start(live, ui);
        }
    });
    tell_range(live);
    view! {
        <a class="skip" href="#main" rel="external">
            "To the content"
        </a>
        <div class="app">
            {nav(&site)}
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=BoardPage/>
                <Route path=path!("/providers") view=off_board::providers()/>
                <Route path=path!("/providers/:id") view=off_board::provider()/>
                <Route path=path!("/breakers") view=off_board::breakers()/>
                <Route path=path!("/breakers/:id") view=off_board::breaker()/>
                <Route path=path!("/explore") view=off_board::explore()/>
                <Route path=path!("/limits") view=off_board::limits()/>
                <Route path=path!("/connect") view=off_board::connect()/>
            </FlatRoutes>
        </div>
        {help_dialog()}
    }
    .part()
}

/// The range is told in the address, so that a reload and a shared link keep it; the usual one needs no words.
fn tell_range(live: Live) {
    let told = Memo::new(move |_| {
        let range = live.range.get();
        (range != Range::default()).then(|| range.as_str().to_owned())
    });
    browser::keep_query("range", told);
}

/// Opening and closing the detail panel is navigation, so that Back and links work.
///
/// The moment of a replay stays.
fn show(site: &Site, live: Live) -> Callback<Option<String>> {
    let navigate = use_navigate();
    let board = [&site.base, "/"].concat();
    Callback::new(move |id: Option<String>| {
        let mut to = board.clone();
        if let Some(moment) = live.replay.get_untracked() {
            to = [&to, "?at=", &moment.at.to_string()].concat();
        }
        if let Some(id) = id {
            let and = if to.contains('?') { "&" } else { "?" };
            to = [&to, and, "breaker=", &id].concat();
        }
        navigate(
            &to,
            NavigateOptions {
                resolve: false,
                scroll: false,
                ..NavigateOptions::default()
            },
        );
    })
}
