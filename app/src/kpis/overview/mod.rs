//! `/kpis`: a period in one page. What it says comes from the engine ([`protocol::view::KpiPage`]); here it gets words, places
//! and drawings.
//!
//! Everything that is looked at is in the address. Deliberately absent: arithmetic on figures, and zones: moments are told by a
//! [`Calendar`] that the server fills.

mod bar;
mod cards;
mod figures;
mod foot;
mod links;
mod providers;
mod words;
mod working;

use leptos::prelude::*;
use protocol::view::KpiPage;

use super::calendar::Calendar;
use super::charts::Chart;
use super::frame::{Frame, Section, page};

pub use bar::TABLES;
pub use links::Asked;

/// The page and what is around it.
#[derive(Debug, Clone)]
pub struct KpiView {
    /// Around it.
    pub frame: Frame,
    /// The figures.
    pub page: KpiPage,
    /// The clocks that it goes by.
    pub calendar: Calendar,
    /// What it was asked for.
    pub asked: Asked,
}

/// The page's HTML.
pub fn overview(view: &KpiView) -> String {
    let (figures, others) = figures::split(&view.page.figures);
    let partial = view.page.partial.then(|| {
        view! {
            <p class="note">
                "A part of this period is older than anything that is kept: its figures are of the rest."
            </p>
        }
    });
    let sentence = view.page.sentence.iter().map(|said| {
        let words = said.words.clone();
        match said.strong {
            true => view! { <b>{words}</b> }.into_any(),
            false => words.into_any(),
        }
    });
    let asked = &view.asked;
    let kiosk = asked.kiosk.then_some("");
    let rotate = (asked.kiosk && !asked.rotate.is_empty()).then(|| asked.rotate.clone());
    let every = rotate.is_some().then(|| asked.every.to_string());
    let drawn: Vec<AnyView> = cards::charts(view)
        .iter()
        .map(|chart| {
            let working = cards::working(view, chart.name);
            let file = bar::chart_file(view, chart.name);
            view! { <div class="kpis-slot" data-slot=chart.name>{chart.card(&file)} {working}</div> }
                .into_any()
        })
        .collect();
    let content = view! {
        <div
            class="doc kpis-doc"
            data-kiosk=kiosk
            data-rotate=rotate
            data-every=every
            data-own-zone=view.asked.zone.is_empty().then_some("")
        >
            {bar::filter(view)}
            <p class="kpis-paper">{paper(view)}</p>
            {partial}
            <p class="kpis-lede" data-swap="lede">{sentence.collect_view()}</p>
            {figures::cards(view, figures, "figures", "The four numbers")}
            <div class="kpis-charts">{drawn}</div>
            {providers::table(view)}
            {figures::more(view, others)}
            {foot::foot(view)}
        </div>
    };
    page(
        &view.frame,
        Section::Overview.title(),
        bar::about(view),
        bar::ends(view),
        content.into_any(),
    )
}

/// What only paper shows: of whom, of when, and when it was made.
fn paper(view: &KpiView) -> String {
    let (period, calendar) = (&view.page.period, &view.calendar);
    let filter = match view.page.filter.as_str() {
        "" => String::new(),
        filter => format!(" Calls: {filter}."),
    };
    format!(
        "{}: {}, {} to {} ({}).{filter} As of {}.",
        view.frame.tenant,
        period.words,
        calendar.full(period.from),
        calendar.full(period.until),
        calendar.zone,
        calendar.full(view.page.as_of),
    )
}

/// The page where what was asked for cannot be shown: why, and the form to ask anew.
pub fn refused(frame: &Frame, asked: &Asked) -> String {
    let why = frame.wrong.as_ref().map(|wrong| wrong.why.clone());
    let content = view! {
        <div class="doc kpis-doc">
            <p class="refused" role="alert">{why}</p>
            <form class="kpis-filter" method="get" action=frame.href(Section::Overview)>
                {[("filter", "Calls", &asked.filter), ("period", "Period", &asked.period), ("zone", "Zone", &asked.zone)]
                    .map(|(name, words, value)| {
                        let invalid = frame.wrong.as_ref().is_some_and(|wrong| wrong.field == name).then_some("true");
                        view! {
                            <label>
                                <span>{words}</span>
                                <input
                                    name=name
                                    value=value.clone()
                                    maxlength="1000"
                                    spellcheck="false"
                                    autocapitalize="none"
                                    aria-invalid=invalid
                                />
                            </label>
                        }
                    })
                    .into_iter()
                    .collect_view()}
                <button type="submit" class="btn">"Show"</button>
            </form>
        </div>
    };
    page(
        frame,
        Section::Overview.title(),
        ().into_any(),
        bar::ends_of_refused(frame),
        content.into_any(),
    )
}

/// The charts that the page has.
fn charts_of(view: &KpiView) -> Vec<Chart> {
    cards::charts(view)
}

/// A chart by its name, as a file; `None` where the page has no such chart.
pub fn chart_file(page: &KpiPage, calendar: &Calendar, tenant: &str, name: &str) -> Option<String> {
    let chart = cards::all(page, calendar)
        .into_iter()
        .find(|chart| chart.name == name)?;
    let source = format!(
        "{tenant}, {}, as of {} ({})",
        page.period.words,
        calendar.full(page.as_of),
        calendar.zone
    );
    Some(chart.alone(&source))
}

#[cfg(test)]
mod tests;
