//! Where people are told: every channel with what was last told through it, and the form for one.

use std::collections::BTreeMap;

use leptos::prelude::*;
use protocol::Level;
use protocol::channels::{
    ChannelDoc, ChannelFieldDoc, ChannelItem, ChannelKindDoc, ChannelPreview, PlaceholderDoc,
};

use super::deliveries::outcome;
use super::frame::{Frame, Section, page};
use super::own_words;
use crate::format::{full, span_short};
use crate::plain::form::{Wrong, choice, heading, hidden, refused, sure, text};
use crate::plain::mark;

/// What the fields of a kind are called in the form: their own names could be those of the channel itself.
pub const FIELD: &str = "set.";

/// The page of channels.
#[derive(Debug, Clone)]
pub struct ChannelsView {
    /// Around it.
    pub frame: Frame,
    /// May make and change them.
    pub may_change: bool,
    /// The channels, by number.
    pub channels: Vec<ChannelItem>,
    /// When whoever sends last looked for work.
    pub watched: Option<i64>,
    /// Every kind there is.
    pub kinds: Vec<ChannelKindDoc>,
    /// The form that is open.
    pub form: Option<ChannelForm>,
}

/// A form for a channel.
#[derive(Debug, Clone)]
pub struct ChannelForm {
    /// What is in it.
    pub doc: ChannelDoc,
    /// The channel that it changes: number, version, and the secrets that it has.
    pub known: Option<(u64, u64, Vec<String>)>,
    /// What people would get.
    pub preview: ChannelPreview,
    /// What can stand in braces in its own words.
    pub placeholders: Vec<PlaceholderDoc>,
    /// Secrets that it may begin with, by name: to be copied to the receiver.
    pub suggested: BTreeMap<String, String>,
}

/// The page's HTML.
pub fn channels(view: &ChannelsView) -> String {
    let frame = &view.frame;
    let rows = view.channels.iter().map(|item| row(view, item));
    let none = view.channels.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "Nobody is told of anything yet. Alerts are on these pages alone until there is a channel."
            </p>
        }
    });
    let watched = match view.watched {
        Some(at) if frame.now - at < 15_000 => "Whoever sends looks for work every second.".to_owned(),
        Some(at) => format!(
            "Whoever sends last looked for work {} ago.",
            span_short(frame.now - at)
        ),
        None => "Whoever sends has not looked for work since this process started.".to_owned(),
    };
    let content = view! {
        <div class="doc settings desk-rules desk-channels">
            {refused(Wrong::of(&frame.wrong, "act"))}
            <section class="card" data-swap="channels">
                {heading("Channels", "people are told through these")}
                {none}
                <ul>{rows.collect_view()}</ul>
                <p class="foot">
                    {watched} " "
                    <a href=frame.href(Section::Deliveries)>"What was told, and what came of it"</a>
                </p>
            </section>
            {match &view.form {
                Some(open) => form(view, open),
                None if view.may_change => kinds(view),
                None => ().into_any(),
            }}
        </div>
    };
    page(frame, Section::Channels.title(), content.into_any())
}

fn kind<'a>(view: &'a ChannelsView, name: &str) -> Option<&'a ChannelKindDoc> {
    view.kinds.iter().find(|kind| kind.kind == name)
}

/// Which alerts it is told of, as one says it.
fn route(doc: &ChannelDoc) -> String {
    let urgent = match doc.least.as_str() {
        "critical" => "critical alerts",
        "warning" => "critical alerts and warnings",
        _ => "all alerts",
    };
    let of = match doc.only.is_empty() {
        true => String::new(),
        false => format!(" where {}", doc.only.join(" and ")),
    };
    if doc.on_call_only {
        return "Is told when an escalation tells whoever is on call, and how that goes on.".to_owned();
    }
    let how = match (doc.acknowledged, doc.resolved) {
        (true, true) => ", when somebody has them and when they are over",
        (true, false) => ", and when somebody has them",
        (false, true) => ", and when they are over",
        (false, false) => ", and nothing after that",
    };
    format!("Is told of {urgent}{of}{how}.")
}

