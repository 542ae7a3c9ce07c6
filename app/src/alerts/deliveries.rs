//! What was told through which channel, and what came of every attempt.

use leptos::prelude::*;
use protocol::Level;
use protocol::channels::{DeliveryDetail, DeliveryItem};

use super::frame::{Frame, Section, page};
use super::story::{Moment, story};
use crate::format::{date_clock, full, span_short};
use crate::plain::form::{Wrong, heading, hidden, refused};
use crate::plain::mark;

/// The page of deliveries.
#[derive(Debug, Clone)]
pub struct DeliveriesView {
    /// Around it.
    pub frame: Frame,
    /// Which are shown: empty, `waiting` or `dead`.
    pub state: String,
    /// Those of one channel: its number and name.
    pub channel: Option<(u64, String)>,
    /// Newest first.
    pub items: Vec<DeliveryItem>,
    /// Where the next page begins.
    pub next: Option<u64>,
}

/// The page of one delivery.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// Around it.
    pub frame: Frame,
    /// The delivery.
    pub detail: DeliveryDetail,
}

const STATES: [(&str, &str); 3] = [("", "All"), ("waiting", "Waiting"), ("dead", "Dead")];

/// The list's HTML.
pub fn deliveries(view: &DeliveriesView) -> String {
    let frame = &view.frame;
    let href = frame.href(Section::Deliveries);
    let of_channel = view.channel.as_ref().map(|(id, _)| format!("channel={id}"));
    let link = |state: &str, cursor: Option<u64>| {
        let state = (!state.is_empty()).then(|| format!("state={state}"));
        let cursor = cursor.map(|cursor| format!("cursor={cursor}"));
        let parts = [state, of_channel.clone(), cursor].into_iter().flatten();
        let query: Vec<String> = parts.collect();
        match query.is_empty() {
            true => href.clone(),
            false => format!("{href}?{}", query.join("&")),
        }
    };
    let tabs = STATES.map(|(state, words)| {
        let here = (state == view.state).then_some("page");
        view! { <a href=link(state, None) aria-current=here>{words}</a> }
    });
    let rows = view.items.iter().map(|item| row(frame, item));
    let none = view.items.is_empty().then(|| {
        let words = match view.state.as_str() {
            "dead" => "Nothing is dead: everything was taken, or waits for its next try.",
            "waiting" => "Nothing waits.",
            _ => "Nothing was told yet.",
        };
        view! { <p class="pad quiet">{words}</p> }
    });
    let sub = match &view.channel {
        Some((_, name)) => format!("through {name}; every attempt is kept for 90 days"),
        None => "every attempt is kept for 90 days".to_owned(),
    };
    let content = view! {
        <div class="doc settings desk-rules">
            <section class="card" data-swap="deliveries">
                {heading("Deliveries", &sub)}
                <nav class="desk-tabs" aria-label="Which deliveries">{tabs.collect_view()}</nav>
                {none}
                <ul class="desk-deliveries">{rows.collect_view()}</ul>
                {view.next.map(|next| view! {
                    <p class="foot"><a href=link(&view.state, Some(next))>"Older ones"</a></p>
                })}
            </section>
        </div>
    };
    page(frame, Section::Deliveries.title(), content.into_any())
}

/// How urgent it is to look at a delivery.
fn level(item: &DeliveryItem) -> Level {
    match (item.state.as_str(), item.attempts) {
        ("delivered", _) => Level::Ok,
        ("dead", _) => Level::Act,
        ("waiting", 1..) => Level::Attention,
        _ => Level::Unknown,
    }
}

/// `Fired: Breaker open`, as one says it.
pub(super) fn about(item: &DeliveryItem) -> &'static str {
    match item.notice.as_str() {
        "fired" => "Fired",
        "refired" => "Fired again",
        "acknowledged" => "Acknowledged",
        "resolved" => "Over",
        "test" => "Test",
        _ => "Trouble",
    }
}

/// What came of it, in a few words.
pub(super) fn outcome(item: &DeliveryItem) -> String {
    let tries = match item.attempts {
        0 | 1 => String::new(),
        count => format!(" at attempt {count}"),
    };
    match item.state.as_str() {
        "delivered" => format!("delivered{tries}"),
        "dead" => "given up".to_owned(),
        "dropped" => "dropped".to_owned(),
        "gathered" => "in one message with others".to_owned(),
        _ if item.attempts == 0 => "not sent yet".to_owned(),
        _ => format!("failed {}×", item.attempts),
    }
}

