//! Shifts as bars over days. Places are percent of the width, so that nothing has to be computed twice for narrow
//! screens; below a certain width the drawing scrolls.

use leptos::prelude::*;

const BAR: u32 = 26;
const GAP: u32 = 8;
const HEAD: u32 = 22;

/// One shift.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Where it begins, percent.
    pub left: f64,
    /// How wide it is, percent.
    pub width: f64,
    /// Who; empty for nobody.
    pub name: String,
    /// When and who, as one says it.
    pub title: String,
    /// Neighbours differ in it.
    pub tint: usize,
    /// It was taken over.
    pub taken: bool,
}

/// One row of shifts.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is; empty when it is the only one.
    pub name: String,
    /// From left to right.
    pub bars: Vec<Bar>,
}

/// Rows below days. `days` are where each day begins, percent, with its name; `words` say it to those who cannot see it.
pub(super) fn drawing(days: &[(f64, String)], rows: &[Row], words: &str) -> AnyView {
    let with_names = rows.iter().any(|row| !row.name.is_empty());
    let step = BAR + GAP + if with_names { 16 } else { 0 };
    let height = HEAD + step * u32::try_from(rows.len()).unwrap_or(1);
    let lines = days.iter().map(|(left, name)| {
        let x = percent(*left);
        view! {
            <svg x=x.clone() y="0" overflow="visible">
                <line class="duty-day" x1="0" y1="0" x2="0" y2=height.to_string()></line>
                <text class="duty-date" x="4" y="13">{name.clone()}</text>
            </svg>
        }
    });
    let mut top = HEAD;
    let drawn = rows.iter().map(|row| {
        let name_at = top + 11;
        let bar_at = top + if with_names { 16 } else { 0 };
        top += step;
        let bars = row.bars.iter().map(|bar| one(bar, bar_at)).collect_view();
        let name = (!row.name.is_empty())
            .then(|| view! { <text class="duty-row" x="0" y=name_at.to_string()>{row.name.clone()}</text> });
        view! { {name} {bars} }.into_any()
    });
    let drawn: Vec<AnyView> = drawn.collect();
    view! {
        <div class="scroll duty-scroll" tabindex="0" role="group" aria-label=words.to_owned()>
            <svg class="duty" width="100%" height=height.to_string() role="img" aria-label=words.to_owned()>
                {lines.collect_view()}
                {drawn}
            </svg>
        </div>
    }
    .into_any()
}

fn one(bar: &Bar, top: u32) -> AnyView {
    let kind = match (bar.name.is_empty(), bar.taken) {
        (true, _) => "nobody",
        (false, true) => "taken",
        (false, false) => "turn",
    };
    view! {
        <svg x=percent(bar.left) y=top.to_string() width=percent(bar.width) height=BAR.to_string()>
            <title>{bar.title.clone()}</title>
            <rect
                class="duty-bar"
                data-kind=kind
                data-tint=(bar.tint % 3).to_string()
                x="1"
                width="100%"
                height="100%"
                rx="5"
            ></rect>
            <text class="duty-name" x="8" y="17">
                {if bar.name.is_empty() { "nobody".to_owned() } else { bar.name.clone() }}
            </text>
        </svg>
    }
    .into_any()
}

fn percent(value: f64) -> String {
    format!("{value:.3}%")
}
