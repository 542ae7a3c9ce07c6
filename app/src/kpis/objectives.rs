//! The page of objectives: a verdict, each with what is left of its budget, worst first; the form with what would have been.

use leptos::prelude::*;
use protocol::Level;
use protocol::documents::DocumentItem;
use protocol::kpis::slo::{INDICATORS, SloDoc, SloIndicator, SloPreview, SloStatus, SloWindow};

use super::burndown::left_words;
use super::frame::{Frame, Section, page};
use crate::format::{fixed, moment};
use crate::plain::form::{Wrong, choice, heading, hidden, refused, text};
use crate::plain::mark;
use crate::plain::table::{Column, table};

/// With less of a budget left it is worth a look.
const LITTLE: f64 = 0.25;

/// The page of objectives.
#[derive(Debug, Clone)]
pub struct ObjectivesView {
    /// Around it.
    pub frame: Frame,
    /// Worst first.
    pub items: Vec<ObjectiveRow>,
    /// The form, when it is open.
    pub form: Option<ObjectiveForm>,
}

/// An objective and how it stands.
#[derive(Debug, Clone)]
pub struct ObjectiveRow {
    /// As it is kept.
    pub item: DocumentItem<SloDoc>,
    /// How it stands.
    pub status: SloStatus,
}

/// A form for an objective.
#[derive(Debug, Clone)]
pub struct ObjectiveForm {
    /// What is in it.
    pub doc: SloDoc,
    /// The objective that it changes: number and version.
    pub known: Option<(u64, u64)>,
    /// What would have been.
    pub preview: Option<SloPreview>,
}

/// How urgent an objective is.
pub(super) fn level(status: &SloStatus) -> Level {
    match status.left {
        None => Level::Unknown,
        Some(left) if left <= 0.0 => Level::Act,
        Some(left) if left < LITTLE || status.exhausted.is_some() => Level::Attention,
        Some(_) => Level::Ok,
    }
}

/// A share that was good: `99.46%`; all is only said where nothing was bad.
pub(super) fn good_words(status: &SloStatus) -> String {
    match status.now {
        None => "nothing sent".to_owned(),
        Some(_) if status.bad == 0 => "100%".to_owned(),
        Some(share) => format!("{}%", fixed((share * 1e4).floor() / 100.0, 2)),
    }
}

