//! `/kpis/sharing`: links that show figures without an account, and pages for the public.

use leptos::prelude::*;
use protocol::documents::DocumentItem;
use protocol::kpis::share::{HIDES, ShareDoc};
use protocol::kpis::status::StatusPageDoc;

use super::frame::{Frame, Section, page};
use crate::format::{ago, date_clock};
use crate::plain::form::{Wrong, choice, heading, hidden, once, refused, sent, sure, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;

/// How long a link counts: in days, and in words.
pub const ENDS: [(&str, &str); 5] = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "One year"),
    ("400", "400 days"),
];

const PERIODS: [(&str, &str); 5] = [
    ("month", "This month"),
    ("last-month", "Last month"),
    ("week", "This week"),
    ("quarter", "This quarter"),
    ("year", "This year"),
];

/// A share in the list.
#[derive(Debug, Clone)]
pub struct ShareRow {
    /// As it is kept.
    pub item: DocumentItem<ShareDoc>,
    /// When somebody came with it last.
    pub opened: Option<i64>,
}

/// A page for the public in the list.
#[derive(Debug, Clone)]
pub struct StatusRow {
    /// As it is kept.
    pub item: DocumentItem<StatusPageDoc>,
}

/// The page.
#[derive(Debug, Clone)]
pub struct SharingView {
    /// Around it.
    pub frame: Frame,
    /// Links.
    pub shares: Vec<ShareRow>,
    /// Pages for the public.
    pub pages: Vec<StatusRow>,
    /// A link that was just made.
    pub made: Option<String>,
}

/// The page's HTML.
pub fn sharing(view: &SharingView) -> String {
    let frame = &view.frame;
    let words = "Copy it now: it is not kept, and not shown again. Whoever has it sees what it shows.";
    let made = view
        .made
        .as_deref()
        .map(|link| once("The link is made", words, link));
    let shares = match view.shares.is_empty() {
        true => view! { <p class="pad quiet">"Nothing is shared."</p> }.into_any(),
        false => listed(frame, &view.shares),
    };
    let pages = match view.pages.is_empty() {
        true => view! { <p class="pad quiet">"There is none."</p> }.into_any(),
        false => status_pages(frame, &view.pages),
    };
    let content = view! {
        <div class="settings sharing">
            {made}
            {refused(Wrong::of(&frame.wrong, "act"))}
            {frame.may_change.then(|| new_share(frame))}
            <section class="card">
                {heading("Links", "figures of one period, without an account")}
                {shares}
            </section>
            {frame.may_change.then(|| new_page(frame))}
            <section class="card">
                {heading("Status pages", "what works, for the public")}
                {pages}
            </section>
        </div>
    };
    page(frame, "Sharing", ().into_any(), ().into_any(), content.into_any())
}

fn choices(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(value, words): &(&str, &str)| ((*value).to_owned(), (*words).to_owned());
    all.iter().map(own).collect()
}

fn new_share(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "share");
    let hidden_ones = |what: &str| {
        let all = wrong.map(|wrong| wrong.sent.as_slice()).unwrap_or_default();
        all.iter().any(|(name, value)| name == "hide" && value == what)
    };
    let hides = HIDES.map(|what| {
        let words = match what {
            "cost" => "Costs",
            "providers" => "Names of providers",
            _ => "Breakers",
        };
        view! {
            <label class="option">
                <input type="checkbox" name="hide" value=what checked=hidden_ones(what)/>
                <span>{words}</span>
            </label>
        }
    });
    let chosen = |name: &str, usual: &str| match sent(wrong, name) {
        value if value.is_empty() => usual.to_owned(),
        value => value,
    };
    view! {
        <form class="card" method="post" action=frame.href(Section::Sharing) data-form="share">
            {heading("New link", "what it shows is fixed when it is made")}
            {hidden("do", "share")}
            {refused(wrong)}
            <div class="line">
                {text("name", "Name", "text", "", wrong).hint("Whoever has the link reads it.").view()}
                {choice("period", "Period", &choices(&PERIODS), &chosen("period", "month"))}
                {choice("ends", "Counts for", &choices(&ENDS), &chosen("ends", "30"))}
            </div>
            <div class="line">
                {text("filter", "Only calls", "text", "", wrong)
                    .hint("Such as service:chat; all when empty.")
                    .optional()
                    .view()}
                {text("zone", "Time zone", "text", "UTC", wrong).hint("Such as Europe/Berlin.").view()}
                {text("embed", "In frames of", "text", "", wrong)
                    .hint("Origins such as https://intranet.example, with commas; of none when empty.")
                    .optional()
                    .view()}
            </div>
            <fieldset>
                <legend>"Leave out"</legend>
                {hides.into_iter().collect_view()}
            </fieldset>
            <button type="submit" class="btn go">"Make the link"</button>
        </form>
    }
    .into_any()
}

