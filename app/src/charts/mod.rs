//! The charts of the board and of the pages of history, drawn by ECharts on a canvas.
//!
//! `option` builds what does not change (with charming) and `palette` the theme, both on the server; `skeleton` carries
//! them to the browser; `data` (live) and `plot` (over a range) make the figures. All of them are pure and tested without
//! a browser. `widget` decides when to load, draw, resize and end; `interop`, and `cross` for the crosshair, are the only files that
//! see JavaScript's ECharts. The script is loaded when the first chart comes into view and the browser is idle.
//!
//! Rules that the content security policy sets: canvas only, tooltips in rich text, no functions from strings.
//! Deliberately absent: legends, sentences and tables (HTML, beside the chart); sparklines and strips (SVG from Rust);
//! markers and dragging (SVG above the chart, `features::history`).

#[cfg(feature = "hydrate")]
mod cross;
#[cfg(any(feature = "hydrate", test))]
mod data;
#[cfg(feature = "hydrate")]
mod interop;
#[cfg(feature = "ssr")]
mod option;
#[cfg(feature = "ssr")]
mod palette;
mod plot;
mod skeleton;
#[cfg(feature = "hydrate")]
mod widget;

use leptos::{html, prelude::*};

use crate::part::{IntoPart, Part};

pub use plot::{Drawn, Plot, PlotLine};
pub use skeleton::{Skeletons, skeletons};

/// The series colours of lines, in their order; the style sheet's tokens of these names. Neither ok's green nor forced's
/// violet is among the first, and none of them means anything.
pub const LINE_COLOURS: [&str; 8] = ["s1", "s4", "s2", "s5", "s6", "s7", "s3", "s8"];

/// The colour of a line by its place, and whether it is dashed: after the last colour they begin anew.
pub fn line_look(colour: Option<u8>) -> (&'static str, bool) {
    match colour.map(usize::from) {
        Some(place) => (
            LINE_COLOURS[place % LINE_COLOURS.len()],
            place >= LINE_COLOURS.len(),
        ),
        None => ("idle", false),
    }
}

/// Which chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Latency,
    Outcomes,
    Heat,
    /// Lines over a range.
    Lines,
    /// Cells over a range.
    Cells,
}

impl Kind {
    /// What it is made of, by its name among the skeletons.
    const fn skeleton(self) -> &'static str {
        match self {
            Kind::Latency => "latency",
            Kind::Outcomes => "outcomes",
            Kind::Heat => "heat",
            Kind::Lines => "lines",
            Kind::Cells => "cells",
        }
    }
}

/// Percentiles of the duration of answers over time. Needs `Live` and `Site` as contexts.
pub fn latency_chart() -> Part {
    let label = "Line chart of the median, 95th and 99th percentile of latency over time";
    chart("latency", label, Kind::Latency, None)
}

/// Requests per second by outcome, stacked. Needs `Live` and `Site` as contexts.
pub fn outcome_chart() -> Part {
    let label = "Stacked area chart of requests per second by outcome over time";
    chart("outcomes", label, Kind::Outcomes, None)
}

/// How the durations of answers are distributed over time. Needs `Live` and `Site` as contexts.
pub fn heat_chart() -> Part {
    chart(
        "heat",
        "Heat map of answers by duration over time",
        Kind::Heat,
        None,
    )
}

/// What a chart over a range shows, from whatever signals; `None` while there is nothing. Asked in the browser only.
pub type MakePlot = Box<dyn Fn() -> Option<Plot> + Send + Sync>;

/// A chart of lines over a range. `key` is its name in `data-chart`, `label` what a screen reader says instead of the
/// picture. Needs `Live` and `Site` as contexts.
pub fn lines_chart(key: &'static str, label: &'static str, plot: MakePlot) -> Part {
    chart(key, label, Kind::Lines, Some(plot))
}

/// A chart of cells over a range, a row per line; see [`lines_chart`].
pub fn cells_chart(key: &'static str, label: &'static str, plot: MakePlot) -> Part {
    chart(key, label, Kind::Cells, Some(plot))
}

/// An empty box of the height that the style sheet gives it; the browser draws into it later.
fn chart(key: &'static str, label: &'static str, kind: Kind, plot: Option<MakePlot>) -> Part {
    let node = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    mount(Place { node, kind, plot });
    #[cfg(not(feature = "hydrate"))]
    let _ = plot;
    view! { <div class="chart" data-chart=key data-kind=kind.skeleton() role="img" aria-label=label node_ref=node></div> }.part()
}

/// What is drawn where.
#[cfg(feature = "hydrate")]
struct Place {
    node: NodeRef<html::Div>,
    kind: Kind,
    plot: Option<MakePlot>,
}

#[cfg(feature = "hydrate")]
crate::later::later! {
    /// Gives a chart its life. Nothing of it is needed before the first paint.
    static WIDGET, fetch_widget: fn(Place) = widget::mount;
}

/// Draws into the element once the code for it is there, until the current owner goes.
#[cfg(feature = "hydrate")]
fn mount(place: Place) {
    let owner = Owner::current();
    let widget = crate::later::arriving(&WIDGET, || true);
    let place = std::cell::Cell::new(Some(place));
    Effect::new(move |_| {
        if let (Some(mount), Some(owner)) = (widget.get(), &owner)
            && let Some(place) = place.take()
        {
            owner.with(|| mount(place));
        }
    });
}
