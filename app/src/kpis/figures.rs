//! The page of figures: ours with their targets and owners, the tenant's own, a form for one, and what it would give.

use leptos::prelude::*;
use protocol::kpis::kpi::{Calendar, KpiLine, KpiPreview, built_in};
use protocol::view::Good;

use super::figure_form::{FigureForm, form};
use super::figure_preview::preview;
use super::frame::{Frame, Section, page};
use super::told::told;
use crate::format::date_clock;
use crate::plain::form::{Wrong, heading, hidden, refused, sent, sure};
use crate::plain::table::{Column, table};

/// Figures that a form can begin with: the name in the address, and on screen.
const TEMPLATES: [(&str, &str); 3] = [
    ("provider", "Cost per answer of one provider"),
    ("label", "Unit cost by label"),
    ("cached", "Share of cached input tokens"),
];

/// The page.
#[derive(Debug, Clone)]
pub struct FiguresView {
    /// Around it.
    pub frame: Frame,
    /// Ours first, then the tenant's own.
    pub rows: Vec<FigureRow>,
    /// The form that is open.
    pub form: Option<FigureForm>,
    /// What its definition would give.
    pub preview: Option<KpiPreview>,
    /// By what figures of calls can be told apart: dimensions and kept labels.
    pub dimensions: Vec<String>,
}

/// A figure of the list.
#[derive(Debug, Clone)]
pub struct FigureRow {
    /// What is said about it.
    pub line: KpiLine,
    /// Its definition, if somebody wrote one.
    pub saved: Option<SavedFigure>,
}

/// A definition as it is kept.
#[derive(Debug, Clone)]
pub struct SavedFigure {
    /// Its number.
    pub id: u64,
    /// How often it was written.
    pub version: u64,
    /// When it last changed, epoch milliseconds.
    pub changed: i64,
    /// Who did that, for people to read.
    pub by: String,
    /// The period that it is looked at in.
    pub calendar: Calendar,
    /// By what it is told apart; empty for nothing.
    pub group_by: String,
    /// US dollars that an answer is worth.
    pub worth: Option<f64>,
}

/// The page's HTML.
pub fn figures(view: &FiguresView) -> String {
    let frame = &view.frame;
    let (ours, own): (Vec<&FigureRow>, Vec<&FigureRow>) = view
        .rows
        .iter()
        .partition(|row| built_in(&row.line.key).is_some());
    let targets = view.rows.iter().filter(|row| row.line.target.is_some()).count();
    let about = format!("{} of {} have a target", targets, view.rows.len());
    let ours_rows: Vec<AnyView> = ours.into_iter().map(|figure| row(view, figure)).collect();
    let none = own.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "No figure of your own yet. One is arithmetic over metrics of calls, such as cost ÷ answers, with a target and an owner."
            </p>
        }
    });
    let own_table = (!own.is_empty()).then(|| {
        let rows: Vec<AnyView> = own.into_iter().map(|figure| row(view, figure)).collect();
        table("own-figures", columns(), rows.into_iter())
    });
    let new = (frame.may_change && view.form.is_none()).then(|| begin(frame));
    let content = view! {
        <div class="doc settings kpis-figures">
            {refused(Wrong::of(&frame.wrong, "act"))}
            {view.form.as_ref().map(|open| form(frame, open, &view.dimensions))}
            {view.preview.as_ref().map(|told| preview(frame, told))}
            <section class="card" data-figures="own">
                {heading("Your own", "formulas over metrics of calls")}
                {none}
                {own_table}
                {new}
            </section>
            <section class="card" data-figures="ours">
                {heading("Built in", "their targets and owners are yours to say")}
                {table("built-in-figures", columns(), ours_rows.into_iter())}
            </section>
            {files(frame)}
        </div>
    };
    let about = view! { <span class="quiet">{about}</span> }.into_any();
    page(
        frame,
        Section::Figures.title(),
        about,
        ().into_any(),
        content.into_any(),
    )
}

fn columns() -> [Column; 5] {
    [
        Column::Left("Figure"),
        Column::Left("How it is computed"),
        Column::Plain("Target"),
        Column::Left("Owner"),
        Column::Unseen("Change it"),
    ]
}

fn begin(frame: &Frame) -> AnyView {
    let href = frame.href(Section::Figures);
    let each = TEMPLATES.iter().map(|(name, words)| {
        view! { <li><a href=format!("{href}?new=yes&template={name}")>{*words}</a></li> }
    });
    view! {
        <div class="foot kpis-begin">
            <a class="btn" href=format!("{href}?new=yes")>"New figure"</a>
            <span class="quiet" id="kpis-templates">"or begin with"</span>
            <ul aria-labelledby="kpis-templates">{each.collect_view()}</ul>
        </div>
    }
    .into_any()
}

