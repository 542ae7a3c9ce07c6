//! The list of alerts, with the one that is open beside it.

use leptos::prelude::*;
use protocol::alerts::{AlertDetail, AlertItem};
use protocol::channels::DeliveryItem;
use protocol::duty::NextStep;

use super::detail::{Choices, detail};
use super::frame::{Frame, Section, page};
use super::source::{sender, sources};
use super::words::{age, level, line, since_now, state};
use crate::browser::encode;
use crate::format::{day, full, span_short};
use crate::plain::form::{Wrong, hidden, refused};
use crate::plain::mark;

/// Which alerts the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Those that are not over.
    #[default]
    Open,
    /// Those that somebody has.
    Acknowledged,
    /// Those that are over.
    Resolved,
    /// All of them.
    All,
}

/// All, as addresses and tabs name them.
pub const SHOWS: [(Show, &str, &str); 4] = [
    (Show::Open, "open", "Open"),
    (Show::Acknowledged, "acknowledged", "Acknowledged"),
    (Show::Resolved, "resolved", "Resolved"),
    (Show::All, "all", "All"),
];

/// The page of alerts.
#[derive(Debug, Clone)]
pub struct AlertsView {
    /// Around it.
    pub frame: Frame,
    /// Which are listed.
    pub show: Show,
    /// Matchers, as they were written.
    pub filter: String,
    /// Who found them; empty for whoever did.
    pub source: String,
    /// Newest first.
    pub items: Vec<AlertItem>,
    /// Where older ones begin.
    pub next: Option<String>,
    /// Whether this is the first page of them.
    pub is_first: bool,
    /// The one that is open.
    pub open: Option<AlertDetail>,
    /// What was told of it, newest first; nothing for whoever may not see it.
    pub told: Vec<DeliveryItem>,
    /// Where it stands on its ladder.
    pub next_step: Option<NextStep>,
    /// What its forms offer.
    pub choices: Choices,
}

impl AlertsView {
    /// The list's question as an address's end.
    pub(super) fn query(&self, show: Show, cursor: Option<&str>) -> String {
        self.query_of(show, cursor, &self.source)
    }

    /// The same, asked of another source.
    pub(super) fn query_of(&self, show: Show, cursor: Option<&str>, source: &str) -> String {
        let name = SHOWS.iter().find(|(known, ..)| *known == show);
        let mut query = Vec::new();
        if let Some((_, name, _)) = name.filter(|_| show != Show::Open) {
            query.push(["show=", name].concat());
        }
        if !self.filter.is_empty() {
            query.push(["match=", &encode(&self.filter)].concat());
        }
        if !source.is_empty() {
            query.push(["source=", &encode(source)].concat());
        }
        if let Some(cursor) = cursor {
            query.push(["cursor=", &encode(cursor)].concat());
        }
        match query.is_empty() {
            true => String::new(),
            false => ["?", &query.join("&")].concat(),
        }
    }
}

/// The page's HTML.
pub fn alerts(view: &AlertsView) -> String {
    let frame = &view.frame;
    let tabs = SHOWS.iter().map(|(show, _, words)| {
        let here = (*show == view.show).then_some("page");
        let href = [frame.href(Section::Alerts), view.query(*show, None)].concat();
        view! { <a href=href aria-current=here>{*words}</a> }
    });
    let wrong = Wrong::of(&frame.wrong, "match");
    let kept = SHOWS.iter().find(|(show, ..)| *show == view.show);
    let kept = kept.map(|(_, name, _)| hidden("show", name));
    let older = view.next.as_deref().map(|next| {
        let href = [frame.href(Section::Alerts), view.query(view.show, Some(next))].concat();
        view! { <a class="btn" rel="next" href=href>"Older"</a> }
    });
    let newest = (!view.is_first).then(|| {
        let href = [frame.href(Section::Alerts), view.query(view.show, None)].concat();
        view! { <a class="btn" href=href>"Newest"</a> }
    });
    let content = view! {
        <div class="desk" data-open=view.open.is_some().then_some("")>
            <section class="desk-list" aria-label="Alerts">
                <nav class="tabs" aria-label="Which alerts">{tabs.collect_view()}</nav>
                <form class="desk-filter" method="get" action=frame.href(Section::Alerts)>
                    {kept}
                    {(!view.source.is_empty()).then(|| hidden("source", &view.source))}
                    <input
                        name="match"
                        value=view.filter.clone()
                        placeholder="Filter: provider=\"anthropic\""
                        aria-label="Filter by labels"
                        aria-invalid=wrong.is_some().then_some("true")
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="512"
                    />
                    {refused(wrong)}
                </form>
                {sources(view)}
                <div data-swap="list">
                    {groups(view)}
                    <p class="foot line">{newest} {older}</p>
                </div>
                {tell()}
            </section>
            <article class="desk-detail" data-swap="detail" aria-label="The alert that is open">
                {match &view.open {
                    Some(open) => detail(view, open),
                    None => view! { <p class="desk-none">"No alert is open here. Choose one in the list."</p> }.into_any(),
                }}
            </article>
        </div>
    };
    let title = match &view.open {
        Some(open) => open.alert.title.clone(),
        None => Section::Alerts.title().to_owned(),
    };
    page(frame, &title, content.into_any())
}

