//! `/kpis/sharing/{status_page}`: a page for the public as its authors see it: its words, its parts, its incidents.

use leptos::prelude::*;
use protocol::documents::DocumentItem;
use protocol::kpis::status::{
    ComponentDoc, IMPACTS, INCIDENT_STATES, IncidentDoc, STATUS_METRICS, StatusPageDoc,
};

use super::frame::{Frame, Section, page};
use crate::format::{date_clock, fixed};
use crate::plain::form::{Wrong, choice, heading, hidden, refused, sent, sure, text};

/// Components that a form holds.
pub const MOST_ROWS: usize = 20;

/// The page.
#[derive(Debug, Clone)]
pub struct StatusPageView {
    /// Around it.
    pub frame: Frame,
    /// As it is kept.
    pub item: DocumentItem<StatusPageDoc>,
}

/// The page's HTML.
pub fn status_page(view: &StatusPageView) -> String {
    let (frame, item) = (&view.frame, &view.item);
    let public = [&frame.root, "/status/", &item.doc.slug].concat();
    let state = match item.doc.published {
        true => view! { <p class="quiet">"Published at " <a href=public.clone()>{public.clone()}</a></p> }
            .into_any(),
        false => view! { <p class="quiet">"Not published: nobody sees it."</p> }.into_any(),
    };
    let action = format!("{}/{}", frame.href(Section::Sharing), item.id);
    let incidents = item.doc.incidents.iter().rev();
    let incidents = incidents.map(|incident| told(frame, &action, incident));
    let remove = frame.may_change.then(|| {
        let words = "Its address leads nowhere from then on. Its incidents are gone with it.";
        let button = format!("Remove {}", item.doc.title);
        sure(
            "Remove the page…",
            words.to_owned(),
            button,
            &action,
            hidden("do", "remove"),
        )
    });
    let content = view! {
        <div class="settings sharing">
            <h2 class="sharing-title">{item.doc.title.clone()}</h2>
            {state}
            {refused(Wrong::of(&frame.wrong, "act"))}
            {frame.may_change.then(|| new_incident(frame, &action, &item.doc))}
            {incidents.collect_view()}
            {frame.may_change.then(|| form(frame, &action, item))}
            {remove}
        </div>
    };
    let title = item.doc.title.clone();
    page(frame, &title, ().into_any(), ().into_any(), content.into_any())
}

fn plain_choices(all: &[&str]) -> Vec<(String, String)> {
    all.iter()
        .map(|one| ((*one).to_owned(), (*one).to_owned()))
        .collect()
}

fn area(name: &'static str, label: &'static str, value: &str, optional: bool) -> AnyView {
    view! {
        <div class="field" data-field=name>
            <label>
                <span>{label}</span>
                <textarea name=name rows="3" maxlength="2000" required=!optional>{value.to_owned()}</textarea>
            </label>
        </div>
    }
    .into_any()
}

fn new_incident(frame: &Frame, action: &str, doc: &StatusPageDoc) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "incident");
    let parts = doc.components.iter().map(|one| {
        view! {
            <label class="option">
                <input type="checkbox" name="components" value=one.name.clone()/>
                <span>{one.name.clone()}</span>
            </label>
        }
    });
    view! {
        <form class="card" method="post" action=action.to_owned() data-form="incident">
            {heading("New incident", "told at once on the page, its feeds and its API")}
            {hidden("do", "incident")}
            {refused(wrong)}
            <div class="line">
                {text("title", "Title", "text", "", wrong).view()}
                {choice("impact", "Impact", &plain_choices(&IMPACTS), &sent(wrong, "impact"))}
                {choice("state", "State", &plain_choices(&INCIDENT_STATES), &sent(wrong, "state"))}
            </div>
            {area("text", "What is known", &sent(wrong, "text"), false)}
            <fieldset>
                <legend>"About"</legend>
                {parts.collect_view()}
            </fieldset>
            <button type="submit" class="btn go">"Tell it"</button>
        </form>
    }
    .into_any()
}

