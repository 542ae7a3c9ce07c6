//! The page of schedules: who is on call now, the next two weeks of each, the people; the form for a schedule.

use leptos::prelude::*;
use protocol::duty::{LayerDoc, ScheduleDoc};

use super::super::frame::{Frame, Section, page};
use super::draw::{Row, drawing};
use super::fields::{Line, kept, pick, ticked, ticks};
use super::people::{self, PeopleView};
use super::tabs;
use crate::plain::form::{Wrong, heading, hidden, refused};

/// The page of schedules.
#[derive(Debug, Clone)]
pub struct SchedulesView {
    /// Around it.
    pub frame: Frame,
    /// By number.
    pub schedules: Vec<ScheduleItem>,
    /// Where the days of the drawings begin, percent, and what they are called.
    pub days: Vec<(f64, String)>,
    /// Who can be on call.
    pub people: PeopleView,
    /// The form for a new one, when it is open.
    pub form: Option<ScheduleForm>,
}

/// A schedule of the list.
#[derive(Debug, Clone)]
pub struct ScheduleItem {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whose clocks it goes by.
    pub zone: String,
    /// Who is on call; none for nobody.
    pub who: Option<String>,
    /// Until when, by its own clocks.
    pub until: Option<String>,
    /// The next two weeks.
    pub row: Row,
}

/// A form for a schedule.
#[derive(Debug, Clone)]
pub struct ScheduleForm {
    /// What is in it.
    pub doc: ScheduleDoc,
    /// The schedule that it changes: number and version.
    pub known: Option<(u64, u64)>,
    /// Names of the people, by number.
    pub names: Vec<(u64, String)>,
}

/// The page's HTML.
pub fn schedules(view: &SchedulesView) -> String {
    let frame = &view.frame;
    let list = view.schedules.iter().map(|item| one(view, item));
    let none = view.schedules.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "Nobody is on call. A schedule says whose turn it is, and an escalation policy tells whoever it is."
            </p>
        }
    });
    let new = (frame.may_rule && view.form.is_none()).then(|| {
        let href = format!("{}?new=yes", frame.href(Section::Schedules));
        view! { <a class="btn" href=href>"New schedule"</a> }
    });
    let content = view! {
        <div class="doc settings desk-rules desk-duty">
            {tabs(frame, Section::Schedules)}
            {refused(Wrong::of(&frame.wrong, "act"))}
            <section class="card" data-swap="schedules">
                {heading("On call", "now, and in the next two weeks")}
                {none}
                <ul>{list.collect_view()}</ul>
                {new.map(|new| view! { <p class="foot">{new}</p> })}
            </section>
            {view.form.as_ref().map(|open| form(frame, open))}
            {people::card(frame, &view.people)}
            {frame.may_act.then(|| people::mine(frame, &view.people))}
            {frame.may_rule.then(|| people::form(frame, &view.people))}
        </div>
    };
    page(frame, Section::Schedules.title(), content.into_any())
}

fn one(view: &SchedulesView, item: &ScheduleItem) -> AnyView {
    let href = format!("{}/{}", view.frame.href(Section::Schedules), item.id);
    let now = on_call_words(item.who.as_deref(), item.until.as_deref());
    let words = format!("{}: shifts of the next two weeks", item.name);
    view! {
        <li class="duty-item" data-schedule=item.name.clone()>
            <div>
                <h3><a href=href>{item.name.clone()}</a> " " <small class="quiet">{item.zone.clone()}</small></h3>
                <p>{now}</p>
                {(!item.about.is_empty()).then(|| view! { <p class="quiet">{item.about.clone()}</p> })}
            </div>
            {drawing(&view.days, std::slice::from_ref(&item.row), &words)}
        </li>
    }
    .into_any()
}

/// `Ada until Mon 30 Nov 09:00`.
pub(super) fn on_call_words(who: Option<&str>, until: Option<&str>) -> AnyView {
    let until = until.map(|until| format!(" until {until}"));
    match who {
        Some(who) => view! { <b>{who.to_owned()}</b> " is on call" {until} "." }.into_any(),
        None => view! { "Nobody is on call" {until} "." }.into_any(),
    }
}

const DAYS: [(&str, &str); 7] = [
    ("mon", "Mon"),
    ("tue", "Tue"),
    ("wed", "Wed"),
    ("thu", "Thu"),
    ("fri", "Fri"),
    ("sat", "Sat"),
    ("sun", "Sun"),
];
const UNITS: [(&str, &str); 3] = [("days", "days"), ("weeks", "weeks"), ("hours", "hours")];

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
        .collect()
}

