//! The document around the interface. Nothing in it is inline but what leptos needs to start, and that carries the
//! nonce of the page's Content-Security-Policy.

use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{
    App,
    seed::{Seed, Theme},
};

/// A context of pages that show a demonstration. Not a part of the seed: the page's program has no use for it.
#[derive(Debug, Clone, Copy)]
pub struct Demo;

/// What the server knows of alerts when a page is made, as a context: HTML that the page's program takes over unseen, and
/// that `/watch.js` keeps fresh (ADR 0031). Not a part of the seed, for the same reason.
#[derive(Debug, Clone)]
pub struct AlertsBeside {
    /// The rail, on the board's page.
    pub rail: Option<String>,
    /// The count in the navigation.
    pub badge: String,
}

/// Says that the data are made up, behind everything that the page's program takes over; the style puts it on top.
#[must_use]
pub fn demo_note() -> impl IntoView {
    view! {
        <aside class="demo">
            <b>"Demo."</b>
            " Simulated calls, breakers and costs. All of it is gone when the server stops."
        </aside>
    }
}

/// The HTML of every page. Needs a [`Seed`] as a context, for the theme and the root.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    // leptos starts tasks while it renders and must know on what; from the second page on this is done already.
    #[cfg(feature = "ssr")]
    let _ = any_spawner::Executor::init_tokio();
    let site = use_context::<Seed>().map(|seed| seed.site);
    let theme = site.as_ref().and_then(|site| site.theme).map(theme_key);
    let root = site.map(|site| site.root).unwrap_or_default();
    let ours = |path: &str| [root.as_str(), path].concat();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content="Live board of LLM providers and the circuit breakers in front of them."/>
                <link rel="stylesheet" href=ours("/pkg/fuseboard.css")/>
                <link rel="preload" href=ours("/fonts/inter.woff2") r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="icon" href=ours("/favicon.svg") r#type="image/svg+xml"/>
                <script r#type="module" src=ours("/watch.js") nonce=use_nonce()></script>
                <link rel="manifest" href=ours("/manifest.webmanifest")/>
                <HydrationScripts options root=root.clone()/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                {use_context::<Demo>().map(|_| demo_note())}
                <noscript>
                    <p class="noscript">"These figures are of the moment the page was made. Live updates need JavaScript."</p>
                </noscript>
            </body>
        </html>
    }
}

/// The name in `data-theme` and in the cookie.
pub const fn theme_key(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}
