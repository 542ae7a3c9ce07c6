//! One alert: what happened, who has it, what can be done with it, and its story.

use leptos::prelude::*;
use protocol::alerts::{AlertDetail, AlertItem};
use protocol::duty::NextStep;

use super::deliveries::{about, channel_name, outcome, trouble};
use super::frame::{Frame, Section};
use super::list::AlertsView;
use super::source::{comes_back, described, found_by, led_back, sender};
use super::story::{Moment, story};
use super::words::{event, level, line, since};
use crate::browser::encode;
use crate::format::{clock, full, span_short};
use crate::plain::form::{Wrong, choice, hidden, refused, sent};
use crate::plain::mark;

/// What the forms of an alert offer.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Members it can be assigned to: the account and the name.
    pub members: Vec<(String, String)>,
    /// How long it can be put off: minutes and words.
    pub snoozes: Vec<(String, String)>,
}

/// The open alert.
pub(super) fn detail(view: &AlertsView, open: &AlertDetail) -> AnyView {
    let (frame, alert) = (&view.frame, &open.alert);
    let labels = alert.labels.iter().map(|(name, value)| {
        view! {
            <div>
                <dt>{name.clone()}</dt>
                <dd>{value.clone()}</dd>
            </div>
        }
    });
    let runbook = alert.runbook.clone().map(|runbook| {
        view! { <a href=runbook rel="noreferrer noopener external">"Runbook"</a> }
    });
    let back = [frame.href(Section::Alerts), view.query(view.show, None)].concat();
    view! {
        <a class="desk-back" href=back>"All alerts"</a>
        <header>
            {mark(level(alert))}
            <div>
                <h2>{alert.title.clone()}</h2>
                <p>
                    {alert.severity.clone()} " · " {found_by(frame, alert)} " · "
                    <time title=full(alert.fired, frame.utc_offset_min)>
                        {since(alert, frame.now, frame.utc_offset_min)}
                    </time>
                </p>
            </div>
            {(frame.may_act && alert.resolved.is_none()).then(|| acts(view, alert))}
        </header>
        {refused(Wrong::of(&frame.wrong, "alert"))}
        {whose(frame, alert)}
        {view.next_step.as_ref().map(|next| next_step(frame, next))}
        <section>
            <h3>"What happened"</h3>
            <p>{alert.summary.clone()}</p>
            {described(alert)}
            <p class="desk-links">{links(frame, alert)} {led_back(alert)} {runbook}</p>
            <dl class="desk-labels">{labels.collect_view()}</dl>
        </section>
        {(!open.incident.is_empty()).then(|| incident(view, open))}
        {timeline(frame, open)}
        {(!view.told.is_empty()).then(|| told(view))}
        {(frame.may_act).then(|| note(view, alert))}
    }
    .into_any()
}

/// Who has it, or why nobody is told.
fn whose(frame: &Frame, alert: &AlertItem) -> Option<AnyView> {
    let words = match (alert.phase.as_str(), &alert.ack) {
        ("acknowledged", Some(ack)) => {
            let whose = if ack.by.id == frame.me { "You have it" } else { "" };
            let whose = match whose {
                "" => format!("{} has it", ack.by.name),
                whose => whose.to_owned(),
            };
            let note = match ack.note.as_str() {
                "" => String::new(),
                note => format!(": {note}"),
            };
            let until = ack
                .until
                .map(|until| format!(" It needs somebody again in {}.", span_short(until - frame.now)));
            format!(
                "{whose} since {} ({}){note}.{}",
                clock(ack.at, frame.utc_offset_min),
                span_short(frame.now - ack.at),
                until.unwrap_or_default()
            )
        }
        ("snoozed", _) => {
            let left = alert.snoozed_until.map(|until| span_short(until - frame.now));
            format!("Put off for another {}.", left.unwrap_or_default())
        }
        ("suppressed", _) => format!("Nobody is told: {}.", alert.held),
        _ => alert
            .owner
            .as_ref()
            .map(|owner| format!("Assigned to {}.", owner.name))?,
    };
    Some(view! { <p class="desk-whose" data-phase=alert.phase.clone()>{words}</p> }.into_any())
}

/// Who is told next, and when, unless somebody takes it; the pages' script counts down.
fn next_step(frame: &Frame, next: &NextStep) -> AnyView {
    let policy = view! { <a href=frame.href(Section::Escalations)>{next.policy_name.clone()}</a> };
    let (Some(step), Some(due)) = (next.step, next.due) else {
        return view! {
            <p class="desk-next" data-next="">"Everybody of " {policy} " has been told. Nobody further is told while nobody takes it."</p>
        }
        .into_any();
    };
    let left = (due - frame.now).max(0) / 1_000;
    let left = match left / 3_600 {
        0 => format!("{}:{:02}", left / 60, left % 60),
        hours => format!("{hours}:{:02}:{:02}", left / 60 % 60, left % 60),
    };
    view! {
        <p class="desk-next" data-next="">
            "Next escalation: tells "
            <b>{next.tells.clone()}</b>
            " in "
            <time data-until=due.to_string() title=full(due, frame.utc_offset_min)>{left}</time>
            {format!(", at {}. Step {step} of {} of ", clock(due, frame.utc_offset_min), next.steps)}
            {policy}
            "."
        </p>
    }
    .into_any()
}

fn form(view: &AlertsView, alert: &AlertItem, what: &'static str, content: AnyView) -> AnyView {
    let action = [view.frame.alert(alert.id), view.query(view.show, None)].concat();
    view! {
        <form method="post" action=action data-act="" data-form=what>
            {hidden("do", what)}
            {content}
        </form>
    }
    .into_any()
}