/// `99.5%`, with the digits that it needs.
pub(super) fn promised(objective: f64) -> String {
    let text = format!("{:.4}", objective * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// What is left of the budget as words: `62% left`, `overspent by 30%`.
pub(super) fn budget_words(left: Option<f64>) -> String {
    match left {
        None => "not known".to_owned(),
        Some(left) if left < 0.0 => format!("overspent by {}", left_words(-left)),
        Some(left) => format!("{} left", left_words(left)),
    }
}

/// How fast it burns: `1.4×`.
pub(super) fn burn_words(rate: Option<f64>) -> String {
    rate.map_or_else(
        || "–".to_owned(),
        |rate| format!("{}×", fixed(rate, u32::from(rate < 99.95))),
    )
}

/// What is left, as a bar with its words.
pub(super) fn meter(status: &SloStatus, name: &str) -> AnyView {
    let words = budget_words(status.left);
    let bar = status.left.map(|left| {
        let label = format!("Budget of {name}: {words}");
        view! {
            <meter
                class="slo-meter"
                min="0"
                max="1"
                low=LITTLE.to_string()
                high="0.5"
                optimum="1"
                value=format!("{:.4}", left.clamp(0.0, 1.0))
                aria-label=label
            ></meter>
        }
    });
    view! { <span class="slo-left">{bar} <span class="slo-words">{words.clone()}</span></span> }.into_any()
}

/// When the budget is used up, in few words.
pub(super) fn end_words(frame: &Frame, status: &SloStatus) -> String {
    let said = |at: i64| moment(at, frame.now, frame.utc_offset_min);
    match (status.used_up, status.exhausted) {
        (Some(since), _) => format!("since {}", said(since)),
        (None, Some(at)) => ahead(at, frame),
        (None, None) => "–".to_owned(),
    }
}

/// A day that lies ahead: `24 Nov about 14:00`.
fn ahead(at: i64, frame: &Frame) -> String {
    // As from a year later, so that the day is said and not that it is near.
    let text = moment(at, at + 366 * 86_400_000, frame.utc_offset_min);
    match text.rsplit_once(' ') {
        Some((day, time)) => format!("{day} about {}:00", time.get(..2).unwrap_or(time)),
        None => text,
    }
}

fn verdict(items: &[ObjectiveRow]) -> (Level, String) {
    let of = |wanted: Level| -> Vec<&str> {
        let those = items.iter().filter(|row| level(&row.status) == wanted);
        those.map(|row| row.item.doc.name.as_str()).collect()
    };
    let named = |names: &[&str]| match names {
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        [] => String::new(),
    };
    let (gone, little, unknown) = (of(Level::Act), of(Level::Attention), of(Level::Unknown));
    let all = items.len();
    match (gone.len(), little.len(), unknown.len()) {
        _ if all == 0 => (Level::Unknown, "Nothing is promised yet.".to_owned()),
        (1.., ..) => {
            let words = format!("{} of {all} budgets used up: {}.", gone.len(), named(&gone));
            (Level::Act, words)
        }
        (0, 1.., _) => {
            let words = format!(
                "{} of {all} budgets nearly used up: {}.",
                little.len(),
                named(&little)
            );
            (Level::Attention, words)
        }
        (0, 0, unknown) if unknown == all => {
            (Level::Unknown, "Nothing is known of what is promised.".to_owned())
        }
        (0, 0, 0) => (Level::Ok, "Every promise has budget left.".to_owned()),
        (0, 0, unknown) => {
            let words = format!(
                "{} of {all} promises have budget left; of the others nothing is known.",
                all - unknown
            );
            (Level::Ok, words)
        }
    }
}

/// The page's HTML.
pub fn objectives(view: &ObjectivesView) -> String {
    let frame = &view.frame;
    let (level, words) = verdict(&view.items);
    let new = (frame.may_change && view.form.is_none()).then(|| {
        let href = format!("{}?new=yes", frame.href(Section::Objectives));
        view! { <a class="btn" href=href>"New objective"</a> }
    });
    let file = format!("{}/api/v1/slos/export", frame.base);
    let rows = view.items.iter().map(|row| line(frame, row));
    let none = view.items.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "An objective says which share of requests is to be answered, or of streams to begin in time, over which \
                 days. What may go wrong until then is its budget."
            </p>
        }
    });
    let list = (!view.items.is_empty()).then(|| {
        let columns = [
            Column::Left("Objective"),
            Column::Plain("Promised"),
            Column::Plain("Now"),
            Column::Left("Budget"),
            Column::Plain("Burn, 1 hour"),
            Column::Plain("Burn, 3 days"),
            Column::Plain("Used up"),
        ];
        table("objectives", columns, rows)
    });
    let content = view! {
        <div class="doc settings desk-rules kpis-objectives">
            <p class="slo-verdict" data-verdict="" data-level=crate::components::level_key(level)>
                {mark(level)} " " {words}
            </p>
            {refused(Wrong::of(&frame.wrong, "act"))}
            <section class="card" data-swap="objectives">
                {heading("Objectives", "what is left of each budget, worst first")}
                {none}
                {list}
                <p class="foot line">
                    {new}
                    <a class="btn" href=file download="">"Export as OpenSLO"</a>
                </p>
            </section>
            {view.form.as_ref().map(|open| form(frame, open))}
        </div>
    };
    page(
        frame,
        Section::Objectives.title(),
        ().into_any(),
        ().into_any(),
        content.into_any(),
    )
}

fn line(frame: &Frame, row: &ObjectiveRow) -> AnyView {
    let (doc, status) = (&row.item.doc, &row.status);
    let href = format!("{}/{}", frame.href(Section::Objectives), row.item.id);
    let burn = |place: usize| burn_words(status.burn.get(place).and_then(|burn| burn.rate));
    let owner = (!doc.owner.is_empty()).then(|| format!(" · {}", doc.owner));
    let problem = status
        .problem
        .clone()
        .map(|why| view! { <small class="refused">"It cannot be looked at: " {why}</small> });
    view! {
        <tr data-objective=doc.name.clone()>
            <td class="l">
                {mark(level(status))} " " <a href=href>{doc.name.clone()}</a>
                <small class="quiet slo-about">{status.about.clone()} {owner}</small>
                {problem}
            </td>
            <td data-label="Promised">{promised(doc.objective)}</td>
            <td data-label="Now">{good_words(status)}</td>
            <td class="l" data-label="Budget">{meter(status, &doc.name)}</td>
            <td data-label="Burn, 1 hour">{burn(0)}</td>
            <td data-label="Burn, 3 days">{burn(3)}</td>
            <td data-label="Used up">{end_words(frame, status)}</td>
        </tr>
    }
    .into_any()
}

fn owned(pairs: impl IntoIterator<Item = (&'static str, &'static str)>) -> Vec<(String, String)> {
    let pairs = pairs.into_iter();
    pairs
        .map(|(value, words)| (value.to_owned(), words.to_owned()))
        .collect()
}

