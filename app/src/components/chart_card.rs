//! The card around a chart. A chart has a sentence that says what it shows and the last points as a table, for those
//! who cannot or do not want to read a picture.

use leptos::{ev, prelude::*, tachys::dom::event_target};

use crate::part::{IntoPart, Part, when};

/// What stands around a chart.
pub struct ChartCard {
    /// In `data-chart-card`.
    pub key: &'static str,
    /// Its name.
    pub title: &'static str,
    /// Beside the name.
    pub sub: Signal<String>,
    /// What its figures are.
    pub unit: &'static str,
    /// The drawing.
    pub chart: Part,
    /// Names and colours, in [`legend`].
    pub legend: Option<Part>,
    /// What the drawing shows.
    pub sentence: Signal<String>,
    /// Asked for only while it is open: a closed table must not cost a page anything.
    pub table: Box<dyn Fn() -> Option<Points> + Send + Sync>,
}

/// Draws the card.
pub fn chart_card(card: ChartCard) -> Part {
    let ChartCard {
        key,
        title,
        sub,
        unit,
        chart,
        legend,
        sentence,
        table,
    } = card;
    let open = RwSignal::new(false);
    let heading = ["chart-", key].concat();
    let on_toggle = move |event: ev::Event| {
        open.set(event_target::<web_sys::Element>(&event).has_attribute("open"));
    };
    view! {
        <section class="card chart-card" data-chart-card=key aria-labelledby=heading>
            <header>
                <h2 id=heading.clone()>{title}</h2>
                <span class="sub">{sub}</span>
                <span class="tools">{unit}</span>
            </header>
            {chart}
            {legend}
            <p class="vh">{sentence}</p>
            <details class="points" on:toggle=on_toggle>
                <summary>"Table"<span class="vh">" of " {title}</span></summary>
                {when(move || if open.get() { table().map(points) } else { None })}
            </details>
        </section>
    }
    .part()
}

/// The last points of a chart, ready to be drawn.
pub struct Points {
    /// Beside the time.
    pub columns: Vec<String>,
    /// The time and the cells, newest first.
    pub rows: Vec<(String, Vec<String>)>,
}

fn points(points: Points) -> Part {
    let Points { columns, rows } = points;
    let rows = rows.into_iter().map(|(time, cells)| {
        let cells = cells
            .into_iter()
            .map(|cell| view! { <td>{cell}</td> })
            .collect_view();
        view! {
            <tr>
                <th scope="row">{time}</th>
                {cells}
            </tr>
        }
    });
    let head = columns
        .into_iter()
        .map(|column| view! { <th scope="col">{column}</th> })
        .collect_view();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Last points">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        {head}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .part()
}

/// Names and the colours they are drawn in. The sentence and the table name them too, so assistive technology skips it.
pub fn legend(entries: Part) -> Part {
    view! { <ul class="legend" aria-hidden="true">{entries}</ul> }.part()
}

/// One name; `colour` is a series colour's, `dashed` where the colours have begun anew.
pub fn legend_entry(name: String, colour: &'static str, dashed: bool) -> Part {
    view! {
        <li>
            <i class="swatch" data-colour=colour data-dashed=dashed.then_some("")></i>
            {name}
        </li>
    }
    .part()
}
