//! The tenant's API keys.

use leptos::prelude::*;
use protocol::view::{ApiKeys, KeyRow, MadeKey};

use super::frame::{Frame, page};
use crate::format::{ago, date_clock, full};
use crate::plain::form::{Wrong, choice, heading, hidden, once, refused, sent, sure, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;

/// What a key may do, in words.
pub const SCOPES: [(&str, &str); 4] = [
    ("ingest:write", "Send events"),
    ("metrics:read", "Read figures, calls and live views"),
    (
        "api:read",
        "Also read alerts, rules and silences: all a viewer sees",
    ),
    ("api:admin", "Change keys and members, as an admin"),
];

/// How long a key counts: in days, and in words.
pub const EXPIRES: [(&str, &str); 4] = [
    ("", "Until it is revoked"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "One year"),
];

/// The page of keys.
#[derive(Debug, Clone)]
pub struct KeysView {
    /// Around it.
    pub frame: Frame,
    /// The keys.
    pub keys: ApiKeys,
    /// A key that was just made.
    pub made: Option<MadeKey>,
}

/// The page's HTML.
pub fn keys(view: &KeysView) -> String {
    let KeysView { frame, keys, made } = view;
    let (live, ended): (Vec<&KeyRow>, Vec<&KeyRow>) = keys.keys.iter().partition(|key| is_live(key));
    let none = live.is_empty().then(|| {
        view! { <p class="pad quiet">"There is none. Services need one to send events."</p> }
    });
    let cards = view! {
        {made
            .as_ref()
            .map(|made| once("The key is made", "Copy it now: it is not kept, and not shown again.", &made.text))}
        {refused(Wrong::of(&frame.wrong, "key"))}
        {(!frame.locked).then(|| new(frame))}
        <section class="card">
            {heading("Keys in use", &live.len().to_string())}
            {none}
            {(!live.is_empty()).then(|| listed(frame, &live))}
        </section>
        {(!ended.is_empty())
            .then(|| {
                view! {
                    <details class="card ended">
                        <summary>{format!("Keys that count no more ({})", ended.len())}</summary>
                        {listed(frame, &ended)}
                    </details>
                }
            })}
    };
    page(frame, cards.into_any())
}

fn is_live(key: &KeyRow) -> bool {
    key.state == "in use" || key.state == "replaced"
}

fn new(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "make");
    let asked = |scope: &str| match wrong {
        Some(wrong) => wrong
            .sent
            .iter()
            .any(|(name, value)| name == "scope" && value == scope),
        None => scope == "ingest:write",
    };
    let scopes = SCOPES.map(|(scope, words)| {
        view! {
            <label class="option">
                <input type="checkbox" name="scope" value=scope checked=asked(scope)/>
                <span>
                    {words}
                    <small>{scope}</small>
                </span>
            </label>
        }
    });
    let expires: Vec<(String, String)> = EXPIRES
        .iter()
        .map(|(days, words)| ((*days).to_owned(), (*words).to_owned()))
        .collect();
    view! {
        <form class="card" method="post" action=frame.action() data-form="make">
            {heading("New key", "for one service, so that it can be revoked alone")}
            {hidden("do", "make")}
            {refused(wrong)}
            <div class="line">
                {text("name", "Name", "text", "", wrong).hint("Such as the service that uses it.").view()}
                {choice("expires", "Counts", &expires, &sent(wrong, "expires"))}
                {text("addresses", "Only from", "text", "", wrong)
                    .hint("Address ranges such as 10.0.0.0/8, with commas; from everywhere when empty.")
                    .optional()
                    .view()}
            </div>
            <fieldset>
                <legend>"It may"</legend>
                {scopes.into_iter().collect_view()}
            </fieldset>
            <button type="submit" class="btn go">"Make the key"</button>
        </form>
    }
    .into_any()
}

fn listed(frame: &Frame, keys: &[&KeyRow]) -> AnyView {
    let columns = [
        Plain("Name"),
        Left("May"),
        Left("State"),
        Plain("Made"),
        Plain("Last used"),
        Unseen("Replace or revoke"),
    ];
    table("keys", columns, keys.iter().map(|key| row(frame, key)))
}

fn row(frame: &Frame, key: &KeyRow) -> AnyView {
    let state = match (key.state.as_str(), key.expires) {
        (state @ ("in use" | "replaced"), Some(until)) => {
            format!("{state}, until {}", date_clock(until, frame.utc_offset_min))
        }
        (state, _) => state.to_owned(),
    };
    let from = (!key.addresses.is_empty()).then(|| format!("from {}", key.addresses.join(", ")));
    view! {
        <tr>
            <th scope="row">
                {key.name.clone()}
                <small><code>{key.prefix.clone()} "…"</code></small>
            </th>
            <td class="l" data-label="May">
                <span>{key.scopes.join(", ")}</span>
                {from.map(|from| view! { <small>{from}</small> })}
            </td>
            <td class="l" data-label="State">{state}</td>
            <td data-label="Made" title=full(key.created, frame.utc_offset_min)>{ago(Some(key.created), frame.now)}</td>
            <td data-label="Last used">{key.last_used.map_or_else(|| "never".to_owned(), |at| ago(Some(at), frame.now))}</td>
            <td>{(is_live(key) && !frame.locked).then(|| actions(frame, key))}</td>
        </tr>
    }
    .into_any()
}

fn actions(frame: &Frame, key: &KeyRow) -> AnyView {
    let fields = |act: &str| view! { {hidden("do", act)} {hidden("key", &key.id)} }.into_any();
    let replace = (key.state == "in use").then(|| {
        let words = "A new key of the same name takes its place. This one counts for one more day.";
        sure(
            "Replace…",
            words.to_owned(),
            "Make the new key".to_owned(),
            &frame.action(),
            fields("replace"),
        )
    });
    let words = "Whoever uses it is refused within 5 seconds. It cannot be taken back.";
    view! {
        <div class="line">
            {replace}
            {sure("Revoke…", words.to_owned(), format!("Revoke {}", key.name), &frame.action(), fields("revoke"))}
        </div>
    }
    .into_any()
}
