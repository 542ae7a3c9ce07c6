//! Escalation policies: the steps as plain sentences, and the form for one.

use leptos::prelude::*;
use protocol::documents::DocumentItem;
use protocol::duty::{EscalationDoc, StepDoc};

use super::super::frame::{Frame, Section, page};
use super::fields::{Line, ticked, ticks};
use super::tabs;
use crate::format::span_short;
use crate::plain::form::{Wrong, heading, hidden, refused, sure};

const MINUTE: i64 = 60_000;

/// The page of policies.
#[derive(Debug, Clone)]
pub struct EscalationsView {
    /// Around it.
    pub frame: Frame,
    /// By number.
    pub policies: Vec<PolicyView>,
    /// Whom steps can tell: `channel:3`, `schedule:1`, `responder:2`, with names.
    pub tells: Vec<(String, String)>,
    /// The form that is open.
    pub form: Option<EscalationForm>,
}

/// A policy of the list.
#[derive(Debug, Clone)]
pub struct PolicyView {
    /// As it is kept.
    pub item: DocumentItem<EscalationDoc>,
    /// The rules that name it.
    pub rules: Vec<String>,
}

/// A form for a policy.
#[derive(Debug, Clone)]
pub struct EscalationForm {
    /// What is in it; its last steps may be empty.
    pub doc: EscalationDoc,
    /// The policy that it changes: number and version.
    pub known: Option<(u64, u64)>,
}

/// The page's HTML.
pub fn escalations(view: &EscalationsView) -> String {
    let frame = &view.frame;
    let rows = view.policies.iter().map(|policy| row(view, policy));
    let none = view.policies.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "No policy yet. Channels are told when an alert fires; nobody further is told while nobody takes it."
            </p>
        }
    });
    let href = frame.href(Section::Escalations);
    let new = (frame.may_rule && view.form.is_none()).then(|| {
        view! { <p class="foot"><a class="btn" href=format!("{href}?new=yes")>"New policy"</a></p> }
    });
    let content = view! {
        <div class="doc settings desk-rules desk-duty">
            {tabs(frame, Section::Escalations)}
            {refused(Wrong::of(&frame.wrong, "act"))}
            <section class="card" data-swap="escalations">
                {heading("Escalation policies", "who is told while nobody takes an alert")}
                {none}
                <ul>{rows.collect_view()}</ul>
                {new}
            </section>
            {view.form.as_ref().map(|open| form(view, open))}
        </div>
    };
    page(frame, Section::Escalations.title(), content.into_any())
}

/// What a step tells, as values of the form.
fn values(step: &StepDoc) -> Vec<String> {
    let tell = &step.tell;
    let of =
        |kind: &str, ids: &[u64]| -> Vec<String> { ids.iter().map(|id| format!("{kind}:{id}")).collect() };
    [
        of("schedule", &tell.schedules),
        of("responder", &tell.responders),
        of("channel", &tell.channels),
    ]
    .concat()
}

/// A step as one says it.
fn sentence(view: &EscalationsView, place: usize, step: &StepDoc) -> String {
    let named = |value: &String| {
        let found = view.tells.iter().find(|(known, _)| known == value);
        found.map_or_else(|| "somebody who was removed".to_owned(), |(_, name)| name.clone())
    };
    let whom: Vec<String> = values(step).iter().map(named).collect();
    let whom = match &whom[..] {
        [] => "nobody".to_owned(),
        [only] => only.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    };
    let after = span_short(step.after_ms);
    match (place, step.after_ms) {
        (0, 0) => format!("At once it tells {whom}."),
        (0, _) => format!("When nobody has taken it for {after}, it tells {whom}."),
        _ => format!("{after} later it tells {whom}."),
    }
}

