//! What a definition would give: now and before, its parts, day by day, and told apart.

use leptos::prelude::*;
use protocol::kpis::kpi::KpiPreview;
use protocol::view::Good;

use super::frame::Frame;
use super::told::told;
use crate::format::{date_clock, day};
use crate::plain::form::heading;
use crate::plain::table::{Column, table};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 120.0;
/// Room above for the highest value and below for dates.
const TOP: f64 = 16.0;
const FOOT: f64 = 18.0;

/// The preview's HTML.
pub(super) fn preview(frame: &Frame, shown: &KpiPreview) -> AnyView {
    let offset = frame.utc_offset_min;
    let about = format!(
        "from {} to {}; nothing is saved",
        date_clock(shown.from, offset),
        date_clock(shown.until, offset)
    );
    let before = format!(
        "{} in as much of the period before, from {} to {}.",
        told(shown.unit, shown.before),
        date_clock(shown.before_from, offset),
        date_clock(shown.before_to, offset)
    );
    let (state, verdict) = verdict(shown);
    let value = match shown.value {
        Some(_) => told(shown.unit, shown.value),
        None => "unknown".to_owned(),
    };
    let unknown = shown.value.is_none() && !shown.formula.is_empty();
    let why = unknown.then(|| {
        view! { <p class="quiet">"A part of it is unknown, or something is divided by nothing: that is not zero."</p> }
    });
    let formula = (!shown.formula.is_empty()).then(|| view! { <code>{shown.formula.clone()}</code> });
    let note = (!shown.note.is_empty()).then(|| view! { <p class="quiet">{shown.note.clone()}</p> });
    view! {
        <section class="card kpis-preview" data-preview="" aria-label="What it gives">
            {heading("What it gives", &about)}
            <div class="kpis-given">
                <p class="kpis-now" data-state=state><b>{value}</b> " " <span>{verdict}</span></p>
                <p class="quiet">{before}</p>
                {why}
                {note}
                {formula}
                {chart(frame, shown)}
            </div>
            {parts(shown)}
            {groups(shown)}
        </section>
    }
    .into_any()
}

/// How it stands to its target: the state, and words that say the same.
fn verdict(shown: &KpiPreview) -> (&'static str, String) {
    let (Some(value), Some(target)) = (shown.value, shown.target) else {
        return ("none", shown.title.clone());
    };
    let (met, side) = match shown.good {
        Good::High => (value >= target, "at least"),
        Good::Low => (value <= target, "at most"),
    };
    let target = told(shown.unit, Some(target));
    match met {
        true => (
            "ok",
            format!("{}: meets its target of {side} {target}", shown.title),
        ),
        false => (
            "warn",
            format!("{}: misses its target of {side} {target}", shown.title),
        ),
    }
}

fn parts(shown: &KpiPreview) -> Option<AnyView> {
    let rows = shown.parts.iter().map(|part| {
        view! {
            <tr>
                <th scope="row" class="l"><code>{part.part.clone()}</code></th>
                <td data-label="Now">{told(part.unit, part.value)}</td>
                <td data-label="Before">{told(part.unit, part.before)}</td>
            </tr>
        }
        .into_any()
    });
    let columns = [
        Column::Left("Part"),
        Column::Plain("Now"),
        Column::Plain("Before"),
    ];
    (!shown.parts.is_empty()).then(|| table("figure-parts", columns, rows))
}

fn groups(shown: &KpiPreview) -> Option<AnyView> {
    if shown.group_by.is_empty() {
        return None;
    }
    let rows = shown.groups.iter().map(|(name, value)| {
        let name = match name.as_str() {
            "" => "none is known".to_owned(),
            name => name.to_owned(),
        };
        view! {
            <tr>
                <th scope="row" class="l wrap">{name}</th>
                <td data-label="Now">{told(shown.unit, *value)}</td>
            </tr>
        }
        .into_any()
    });
    let columns = [Column::Left("Of"), Column::Plain("Now")];
    let none = shown
        .groups
        .is_empty()
        .then(|| view! { <p class="pad quiet">"Nothing came that could be told apart."</p> });
    Some(
        view! {
            {heading_of(&shown.group_by)}
            {none}
            {(!shown.groups.is_empty()).then(|| table("figure-groups", columns, rows))}
        }
        .into_any(),
    )
}

fn heading_of(group_by: &str) -> AnyView {
    view! { <h3 class="kpis-by">"By " <code>{group_by.to_owned()}</code></h3> }.into_any()
}

/// A bar per day, the period before in a paler tone; a day without a value has none.
fn chart(frame: &Frame, shown: &KpiPreview) -> Option<AnyView> {
    let known = || shown.days.iter().filter_map(|(_, value)| *value);
    known().next()?;
    let most = known().chain(shown.target).fold(0.0_f64, f64::max);
    let least = known().chain(shown.target).fold(0.0_f64, f64::min);
    let tall = HEIGHT - TOP - FOOT;
    let reach = if most > least { most - least } else { 1.0 };
    let y = move |value: f64| TOP + (most - value) / reach * tall;
    let wide = WIDTH / shown.days.len() as f64;
    let bars = shown.days.iter().enumerate().filter_map(|(place, (at, value))| {
        let value = (*value)?;
        let (top, foot) = (y(value.max(0.0)), y(value.min(0.0)));
        let class = if *at < shown.from {
            "kpis-bar-before"
        } else {
            "kpis-bar-now"
        };
        let title = format!(
            "{}: {}",
            day(*at, shown.until, frame.utc_offset_min),
            told(shown.unit, Some(value))
        );
        Some(view! {
            <rect
                class=class
                x=format!("{:.2}", place as f64 * wide + wide * 0.12)
                y=format!("{top:.2}")
                width=format!("{:.2}", wide * 0.76)
                height=format!("{:.2}", (foot - top).max(1.0))
            >
                <title>{title}</title>
            </rect>
        })
    });
    let line = |value: f64, class: &'static str| {
        let at = format!("{:.2}", y(value));
        view! { <line class=class x1="0" x2=WIDTH.to_string() y1=at.clone() y2=at/> }
    };
    let aim = shown.target.map(|target| line(target, "kpis-aim"));
    let begins = shown
        .days
        .iter()
        .position(|(at, _)| *at >= shown.from)
        .unwrap_or_default();
    let dated = |place: usize| {
        let at = shown.days.get(place).map_or(shown.from, |(at, _)| *at);
        let x = format!("{:.2}", place as f64 * wide);
        let y = (HEIGHT - 4.0).to_string();
        view! { <text class="kpis-date" x=x y=y>{day(at, shown.until, frame.utc_offset_min)}</text> }
    };
    let second = (begins > 0).then(|| dated(begins));
    let label = format!(
        "{} by day: at most {} over {} days, this period after the one before",
        shown.title,
        told(shown.unit, known().reduce(f64::max)),
        shown.days.len()
    );
    Some(
        view! {
            <div class="kpis-days">
                <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
                    {line(0.0, "kpis-axis")}
                    {bars.collect_view()}
                    {aim}
                    <text class="kpis-date" x="0" y="11">{format!("up to {}", told(shown.unit, Some(most)))}</text>
                    {dated(0)}
                    {second}
                </svg>
            </div>
        }
        .into_any(),
    )
}
