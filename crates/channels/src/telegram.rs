//! Telegram, a bot: `POST /bot<token>/sendMessage`.
//! <https://core.telegram.org/bots/api#sendmessage>, <https://core.telegram.org/bots/api#html-style>,
//! <https://core.telegram.org/bots/api#making-requests>
//!
//! HTML mode, in which `&`, `<` and `>` are all that must be escaped; the markdown of Telegram has eighteen. Limit: 4096
//! characters, counted as UTF-16 and with all markup, which is more than Telegram counts. Links are text: buttons with
//! addresses that Telegram does not know, such as `http://localhost`, make it refuse the message.
//!
//! What follows up answers the first message of its topic, whose id is the handle. What calls nobody arrives silently.

use serde_json::{Value, json};

use crate::facts::Facts;
use crate::field::{Field, Input, api_url};
use crate::judge::{Answer, Verdict, by_status};
use crate::message::{Message, Severity};
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::{escaped, fit_escaped, html, length};

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "token",
        "Bot token",
        "From @BotFather: 123456789:ABC….",
        Input::Text { most: 100 },
    )
    .secret()
    .required(),
    Field::new(
        "chat_id",
        "Chat",
        "The number of a person or group (groups begin with -), or @name of a public channel.",
        Input::Text { most: 64 },
    )
    .required(),
    Field::new(
        "thread_id",
        "Topic",
        "Only for groups with topics: the topic's number.",
        Input::Number {
            least: 1,
            most: i32::MAX as u64,
        },
    ),
    api_url("https://api.telegram.org"),
];

const MOST: usize = 4_096;
const HEADING: usize = 500;
const SUMMARY: usize = 1_500;
const LINKS: usize = 1_500;

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    let token_fits = given.text("token").split_once(':').is_some_and(|(number, rest)| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
            && rest.len() >= 10
            && rest.bytes().all(plain)
    });
    if !token_fits {
        wrong.push(Wrong::new(
            "token",
            "be a number, a colon, and letters, as @BotFather gave it",
        ));
    }
    let chat = given.text("chat_id");
    let is_name = chat.strip_prefix('@').is_some_and(|name| {
        (4..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    if chat.parse::<i64>().is_err() && !is_name {
        wrong.push(Wrong::new("chat_id", "be a number, or @name of a public channel"));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let message = attempt.message;
    let chat = given.text("chat_id");
    let silent = !message.notice.calls() || message.severity == Severity::Info;
    let mut body = json!({
        "chat_id": chat.parse::<i64>().map_or_else(|_| Value::from(chat), Value::from),
        "text": text(message),
        "parse_mode": "HTML",
        "disable_notification": silent,
        "link_preview_options": {"is_disabled": true},
    });
    let number = |text: &str| text.parse::<i64>().ok();
    if let Some(thread) = given.some("thread_id").and_then(number) {
        body["message_thread_id"] = thread.into();
    }
    let told = attempt.handle.filter(|_| message.notice.follows_up());
    if let Some(first) = told.and_then(number) {
        body["reply_parameters"] = json!({"message_id": first, "allow_sending_without_reply": true});
    }
    let url = format!("{}/bot{}/sendMessage", given.base("api_url"), given.text("token"));
    Ok(Prepared::Http(HttpRequest::json("POST", url, &body)))
}

fn text(message: &Message) -> String {
    let facts = Facts::of(message);
    let cut = |text: &str, most: usize| fit_escaped(text, most, html);
    let mut links = String::new();
    for (name, url) in &facts.links {
        let before = if links.is_empty() { "\n\n" } else { " · " };
        let link = format!("{before}<a href=\"{}\">{name}</a>", escaped(url, html));
        if length(&links) + length(&link) <= LINKS {
            links.push_str(&link);
        }
    }
    let mut text = format!("<b>{}</b>", cut(&facts.heading, HEADING));
    if !facts.summary.is_empty() {
        text.push('\n');
        text.push_str(&cut(&facts.summary, SUMMARY));
    }
    text.push('\n');
    for (name, value) in &facts.list {
        let line = format!("\n<i>{}</i>: {}", cut(name, 100), cut(value, 400));
        if length(&text) + length(&line) + length(&links) > MOST {
            break;
        }
        text.push_str(&line);
    }
    text.truncate(text.trim_end().len());
    text.push_str(&links);
    text
}

pub(crate) fn preview(message: &Message) -> String {
    Facts::of(message).card()
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    let body = answer.json();
    if body.get("ok").and_then(Value::as_bool) == Some(true) && answer.status == 200 {
        return Verdict::Delivered {
            handle: body
                .pointer("/result/message_id")
                .and_then(Value::as_i64)
                .map(|id| id.to_string()),
            words: "Telegram took it".into(),
        };
    }
    let said = body.get("description").and_then(Value::as_str);
    if let Some(chat) = body
        .pointer("/parameters/migrate_to_chat_id")
        .and_then(Value::as_i64)
    {
        return Verdict::Gone {
            words: format!("Telegram says that the group has become a supergroup: its chat is {chat} now"),
        };
    }
    let gone = said.is_some_and(|said| {
        let said = said.to_lowercase();
        [
            "chat not found",
            "thread not found",
            "not enough rights",
            "user is deactivated",
            "peer_id_invalid",
        ]
        .iter()
        .any(|known| said.contains(known))
    });
    if answer.status == 400 && gone {
        return Verdict::Gone {
            words: answer.words(&format!("Telegram says: {}", said.unwrap_or_default())),
        };
    }
    by_status("Telegram", answer, now, said)
}
