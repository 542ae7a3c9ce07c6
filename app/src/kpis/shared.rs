//! What the holder of a link sees: the page of a period without navigation, without scripts, with who shares it and until when.

use leptos::prelude::*;
use protocol::view::{CostPart, Figure, Good, KpiPage, KpiProvider};

use crate::components::brand;
use crate::format::{date_clock, grouped, money, percent, percent_fine, span, value};
use crate::plain::head;
use crate::plain::table::Column::{Left, Plain};
use crate::plain::table::table;
use crate::seed::Theme;
use crate::{demo_note, theme_key};

/// Around a shared page.
#[derive(Debug, Clone)]
pub struct SharedFrame {
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: String,
    /// The page's own address, as browsers see it.
    pub address: String,
    /// Who shares it.
    pub tenant: String,
    /// What they call it.
    pub name: String,
    /// Until when, for people to read.
    pub until: String,
    /// Money is not shown.
    pub hides_cost: bool,
    /// How often breakers opened is not shown.
    pub hides_breakers: bool,
    /// `light` or `dark` when the viewer chose one.
    pub theme: Option<Theme>,
    /// It stands in a frame of another page.
    pub framed: bool,
    /// Whether the data are a demonstration's.
    pub demo: bool,
}

/// The page's HTML.
pub fn shared_page(frame: &SharedFrame, page: &KpiPage) -> String {
    let sentence = page.sentence.iter().map(|said| match said.strong {
        true => view! { <b>{said.words.clone()}</b> }.into_any(),
        false => said.words.clone().into_any(),
    });
    let partial = page
        .partial
        .then(|| view! { <p class="note">"A part of the period is older than anything that is kept."</p> });
    let providers = (!page.providers.is_empty()).then(|| providers(&page.providers, frame));
    let parts = (!page.unreliability.parts.is_empty())
        .then(|| unreliability(&page.unreliability.parts, page.unreliability.usd));
    let content = view! {
        <header class="bar shared-bar">
            <h1>{frame.name.clone()}</h1>
            <p class="quiet">{page.period.words.clone()} " · " {page.period.zone.clone()}</p>
            <div class="bar-end">{themes(&frame.address)}</div>
        </header>
        <p class="shared-sentence">{sentence.collect_view()}</p>
        {partial}
        <section class="shared-figures" aria-label="Figures">{page.figures.iter().map(figure).collect_view()}</section>
        {providers}
        {parts}
        <section class="card pad">
            <h2>"How much is known"</h2>
            <p>{known(page)}</p>
        </section>
        <footer class="shared-foot">
            <p>
                "Shared by " <b>{frame.tenant.clone()}</b> ", until " <span>{frame.until.clone()}</span> "."
            </p>
            <p class="quiet">"As of " {date_clock(page.as_of, 0)} " UTC. " {brand()} " Fuseboard"</p>
        </footer>
    };
    alone(frame, content.into_any())
}

fn alone(frame: &SharedFrame, content: AnyView) -> String {
    let kind = match frame.framed {
        true => "shared framed",
        false => "shared",
    };
    around(
        &frame.root,
        format!("{} · {}", frame.name, frame.tenant),
        (frame.theme, kind),
        frame.demo,
        content,
    )
}

/// A page for strangers: no navigation, no script.
pub(super) fn around(
    root: &str,
    title: String,
    (theme, kind): (Option<Theme>, &'static str),
    demo: bool,
    content: AnyView,
) -> String {
    let theme = theme.map(theme_key);
    let page = view! {
        <html lang="en" data-theme=theme>
            {head(root, title, &[], None)}
            <body class=kind>
                <main id="main">{content}</main>
                {demo.then(demo_note)}
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

/// All that a stranger chooses.
pub(super) fn themes(address: &str) -> AnyView {
    let way = |theme: &str, words: &'static str| {
        view! { <a href=format!("{address}?theme={theme}")>{words}</a> }
    };
    view! { <nav class="shared-themes" aria-label="Colours">{way("light", "Light")} {way("dark", "Dark")}</nav> }.into_any()
}

fn figure(figure: &Figure) -> AnyView {
    let met = figure
        .value
        .zip(figure.target)
        .map(|(value, target)| match figure.good {
            Good::High => value >= target,
            Good::Low => value <= target,
        });
    let target = figure.target.map(|target| {
        let words = match met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "nobody can tell",
        };
        format!("Target {}: {words}", value(figure.unit, Some(target)))
    });
    let state = match met {
        Some(true) => "ok",
        Some(false) => "bad",
        None => "none",
    };
    view! {
        <article class="card pad" data-figure=figure.key.clone() data-met=state>
            <h2>{figure.title.clone()}</h2>
            <p class="shared-value">{value(figure.unit, figure.value)}</p>
            {target.map(|target| view! { <p class="shared-target">{target}</p> })}
            <p class="quiet">"Before " {value(figure.unit, figure.before)} " · " {grouped(figure.samples)} " samples"</p>
        </article>
    }
    .into_any()
}

fn providers(providers: &[KpiProvider], frame: &SharedFrame) -> AnyView {
    let columns = [
        Plain("Provider"),
        Plain("Answers"),
        Plain("Success"),
        Plain("First token p95"),
        Plain("Cost"),
        Plain("Breakers open"),
    ];
    let row = |one: &KpiProvider| {
        let open = match frame.hides_breakers {
            true => "not shown".to_owned(),
            false => format!("{} times, {}", one.opened, span(one.open_ms)),
        };
        let cost = match frame.hides_cost {
            true => "not shown".to_owned(),
            false => money(one.cost),
        };
        view! {
            <tr>
                <th scope="row">{one.name.clone()}</th>
                <td data-label="Answers">{grouped(one.answers)}</td>
                <td data-label="Success">{percent_fine(one.success).text()}</td>
                <td data-label="First token p95">{crate::format::latency(one.ttft_p95).text()}</td>
                <td data-label="Cost">{cost}</td>
                <td data-label="Breakers open">{open}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <section class="card">
            <header>
                <h2>"Providers"</h2>
            </header>
            {table("providers", columns, providers.iter().map(row))}
        </section>
    }
    .into_any()
}

fn unreliability(parts: &[CostPart], all: Option<f64>) -> AnyView {
    let row = |part: &CostPart| {
        view! {
            <tr>
                <th scope="row">{part.title.clone()}</th>
                <td data-label="Cost">{money(part.usd)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <section class="card">
            <header>
                <h2>"What unreliability cost"</h2>
                <span class="sub">{money(all)}</span>
            </header>
            {table("unreliability", [Left("Part"), Plain("Cost")], parts.iter().map(row))}
        </section>
    }
    .into_any()
}

fn known(page: &KpiPage) -> String {
    let complete = &page.completeness;
    format!(
        "{} of the period is known, from {} calls. {} calls of drills, probes and simulations are in none of the figures.",
        percent(complete.complete),
        grouped(complete.calls),
        grouped(complete.left_out)
    )
}

/// The page for a link that leads nowhere: never made, over or taken back are one.
pub fn no_share(root: &str) -> String {
    let content = view! {
        <section class="card pad">
            <h1>"Nothing is shared here"</h1>
            <p>"The link has ended, was taken back or was cut on its way. Ask whoever gave it to you for another one."</p>
        </section>
    };
    around(
        root,
        "Nothing is shared here · Fuseboard".into(),
        (None, "shared"),
        false,
        content.into_any(),
    )
}
