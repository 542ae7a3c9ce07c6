//! Slack, incoming webhooks: `POST` of JSON to an address that is the credential; a taken message is answered `ok`.
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>,
//! <https://docs.slack.dev/messaging/formatting-message-text/>, <https://docs.slack.dev/reference/block-kit/blocks/>
//!
//! The heading is the message's text, which notifications on phones show; the rest stands beside a bar of colour. Limits:
//! text 4,000 characters, a section's text 3,000, at most 10 fields of 2,000, a button's text 75 and address 3,000, an
//! action's id 255. In text `&`, `<` and `>` are escaped, which leaves no way to write `<!channel>` or a link, and
//! `verbatim` keeps Slack from looking for names itself.
//!
//! Such a webhook cannot change what it has said: that needs a bot ([`crate::Kind::SlackBot`]).

use serde_json::{Value, json};

use crate::facts::Facts;
use crate::field::{Field, Input};
use crate::judge::{Answer, Verdict, by_status};
use crate::message::Message;
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::fit_escaped;

pub(crate) const FIELDS: &[Field] = &[Field::new(
    "url",
    "Webhook URL",
    "In Slack: your app, Incoming Webhooks, Add New Webhook. Begins with https://hooks.slack.com/. Compatible receivers \
     such as Mattermost work too.",
    Input::Url,
)
.secret()
.required()];

/// Limits of ours, each within Slack's.
const HEADING: usize = 1_000;
const SECTION: usize = 3_000;
const FIELD: usize = 1_000;
const MOST_FIELDS: usize = 10;

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let body = body(attempt.message);
    Ok(Prepared::Http(HttpRequest::json(
        "POST",
        given.text("url").to_owned(),
        &body,
    )))
}

/// The same for webhooks and bots.
pub(crate) fn body(message: &Message) -> Value {
    let facts = Facts::of(message);
    let heading = cut(&facts.heading, HEADING);
    let mut blocks = Vec::new();
    if !facts.summary.is_empty() {
        blocks.push(json!({"type": "section", "text": mrkdwn(cut(&facts.summary, SECTION))}));
    }
    let fields: Vec<Value> = facts
        .list
        .iter()
        .take(MOST_FIELDS)
        .map(|(name, value)| mrkdwn(format!("*{}*\n{}", cut(name, FIELD), cut(value, FIELD))))
        .collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let buttons: Vec<Value> = facts
        .links
        .iter()
        .map(|(name, url)| {
            let id = name.to_ascii_lowercase();
            let text = json!({"type": "plain_text", "text": name});
            let mut button = json!({"type": "button", "action_id": id, "text": text, "url": url});
            if *name == "Acknowledge" {
                button["style"] = "primary".into();
            }
            button
        })
        .collect();
    if !buttons.is_empty() {
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    json!({
        "text": format!("*{heading}*"),
        "parse": "none",
        "unfurl_links": false,
        "unfurl_media": false,
        "attachments": [{"color": facts.tone.color(), "fallback": heading, "blocks": blocks}],
    })
}

fn mrkdwn(text: String) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// Shortened and escaped. Slack says "characters"; counted as UTF-16, of which there are never fewer.
fn cut(text: &str, most: usize) -> String {
    fit_escaped(text, most, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        // Neither bold nor code can be begun or ended by what is told.
        '*' => out.push('∗'),
        '`' => out.push('ˋ'),
        c => out.push(c),
    })
}

/// Errors come as one word of text.
pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    const GONE: [&str; 10] = [
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_team",
        "posting_to_general_channel_denied",
        "team_disabled",
        "user_not_found",
    ];
    let text = answer.text();
    let word = text.trim();
    if (400..500).contains(&answer.status) && GONE.contains(&word) {
        return Verdict::Gone {
            words: answer.words(&format!("Slack says {word}")),
        };
    }
    by_status("Slack", answer, now, None)
}
