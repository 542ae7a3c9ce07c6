//! The forms for a range that does not count and for a renaming, and what each would concern before it is made.
//!
//! Deliberately absent: the list of what was made, and the other forms ([`super::record`]).

use leptos::prelude::*;
use protocol::record::ReachPreview;

use super::frame::Frame;
use crate::plain::form::{Wrong, choice, heading, hidden, refused, text};

/// What can be called otherwise: as it is named over JSON, and in words.
const DIMENSIONS: [(&str, &str); 5] = [
    ("provider", "Provider"),
    ("model", "Model"),
    ("service", "Service"),
    ("environment", "Environment"),
    ("breaker", "Breaker"),
];

/// The form for a range that does not count.
pub(super) fn uncount(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "uncount");
    view! {
        <form class="card" method="post" action=frame.action() data-form="uncount">
            {heading("Do not count a time", "targets, budgets and reports leave it out; the board and alerts stay as they are")}
            {hidden("do", "look")}
            {hidden("kind", "uncount")}
            {refused(wrong)}
            <div class="line">
                {text("from", "From, such as now-2h", "text", "", wrong).view()}
                {text("to", "To", "text", "", wrong).view()}
                {text("filter", "Of what", "text", "", wrong)
                    .hint("service:batch, provider:openai, environment:staging; empty is everything.")
                    .optional()
                    .view()}
                {text("note", "Why", "text", "", wrong).view()}
                <button type="submit" class="btn">"Look what it concerns"</button>
            </div>
        </form>
    }
    .into_any()
}

/// The form for a renaming.
pub(super) fn rename(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "rename");
    let kinds = DIMENSIONS.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let chosen = wrong
        .and_then(|wrong| wrong.sent("rename.dimension"))
        .unwrap_or("model");
    view! {
        <form class="card" method="post" action=frame.action() data-form="rename">
            {heading("Rename or merge", "a name that is there already makes the two one")}
            {hidden("do", "look")}
            {hidden("kind", "rename")}
            {refused(wrong)}
            <div class="line">
                {choice("rename.dimension", "What", &kinds, chosen)}
                {text("rename.old", "Called", "text", "", wrong).hint("Exactly as it is shown.").view()}
                {text("rename.new", "Is called", "text", "", wrong).view()}
                {text("note", "Why", "text", "", wrong).optional().view()}
                <button type="submit" class="btn">"Look what it concerns"</button>
            </div>
        </form>
    }
    .into_any()
}

/// What it would concern, and the button that makes it.
pub(super) fn looked(frame: &Frame, sent: &[(String, String)], preview: &ReachPreview) -> AnyView {
    let get = |name: &str| {
        let found = sent.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let renames = get("kind") == "rename";
    let (title, of, button) = match renames {
        true => (
            if preview.merges {
                "What would be merged"
            } else {
                "What would be renamed"
            },
            format!(
                "{} {} → {}",
                get("rename.dimension"),
                get("rename.old"),
                get("rename.new")
            ),
            if preview.merges { "Merge" } else { "Rename" },
        ),
        false => (
            "What would not be counted",
            match get("filter") {
                "" => "everything".to_owned(),
                filter => filter.to_owned(),
            },
            "Do not count it",
        ),
    };
    let counts = [
        counted(preview.calls, "event of calls", "events of calls"),
        counted(preview.series, "series of now", "series of now"),
        counted(preview.breakers, "breaker of now", "breakers of now"),
    ];
    let says = preview
        .says
        .iter()
        .map(|words| view! { <p class="quiet">{words.clone()}</p> });
    let names: &[&'static str] = match renames {
        true => &["rename.dimension", "rename.old", "rename.new", "note"],
        false => &["from", "to", "filter", "note"],
    };
    let fields = names.iter().map(|name| hidden(name, get(name)));
    view! {
        <section class="card preview" data-preview="">
            {heading(title, &of)}
            <p>{format!("{}.", counts.join(", "))}</p>
            {says.collect_view()}
            <form method="post" action=frame.action()>
                {hidden("do", "correct")}
                {hidden("kind", get("kind"))}
                {fields.collect_view()}
                <button type="submit" class="btn go">{button}</button>
            </form>
        </section>
    }
    .into_any()
}

fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}
