//! Who can be on call, and how each is told.

use leptos::prelude::*;
use protocol::documents::DocumentItem;
use protocol::duty::ResponderDoc;

use super::super::frame::{Frame, Section};
use super::fields::{Line, kept, pick, ticked, ticks};
use crate::plain::form::{Wrong, heading, hidden, refused, sure};

/// What the cards of people show.
#[derive(Debug, Clone)]
pub struct PeopleView {
    /// By number.
    pub people: Vec<DocumentItem<ResponderDoc>>,
    /// Channels that can be chosen: numbers and names. Nothing for whoever may not see channels.
    pub channels: Vec<(u64, String)>,
    /// Members: accounts and names.
    pub members: Vec<(String, String)>,
    /// The account of whoever looks.
    pub me: String,
    /// The one whose form is open.
    pub edit: Option<u64>,
}

impl PeopleView {
    fn choices(&self) -> Vec<(String, String)> {
        let channels = self.channels.iter();
        channels
            .map(|(id, name)| (id.to_string(), name.clone()))
            .collect()
    }

    fn own(&self) -> Option<&DocumentItem<ResponderDoc>> {
        self.people
            .iter()
            .find(|item| item.doc.account.as_deref() == Some(self.me.as_str()))
    }
}

/// The card with all of them.
pub(super) fn card(frame: &Frame, view: &PeopleView) -> AnyView {
    let rows = view.people.iter().map(|item| row(frame, view, item));
    let none = view.people.is_empty().then(|| {
        view! { <p class="pad quiet">"Nobody yet. Whoever says how they are told can be on call."</p> }
    });
    view! {
        <section class="card" data-swap="people">
            {heading("People", "who can be on call, and how they are told")}
            {none}
            <ul>{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn row(frame: &Frame, view: &PeopleView, item: &DocumentItem<ResponderDoc>) -> AnyView {
    let doc = &item.doc;
    let name_of = |id: &u64| {
        let found = view.channels.iter().find(|(known, _)| known == id);
        found.map_or_else(|| "a removed channel".to_owned(), |(_, name)| name.clone())
    };
    let through = match (doc.channels.is_empty(), frame.may_act) {
        (true, _) => {
            view! { <span class="refused">"Cannot be told: no channel is chosen."</span> }.into_any()
        }
        (false, true) => {
            let names: Vec<String> = doc.channels.iter().map(name_of).collect();
            format!("Is told through {}.", names.join(", ")).into_any()
        }
        (false, false) => {
            let count = doc.channels.len();
            let words = if count == 1 { "channel" } else { "channels" };
            format!("Is told through {count} {words}.").into_any()
        }
    };
    let href = frame.href(Section::Schedules);
    let fields = view! {
        {hidden("do", "remove_person")}
        {hidden("responder", &item.id.to_string())}
    };
    let acts = frame.may_rule.then(|| {
        view! {
            <div class="desk-acts">
                <a class="btn" href=format!("{href}?person={}", item.id)>"Change"</a>
                {sure(
                    "Remove…",
                    format!("{} cannot be on call any more.", doc.name),
                    "Remove".to_owned(),
                    &href,
                    fields.into_any(),
                )}
            </div>
        }
    });
    let member = (doc.account.as_deref() == Some(view.me.as_str())).then_some("you");
    view! {
        <li data-responder=item.id.to_string()>
            <div>
                <h3>{doc.name.clone()} " " <small class="quiet">{member}</small></h3>
                <p class="quiet">{through}</p>
            </div>
            {acts}
        </li>
    }
    .into_any()
}

/// "How I am told".
pub(super) fn mine(frame: &Frame, view: &PeopleView) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "me");
    let own = view
        .own()
        .map(|item| item.doc.channels.clone())
        .unwrap_or_default();
    let chosen = own.iter().map(u64::to_string).collect();
    let channels = match view.channels.is_empty() {
        true => view! {
            <p class="quiet">
                "There is no channel yet. " <a href=frame.href(Section::Channels)>"Channels"</a>
                " are made by an admin; one that is somebody’s own is told only what an escalation tells."
            </p>
        }
        .into_any(),
        false => ticks(
            "channels",
            "Channels",
            &view.choices(),
            &ticked(wrong, "channels", chosen),
        ),
    };
    view! {
        <form class="card" method="post" action=format!("{}/me", frame.href(Section::Schedules)) data-form="me">
            {heading("How I am told", "when I am on call and nobody has taken an alert")}
            {refused(wrong)}
            {channels}
            <p class="line">
                <button type="submit" class="btn go">"Save"</button>
            </p>
        </form>
    }
    .into_any()
}

/// The form of an admin for anybody.
pub(super) fn form(frame: &Frame, view: &PeopleView) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "person");
    let known = view.people.iter().find(|item| Some(item.id) == view.edit);
    let name = known.map(|item| item.doc.name.clone()).unwrap_or_default();
    let account = known
        .and_then(|item| item.doc.account.clone())
        .unwrap_or_default();
    let chosen = known.map(|item| item.doc.channels.iter().map(u64::to_string).collect());
    let mut members = vec![(String::new(), "no member of this board".to_owned())];
    members.extend(view.members.iter().cloned());
    let title = if known.is_some() {
        "Change somebody"
    } else {
        "Add somebody"
    };
    let name = Line {
        name: "name".into(),
        label: "Name",
        kind: "text",
        value: name,
        hint: "As the others see it: Ada, or Night desk.",
    };
    view! {
        <form class="card" method="post" action=frame.href(Section::Schedules) data-form="person">
            {heading(title, "a member, or a telephone that is handed on")}
            {refused(wrong)}
            {hidden("do", "person")}
            {known.map(|item| view! {
                {hidden("responder", &item.id.to_string())}
                {hidden("version", &item.version.to_string())}
            })}
            <div class="fields">
                {name.view(wrong)}
                {pick("account".into(), "Member", &members, &kept(wrong, "account", account))}
            </div>
            {ticks("channels", "Channels", &view.choices(), &ticked(wrong, "channels", chosen.unwrap_or_default()))}
            <p class="line">
                <button type="submit" class="btn go">"Save"</button>
            </p>
        </form>
    }
    .into_any()
}
