//! The audit log: who did what, newest first.

use leptos::prelude::*;
use protocol::view::{AuditPage, AuditRow};

use super::frame::{Frame, page};
use crate::browser::encode;
use crate::format::{full, moment};
use crate::plain::form::{Wrong, refused, text};
use crate::plain::table::Column::{Left, Plain};
use crate::plain::table::table;

/// The page of the audit log.
#[derive(Debug, Clone)]
pub struct AuditView {
    /// Around it.
    pub frame: Frame,
    /// What was found.
    pub found: AuditPage,
    /// What was looked for, by name: `actor`, `action`, `target`, `from`, `to`.
    pub asked: Vec<(String, String)>,
    /// What to call actors: as in the log, and in words.
    pub names: Vec<(String, String)>,
    /// Whether this is not the first page.
    pub is_further: bool,
}

impl AuditView {
    fn asked(&self, name: &str) -> &str {
        let found = self.asked.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The query string of what was looked for.
    fn query(&self, and: &[(&str, &str)]) -> String {
        let asked = self
            .asked
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = asked
            .filter(|(_, value)| !value.is_empty())
            .chain(and.iter().copied());
        let pairs: Vec<String> = pairs
            .map(|(name, value)| [name, "=", &encode(value)].concat())
            .collect();
        match pairs.is_empty() {
            true => String::new(),
            false => ["?", &pairs.join("&")].concat(),
        }
    }

    fn name(&self, actor: &str) -> String {
        let known = self.names.iter().find(|(known, _)| known == actor);
        known.map_or_else(|| actor.to_owned(), |(_, words)| words.clone())
    }
}

/// The page's HTML.
pub fn audit(view: &AuditView) -> String {
    let frame = &view.frame;
    let rows = view.found.items.iter().map(|row| entry(view, row));
    let export = |format: &str| {
        let query = view.query(&[("format", format), ("limit", "1000")]);
        [&frame.base, "/api/v1/audit", &query].concat()
    };
    let older = view.found.next.as_deref().map(|next| {
        let href = [frame.action(), view.query(&[("cursor", next)])].concat();
        view! { <a class="btn" rel="next" href=href>"Older entries"</a> }
    });
    let newest = view.is_further.then(|| {
        let href = [frame.action(), view.query(&[])].concat();
        view! { <a class="btn" href=href>"Newest"</a> }
    });
    let none = view.found.items.is_empty().then(|| {
        view! { <p class="pad quiet">"Nothing was found."</p> }
    });
    let cards = view! {
        {filter(view)}
        <section class="card">
            <header>
                <h2>"Entries"</h2>
                <span class="sub">"newest first; sealed, so that a change would be found"</span>
                <span class="tools">
                    <a href=export("json") download="fuseboard-audit.json">"JSON"</a>
                    " · "
                    <a href=export("csv") download="fuseboard-audit.csv">"CSV"</a>
                </span>
            </header>
            {none}
            {table("audit", [Plain("When"), Left("Who"), Left("What"), Left("Of what"), Left("From")], rows)}
            <p class="foot line">{newest} {older}</p>
        </section>
    };
    page(frame, cards.into_any())
}

fn filter(view: &AuditView) -> AnyView {
    let wrong = Wrong::of(&view.frame.wrong, "filter");
    let field = |name, label, hint| {
        text(name, label, "text", view.asked(name), wrong)
            .hint(hint)
            .optional()
            .view()
    };
    view! {
        <form class="card" method="get" action=view.frame.action() data-form="filter">
            {refused(wrong)}
            <div class="line">
                {field("action", "What", "key.create, session.open, …")}
                {field("actor", "Who", "account:…, key:…, cli:…")}
                {field("from", "From", "now-7d, 2026-11-20")}
                {field("to", "To", "now")}
                <button type="submit" class="btn">"Find"</button>
            </div>
        </form>
    }
    .into_any()
}

fn entry(view: &AuditView, row: &AuditRow) -> AnyView {
    let frame = &view.frame;
    let detail = (!row.detail.is_empty()).then(|| view! { <small>{row.detail.clone()}</small> });
    view! {
        <tr data-n=row.n.to_string()>
            <th scope="row" title=full(row.time, frame.utc_offset_min)>{moment(row.time, frame.now, frame.utc_offset_min)}</th>
            <td class="l" data-label="Who" title=row.actor.clone()>{view.name(&row.actor)}</td>
            <td class="l" data-label="What">{row.action.clone()}</td>
            <td class="l wrap" data-label="Of what">
                <span>{row.target.clone()}</span>
                {detail}
            </td>
            <td class="l" data-label="From">{row.address.clone()}</td>
        </tr>
    }
    .into_any()
}