/// A target with the side that is good.
fn aimed(line: &KpiLine) -> String {
    let Some(target) = line.target else {
        return "none".to_owned();
    };
    let side = match line.good {
        Good::High => "at least",
        Good::Low => "at most",
    };
    format!("{side} {}", told(line.unit, Some(target)))
}

fn row(view: &FiguresView, figure: &FigureRow) -> AnyView {
    let (frame, line) = (&view.frame, &figure.line);
    let saved = figure.saved.as_ref();
    let formula = (!line.formula.is_empty()).then(|| view! { <code>{line.formula.clone()}</code> });
    let filter = (!line.filter.is_empty()).then(|| {
        view! { <small>"of " <code>{line.filter.clone()}</code></small> }
    });
    let by = saved
        .map(|saved| saved.group_by.clone())
        .filter(|by| !by.is_empty());
    let by = by.map(|by| view! { <small>"told apart by " <code>{by}</code></small> });
    let words = (!line.words.is_empty()).then(|| view! { <small>{line.words.clone()}</small> });
    let missing = (!line.missing.is_empty()).then(|| {
        let labels = line.missing.join(", ");
        view! { <small class="kpis-missing">{format!("Unknown for now: {labels} is not kept.")}</small> }
    });
    let worth = saved.and_then(|saved| saved.worth.map(|worth| (worth, saved)));
    let worth = worth.map(|(worth, saved)| {
        let amount = told(protocol::query::Unit::Usd, Some(worth));
        let when = date_clock(saved.changed, frame.utc_offset_min);
        view! { <small>{format!("An answer is worth {amount}, entered by {} on {when}.", saved.by)}</small> }
    });
    let written = saved.map(|saved| {
        let when = date_clock(saved.changed, frame.utc_offset_min);
        view! { <small>{format!("version {}, {when}, {}", saved.version, saved.by)}</small> }
    });
    let owner = match line.owner.as_str() {
        "" => "nobody".to_owned(),
        owner => owner.to_owned(),
    };
    view! {
        <tr data-figure=line.key.clone()>
            <th scope="row" class="l wrap">{line.title.clone()}{written}</th>
            <td class="l wrap" data-label="Computed"><div>{formula}{filter}{by}{words}{worth}{missing}</div></td>
            <td data-label="Target">{aimed(line)}</td>
            <td class="l" data-label="Owner">{owner}</td>
            <td>{frame.may_change.then(|| acts(frame, line, saved))}</td>
        </tr>
    }
    .into_any()
}

fn acts(frame: &Frame, line: &KpiLine, saved: Option<&SavedFigure>) -> AnyView {
    let href = frame.href(Section::Figures);
    let is_ours = built_in(&line.key).is_some();
    let Some(saved) = saved else {
        let change = format!("{href}?set={}", line.key);
        let label = format!("Set {}", line.title);
        return view! { <div class="line"><a class="btn" href=change aria-label=label>"Set"</a></div> }
            .into_any();
    };
    let id = saved.id;
    let history = format!("{}/settings/audit?action=kpi&target={id}", frame.base);
    let (words, warning) = match is_ours {
        true => ("Take back…", "Its target and owner are ours again."),
        false => ("Remove…", "Pages and reports no longer show it."),
    };
    let fields = view! {
        {hidden("do", "remove")}
        {hidden("kpi", &id.to_string())}
    };
    view! {
        <div class="line">
            <a class="btn" href=format!("{href}?edit={id}") aria-label=format!("Change {}", line.title)>"Change"</a>
            <a class="btn" href=history aria-label=format!("History of {}", line.title)>"History"</a>
            {sure(words, warning.to_owned(), "Remove it".to_owned(), &href, fields.into_any())}
        </div>
    }
    .into_any()
}

fn files(frame: &Frame) -> AnyView {
    let export = [&frame.base, "/api/v1/kpi-definitions/export"].concat();
    let wrong = Wrong::of(&frame.wrong, "import");
    let import = frame.may_change.then(|| {
        view! {
            <details class="ended" open=wrong.is_some()>
                <summary>"Import definitions…"</summary>
                <form class="card" method="post" action=frame.href(Section::Figures) data-form="import">
                    {refused(wrong)}
                    {hidden("do", "import")}
                    <div class="field" data-field="file">
                        <label>
                            <span>"An exported file"</span>
                            <textarea name="file" rows="8" spellcheck="false" required=true>{sent(wrong, "file")}</textarea>
                        </label>
                        <small>"All of it or nothing. What has a name that is there takes its place; what the file does not name stays."</small>
                    </div>
                    <button type="submit" class="btn">"Import"</button>
                </form>
            </details>
        }
    });
    view! {
        <section class="card kpis-files">
            {heading("As a file", "all definitions, as JSON")}
            <p class="foot"><a class="btn" href=export download="fuseboard-figures.json">"Export"</a></p>
            {import}
        </section>
    }
    .into_any()
}
