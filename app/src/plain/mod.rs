//! What the plain pages have in common: the door, the settings, the alerts.

pub(crate) mod form;
pub(crate) mod table;

use leptos::prelude::*;
use protocol::Level;
use protocol::duty::OnCallItem;

use crate::alerts::badge;
use crate::components::{Icon, brand, icon, level_key};
use crate::seed::Theme;
use crate::{demo_note, theme_key};

/// The head of a plain page, with its scripts and with what leads it on, if it has any.
pub(crate) fn head(root: &str, title: String, scripts: &[&'static str], leads: Option<AnyView>) -> AnyView {
    let ours = |path: &str| [root, path].concat();
    let scripts = scripts
        .iter()
        .copied()
        .map(|script| view! { <script r#type="module" src=ours(script)></script> });
    let scripts = scripts.collect_view();
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <meta name="robots" content="noindex"/>
            <title>{title}</title>
            <link rel="stylesheet" href=ours("/pkg/fuseboard.css")/>
            <link rel="preload" href=ours("/fonts/inter.woff2") r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
            <link rel="icon" href=ours("/favicon.svg") r#type="image/svg+xml"/>
            {leads}
            {scripts}
        </head>
    }
    .into_any()
}

/// Around a page beside the board.
pub(crate) struct Around<'a> {
    /// In the browser's title.
    pub title: String,
    /// The page's own script.
    pub script: &'static str,
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: &'a str,
    /// What stands before the tenant's: the root, or `{root}/t/{slug}`.
    pub base: &'a str,
    /// The page in the navigation, or the one above it.
    pub open: &'static str,
    /// What tests and styles know it by.
    pub name: &'static str,
    /// Alerts that need somebody, as far as the server told; `/watch.js` tells it too.
    pub need: u64,
    /// `light` or `dark` when the visitor chose one.
    pub theme: Option<Theme>,
    /// Whether the data are a demonstration's.
    pub demo: bool,
    /// Who is on call, of every schedule.
    pub on_call: &'a [OnCallItem],
}

/// The HTML of a page beside the board, with the navigation; `content` is its bar and what is below.
pub(crate) fn page(around: Around<'_>, content: AnyView) -> String {
    let theme = around.theme.map(theme_key);
    let page = view! {
        <html lang="en" data-theme=theme>
            {head(around.root, around.title.clone(), &["/watch.js", around.script], None)}
            <body>
                <a class="skip" href="#main">"To the content"</a>
                <div class="app">
                    {navigation(&around)}
                    <main id="main" tabindex="-1" data-page=around.name>
                        {content}
                        {on_call(around.base, around.on_call)}
                    </main>
                </div>
                {around.demo.then(demo_note)}
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

/// As beside the board; here it leads to whole pages. `open` is the page, or the one above it.
fn navigation(around: &Around<'_>) -> AnyView {
    let link = |to: &str, words: &'static str, mark: Icon| {
        let here = (to == around.open).then_some("true");
        let count = (to == "/alerts").then(|| {
            view! { <b class="nav-count" data-needs="" inner_html=badge(around.need)></b> }
        });
        view! { <a href=[around.base, to].concat() aria-current=here>{icon(mark)} {words} {count}</a> }
    };
    view! {
        <nav class="nav" aria-label="Main">
            <p class="brand">{brand()} "Fuseboard"</p>
            {link("/", "Board", Icon::Board)}
            {link("/providers", "Providers", Icon::Providers)}
            {link("/breakers", "Breakers", Icon::Breakers)}
            {link("/alerts", "Alerts", Icon::Alerts)}
            {link("/kpis", "KPIs", Icon::Kpis)}
            {link("/explore", "Explore", Icon::Explore)}
            <span class="nav-gap"></span>
            {link("/limits", "Limits", Icon::Limits)}
            {link("/connect", "Connect", Icon::Connect)}
            {link("/settings", "Settings", Icon::Settings)}
        </nav>
    }
    .into_any()
}

/// Who is on call, below every page; nothing where there is no schedule.
pub(crate) fn on_call(base: &str, items: &[OnCallItem]) -> Option<AnyView> {
    let href = [base, "/alerts/schedules"].concat();
    let each = items.iter().map(|item| {
        let who = item.name.clone().unwrap_or_else(|| "nobody".to_owned());
        let href = format!("{href}/{}", item.schedule);
        view! { <li><b>{who}</b> " " <a href=href rel="external">{item.schedule_name.clone()}</a></li> }
    });
    (!items.is_empty()).then(|| {
        view! {
            <footer class="on-call" data-swap="on-call" aria-label="On call">
                <span>"On call"</span>
                <ul>{each.collect_view()}</ul>
            </footer>
        }
        .into_any()
    })
}

/// How urgent something is, as a shape; a sentence beside it says the same in words.
pub(crate) fn mark(level: Level) -> AnyView {
    view! { <i class="shape" data-level=level_key(level) aria-hidden="true"></i> }.into_any()
}