/// What is open first, then by the day on which it fired.
fn groups(view: &AlertsView) -> AnyView {
    if view.items.is_empty() {
        let words = match view.show {
            Show::Open if view.filter.is_empty() && view.source.is_empty() => {
                "No alert is open. Rules look every ten seconds."
            }
            _ => "No alert is so.",
        };
        return view! { <p class="desk-none">{words}</p> }.into_any();
    }
    let frame = &view.frame;
    let group = |alert: &AlertItem| match alert.resolved {
        None => "Now".to_owned(),
        Some(_) => day(alert.fired, frame.now, frame.utc_offset_min),
    };
    let (open, over): (Vec<&AlertItem>, Vec<&AlertItem>) =
        view.items.iter().partition(|alert| alert.resolved.is_none());
    let all: Vec<&AlertItem> = open.into_iter().chain(over).collect();
    let groups = all.chunk_by(|a, b| group(a) == group(b)).map(|alerts| {
        let title = alerts.first().map(|first| group(first)).unwrap_or_default();
        view! {
            <section>
                <h2 class="desk-group">{title}</h2>
                <ul>{alerts.iter().map(|alert| row(view, alert)).collect_view()}</ul>
            </section>
        }
    });
    groups.collect_view().into_any()
}

fn row(view: &AlertsView, alert: &AlertItem) -> AnyView {
    let frame = &view.frame;
    let is_open = view.open.as_ref().is_some_and(|open| open.alert.id == alert.id);
    let href = [frame.alert(alert.id), view.query(view.show, None)].concat();
    let needs = alert.phase == "firing";
    let end = match needs && frame.may_act {
        true => view! {
            <form method="post" action=href.clone() data-act="">
                {hidden("do", "ack")}
                {hidden("back", "list")}
                <button type="submit" class="btn" class:go=alert.severity == "critical">"Ack"</button>
            </form>
        }
        .into_any(),
        false => view! {
            <span class="desk-state">{alert.resolved.is_none().then(|| standing(frame, alert))}</span>
        }
        .into_any(),
    };
    let fired = full(alert.fired, frame.utc_offset_min);
    let lasted = match alert.resolved {
        None => age(alert.fired, frame.now, fired),
        Some(resolved) => view! { <time title=fired>{span_short(resolved - alert.fired)}</time> }.into_any(),
    };
    view! {
        <li data-alert=alert.id.to_string() data-phase=alert.phase.clone() aria-current=is_open.then_some("true")>
            {mark(level(alert))}
            <a href=href>
                <b>{alert.title.clone()}</b>
                <small>
                    {line(alert)}
                    {alert.simulated.then_some(" · simulated")}
                    {sender(alert).map(|sender| [" · ", sender].concat())}
                </small>
            </a>
            {lasted}
            {end}
        </li>
    }
    .into_any()
}

/// At the right of a row: who has it and since when, or why it waits.
fn standing(frame: &Frame, alert: &AlertItem) -> AnyView {
    match (alert.phase.as_str(), &alert.ack) {
        ("acknowledged", Some(ack)) => {
            let whose = match ack.by.id == frame.me {
                true => "You have it, ".to_owned(),
                false => format!("{} has it, ", ack.by.name),
            };
            let at = full(ack.at, frame.utc_offset_min);
            view! { {whose} {since_now(ack.at, frame.now, at)} }.into_any()
        }
        _ => state(alert, frame.now, frame.utc_offset_min).into_any(),
    }
}

/// How this browser calls for attention besides the title; off until somebody wants it. The script shows it.
fn tell() -> AnyView {
    view! {
        <p class="desk-tell" data-tell="" hidden="">
            "When another needs somebody: "
            <button type="button" class="pill" data-tell-note="" aria-pressed="false">"Desktop note"</button>
            <button type="button" class="pill" data-tell-sound="" aria-pressed="false">"Sound"</button>
            <span role="status" data-tell-words=""></span>
        </p>
    }
    .into_any()
}