pub(super) fn channel_name(item: &DeliveryItem) -> String {
    let removed = || format!("a removed channel ({})", item.channel);
    item.channel_name.clone().unwrap_or_else(removed)
}

/// What the newest attempt gave, unless it was taken.
pub(super) fn trouble(item: &DeliveryItem) -> String {
    match item.state.as_str() {
        "delivered" => String::new(),
        _ => item.words.clone(),
    }
}

fn row(frame: &Frame, item: &DeliveryItem) -> AnyView {
    let href = format!("{}/{}", frame.href(Section::Deliveries), item.id);
    let why = trouble(item);
    let next = item.due.filter(|due| *due > frame.now).map(|due| {
        view! { <span>{format!("next try in {}", span_short(due - frame.now))}</span> }
    });
    view! {
        <li data-delivery=item.id.to_string() data-state=item.state.clone()>
            <div>
                <h3>
                    {mark(level(item))}
                    <a href=href>{format!("{}: {}", about(item), item.title)}</a>
                </h3>
                <p class="quiet desk-links">
                    <span>{channel_name(item)}</span>
                    <span title=full(item.created, frame.utc_offset_min)>
                        {date_clock(item.created, frame.utc_offset_min)}
                    </span>
                    <span>{outcome(item)}</span>
                    {next}
                    {item.unsure.then(|| view! { <span>"may have been told twice"</span> })}
                </p>
                {(!why.is_empty()).then(|| view! { <p class="desk-why">{why}</p> })}
            </div>
            {replay(frame, item)}
        </li>
    }
    .into_any()
}

fn replay(frame: &Frame, item: &DeliveryItem) -> Option<AnyView> {
    let may = frame.may_act && item.state == "dead";
    may.then(|| {
        view! {
            <form method="post" action=format!("{}/{}", frame.href(Section::Deliveries), item.id) data-act="">
                {hidden("do", "replay")}
                <button type="submit" class="btn">"Try again"</button>
            </form>
        }
        .into_any()
    })
}

/// One delivery's HTML.
pub fn delivery(view: &DeliveryView) -> String {
    let (frame, item) = (&view.frame, &view.detail.item);
    let tries = view.detail.tries.iter().map(|attempt| {
        let took = match attempt.took {
            Some(took) => span_took(took),
            None if item.state == "waiting" && attempt.n == item.attempts => "under way".to_owned(),
            None => "nobody knows how it ended".to_owned(),
        };
        Moment {
            at: attempt.began,
            kind: String::new(),
            head: format!("Attempt {}", attempt.n),
            beside: Some(view! { <span class="quiet">{took}</span> }.into_any()),
            text: attempt.words.clone(),
        }
    });
    let alert = item.alert.map(|alert| {
        view! { <a href=frame.alert(alert)>"Its alert"</a> }
    });
    let unsure = item.unsure.then(|| {
        view! {
            <p class="note">
                "It may have been told twice: an attempt ended without anybody knowing how. Receivers that look at its \
                 name can tell."
            </p>
        }
    });
    let content = view! {
        <div class="doc settings desk-rules">
            {refused(Wrong::of(&frame.wrong, "act"))}
            <section class="card" data-swap="delivery">
                {heading(about(item), &item.title)}
                <div class="pad">
                    <p>
                        {mark(level(item))} " "
                        {format!("{}: {}", channel_name(item), outcome(item))}
                        {item.due.filter(|due| *due > frame.now).map(|due| format!(
                            "; the next try is in {}", span_short(due - frame.now)
                        ))}
                        "."
                    </p>
                    {unsure}
                    <p class="quiet desk-links">
                        <span>"Known to receivers as " <code>{item.notification.clone()}</code></span>
                        {alert}
                    </p>
                    {story(frame, tries)}
                    {replay(frame, item)}
                </div>
            </section>
            <section class="card">
                {heading("What people get", "without colours and buttons")}
                <pre class="desk-told" tabindex="0">{view.detail.preview.clone()}</pre>
            </section>
        </div>
    };
    page(frame, Section::Deliveries.title(), content.into_any())
}

fn span_took(took: i64) -> String {
    match took {
        0..1_000 => format!("{took} ms"),
        _ => format!("{:.1} s", took as f64 / 1_000.0),
    }
}