fn told(frame: &Frame, action: &str, incident: &IncidentDoc) -> AnyView {
    let said = incident.updates.iter().rev().map(|update| {
        view! {
            <li>
                <b>{update.state.clone()}</b>
                " "
                <span class="quiet">{date_clock(update.at, frame.utc_offset_min)}</span>
                <p>{update.text.clone()}</p>
            </li>
        }
    });
    let form = frame.may_change.then(|| {
        let wrong = Wrong::of(&frame.wrong, "update");
        let number = incident.id.to_string();
        let wrong = wrong.filter(|wrong| sent(Some(wrong), "incident") == number);
        view! {
            <form method="post" action=action.to_owned() data-form="update">
                {hidden("do", "update")}
                {hidden("incident", &number)}
                {refused(wrong)}
                <div class="line">
                    {choice("state", "State", &plain_choices(&INCIDENT_STATES), incident.state())}
                    {choice("impact", "Impact", &plain_choices(&IMPACTS), &incident.impact)}
                </div>
                {area("text", "What is new", &sent(wrong, "text"), false)}
                <button type="submit" class="btn">"Tell it"</button>
            </form>
        }
    });
    view! {
        <section class="card pad sharing-incident" data-incident=incident.id.to_string()>
            <h3>{incident.title.clone()}</h3>
            <p class="quiet">{format!("Impact: {}. {}", incident.impact, incident.components.join(", "))}</p>
            <ol>{said.collect_view()}</ol>
            {form}
        </section>
    }
    .into_any()
}

fn form(frame: &Frame, action: &str, item: &DocumentItem<StatusPageDoc>) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "page");
    let doc = &item.doc;
    let shown = (doc.components.len() + 2).min(MOST_ROWS);
    let rows = (0..shown).map(|place| part(place, doc.components.get(place), wrong));
    view! {
        <form class="card" method="post" action=action.to_owned() data-form="page">
            {heading("The page", "words and parts")}
            {hidden("do", "page")}
            {hidden("version", &item.version.to_string())}
            {refused(wrong)}
            <div class="line">
                {text("title", "Title", "text", &doc.title, wrong).view()}
                {text("slug", "Address", "text", &doc.slug, wrong).hint("What stands behind /status/.").view()}
            </div>
            {area("intro", "Below the title", &doc.intro, true)}
            <label class="option">
                <input type="checkbox" name="published" value="yes" checked=doc.published/>
                <span>"Published"</span>
            </label>
            {rows.collect_view()}
            <button type="submit" class="btn go">"Save"</button>
        </form>
    }
    .into_any()
}

/// A part. A row without a name is none.
fn part(place: usize, doc: Option<&ComponentDoc>, wrong: Option<&Wrong>) -> AnyView {
    let name = |field: &str| format!("components.{place}.{field}");
    let kept = |field: &str, own: Option<String>| {
        let sent = wrong.and_then(|wrong| wrong.sent(&name(field)));
        sent.map(str::to_owned).or(own).unwrap_or_default()
    };
    let field = |field: &'static str, label: &'static str, own: Option<String>| {
        view! {
            <div class="field">
                <label>
                    <span>{label}</span>
                    <input type="text" name=name(field) value=kept(field, own) autocomplete="off" maxlength="1024"/>
                </label>
            </div>
        }
    };
    let options =
        |field: &'static str, label: &'static str, all: Vec<(String, &'static str)>, own: Option<String>| {
            let chosen = kept(field, own);
            let options = all.into_iter().map(|(value, words)| {
                let here = value == chosen;
                view! { <option value=value selected=here>{words}</option> }
            });
            view! {
                <div class="field">
                    <label>
                        <span>{label}</span>
                        <select name=name(field)>{options.collect_view()}</select>
                    </label>
                </div>
            }
        };
    let share = |value: f64| {
        fixed(value * 100.0, 2)
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    let metrics = STATUS_METRICS.map(|metric| {
        let words = match metric {
            "answered" => "Success",
            _ => "Availability",
        };
        (metric.to_owned(), words)
    });
    let windows = vec![("15".to_owned(), "15 min"), ("5".to_owned(), "5 min")];
    view! {
        <fieldset class="sharing-part">
            <legend>{format!("Part {}", place + 1)}</legend>
            <div class="line">
                {field("name", "Name", doc.map(|doc| doc.name.clone()))}
                {field("filter", "Calls", doc.map(|doc| doc.filter.clone()))}
                {options("metric", "Judged by", metrics.to_vec(), doc.map(|doc| doc.metric.clone()))}
                {options("window_min", "Over", windows, doc.map(|doc| doc.window_min.to_string()))}
            </div>
            <div class="line">
                {field("degraded_below", "Degraded below, %", Some(share(doc.map_or(0.99, |doc| doc.degraded_below))))}
                {field("down_below", "Down below, %", Some(share(doc.map_or(0.9, |doc| doc.down_below))))}
                {field("min_samples", "From so many calls", Some(doc.map_or(20, |doc| doc.min_samples).to_string()))}
            </div>
        </fieldset>
    }
    .into_any()
}
