//! One schedule: two weeks drawn, its shifts as a list, who took which over, and the form to change it.

use leptos::prelude::*;

use super::super::frame::{Frame, Section, page};
use super::draw::{Row, drawing};
use super::fields::{Line, kept, pick};
use super::schedules::{ScheduleForm, form, on_call_words};
use super::tabs;
use crate::plain::form::{Wrong, heading, hidden, refused, sure};

/// The page of a schedule.
#[derive(Debug, Clone)]
pub struct ScheduleView {
    /// Around it.
    pub frame: Frame,
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
    /// Where days begin, percent, and what they are called.
    pub days: Vec<(f64, String)>,
    /// Who is on call at last, then every rotation.
    pub rows: Vec<Row>,
    /// The shifts of the first row.
    pub shifts: Vec<ShiftView>,
    /// What was taken over and is not past.
    pub overrides: Vec<OverrideView>,
    /// Who can take a shift over, whoever looks first: numbers and names.
    pub people: Vec<(u64, String)>,
    /// What the form begins with: from then until then.
    pub next: (String, String),
    /// The form to change it, for whoever may.
    pub form: Option<ScheduleForm>,
}

/// A shift of the list.
#[derive(Debug, Clone)]
pub struct ShiftView {
    /// `Mon 23 Nov 09:00`
    pub from: String,
    /// Likewise.
    pub to: String,
    /// Who; empty for nobody.
    pub name: String,
    /// They took it over.
    pub taken: bool,
}

/// A shift that was taken over.
#[derive(Debug, Clone)]
pub struct OverrideView {
    /// Who has it.
    pub name: String,
    /// The responder, from and until: what the form that gives it back sends.
    pub known: (u64, i64, i64),
    /// When, in words.
    pub when: String,
    /// Who said so; may be empty.
    pub by: String,
}

/// The page's HTML.
pub fn schedule(view: &ScheduleView) -> String {
    let frame = &view.frame;
    let words = format!("{}: shifts of the next two weeks", view.name);
    let here = format!("{}/{}", frame.href(Section::Schedules), view.id);
    let content = view! {
        <div class="doc settings desk-rules desk-duty">
            {tabs(frame, Section::Schedules)}
            <section class="card" data-swap="schedule">
                {heading("Schedule", &view.zone)}
                <div class="pad">
                    <h3 class="duty-title">{view.name.clone()}</h3>
                    <p>{on_call_words(view.who.as_deref(), view.until.as_deref())}</p>
                    {(!view.about.is_empty()).then(|| view! { <p class="quiet">{view.about.clone()}</p> })}
                </div>
                {drawing(&view.days, &view.rows, &words)}
                {shifts(view)}
            </section>
            {(!view.overrides.is_empty()).then(|| overrides(view, &here))}
            {(frame.may_act && !view.people.is_empty()).then(|| take(view, &here))}
            {view.form.as_ref().map(|open| form(frame, open))}
            {frame.may_rule.then(|| remove(view))}
        </div>
    };
    page(frame, &view.name, content.into_any())
}

fn shifts(view: &ScheduleView) -> AnyView {
    let rows = view.shifts.iter().map(|shift| {
        let who = match (shift.name.is_empty(), shift.taken) {
            (true, _) => "nobody".to_owned(),
            (false, true) => format!("{}, who took it over", shift.name),
            (false, false) => shift.name.clone(),
        };
        view! {
            <li class="duty-shift">
                <span>{shift.from.clone()} " to " {shift.to.clone()}</span>
                <b>{who}</b>
            </li>
        }
    });
    view! {
        <details class="desk-window duty-list">
            <summary>"The same as a list"</summary>
            <ol>{rows.collect_view()}</ol>
        </details>
    }
    .into_any()
}

fn overrides(view: &ScheduleView, here: &str) -> AnyView {
    let may = view.frame.may_act;
    let rows = view.overrides.iter().map(|one| {
        let (responder, from, to) = one.known;
        let by = match one.by.is_empty() || one.by == one.name {
            true => String::new(),
            false => format!(", as {} said", one.by),
        };
        let back = may.then(|| {
            view! {
                <form method="post" action=here.to_owned() data-act="">
                    {hidden("do", "give_back")}
                    {hidden("responder", &responder.to_string())}
                    {hidden("since", &from.to_string())}
                    {hidden("until", &to.to_string())}
                    <button type="submit" class="btn">"Give it back"</button>
                </form>
            }
        });
        view! {
            <li>
                <div>
                    <h3>{one.name.clone()}</h3>
                    <p class="quiet">{one.when.clone()} {by}</p>
                </div>
                {back}
            </li>
        }
    });
    view! {
        <section class="card" data-swap="overrides">
            {heading("Taken over", "these win over every rotation")}
            <ul>{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn take(view: &ScheduleView, here: &str) -> AnyView {
    let wrong = Wrong::of(&view.frame.wrong, "take");
    let people: Vec<(String, String)> = view
        .people
        .iter()
        .map(|(id, name)| (id.to_string(), name.clone()))
        .collect();
    let first = people.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let line = |name: &str, label, value: &str| {
        let line = Line {
            name: name.into(),
            label,
            kind: "datetime-local",
            value: value.to_owned(),
            hint: "",
        };
        line.view(wrong)
    };
    view! {
        <form class="card" method="post" action=here.to_owned() data-form="take">
            {heading("I take this shift", &format!("by the clock of {}", view.zone))}
            {refused(wrong)}
            {hidden("do", "take")}
            <div class="fields">
                {pick("responder".into(), "Who", &people, &kept(wrong, "responder", first))}
                {line("from", "From", &view.next.0)}
                {line("to", "Until", &view.next.1)}
            </div>
            <p class="line">
                <button type="submit" class="btn go">"Take it"</button>
            </p>
        </form>
    }
    .into_any()
}

fn remove(view: &ScheduleView) -> AnyView {
    let fields = view! {
        {hidden("do", "remove")}
        {hidden("schedule", &view.id.to_string())}
    };
    view! {
        <p class="rule-remove">
            {sure(
                "Remove the schedule…",
                "Nobody is on call of it any more.".to_owned(),
                "Remove it".to_owned(),
                &view.frame.href(Section::Schedules),
                fields.into_any(),
            )}
        </p>
    }
    .into_any()
}
