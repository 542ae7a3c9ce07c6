//! The bar: of what the figures are, and what can be done with the page. Menus are `details`: they open without a script.

use leptos::prelude::*;

use super::KpiView;
use super::links::PERIODS;
use crate::components::{Icon, icon};
use crate::format;
use crate::kpis::{Frame, Section};

/// Tables that can be saved: their names in addresses and on screen.
pub const TABLES: [(&str, &str); 7] = [
    ("figures", "Figures"),
    ("days", "Figures by day"),
    ("budget", "Error budget"),
    ("unreliability", "What unreliability cost"),
    ("breakers", "Breakers by hour"),
    ("providers", "Providers"),
    ("gaps", "What is missing"),
];

/// Beside the heading: whose figures, which period, against which.
pub(super) fn about(view: &KpiView) -> AnyView {
    let (period, calendar) = (&view.page.period, &view.calendar);
    let before = (!period.before_words.is_empty())
        .then(|| view! { <span>", compared with " {period.before_words.clone()}</span> });
    let exact = format!("{} {}", calendar.full(view.page.as_of), calendar.zone);
    view! {
        <p>
            {view.frame.tenant.clone()} ", " <b>{period.words.clone()}</b> {before}
        </p>
        <p class="quiet kpis-age">
            "as of "
            <time datetime=format::iso(view.page.as_of, 0) data-as-of=view.page.as_of.to_string() title=exact>
                {calendar.clock(view.page.as_of)}
            </time>
            " " <span data-zone="">{calendar.zone.clone()}</span> <span data-age=""></span>
        </p>
    }
    .into_any()
}

fn menu(name: &'static str, words: String, content: AnyView) -> AnyView {
    view! {
        <details class="menu kpis-menu" data-menu=name>
            <summary class="pill">{words} {icon(Icon::Chevron)}</summary>
            <div class="menu-list">{content}</div>
        </details>
    }
    .into_any()
}

/// The end of the bar.
pub(super) fn ends(view: &KpiView) -> AnyView {
    let asked = &view.asked;
    let here = view.frame.href(Section::Overview);
    if asked.kiosk {
        let out = format!("{here}?{}", asked.with(&[]));
        return view! { <a class="pill" href=out data-leave="">"Leave TV"</a> }.into_any();
    }
    let tv = format!("{here}?{}", asked.with(&[("kiosk", "1")]));
    view! {
        {periods(view)}
        {share(view)}
        {export(view)}
        <a class="pill" href=tv title="Larger, without navigation, for a wall">"TV"</a>
    }
    .into_any()
}

fn periods(view: &KpiView) -> AnyView {
    let asked = &view.asked;
    let here = view.frame.href(Section::Overview);
    let links = PERIODS.map(|(name, words)| {
        let href = format!("{here}?{}", asked.with(&[("period", name)]));
        let chosen = (asked.period == name).then_some("true");
        view! { <a class="menu-item" href=href aria-current=chosen>{words}</a> }
    });
    let named = PERIODS.iter().find(|(name, _)| *name == asked.period);
    let words = named.map_or("Another range", |(_, words)| words).to_owned();
    menu("period", words, links.collect_view().into_any())
}

fn share(view: &KpiView) -> AnyView {
    let address = format!(
        "{}?{}",
        view.frame.href(Section::Overview),
        view.asked.with(&[("zone", &view.calendar.zone)])
    );
    // Where reports and links for people without an account are made, once that page is there.
    let more = Section::WAYS.iter().find(|way| **way == Section::Sharing);
    let more = more.filter(|_| view.frame.may_change).map(|way| {
        view! { <a class="menu-item" href=view.frame.href(*way)>"Share with others…"</a> }
    });
    let content = view! {
        <a class="menu-item" href=address.clone() data-copy-address="">"This page, as it is asked"</a>
        {more}
        <p class="menu-note" role="status" data-copied="">
            "For members of this tenant. It holds the period, the filter and the zone."
        </p>
    };
    menu("share", "Share".to_owned(), content.into_any())
}

