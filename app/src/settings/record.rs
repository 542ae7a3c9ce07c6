//! The record, corrected: what was hidden, forgotten, erased, not counted or called otherwise, by whom, and undoing it.

use leptos::prelude::*;
use protocol::record::{CorrectionItem, Erased, ErasurePreview, ReachPreview};

use super::frame::{Frame, page};
use super::reach;
use crate::format::full;
use crate::plain::form::{Wrong, choice, heading, hidden, refused, sure, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;

/// The page of corrections.
#[derive(Debug, Clone)]
pub struct RecordView {
    /// Around it.
    pub frame: Frame,
    /// The newest first.
    pub items: Vec<CorrectionItem>,
    /// Breakers that are known, hidden ones too: id and words.
    pub breakers: Vec<(String, String)>,
    /// The one that is chosen.
    pub chosen: String,
    /// What was sent to be looked at, and what it would do.
    pub looked: Option<(Vec<(String, String)>, Preview)>,
}

/// What was looked at before it is made.
#[derive(Debug, Clone)]
pub enum Preview {
    /// What would be erased.
    Erasure(ErasurePreview),
    /// What a range that does not count, or a renaming, would concern.
    Reach(ReachPreview),
}

/// The page's HTML.
pub fn record(view: &RecordView) -> String {
    let frame = &view.frame;
    let cards = view! {
        {view.looked.as_ref().map(|(sent, preview)| match preview {
            Preview::Erasure(preview) => certain(frame, sent, preview),
            Preview::Reach(preview) => reach::looked(frame, sent, preview),
        })}
        {made(view)}
        {hide(view)}
        {reach::uncount(frame)}
        {reach::rename(frame)}
        {erase(view)}
    };
    page(frame, cards.into_any())
}

fn made(view: &RecordView) -> AnyView {
    let frame = &view.frame;
    let rows = view.items.iter().map(|item| row(frame, item));
    let columns = [
        Left("What"),
        Left("Why"),
        Plain("Made"),
        Plain("State"),
        Unseen("Undo"),
    ];
    let list = match view.items.is_empty() {
        true => view! { <p class="pad quiet">"Nothing was ever corrected."</p> }.into_any(),
        false => table("corrections", columns, rows),
    };
    view! {
        <section class="card">
            {heading("Corrections", "each is in the audit log")}
            {list}
        </section>
    }
    .into_any()
}

fn row(frame: &Frame, item: &CorrectionItem) -> AnyView {
    let offset = frame.utc_offset_min;
    let range = match (item.from, item.to) {
        (None, None) => None,
        (from, to) => Some(range(from, to, offset)),
    };
    let verb = match item.kind.as_str() {
        "hide" => "Hidden",
        "forget" => "Forgotten",
        "uncount" => "Not counted",
        "rename" => "Called otherwise",
        _ => "Erased",
    };
    let ended = item.ended.map(|at| {
        let by = item.ended_by.clone().unwrap_or_default();
        view! { <small>{format!("{} by {by}", full(at, offset))}</small> }
    });
    view! {
        <tr>
            <th scope="row" class="l">
                {format!("{verb}: {}", what(item))}
                {range.map(|range| view! { <small>{range}</small> })}
                {item.erased.as_ref().map(|erased| view! { <small>{took(erased)}</small> })}
            </th>
            <td class="l">{item.note.clone()}</td>
            <td>
                {full(item.made, offset)}
                <small>{item.made_by.clone()}</small>
            </td>
            <td>{state(item)} {ended}</td>
            <td>{item.can_undo.then(|| undo(frame, item))}</td>
        </tr>
    }
    .into_any()
}

fn what(item: &CorrectionItem) -> String {
    match &item.rename {
        Some(rename) => format!("{} {} → {}", rename.dimension, rename.old, rename.new),
        None => item.what.clone(),
    }
}

fn state(item: &CorrectionItem) -> &'static str {
    match item.state.as_str() {
        "in_force" => "holds",
        "undone" => "undone",
        "running" => "being erased",
        "cleaning" => "erased; room is being written over",
        _ => "done",
    }
}

fn undo(frame: &Frame, item: &CorrectionItem) -> AnyView {
    view! {
        <form method="post" action=frame.action()>
            {hidden("do", "undo")}
            {hidden("correction", &item.id.to_string())}
            {hidden("version", &item.version.to_string())}
            <button type="submit" class="btn">"Undo"</button>
        </form>
    }
    .into_any()
}