fn row(view: &ChannelsView, item: &ChannelItem) -> AnyView {
    let frame = &view.frame;
    let doc = &item.doc;
    let level = match (&item.trouble, doc.enabled, &item.last) {
        (Some(_), ..) => Level::Act,
        (None, false, _) => Level::Unknown,
        (None, true, Some(last)) if last.state == "dead" => Level::Act,
        (None, true, Some(last)) if last.state == "waiting" && last.attempts > 0 => Level::Attention,
        (None, true, Some(_)) => Level::Ok,
        (None, true, None) => Level::Unknown,
    };
    let last = match &item.last {
        None => "nothing was told yet".to_owned(),
        Some(last) => format!(
            "{} {}",
            outcome(last),
            ago(last.done.unwrap_or(last.created), frame.now)
        ),
    };
    let waiting = (item.waiting > 0).then(|| {
        let href = format!(
            "{}?state=waiting&channel={}",
            frame.href(Section::Deliveries),
            item.id
        );
        view! { <a href=href>{format!("{} waiting", item.waiting)}</a> }
    });
    let known = kind(view, &doc.kind);
    let title = known.map_or_else(|| doc.kind.clone(), |kind| kind.title.clone());
    let opens = known.is_some_and(|kind| kind.incidents);
    let history = format!("{}?channel={}", frame.href(Section::Deliveries), item.id);
    let named = |what: &'static str| {
        view! {
            {hidden("do", what)}
            {hidden("channel", &item.id.to_string())}
            {hidden("version", &item.version.to_string())}
        }
    };
    let href = frame.href(Section::Channels);
    let on = doc.enabled && item.trouble.is_none();
    let acts = view.may_change.then(|| {
        let switch = if on {
            ("disable", "Switch off")
        } else {
            ("enable", "Switch on")
        };
        view! {
            <div class="desk-acts">
                {on.then(|| {
                    view! {
                        // A whole page: it leads to what came of it.
                        <form method="post" action=href.clone()>
                            {named("test")}
                            <button type="submit" class="btn">
                                {match opens {
                                    true => "Send a test, and resolve it",
                                    false => "Send a test",
                                }}
                            </button>
                        </form>
                    }
                })}
                <form method="post" action=href.clone() data-act="">
                    {named(switch.0)}
                    <button type="submit" class="btn">{switch.1}</button>
                </form>
                <a class="btn" href=format!("{href}?edit={}", item.id)>"Change"</a>
                {sure(
                    "Remove…",
                    format!("What waits for {} is dropped. What was told stays in the history.", doc.name),
                    "Remove it".to_owned(),
                    &href,
                    named("remove").into_any(),
                )}
            </div>
        }
    });
    let trouble = item.trouble.clone().map(|why| {
        view! {
            <p class="refused">"Switched off: " {why} ". Change it, or switch it on again."</p>
        }
    });
    view! {
        <li data-channel=doc.name.clone() data-on=on.to_string()>
            <div>
                <h3>{mark(level)} {doc.name.clone()} <small class="quiet">{title}</small></h3>
                {trouble}
                <p>{route(doc)}</p>
                <p class="quiet desk-links">
                    {(!doc.enabled).then(|| view! { <span>"off"</span> })}
                    <a href=history>{last}</a>
                    {waiting}
                    <span title=full(item.changed, frame.utc_offset_min)>
                        {format!("changed {}", ago(item.changed, frame.now))}
                    </span>
                </p>
            </div>
            {acts}
        </li>
    }
    .into_any()
}

/// `3 min ago`.
pub(super) fn ago(at: i64, now: i64) -> String {
    match now - at {
        passed if passed < 1_000 => "just now".to_owned(),
        passed => format!("{} ago", span_short(passed)),
    }
}

