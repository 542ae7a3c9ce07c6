//! What the plain pages have in common: the door, the settings, the alerts.

pub(crate) mod form;
pub(crate) mod table;

use leptos::prelude::*;
use protocol::Level;

use crate::components::{Icon, brand, icon, level_key};

/// The head of a plain page, with its one script and with what leads it on, if it has any.
pub(crate) fn head(title: String, script: Option<&'static str>, leads: Option<AnyView>) -> AnyView {
    let script = script.map(|script| view! { <script src=script defer></script> });
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <meta name="robots" content="noindex"/>
            <title>{title}</title>
            <link rel="stylesheet" href="/pkg/fuseboard.css"/>
            <link rel="preload" href="/fonts/inter.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
            <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
            {leads}
            {script}
        </head>
    }
    .into_any()
}

/// As beside the board; here it leads to whole pages. `open` is the page, or the one above it.
pub(crate) fn navigation(base: &str, open: &str) -> AnyView {
    let link = |to: &str, words: &'static str, mark: Icon| {
        let here = (to == open).then_some("true");
        view! { <a href=[base, to].concat() aria-current=here>{icon(mark)} {words}</a> }
    };
    view! {
        <nav class="nav" aria-label="Main">
            <p class="brand">{brand()} "Fuseboard"</p>
            {link("/", "Board", Icon::Board)}
            {link("/providers", "Providers", Icon::Providers)}
            {link("/breakers", "Breakers", Icon::Breakers)}
            {link("/alerts", "Alerts", Icon::Alerts)}
            {link("/explore", "Explore", Icon::Explore)}
            <span class="nav-gap"></span>
            {link("/limits", "Limits", Icon::Limits)}
            {link("/connect", "Connect", Icon::Connect)}
            {link("/settings", "Settings", Icon::Settings)}
        </nav>
    }
    .into_any()
}

/// How urgent something is, as a shape; a sentence beside it says the same in words.
pub(crate) fn mark(level: Level) -> AnyView {
    view! { <i class="shape" data-level=level_key(level) aria-hidden="true"></i> }.into_any()
}