fn listed(frame: &Frame, shares: &[ShareRow]) -> AnyView {
    let columns = [
        Plain("Name"),
        Left("Shows"),
        Left("Until"),
        Plain("Last used"),
        Unseen("Revoke"),
    ];
    table("shares", columns, shares.iter().map(|row| share(frame, row)))
}

fn share(frame: &Frame, row: &ShareRow) -> AnyView {
    let doc = &row.item.doc;
    let of = match doc.filter.is_empty() {
        true => "all calls".to_owned(),
        false => doc.filter.clone(),
    };
    let without = (!doc.hide.is_empty()).then(|| format!("without {}", doc.hide.join(", ")));
    let framed = (!doc.embed.is_empty()).then(|| format!("in frames of {}", doc.embed.join(", ")));
    let until = date_clock(doc.expires, frame.utc_offset_min);
    let until = match doc.expires <= frame.now {
        true => format!("ended {until}"),
        false => until,
    };
    let used = match row.opened {
        Some(at) => ago(Some(at), frame.now),
        None => "never".to_owned(),
    };
    let revoke = frame.may_change.then(|| {
        let fields = view! { {hidden("do", "revoke")} {hidden("share", &row.item.id.to_string())} };
        let words = "The link leads nowhere from then on. It cannot be taken back.";
        let button = format!("Revoke {}", doc.name);
        sure(
            "Revoke…",
            words.to_owned(),
            button,
            &frame.href(Section::Sharing),
            fields.into_any(),
        )
    });
    view! {
        <tr>
            <th scope="row">{doc.name.clone()}</th>
            <td class="l" data-label="Shows">
                <span>{format!("{}, {of}, {}", doc.period, doc.zone)}</span>
                {without.map(|without| view! { <small>{without}</small> })}
                {framed.map(|framed| view! { <small>{framed}</small> })}
            </td>
            <td class="l" data-label="Until">{until}</td>
            <td data-label="Last used">{used}</td>
            <td>{revoke}</td>
        </tr>
    }
    .into_any()
}

fn new_page(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "status");
    view! {
        <form class="card" method="post" action=frame.href(Section::Sharing) data-form="status">
            {heading("New status page", "nobody sees it before it is published")}
            {hidden("do", "status")}
            {refused(wrong)}
            <div class="line">
                {text("title", "Title", "text", "", wrong).view()}
                {text("slug", "Address", "text", "", wrong)
                    .hint("What stands behind /status/: letters, digits and hyphens.")
                    .view()}
            </div>
            <button type="submit" class="btn go">"Make the page"</button>
        </form>
    }
    .into_any()
}

fn status_pages(frame: &Frame, pages: &[StatusRow]) -> AnyView {
    let columns = [
        Plain("Title"),
        Left("Address"),
        Left("State"),
        Plain("Open incidents"),
    ];
    let row = |row: &StatusRow| {
        let doc = &row.item.doc;
        let own = format!("{}/{}", frame.href(Section::Sharing), row.item.id);
        let public = [&frame.root, "/status/", &doc.slug].concat();
        let address = match doc.published {
            true => view! { <a href=public.clone()>{public.clone()}</a> }.into_any(),
            false => public.into_any(),
        };
        let open = doc
            .incidents
            .iter()
            .filter(|incident| !incident.is_over())
            .count();
        view! {
            <tr>
                <th scope="row"><a href=own>{doc.title.clone()}</a></th>
                <td class="l" data-label="Address">{address}</td>
                <td class="l" data-label="State">{if doc.published { "published" } else { "not published" }}</td>
                <td data-label="Open incidents">{open}</td>
            </tr>
        }
        .into_any()
    };
    table("status-pages", columns, pages.iter().map(row))
}
