//! Numbers with what they are to be: the first four large, the others in a card below.

use leptos::prelude::*;
use protocol::view::Figure;

use super::KpiView;
use super::words::{UNKNOWN, caution, standing, trend, value};
use super::working::working;
use crate::components::{level_key, spark_paths};
use crate::plain::mark;

/// Large numbers of the page.
const LARGE: usize = 4;

/// The large ones and the others.
pub(super) fn split(figures: &[Figure]) -> (&[Figure], &[Figure]) {
    figures.split_at(figures.len().min(LARGE))
}

/// A row of numbers.
pub(super) fn cards(view: &KpiView, figures: &[Figure], name: &'static str, says: &'static str) -> AnyView {
    if figures.is_empty() {
        return ().into_any();
    }
    let each = figures.iter().map(|figure| card(view, figure)).collect_view();
    view! {
        <section class="kpis-figures" data-swap=name aria-label=says>
            {each}
        </section>
    }
    .into_any()
}

/// The other numbers.
pub(super) fn more(view: &KpiView, figures: &[Figure]) -> AnyView {
    if figures.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="kpis-more" aria-labelledby="kpis-more">
            <h2 id="kpis-more">"Other figures"</h2>
            {cards(view, figures, "more", "Other figures")}
        </section>
    }
    .into_any()
}

fn card(view: &KpiView, figure: &Figure) -> AnyView {
    let standing = standing(figure);
    let tone = match level_key(standing.level) {
        "ok" => Some("good"),
        "act" => Some("bad"),
        _ => None,
    };
    let shown = value(figure.unit, figure.value);
    let unknown = (shown == UNKNOWN).then_some("");
    let caution = caution(figure);
    let caution = (!caution.is_empty()).then(|| view! { <p class="kpis-caution">{caution}</p> });
    let owner = (!figure.owner.is_empty())
        .then(|| view! { <p class="quiet">"Looked after by " {figure.owner.clone()} "."</p> });
    let has_target = figure.target.is_some();
    let shape = has_target.then(|| mark(standing.level));
    let further = view! { {owner} {by_day(view, figure)} };
    view! {
        <article class="kpis-figure" data-figure=figure.key.clone() data-level=level_key(standing.level)>
            <h3>{figure.title.clone()}</h3>
            <p class="kpis-value" data-unknown=unknown>{shown}</p>
            <p class="kpis-target" data-tone=tone>{shape} {standing.words.clone()}</p>
            {standing.used.map(meter)}
            <p class="kpis-trend">{trend(figure, &view.page.period.before_words)}</p>
            {caution}
            {spark(&figure.days)}
            {working(&view.frame.base, &figure.key, &figure.title, &figure.working, further.into_any())}
        </article>
    }
    .into_any()
}

/// How much of what is allowed is used; the words above say whether that is too much.
fn meter(used: f64) -> AnyView {
    let width = format!("{:.1}%", (used * 100.0).clamp(0.0, 100.0));
    let over = (used > 1.0 + 1e-9).then_some("");
    view! {
        <svg class="kpis-meter" width="100%" height="5" aria-hidden="true" focusable="false" data-over=over>
            <rect class="kpis-meter-all" width="100%" height="5" rx="2.5"></rect>
            <rect class="kpis-meter-used" width=width height="5" rx="2.5"></rect>
        </svg>
    }
    .into_any()
}

fn spark(days: &[Option<f64>]) -> Option<AnyView> {
    if days.iter().flatten().count() < 2 {
        return None;
    }
    let points: Vec<Option<f32>> = days.iter().map(|day| day.map(|day| day as f32)).collect();
    let paths = spark_paths(&points);
    Some(
        view! {
            <svg class="spark" viewBox="0 0 120 26" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <path class="spark-area" d=paths.area></path>
                <path class="spark-line" d=paths.line></path>
            </svg>
        }
        .into_any(),
    )
}

/// The days of the small drawing, as a table.
fn by_day(view: &KpiView, figure: &Figure) -> Option<AnyView> {
    if figure.days.iter().all(Option::is_none) {
        return None;
    }
    let period = &view.page.period;
    let names = view.calendar.days(period.from, period.until, figure.days.len());
    let rows = names.into_iter().zip(&figure.days).map(|(name, day)| {
        view! { <tr><th scope="row">{name}</th><td>{value(figure.unit, *day)}</td></tr> }
    });
    Some(
        view! {
            <table class="kpis-days">
                <caption>"By day"</caption>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        }
        .into_any(),
    )
}
