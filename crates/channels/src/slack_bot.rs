//! Slack, a bot: `chat.postMessage`, and `chat.update` when something changes what was said.
//! <https://docs.slack.dev/reference/methods/chat.postMessage>, <https://docs.slack.dev/reference/methods/chat.update>
//!
//! The HTTP status is 200 also for errors; `ok` in the body decides. A message is named by `channel` and `ts` together,
//! which is its handle. What is sent looks as it does through a webhook (see [`crate::Kind::Slack`]), with its limits;
//! where presses can be verified, Acknowledge is a button that Slack tells us of ([`crate::read_press`]).

use serde_json::Value;

use crate::field::{Field, Input, api_url};
use crate::judge::{Answer, Verdict, by_status};
use crate::message::Message;
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::slack;
use crate::slack_press::ACKNOWLEDGE;

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "token",
        "Bot token",
        "In Slack: your app, OAuth & Permissions, Bot User OAuth Token. Needs the scope chat:write.",
        Input::Text { most: 300 },
    )
    .secret()
    .required(),
    Field::new(
        "channel",
        "Channel ID",
        "At the end of the channel's details: C0123456789. Invite the bot to the channel.",
        Input::Text { most: 80 },
    )
    .required(),
    Field::new(
        "signing_secret",
        "Signing secret",
        "In Slack: your app, Basic Information. With it Acknowledge is pressed in Slack itself, without a browser; give \
         your app, under Interactivity, the address of this board with /hooks/slack behind it.",
        Input::Text { most: 64 },
    )
    .secret(),
    api_url("https://slack.com/api"),
];

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    if given
        .some("token")
        .is_some_and(|token| !token.starts_with("xox") && !token.starts_with("xapp"))
    {
        wrong.push(Wrong::new("token", "begin with xoxb-"));
    }
    if given
        .some("signing_secret")
        .is_some_and(|secret| secret.len() != 32 || !secret.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        wrong.push(Wrong::new("signing_secret", "have 32 letters and digits"));
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '#' | '-' | '_' | '.');
    if given
        .some("channel")
        .is_some_and(|channel| !channel.chars().all(plain))
    {
        wrong.push(Wrong::new(
            "channel",
            "be the ID of a channel, such as C0123456789",
        ));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let mut body = slack::body(attempt.message);
    if given.some("signing_secret").is_some() {
        press_instead(attempt.message, &mut body);
    }
    let told = attempt.handle.filter(|_| attempt.message.notice.follows_up());
    let method = match told.and_then(|handle| handle.split_once(':')) {
        Some((channel, ts)) => {
            body["channel"] = channel.into();
            body["ts"] = ts.into();
            "chat.update"
        }
        None => {
            body["channel"] = given.text("channel").into();
            "chat.postMessage"
        }
    };
    let url = format!("{}/{method}", given.base("api_url"));
    let request = HttpRequest::json("POST", url, &body);
    Ok(Prepared::Http(request.header(
        "authorization",
        format!("Bearer {}", given.text("token")),
    )))
}

/// The button that acknowledges says the token of the link, and leads nowhere.
fn press_instead(message: &Message, body: &mut Value) {
    let link = message.ack_link.as_deref().unwrap_or_default();
    let Some((_, token)) = link.split_once("#t=") else {
        return;
    };
    let blocks = body
        .pointer_mut("/attachments/0/blocks")
        .and_then(Value::as_array_mut);
    let buttons = blocks.into_iter().flatten().filter_map(|block| {
        let buttons = block.get_mut("elements")?;
        buttons.as_array_mut()
    });
    for button in buttons.flatten() {
        if button.get("action_id").and_then(Value::as_str) == Some(ACKNOWLEDGE)
            && let Some(button) = button.as_object_mut()
        {
            button.remove("url");
            button.insert("value".into(), token.into());
        }
    }
}

/// Words for a bot or a channel that will take nothing any more.
const GONE: [&str; 25] = [
    "access_denied",
    "account_inactive",
    "app_missing_action_url",
    "channel_not_found",
    "deprecated_endpoint",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "is_archived",
    "method_deprecated",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "not_in_channel",
    "org_login_required",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "team_access_not_granted",
    "team_not_found",
    "token_expired",
    "token_revoked",
];

/// Words for troubles of the moment.
const LATER: [&str; 8] = [
    "accesslimited",
    "fatal_error",
    "internal_error",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
];

/// Words for a message that cannot be changed any more.
const LOST: [&str; 5] = [
    "cant_update_message",
    "edit_window_closed",
    "message_not_found",
    "update_failed",
    "is_inactive",
];

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    if answer.status != 200 {
        return by_status("Slack", answer, now, None);
    }
    let body = answer.json();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if body.get("ok").and_then(Value::as_bool) == Some(true) {
        let (channel, ts) = (text("channel"), text("ts"));
        let plain =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        let named = plain(channel) && plain(ts) && channel.len() + ts.len() < 100;
        return Verdict::Delivered {
            handle: named.then(|| format!("{channel}:{ts}")),
            words: "Slack took it".into(),
        };
    }
    let error = text("error");
    let words = answer.words(&match error {
        "" => "Slack's answer is not one of its API".to_owned(),
        error => format!("Slack says {error}"),
    });
    if GONE.contains(&error) {
        Verdict::Gone { words }
    } else if LATER.contains(&error) || error.is_empty() {
        Verdict::Retry {
            after_ms: answer.wait(now),
            words,
        }
    } else if LOST.contains(&error) {
        Verdict::Lost { words }
    } else {
        Verdict::Refused { words }
    }
}