fn hide(view: &RecordView) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "hide");
    if view.breakers.is_empty() {
        return view! {
            <section class="card">
                {heading("Hide or forget a breaker", "")}
                <p class="pad quiet">"No breaker is known."</p>
            </section>
        }
        .into_any();
    }
    let kinds = [
        ("hide", "Hide until it is undone"),
        ("forget", "Forget until it reports again"),
    ];
    let kinds = kinds.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let sent = |name: &str| wrong.and_then(|wrong| wrong.sent(name)).map(str::to_owned);
    let chosen = sent("breaker").unwrap_or_else(|| view.chosen.clone());
    view! {
        <form class="card" method="post" action=frame.action() data-form="hide">
            {heading("Hide or forget a breaker", "it is not shown and not counted; its history stays")}
            {hidden("do", "hide")}
            {refused(wrong)}
            <div class="line">
                {choice("breaker", "Breaker", &view.breakers, &chosen)}
                {text("instance", "Instance", "text", "", wrong)
                    .hint("Only this one; empty is all of them.")
                    .optional()
                    .view()}
                {choice("kind", "How", &kinds, &sent("kind").unwrap_or_default())}
                {text("note", "Why", "text", "", wrong).optional().view()}
                <button type="submit" class="btn go">"Hide"</button>
            </div>
        </form>
    }
    .into_any()
}

fn erase(view: &RecordView) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "preview");
    view! {
        <form class="card" method="post" action=frame.action() data-form="preview">
            {heading("Erase", "for good: what you name is taken out of everything that is kept")}
            {hidden("do", "preview")}
            {refused(wrong)}
            <div class="line">
                {text("service", "Service", "text", "", wrong).optional().view()}
                {text("label.name", "Label", "text", "", wrong).hint("Its name.").optional().view()}
                {text("label.value", "Value", "text", "", wrong).hint("Exactly as it was sent.").optional().view()}
                {text("from", "From", "text", "", wrong)
                    .hint("now-7d, or 2026-11-20T14:00:00Z.")
                    .optional()
                    .view()}
                {text("to", "To", "text", "", wrong).optional().view()}
                {text("note", "Why", "text", "", wrong)
                    .hint("Kept for ever: do not write what is to be erased.")
                    .optional()
                    .view()}
                <button type="submit" class="btn">"Look what would go"</button>
            </div>
        </form>
    }
    .into_any()
}

/// What would go, and the button that does it.
fn certain(frame: &Frame, sent: &[(String, String)], preview: &ErasurePreview) -> AnyView {
    let get = |name: &str| {
        let found = sent.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let of = match (get("service"), get("label.name")) {
        ("", "") => "everything".to_owned(),
        (service, "") => format!("what is of the service {service}"),
        ("", name) => format!("what has {name} = {}", get("label.value")),
        (service, name) => format!(
            "what is of the service {service} and has {name} = {}",
            get("label.value")
        ),
    };
    let range = range(preview.from, preview.to, frame.utc_offset_min);
    let stays = preview
        .stays
        .iter()
        .map(|words| view! { <p class="quiet">{words.clone()}</p> });
    let fields = view! {
        {hidden("do", "erase")}
        {hidden("service", get("service"))}
        {hidden("label.name", get("label.name"))}
        {hidden("label.value", get("label.value"))}
        {hidden("from", &preview.from.map(|at| at.to_string()).unwrap_or_default())}
        {hidden("to", &preview.to.map(|at| at.to_string()).unwrap_or_default())}
        {hidden("note", get("note"))}
    };
    let warning = "This cannot be undone. Senders wait for a moment while it is done.".to_owned();
    view! {
        <section class="card preview" data-preview="">
            {heading("What would be erased", &range)}
            <p>{format!("Of {of}: {}.", took(&preview.erases))}</p>
            {stays.collect_view()}
            {match frame.locked {
                true => view! { <p class="quiet">"Unlock above, then look again to erase it."</p> }.into_any(),
                false => sure("Erase…", warning, "Erase it for good".to_owned(), &frame.action(), fields.into_any()),
            }}
        </section>
    }
    .into_any()
}

fn took(erased: &Erased) -> String {
    let counts = [
        (erased.events, "event", "events"),
        (erased.buckets, "bucket of figures", "buckets of figures"),
        (erased.transitions, "transition", "transitions"),
        (erased.alerts, "alert", "alerts"),
        (erased.messages, "message", "messages"),
    ];
    let words = counts.map(|(count, one, many)| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    });
    words.join(", ")
}

fn range(from: Option<i64>, to: Option<i64>, offset: i32) -> String {
    match (from, to) {
        (None, None) => "of all times".to_owned(),
        (Some(from), None) => format!("from {} on", full(from, offset)),
        (None, Some(to)) => format!("before {}", full(to, offset)),
        (Some(from), Some(to)) => format!("{} to {}", full(from, offset), full(to, offset)),
    }
}