/// A limit as the form has it.
fn limit_text(doc: &SloDoc) -> String {
    let unit = SloIndicator::of(&doc.indicator).map_or("", |known| known.limit);
    match (doc.limit, unit) {
        (None, _) => String::new(),
        (Some(limit), "of answers") => promised(limit),
        (Some(limit), _) => limit.to_string(),
    }
}

/// The form for an objective, with what would have been once it was asked for.
pub(super) fn form(frame: &Frame, open: &ObjectiveForm) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "objective");
    let doc = &open.doc;
    let kept = |name: &str, value: &str| {
        let sent = frame
            .wrong
            .as_ref()
            .and_then(|wrong| wrong.sent_in("objective", name));
        sent.unwrap_or_else(|| value.to_owned())
    };
    let (window, days, zone) = match &doc.window {
        SloWindow::Rolling { days } => ("rolling", days.to_string(), "UTC".to_owned()),
        SloWindow::Calendar { unit, zone } => (unit.as_str(), "30".to_owned(), zone.clone()),
    };
    let windows = owned([
        ("rolling", "the last days, always"),
        ("week", "each week of the calendar"),
        ("month", "each month of the calendar"),
        ("quarter", "each quarter of the calendar"),
    ]);
    let indicators = owned(INDICATORS.map(|known| (known.name, known.title)));
    let title = if open.known.is_some() {
        "Change it"
    } else {
        "New objective"
    };
    view! {
        <form class="card" method="post" action=frame.href(Section::Objectives) data-form="objective">
            {heading(title, "what is promised, of which calls, over which days")}
            {refused(wrong)}
            {open.known.map(|(id, version)| view! {
                {hidden("slo", &id.to_string())}
                {hidden("version", &version.to_string())}
            })}
            <div class="fields">
                {text("name", "Name", "text", &doc.name, wrong).hint("As people call it: Chat answers.").view()}
                {text("owner", "Who looks after it", "text", &doc.owner, wrong).optional().view()}
                {text("about", "What it is for", "text", &doc.about, wrong).optional().view()}
                {choice("indicator", "What is good", &indicators, &kept("indicator", &doc.indicator))}
                {text("limit", "With the limit", "text", &limit_text(doc), wrong)
                    .optional()
                    .hint("First token: milliseconds, below. Fast enough: tokens per second, above. Few stand-ins: percent of answers, below. The others have none.")
                    .view()}
                {text("filter", "Of which calls", "text", &doc.filter, wrong)
                    .optional()
                    .hint("As in Explore: service:chat provider:openai. Empty for all.")
                    .view()}
                {text("objective", "Promised", "text", &promised(doc.objective), wrong).hint("Percent that are good: 99.5%.").view()}
                {choice("window", "Over", &windows, &kept("window", window))}
                {text("days", "So many days", "number", &days, wrong).optional().hint("1 to 90, for the last days.").view()}
                {text("zone", "By the calendar of", "text", &zone, wrong)
                    .optional()
                    .hint("A time zone such as Europe/Berlin, for weeks, months and quarters.")
                    .view()}
            </div>
            {open.preview.as_ref().map(preview)}
            <p class="line">
                <button type="submit" class="btn go" name="do" value="save">"Save"</button>
                <button type="submit" class="btn" name="do" value="preview">"Would it have held?"</button>
                <a class="btn" href=frame.href(Section::Objectives)>"Leave it"</a>
            </p>
        </form>
    }
    .into_any()
}

/// What would have been.
fn preview(told: &SloPreview) -> AnyView {
    let level = match told.held {
        None => Level::Unknown,
        Some(true) => Level::Ok,
        Some(false) => Level::Attention,
    };
    let rows = told.windows.iter().rev().map(|past| {
        let share = past.share.map_or_else(
            || "nothing sent".to_owned(),
            |share| format!("{}%", fixed((share * 1e4).floor() / 100.0, 2)),
        );
        view! {
            <tr>
                <td class="l">{past.words.clone()}</td>
                <td data-label="Good">{share}</td>
                <td data-label="Budget">{budget_words(past.left)}</td>
            </tr>
        }
        .into_any()
    });
    let columns = [
        Column::Left("Window"),
        Column::Plain("Good"),
        Column::Plain("Budget"),
    ];
    view! {
        <div class="desk-preview slo-preview" role="status" data-preview="">
            <p>{mark(level)} " " {told.words.clone()}</p>
            <details>
                <summary>"Window by window"</summary>
                {table("past", columns, rows)}
            </details>
        </div>
    }
    .into_any()
}