/// The address of a chart's file.
pub(super) fn chart_file(view: &KpiView, chart: &str) -> String {
    let others = [("zone", view.calendar.zone.as_str())];
    format!(
        "{}/charts/{chart}.svg?{}",
        view.frame.href(Section::Overview),
        view.asked.with(&others)
    )
}

fn api(view: &KpiView, others: &[(&str, &str)]) -> String {
    let mut all = vec![("zone", view.calendar.zone.as_str())];
    all.extend_from_slice(others);
    format!("{}/api/v1/kpis?{}", view.frame.base, view.asked.with(&all))
}

fn export(view: &KpiView) -> AnyView {
    let tables = TABLES.map(|(name, words)| {
        let csv = api(view, &[("format", "csv"), ("table", name)]);
        let json = api(view, &[("table", name)]);
        let (csv_says, json_says) = (format!("{words} as CSV"), format!("{words} as JSON"));
        view! {
            <li>
                <span>{words}</span>
                <a href=csv download=format!("fuseboard-{name}.csv") aria-label=csv_says>"CSV"</a>
                <a href=json download=format!("fuseboard-{name}.json") aria-label=json_says>"JSON"</a>
            </li>
        }
    });
    let charts = super::charts_of(view).into_iter().map(|chart| {
        let file = chart_file(view, chart.name);
        let says = format!("{}, chart as SVG", chart.title);
        let png_says = format!("{}, chart as PNG", chart.title);
        let name = format!("fuseboard-{}.svg", chart.name);
        view! {
            <li>
                <span>{chart.title.clone()}</span>
                <a href=file.clone() download=name aria-label=says>"SVG"</a>
                <a href=file data-png=chart.name aria-label=png_says hidden="">"PNG"</a>
            </li>
        }
    });
    let content = view! {
        <a class="menu-item" href=api(view, &[]) download="fuseboard-kpis.json">"The whole page as JSON"</a>
        <button type="button" class="menu-item" data-print="" hidden="">"Print, or save as PDF"</button>
        <p class="menu-note">"Tables"</p>
        <ul class="kpis-exports">{tables.collect_view()}</ul>
        <p class="menu-note">"Charts"</p>
        <ul class="kpis-exports">{charts.collect_view()}</ul>
    };
    menu("export", "Export".to_owned(), content.into_any())
}

/// The field for a filter, another range and a zone: a form that asks with GET.
pub(super) fn filter(view: &KpiView) -> AnyView {
    let asked = &view.asked;
    let wrong = view.frame.wrong.as_ref();
    let field = |name: &str| wrong.is_some_and(|wrong| wrong.field == name).then_some("true");
    let refused = wrong.map(|wrong| view! { <p class="refused" role="alert">{wrong.why.clone()}</p> });
    let clear = (!asked.filter.is_empty()).then(|| {
        let href = format!(
            "{}?{}",
            view.frame.href(Section::Overview),
            asked.with(&[("filter", "")])
        );
        view! { <a href=href>"All calls"</a> }
    });
    view! {
        <form class="kpis-filter" method="get" action=view.frame.href(Section::Overview) role="search" data-swap="filter">
            <label>
                <span>"Calls"</span>
                <input
                    name="filter"
                    type="search"
                    value=asked.filter.clone()
                    placeholder="all"
                    maxlength="1000"
                    spellcheck="false"
                    autocapitalize="none"
                    aria-invalid=field("filter")
                />
            </label>
            <label>
                <span>"Period"</span>
                <input
                    name="period"
                    value=asked.period.clone()
                    maxlength="120"
                    spellcheck="false"
                    autocapitalize="none"
                    aria-invalid=field("period")
                />
            </label>
            <label>
                <span>"Zone"</span>
                <input
                    name="zone"
                    value=view.calendar.zone.clone()
                    maxlength="64"
                    spellcheck="false"
                    autocapitalize="none"
                    aria-invalid=field("zone")
                />
            </label>
            <button type="submit" class="btn">"Show"</button>
            {clear}
            {refused}
        </form>
    }
    .into_any()
}

/// What a page says that could not be asked.
pub(super) fn ends_of_refused(frame: &Frame) -> AnyView {
    view! { <a class="pill" href=frame.href(Section::Overview)>"This month"</a> }.into_any()
}