fn row(view: &EscalationsView, policy: &PolicyView) -> AnyView {
    let frame = &view.frame;
    let (item, doc) = (&policy.item, &policy.item.doc);
    let steps = doc.steps.iter().enumerate();
    let steps = steps.map(|(place, step)| view! { <li>{sentence(view, place, step)}</li> });
    let again = (doc.repeat > 0).then(|| {
        let times = match doc.repeat {
            1 => "once more".to_owned(),
            times => format!("{times} times more"),
        };
        let pause = span_short(doc.again_after_ms);
        view! { <p class="quiet">{format!("After that it begins anew {times}, each time after {pause}.")}</p> }
    });
    let used = match (doc.default, policy.rules.is_empty()) {
        (true, true) => "For every rule that names no other.".to_owned(),
        (true, false) => format!(
            "For every rule that names no other, and for {}.",
            policy.rules.join(", ")
        ),
        (false, true) => "No rule names it.".to_owned(),
        (false, false) => format!("For {}.", policy.rules.join(", ")),
    };
    let href = frame.href(Section::Escalations);
    let fields = view! {
        {hidden("do", "remove")}
        {hidden("escalation", &item.id.to_string())}
    };
    let acts = frame.may_rule.then(|| {
        view! {
            <div class="desk-acts">
                <a class="btn" href=format!("{href}?edit={}", item.id)>"Change"</a>
                {sure(
                    "Remove…",
                    "Its alerts go no further than they are.".to_owned(),
                    "Remove it".to_owned(),
                    &href,
                    fields.into_any(),
                )}
            </div>
        }
    });
    view! {
        <li data-policy=doc.name.clone()>
            <div>
                <h3>{doc.name.clone()}</h3>
                {(!doc.about.is_empty()).then(|| view! { <p class="quiet">{doc.about.clone()}</p> })}
                <ol class="duty-steps">{steps.collect_view()}</ol>
                {again}
                <p class="quiet">{used}</p>
            </div>
            {acts}
        </li>
    }
    .into_any()
}

fn form(view: &EscalationsView, open: &EscalationForm) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "escalation");
    let doc = &open.doc;
    let line = |name: String, label, kind, value: String, hint| {
        let line = Line {
            name,
            label,
            kind,
            value,
            hint,
        };
        line.view(wrong)
    };
    let minutes = |length: i64| (length / MINUTE).to_string();
    let steps = doc.steps.iter().enumerate().map(|(place, step)| {
        let after = format!("steps.{place}.after");
        let tell = format!("steps.{place}.tell");
        let label = if place == 0 {
            "Minutes until nobody took it"
        } else {
            "Minutes after the step before"
        };
        let chosen = ticked(wrong, &tell, values(step));
        view! {
            <fieldset class="duty-layer">
                <legend>{format!("Step {}", place + 1)}</legend>
                <div class="fields">{line(after, label, "number", minutes(step.after_ms), "")}</div>
                {ticks(&tell, "Who is told", &view.tells, &chosen)}
            </fieldset>
        }
    });
    let is_default = match wrong {
        Some(wrong) => wrong.sent("default").is_some(),
        None => doc.default,
    };
    let title = if open.known.is_some() {
        "Change it"
    } else {
        "New policy"
    };
    view! {
        <form class="card" method="post" action=frame.href(Section::Escalations) data-form="escalation">
            {heading(title, "a step that tells nobody is left out")}
            {refused(wrong)}
            {hidden("do", "save")}
            {open.known.map(|(id, version)| view! {
                {hidden("escalation", &id.to_string())}
                {hidden("version", &version.to_string())}
            })}
            <div class="fields">
                {line("name".into(), "Name", "text", doc.name.clone(), "Rules name it: Nights.")}
                {line("about".into(), "What it is for", "text", doc.about.clone(), "")}
            </div>
            {view.tells.is_empty().then(|| view! {
                <p class="quiet">"There is nobody to tell yet: no schedule, nobody on call, no channel."</p>
            })}
            {steps.collect_view()}
            <div class="fields">
                {line("repeat".into(), "Begins anew so often", "number", doc.repeat.to_string(), "0 for never")}
                {line("again".into(), "each time after minutes", "number", minutes(doc.again_after_ms), "")}
            </div>
            <div class="ticks">
                <label class="tick">
                    <input type="checkbox" name="default" value="yes" checked=is_default/>
                    "for every rule that names no other"
                </label>
            </div>
            <p class="line">
                <button type="submit" class="btn go">"Save"</button>
                <a class="btn" href=frame.href(Section::Escalations)>"Leave it"</a>
            </p>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use protocol::duty::TellDoc;

    use super::*;
    use crate::alerts::frame::sample;

    #[test]
    fn steps_are_sentences() {
        let step = |after: i64, schedules: Vec<u64>, channels: Vec<u64>| StepDoc {
            after_ms: after * MINUTE,
            tell: TellDoc {
                channels,
                schedules,
                responders: vec![],
            },
        };
        let view = EscalationsView {
            frame: sample(Section::Escalations),
            policies: vec![],
            tells: vec![
                ("schedule:1".into(), "whoever is on call of Primary".into()),
                ("channel:2".into(), "#ops".into()),
            ],
            form: None,
        };
        let said = |place, step: StepDoc| sentence(&view, place, &step);
        assert_eq!(said(0, step(0, vec![], vec![2])), "At once it tells #ops.");
        assert_eq!(
            said(0, step(5, vec![1], vec![2])),
            "When nobody has taken it for 5 min, it tells whoever is on call of Primary and #ops."
        );
        assert_eq!(
            said(1, step(10, vec![9], vec![])),
            "10 min later it tells somebody who was removed."
        );
    }
}
