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
    let link = |to: &str, words: &'static str, mark: Icon| {
        let href = [&site.base, to].concat();
        let here = {
            let full = href.trim_end_matches('/').to_owned();
            move || (path.see(|path| path.trim_end_matches('/') == full)).then_some("page")
        };
        view! {
            <a href=href aria-current=here>
                {icon(mark)}
                {words}
            </a>
        }
    };
    view! {
        <nav class="nav" aria-label="Main">
            <p class="brand">{brand()} "Fuseboard"</p>
            {link("/", "Board", Icon::Board)}
            {link("/providers", "Providers", Icon::Providers)}
            <span class="nav-gap"></span>
            {link("/connect", "Connect", Icon::Connect)}
        </nav>
    }
    .part()
}