fn button(words: &'static str, strong: bool, key: Option<&'static str>) -> AnyView {
    view! {
        <button type="submit" class="btn" class:go=strong data-key=key>
            {words}
            {key.map(|key| view! { <kbd>{key.to_uppercase()}</kbd> })}
        </button>
    }
    .into_any()
}

/// A form behind a button.
fn behind(words: &'static str, content: AnyView) -> AnyView {
    view! {
        <details class="sure">
            <summary class="btn">{words}</summary>
            <div class="card">{content}</div>
        </details>
    }
    .into_any()
}

fn acts(view: &AlertsView, alert: &AlertItem) -> AnyView {
    let first = match alert.phase.as_str() {
        "acknowledged" => form(view, alert, "unack", button("Give back", false, None)),
        "snoozed" => form(view, alert, "unsnooze", button("Take up again", false, None)),
        _ => form(view, alert, "ack", button("Acknowledge", true, Some("a"))),
    };
    let assign = view! {
        {choice("to", "To", &view.choices.members, "")}
        {button("Assign", false, None)}
    };
    let snooze = view! {
        {choice("minutes", "For", &view.choices.snoozes, "60")}
        {button("Put off", false, None)}
    };
    let resolve = view! {
        <label class="field">
            <span>"Why"</span>
            <input name="note" maxlength="512" autocomplete="off"/>
        </label>
        <p>{comes_back(alert)}</p>
        {button("Resolve", false, None)}
    };
    // Others name labels as no matcher can, and have more of them than a silence takes.
    let plain = |name: &str| {
        name.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
    };
    let matchers: Vec<String> = alert
        .labels
        .iter()
        .filter(|(name, _)| plain(name))
        .take(16)
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    let silence = [
        view.frame.href(Section::Silences),
        "?match=".into(),
        encode(&matchers.join(",")),
    ];
    view! {
        <div class="desk-acts">
            {first}
            {behind("Assign…", form(view, alert, "assign", assign.into_any()))}
            {(alert.phase != "snoozed")
                .then(|| behind("Snooze…", form(view, alert, "snooze", snooze.into_any())))}
            <a class="btn" href=silence.concat()>"Silence…"</a>
            {behind("Resolve…", form(view, alert, "resolve", resolve.into_any()))}
        </div>
    }
    .into_any()
}

/// To where the figures behind it are.
fn links(frame: &Frame, alert: &AlertItem) -> AnyView {
    let named = |name: &str| alert.labels.get(name).filter(|value| !value.is_empty());
    let parts = ["provider", "model", "service"].iter().filter_map(|name| {
        let value = named(name)?;
        Some(format!("{name}:{value:?}"))
    });
    let filter: Vec<String> = parts.collect();
    if filter.is_empty() && sender(alert).is_some() {
        return ().into_any();
    }
    let (from, to) = (
        alert.fired - 15 * 60_000,
        alert.resolved.unwrap_or(frame.now).max(alert.fired + 60_000),
    );
    let explore = format!(
        "{}/explore?metric=attempt_success&from={from}&to={to}&filter={}",
        frame.base,
        encode(&filter.join(" "))
    );
    view! { <a href=explore>"See the figures"</a> }.into_any()
}

fn incident(view: &AlertsView, open: &AlertDetail) -> AnyView {
    let others = open.incident.iter().map(|alert| {
        let href = [view.frame.alert(alert.id), view.query(view.show, None)].concat();
        view! {
            <li>
                {mark(level(alert))}
                <a href=href>{alert.title.clone()}</a>
                <small>{line(alert)}</small>
            </li>
        }
    });
    view! {
        <section>
            <h3>"The same incident"</h3>
            <ul class="desk-incident">{others.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn timeline(frame: &Frame, open: &AlertDetail) -> AnyView {
    let moments = open.timeline.iter().rev().map(|entry| {
        let (head, text) = event(entry, frame.now, frame.utc_offset_min);
        Moment {
            at: entry.at,
            kind: entry.kind.clone(),
            head,
            beside: None,
            text,
        }
    });
    view! {
        <section>
            <h3>"Timeline"</h3>
            {story(frame, moments)}
        </section>
    }
    .into_any()
}

/// Who was told of it, through what, and what came of that.
fn told(view: &AlertsView) -> AnyView {
    let frame = &view.frame;
    let moments = view.told.iter().map(|item| {
        let href = format!("{}/{}", frame.href(Section::Deliveries), item.id);
        let words = format!("{}: {}", about(item).to_lowercase(), outcome(item));
        Moment {
            at: item.created,
            kind: item.state.clone(),
            head: channel_name(item),
            beside: Some(view! { <a href=href>{words}</a> }.into_any()),
            text: trouble(item),
        }
    });
    view! {
        <section>
            <h3>"Told"</h3>
            {story(frame, moments)}
        </section>
    }
    .into_any()
}

fn note(view: &AlertsView, alert: &AlertItem) -> AnyView {
    let wrong = Wrong::of(&view.frame.wrong, "comment");
    let field = view! {
        {refused(wrong)}
        <div class="desk-note">
            <textarea
                name="text"
                rows="1"
                maxlength="4096"
                required=true
                aria-label="A note"
                placeholder="A note for whoever looks next"
            >
                {sent(wrong, "text")}
            </textarea>
            {button("Post", false, None)}
        </div>
    };
    form(view, alert, "comment", field.into_any())
}
