//! What the plain pages have in common: the door and the settings.

use leptos::prelude::*;

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