/// The form for a schedule. A layer without people is left out, so the last one is empty.
pub(super) fn form(frame: &Frame, open: &ScheduleForm) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "schedule");
    let doc = &open.doc;
    let line = |name: &str, label: &'static str, value: &str, hint: &'static str| {
        let line = Line {
            name: name.into(),
            label,
            kind: "text",
            value: value.to_owned(),
            hint,
        };
        line.view(wrong)
    };
    let count = doc.layers.len();
    let layers = doc.layers.iter().enumerate();
    let layers = layers.map(|(place, layer)| fieldset(open, place, layer, count, wrong));
    let names: Vec<String> = open.names.iter().map(|(_, name)| name.clone()).collect();
    let title = if open.known.is_some() {
        "Change it"
    } else {
        "New schedule"
    };
    view! {
        <form class="card" method="post" action=frame.href(Section::Schedules) data-form="schedule">
            {heading(title, "turns that follow each other; where two are on duty the lower one counts")}
            {refused(wrong)}
            {hidden("do", "schedule")}
            {open.known.map(|(id, version)| view! {
                {hidden("schedule", &id.to_string())}
                {hidden("version", &version.to_string())}
            })}
            <div class="fields">
                {line("name", "Name", &doc.name, "As people call it: Primary.")}
                {line("zone", "By the clock of", &doc.zone, "A time zone such as Europe/Berlin; summer time is minded.")}
                {line("about", "What it is for", &doc.about, "")}
            </div>
            <p class="quiet duty-names">
                {match names.is_empty() {
                    true => "There is nobody yet who can be on call: add people below first.".to_owned(),
                    false => format!("Who can be on call: {}.", names.join(", ")),
                }}
            </p>
            {layers.collect_view()}
            <p class="line">
                <button type="submit" class="btn go">"Save"</button>
                <a class="btn" href=frame.href(Section::Schedules)>"Leave it"</a>
            </p>
        </form>
    }
    .into_any()
}

fn fieldset(
    open: &ScheduleForm,
    place: usize,
    layer: &LayerDoc,
    count: usize,
    wrong: Option<&Wrong>,
) -> AnyView {
    let name = |field: &str| format!("layers.{place}.{field}");
    let named = |id: &u64| {
        let found = open.names.iter().find(|(known, _)| known == id);
        found.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    };
    let people: Vec<String> = layer.people.iter().map(named).collect();
    let line = |field: &str, label, kind, value: String, hint| {
        let line = Line {
            name: name(field),
            label,
            kind,
            value,
            hint,
        };
        line.view(wrong)
    };
    let unit = kept(wrong, &name("unit"), layer.unit.clone());
    let hours = layer.hours.iter().enumerate().map(|(nth, hours)| {
        let name = |field: &str| format!("layers.{place}.hours.{nth}.{field}");
        let line = |field: &str, label, value: &str| {
            let line = Line {
                name: name(field),
                label,
                kind: "time",
                value: value.to_owned(),
                hint: "",
            };
            line.view(wrong)
        };
        view! {
            {ticks(&name("days"), "On which days", &owned(&DAYS), &ticked(wrong, &name("days"), hours.days.clone()))}
            <div class="fields">
                {line("from", "From", &hours.from)} {line("to", "To", &hours.to)}
            </div>
        }
    });
    let is_bounded = layer.hours.iter().any(|hours| !hours.days.is_empty());
    let title = match (place + 1 == count, place) {
        (true, 1..) => "Another rotation above it".to_owned(),
        (_, 0) => "Rotation".to_owned(),
        (_, place) => format!("Rotation {}", place + 1),
    };
    view! {
        <fieldset class="duty-layer">
            <legend>{title}</legend>
            <div class="fields">
                {line("people", "People in their order", "text", people.join(", "), "Names with commas between; empty leaves this rotation out.")}
                {line("starts", "First hand-over", "datetime-local", layer.starts.clone(), "By the clock above; nobody is on duty before.")}
                {line("name", "Name", "text", layer.name.clone(), "May be left empty.")}
                {line("every", "A turn lasts", "number", layer.every.to_string(), "")}
                {pick(name("unit"), "of these", &owned(&UNITS), &unit)}
            </div>
            <details class="desk-window" open=is_bounded>
                <summary>"Only at certain hours"</summary>
                {hours.collect_view()}
            </details>
        </fieldset>
    }
    .into_any()
}
