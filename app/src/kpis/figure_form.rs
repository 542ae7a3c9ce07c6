//! The form for a definition. "Try it" shows what it would give and keeps nothing.

use leptos::prelude::*;
use protocol::kpis::kpi::{Calendar, KpiDoc, built_in};
use protocol::query::{CALL_METRICS, Unit};
use protocol::view::Good;

use super::frame::{Frame, Section};
use super::told::target_text;
use crate::plain::form::{Wrong, choice, heading, hidden, refused, text};

/// A form for a definition.
#[derive(Debug, Clone)]
pub struct FigureForm {
    /// What is in it.
    pub doc: KpiDoc,
    /// The document that it changes: number and version.
    pub known: Option<(u64, u64)>,
}

/// Units as the form has them, with their words.
const UNITS: [(Unit, &str, &str); 6] = [
    (Unit::Usd, "usd", "US dollars"),
    (Unit::Fraction, "fraction", "a share, told in %"),
    (Unit::Count, "count", "a count"),
    (Unit::Milliseconds, "milliseconds", "a length of time"),
    (Unit::Tokens, "tokens", "tokens"),
    (Unit::TokensPerSecond, "tokens_per_second", "tokens per second"),
];

fn pairs(choices: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(value, words): &(&str, &str)| ((*value).to_owned(), (*words).to_owned());
    choices.iter().map(owned).collect()
}

fn chosen(wrong: Option<&Wrong>, name: &str, value: &str) -> String {
    wrong
        .and_then(|wrong| wrong.sent(name))
        .unwrap_or(value)
        .to_owned()
}

/// The form's HTML.
pub(super) fn form(frame: &Frame, open: &FigureForm, dimensions: &[String]) -> AnyView {
    let doc = &open.doc;
    let wrong = Wrong::of(&frame.wrong, "figure");
    let ours = doc.key.as_deref().and_then(built_in);
    let (title, sub) = match (ours, open.known) {
        (Some(figure), _) => (figure.title, figure.about),
        (None, Some(_)) => ("Change the figure", "a formula over metrics of calls"),
        (None, None) => ("New figure", "a formula over metrics of calls"),
    };
    let unit = ours.map_or(doc.unit.unwrap_or(Unit::Usd), |figure| figure.unit);
    let target = target_text(unit, doc.target);
    let target_hint = match ours.and_then(|figure| figure.target) {
        Some(_) => "99.5%, 800 ms or $0.004. Empty for ours.",
        None => "99.5%, 800 ms or $0.004. Empty for none.",
    };
    let calendar = match doc.calendar {
        Calendar::Month => "month",
        Calendar::Week => "week",
        Calendar::Quarter => "quarter",
    };
    let periods = pairs(&[
        ("month", "by month"),
        ("week", "by week"),
        ("quarter", "by quarter"),
    ]);
    let worth = (doc.key.as_deref() == Some("roi")).then(|| {
        let value = target_text(Unit::Usd, doc.value_per_answer);
        text("value_per_answer", "An answer is worth", "text", &value, wrong)
            .hint("US dollars, such as $0.25. It is what you enter, and is told as that.")
            .view()
    });
    view! {
        <form class="card" method="post" action=frame.href(Section::Figures) data-form="figure">
            {heading(title, sub)}
            {refused(wrong)}
            {open.known.map(|(id, version)| view! {
                {hidden("kpi", &id.to_string())}
                {hidden("version", &version.to_string())}
            })}
            {doc.key.as_deref().map(|key| hidden("key", key))}
            {ours.is_none().then(|| own_fields(doc, unit, wrong, dimensions))}
            <div class="line">
                {worth}
                {text("target", "Target", "text", &target, wrong).hint(target_hint).optional().view()}
                {text("owner", "Owner", "text", &doc.owner, wrong).hint("Who looks after it.").optional().view()}
                {choice("calendar", "Looked at", &periods, &chosen(wrong, "calendar", calendar))}
            </div>
            <div class="line">
                {text("about", "What it is for", "text", &doc.about, wrong).optional().view()}
            </div>
            <p class="line kpis-acts">
                <button type="submit" class="btn" name="do" value="try">"Try it"</button>
                <button type="submit" class="btn go" name="do" value="save">"Save"</button>
                <a class="btn" href=frame.href(Section::Figures)>"Leave it"</a>
            </p>
        </form>
    }
    .into_any()
}

fn own_fields(doc: &KpiDoc, unit: Unit, wrong: Option<&Wrong>, dimensions: &[String]) -> AnyView {
    let units: Vec<(String, String)> = UNITS
        .iter()
        .map(|(_, name, words)| ((*name).to_owned(), (*words).to_owned()))
        .collect();
    let unit = UNITS
        .iter()
        .find(|(known, ..)| *known == unit)
        .map_or("usd", |(_, name, _)| name);
    let good = match doc.good {
        Some(Good::High) => "high",
        Some(Good::Low) | None => "low",
    };
    let sides = pairs(&[("low", "low values"), ("high", "high values")]);
    let mut groups = pairs(&[("", "nothing")]);
    groups.extend(dimensions.iter().map(|name| (name.clone(), name.clone())));
    let by = chosen(wrong, "group_by", &doc.group_by);
    if !groups.iter().any(|(name, _)| *name == by) {
        groups.push((by.clone(), format!("{by} (not kept)")));
    }
    let metrics = CALL_METRICS
        .iter()
        .filter(|metric| metric.name != "outcomes")
        .map(|metric| {
            view! {
                <dt><code>{metric.name}</code></dt>
                <dd>{metric.about}</dd>
            }
        });
    view! {
        <div class="line">
            {text("name", "Name", "text", &doc.name, wrong).view()}
            {choice("unit", "It is", &units, &chosen(wrong, "unit", unit))}
            {choice("good", "Good are", &sides, &chosen(wrong, "good", good))}
        </div>
        <div class="line kpis-formula">
            {text("formula", "Formula", "text", &doc.formula, wrong)
                .hint("Numbers, + - * /, parentheses and metrics; each may have a filter of its own: cost{provider:openai} / answers")
                .view()}
        </div>
        <div class="line">
            {text("filter", "Of which calls", "text", &doc.filter, wrong)
                .hint("As in every search box: provider:openai. Empty for all.")
                .optional()
                .view()}
            {choice("group_by", "Told apart by", &groups, &by)}
        </div>
        <details class="kpis-metrics">
            <summary>"Metrics that a formula can name"</summary>
            <dl>{metrics.collect_view()}</dl>
        </details>
    }
    .into_any()
}