fn kinds(view: &ChannelsView) -> AnyView {
    let href = view.frame.href(Section::Channels);
    let each = view.kinds.iter().map(|kind| {
        view! {
            <li>
                <a href=format!("{href}?kind={}", kind.kind)>
                    <b>{kind.title.clone()}</b>
                    <span>{kind.about.clone()}</span>
                </a>
            </li>
        }
    });
    view! {
        <section class="card">
            {heading("New channel", "choose where people shall be told")}
            <ul class="desk-kinds">{each.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn form(view: &ChannelsView, open: &ChannelForm) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "channel");
    let doc = &open.doc;
    let Some(kind) = kind(view, &doc.kind) else {
        return kinds(view);
    };
    let kept: &[String] = open.known.as_ref().map_or(&[], |(_, _, secrets)| secrets);
    let fields = kind
        .fields
        .iter()
        .map(|field| input(field, doc, (kept, &open.suggested), wrong));
    let least = [
        ("info", "All alerts"),
        ("warning", "Warnings and critical ones"),
        ("critical", "Critical ones alone"),
    ]
    .map(|(value, words)| (value.to_owned(), words.to_owned()));
    let title = match &open.known {
        Some(_) => "Change a channel",
        None => "New channel",
    };
    let known = open.known.as_ref().map(|(id, version, _)| {
        view! {
            {hidden("channel", &id.to_string())}
            {hidden("version", &version.to_string())}
        }
    });
    let tick = |name: &'static str, words: &'static str, on: bool| {
        view! {
            <label class="tick">
                <input type="checkbox" name=name value="yes" checked=on/>
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <div class="desk-form">
            <form
                class="card"
                method="post"
                action=frame.href(Section::Channels)
                data-form="channel"
                autocomplete="off"
            >
                {heading(title, &kind.title)}
                {refused(wrong)}
                {hidden("kind", &doc.kind)}
                {known}
                <p class="pad">{kind.about.clone()}</p>
                <div class="fields">
                    {text("name", "Name", "text", &doc.name, wrong)
                        .hint("As people call it, such as #llm-ops.")
                        .view()}
                    {fields.collect_view()}
                    {choice("least", "Is told of", &least, &doc.least)}
                    {text("only", "Only with these labels", "text", &doc.only.join(","), wrong)
                        .hint("Such as provider=\"openai\",team=~\"search|chat\"; empty takes all.")
                        .optional()
                        .view()}
                    {kind.read.then(|| choice("digest_from", "When many come at once", &digests(doc), &doc.digest_from.to_string()))}
                </div>
                {own_words::fields(doc, &open.placeholders, wrong)}
                <div class="ticks">
                    {tick("acknowledged", "also when somebody has it", doc.acknowledged)}
                    {tick("resolved", "also when it is over", doc.resolved)}
                    {tick("on_call_only", "only what an escalation tells: somebody's own", doc.on_call_only)}
                    {tick("enabled", "switched on", doc.enabled)}
                </div>
                <p class="line">
                    // The first one is what Enter presses.
                    <button type="submit" class="btn go" name="do" value="save">"Save"</button>
                    <button type="submit" class="btn" name="do" value="preview" formnovalidate="" data-words-ask="">
                        "Show what people would get"
                    </button>
                    <a class="btn" href=frame.href(Section::Channels)>"Leave it"</a>
                </p>
            </form>
            {own_words::shown(frame, &kind.title, &open.preview)}
        </div>
    }
    .into_any()
}

/// From how many on they are one message.
fn digests(doc: &ChannelDoc) -> Vec<(String, String)> {
    let mut from = vec![5, 12, 30];
    if doc.digest_from > 0 && !from.contains(&doc.digest_from) {
        from.push(doc.digest_from);
        from.sort_unstable();
    }
    let words = from
        .into_iter()
        .map(|from| (from.to_string(), format!("One message, from {from} on")));
    words
        .chain([("0".to_owned(), "Each by itself".to_owned())])
        .collect()
}

/// A field that the kind describes.
fn input(
    field: &ChannelFieldDoc,
    doc: &ChannelDoc,
    (kept, suggested): (&[String], &BTreeMap<String, String>),
    wrong: Option<&Wrong>,
) -> AnyView {
    let name = [FIELD, &field.name].concat();
    let sent = wrong.and_then(|wrong| wrong.sent(&name));
    let invalid = wrong.is_some_and(|wrong| wrong.field == field.name);
    let is_kept = field.secret && kept.contains(&field.name);
    let stored = doc.settings.get(&field.name).map_or("", String::as_str);
    let suggested = suggested.get(&field.name);
    let value = match field.secret {
        true => suggested.cloned().unwrap_or_default(),
        false => sent.unwrap_or(stored).to_owned(),
    };
    let hint = match (is_kept, field.default.is_empty()) {
        _ if suggested.is_some() => {
            format!(
                "{} This one is new: give it to the receiver, it is not shown again.",
                field.hint
            )
        }
        (true, _) => format!("{} It is kept; leave this empty to keep it.", field.hint),
        (false, false) if field.input != "choice" => {
            format!("{} Left empty: {}.", field.hint, field.default)
        }
        _ => field.hint.clone(),
    };
    let control = match field.input.as_str() {
        "choice" => {
            let chosen = if value.is_empty() {
                field.default.clone()
            } else {
                value
            };
            let options = field.choices.iter().map(|choice| {
                let here = *choice == chosen;
                view! { <option value=choice.clone() selected=here>{choice.clone()}</option> }
            });
            view! { <select name=name.clone()>{options.collect_view()}</select> }.into_any()
        }
        kind => {
            let kind = match (field.secret && suggested.is_none(), kind) {
                (true, _) => "password",
                (false, "number") => "number",
                (false, "email") => "email",
                _ => "text",
            };
            view! {
                <input
                    name=name.clone()
                    type=kind
                    value=value
                    autocomplete=if field.secret { "new-password" } else { "off" }
                    required=field.required && !is_kept
                    spellcheck="false"
                    autocapitalize="none"
                    maxlength="4096"
                    aria-invalid=invalid.then_some("true")
                    aria-describedby=format!("hint-{name}")
                />
            }
            .into_any()
        }
    };
    view! {
        <div class="field" data-field=name.clone()>
            <label>
                <span>{field.label.clone()}</span>
                {control}
            </label>
            <small id=format!("hint-{name}")>{hint}</small>
        </div>
    }
    .into_any()
}
