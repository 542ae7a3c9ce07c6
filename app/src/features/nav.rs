//! The navigation: only pages that exist. A column on a desk, a bar at the bottom of a phone.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    components::{Icon, brand, icon},
    part::{IntoPart, Part, See},
    seed::Site,
};

/// Draws the navigation, with the open page marked.
pub fn nav(site: &Site) -> Part {
    let path = use_location().pathname;
    let link = |to: &'static str, words: &'static str, mark: Icon| {
        let href = [&site.base, to].concat();
        let here = {
            let full = href.trim_end_matches('/').to_owned();
            move || {
                path.see(|path| match path.strip_prefix(&full)? {
                    "" | "/" => Some("page"),
                    // A page below it.
                    rest if rest.starts_with('/') && !to.ends_with('/') => Some("true"),
                    _ => None,
                })
            }
        };
        view! {
            <a href=href aria-current=here>
                {icon(mark)}
                {words}
            </a>
        }
    };
    // No page of this program.
    // One kind of link for both: each kind is a piece of the program.
    let beside = |to: &'static str, words: &'static str, mark: Icon, badge| {
        view! {
            <a href=[&site.base, to].concat() rel="external">
                {icon(mark)}
                {words}
                <b class="nav-count" inner_html=badge></b>
            </a>
        }
    };
    view! {
        <nav class="nav" aria-label="Main">
            <p class="brand">{brand()} "Fuseboard"</p>
            {link("/", "Board", Icon::Board)}
            {link("/providers", "Providers", Icon::Providers)}
            {link("/breakers", "Breakers", Icon::Breakers)}
            {beside("/alerts", "Alerts", Icon::Alerts, badge())}
            {beside("/kpis", "KPIs", Icon::Kpis, Default::default())}
            {link("/explore", "Explore", Icon::Explore)}
            <span class="nav-gap"></span>
            {link("/limits", "Limits", Icon::Limits)}
            {link("/connect", "Connect", Icon::Connect)}
            {beside("/settings", "Settings", Icon::Settings, Default::default())}
        </nav>
    }
    .part()
}

/// Only the server knows it here; later a script of its own tells it.
#[cfg(feature = "ssr")]
fn badge() -> String {
    use_context::<crate::AlertsBeside>().map_or_else(String::new, |beside| beside.badge)
}

#[cfg(not(feature = "ssr"))]
fn badge() -> &'static str {
    ""
}
