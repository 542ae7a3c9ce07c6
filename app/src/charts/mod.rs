//! The three charts of the board, drawn by ECharts on a canvas.
//!
//! `option` builds what does not change (with charming) and `palette` the theme, both on the server; `skeleton` carries
//! them to the browser; `data` makes the figures. All of them are pure and tested without a browser. `widget` decides when to load, draw, resize and end; `interop` is the only file that
//! sees JavaScript's ECharts. The script is loaded when the first chart comes into view and the browser is idle.
//!
//! Rules that the content security policy sets: canvas only, tooltips in rich text, no functions from strings.
//! Deliberately absent: legends, sentences and tables (HTML, beside the chart); sparklines and strips (SVG from Rust).

#[cfg(any(feature = "hydrate", test))]
mod data;
#[cfg(feature = "hydrate")]
mod interop;
#[cfg(feature = "ssr")]
mod option;
#[cfg(feature = "ssr")]
mod palette;
mod skeleton;
#[cfg(feature = "hydrate")]
mod widget;

use leptos::{html, prelude::*};

pub use skeleton::{Skeletons, skeletons};

/// Which chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Latency,
    Outcomes,
    Heat,
}

impl Kind {
    /// The name in `data-chart`.
    const fn key(self) -> &'static str {
        match self {
            Kind::Latency => "latency",
            Kind::Outcomes => "outcomes",
            Kind::Heat => "heat",
        }
    }

    /// What a screen reader says instead of the picture; figures are in the sentence and the table beside it.
    const fn label(self) -> &'static str {
        match self {
            Kind::Latency => "Line chart of the median, 95th and 99th percentile of latency over time",
            Kind::Outcomes => "Stacked area chart of requests per second by outcome over time",
            Kind::Heat => "Heat map of answers by duration over time",
        }
    }
}

/// Percentiles of the duration of answers over time. Needs `Live` and `Site` as contexts.
#[component]
pub fn LatencyChart() -> impl IntoView {
    chart(Kind::Latency)
}

/// Requests per second by outcome, stacked. Needs `Live` and `Site` as contexts.
#[component]
pub fn OutcomeChart() -> impl IntoView {
    chart(Kind::Outcomes)
}

/// How the durations of answers are distributed over time. Needs `Live` and `Site` as contexts.
#[component]
pub fn HeatChart() -> impl IntoView {
    chart(Kind::Heat)
}

/// An empty box of the height that the style sheet gives it; the browser draws into it later.
fn chart(kind: Kind) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    widget::mount(node, kind);
    view! { <div class="chart" data-chart=kind.key() role="img" aria-label=kind.label() node_ref=node></div> }
        .into_any()
}
