//! The three charts of the board and the two of the Providers page, drawn by ECharts on a canvas.
//!
//! `option` builds what does not change (with charming) and `palette` the theme, both on the server; `skeleton` carries
//! them to the browser; `data` and `lines` make the figures. All of them are pure and tested without a browser. `widget`
//! decides when to load, draw, resize and end; `interop` is the only file that sees JavaScript's ECharts. The script is loaded when the first chart comes into view and the browser is idle.
//!
//! Rules that the content security policy sets: canvas only, tooltips in rich text, no functions from strings.
//! Deliberately absent: legends, sentences and tables (HTML, beside the chart); sparklines and strips (SVG from Rust).

#[cfg(any(feature = "hydrate", test))]
mod data;
#[cfg(feature = "hydrate")]
mod interop;
#[cfg(any(feature = "hydrate", test))]
mod lines;
#[cfg(feature = "ssr")]
mod option;
#[cfg(feature = "ssr")]
mod palette;
mod skeleton;
#[cfg(feature = "hydrate")]
mod widget;

use leptos::{html, prelude::*};
use protocol::view::MAX_LINES;

use crate::part::{IntoPart, Part};

pub use skeleton::{Skeletons, skeletons};

/// The series colours of lines of providers, in their order; the style sheet's tokens of these names. Neither ok's green
/// nor forced's violet is among the first, and none of them means anything.
pub const LINE_COLOURS: [&str; MAX_LINES] = ["s1", "s4", "s2", "s5", "s6", "s7", "s3", "s8"];

/// Which chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Latency,
    Outcomes,
    Heat,
    Success,
    FirstToken,
}

impl Kind {
    /// The name in `data-chart`.
    const fn key(self) -> &'static str {
        match self {
            Kind::Latency => "latency",
            Kind::Outcomes => "outcomes",
            Kind::Heat => "heat",
            Kind::Success => "success",
            Kind::FirstToken => "first_token",
        }
    }

    /// What it is made of, by its name among the skeletons. Both charts of lines by provider are made of the same.
    const fn skeleton(self) -> &'static str {
        match self {
            Kind::Success | Kind::FirstToken => "lines",
            kind => kind.key(),
        }
    }

    /// What a screen reader says instead of the picture; figures are in the sentence and the table beside it.
    const fn label(self) -> &'static str {
        match self {
            Kind::Latency => "Line chart of the median, 95th and 99th percentile of latency over time",
            Kind::Outcomes => "Stacked area chart of requests per second by outcome over time",
            Kind::Heat => "Heat map of answers by duration over time",
            Kind::Success => "Line chart of attempt success by provider over time",
            Kind::FirstToken => {
                "Line chart of the 95th percentile of the time to first token by provider over time"
            }
        }
    }
}

/// Percentiles of the duration of answers over time. Needs `Live` and `Site` as contexts.
pub fn latency_chart() -> Part {
    chart(Kind::Latency, None)
}

/// Requests per second by outcome, stacked. Needs `Live` and `Site` as contexts.
pub fn outcome_chart() -> Part {
    chart(Kind::Outcomes, None)
}

/// How the durations of answers are distributed over time. Needs `Live` and `Site` as contexts.
pub fn heat_chart() -> Part {
    chart(Kind::Heat, None)
}

/// The provider whose line stands out, if one does.
pub type Marked = RwSignal<Option<String>>;

/// Attempt success by provider over time. Needs `Fetched`, `Live` and `Site` as contexts.
pub fn success_chart(marked: Marked) -> Part {
    chart(Kind::Success, Some(marked))
}

/// First token p95 by provider over time. Needs `Fetched`, `Live` and `Site` as contexts.
pub fn first_token_chart(marked: Marked) -> Part {
    chart(Kind::FirstToken, Some(marked))
}

/// An empty box of the height that the style sheet gives it; the browser draws into it later.
fn chart(kind: Kind, marked: Option<Marked>) -> Part {
    let node = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    widget::mount(node, kind, marked);
    #[cfg(not(feature = "hydrate"))]
    let _ = marked;
    view! { <div class="chart" data-chart=kind.key() role="img" aria-label=kind.label() node_ref=node></div> }
        .part()
}
