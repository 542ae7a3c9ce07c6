//! Discord, webhooks of a channel: `POST …?wait=true` answers with the message, whose id is the handle; `PATCH
//! …/messages/{id}` changes it.
//! <https://discord.com/developers/docs/resources/webhook>, <https://discord.com/developers/docs/resources/message#embed-limits>,
//! <https://discord.com/developers/docs/topics/rate-limits>
//!
//! Limits: title 256, description 4096, at most 25 fields of name 256 and value 1024, footer 2048, all of an embed's text
//! together 6000. Markdown is escaped, names cannot be called (`allowed_mentions`), and what would look like a call does
//! not even look like one. A webhook may have no buttons of its own, so that links are text.
//!
//! Who goes on calling a webhook that is gone is banned by address: 404 is final.

use serde_json::{Value, json};
use url::Url;

use crate::facts::{Facts, iso};
use crate::field::{Field, Input};
use crate::judge::{Answer, Verdict, by_status};
use crate::message::Message;
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::{fit_escaped, length, line_of};

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "url",
        "Webhook URL",
        "In Discord: the channel's settings, Integrations, Webhooks, Copy Webhook URL.",
        Input::Url,
    )
    .secret()
    .required(),
    Field::new(
        "username",
        "Name",
        "Under which messages appear.",
        Input::Text { most: 80 },
    )
    .or("Fuseboard"),
    Field::new(
        "thread_id",
        "Thread ID",
        "Only to write into one thread of the channel.",
        Input::Number {
            least: 1,
            most: u64::MAX,
        },
    ),
];

const TITLE: usize = 256;
const DESCRIPTION: usize = 4_096;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1_024;
const MOST_FIELDS: usize = 25;
const FOOTER: usize = 100;
const TOTAL: usize = 6_000;
/// Of the description, for links.
const LINKS: usize = 2_500;

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    let name = given.text("username").to_lowercase();
    if name.contains("discord") || name.contains("clyde") {
        wrong.push(Wrong::new(
            "username",
            "not hold the words discord or clyde, which Discord keeps for itself",
        ));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let bad = || Wrong::new("url", "be a web address");
    let mut url = Url::parse(given.text("url")).map_err(|_| bad())?;
    let mut body = json!({
        "allowed_mentions": {"parse": []},
        "embeds": [embed(attempt.message)],
    });
    let told = attempt
        .handle
        .filter(|handle| attempt.message.notice.follows_up() && is_id(handle));
    let method = match told {
        Some(id) => {
            let mut path = url.path_segments_mut().map_err(|()| bad())?;
            path.pop_if_empty().push("messages").push(id);
            "PATCH"
        }
        None => {
            body["username"] = given.text("username").into();
            url.query_pairs_mut().append_pair("wait", "true");
            "POST"
        }
    };
    if let Some(thread) = given.some("thread_id") {
        url.query_pairs_mut().append_pair("thread_id", thread);
    }
    Ok(Prepared::Http(HttpRequest::json(method, url.into(), &body)))
}

fn embed(message: &Message) -> Value {
    let facts = Facts::of(message);
    let title = cut(&facts.heading, TITLE);
    let mut links = String::new();
    for (name, url) in &facts.links {
        let link = format!("{}[{name}]({url})", if links.is_empty() { "" } else { " · " });
        if length(&links) + length(&link) <= LINKS {
            links.push_str(&link);
        }
    }
    let room = DESCRIPTION - length(&links) - 2;
    let mut description = cut(&facts.summary, room);
    if !description.is_empty() && !links.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str(&links);
    let footer = match line_of(&message.tenant, FOOTER).as_str() {
        "" => "Fuseboard".to_owned(),
        tenant => cut(&format!("Fuseboard · {tenant}"), FOOTER),
    };
    let mut used = length(&title) + length(&description) + length(&footer);
    let mut fields = Vec::new();
    for (name, value) in facts.list.iter().take(MOST_FIELDS) {
        let (name, value) = (cut(name, FIELD_NAME), cut(value, FIELD_VALUE));
        used += length(&name) + length(&value);
        if used > TOTAL {
            break;
        }
        fields.push(json!({"name": name, "value": value, "inline": true}));
    }
    let mut embed = json!({
        "title": title,
        "color": facts.tone.rgb(),
        "description": description,
        "timestamp": iso(message.at),
        "fields": fields,
        "footer": {"text": footer},
    });
    if let Some(url) = facts.link("Open") {
        embed["url"] = url.into();
    }
    embed
}

/// Shortened and escaped. Counted as UTF-16, of which there are never fewer than of what Discord counts.
fn cut(text: &str, most: usize) -> String {
    fit_escaped(text, most, |c, out| match c {
        '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '(' | ')' | '<' | '>' | '#' => {
            out.push('\\');
            out.push(c);
        }
        '@' => out.push_str("@\u{200b}"),
        c => out.push(c),
    })
}

fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    /// Unknown message; a message of somebody else; an archived thread.
    const LOST: [i64; 3] = [10_008, 50_005, 50_083];
    let body = answer.json();
    let code = body.get("code").and_then(Value::as_i64);
    let said = body.get("message").and_then(Value::as_str);
    if (200..300).contains(&answer.status) {
        let id = body.get("id").and_then(Value::as_str).filter(|id| is_id(id));
        return Verdict::Delivered {
            handle: id.map(str::to_owned),
            words: "Discord took it".into(),
        };
    }
    if (400..500).contains(&answer.status) && code.is_some_and(|code| LOST.contains(&code)) {
        return Verdict::Lost {
            words: answer.words(&format!("Discord says: {}", said.unwrap_or_default())),
        };
    }
    by_status("Discord", answer, now, said)
}
