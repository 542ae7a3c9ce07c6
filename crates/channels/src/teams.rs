//! Microsoft Teams, workflows with the trigger "When a Teams webhook request is received": `POST` of an adaptive card to
//! an address that is the credential, answered 202.
//! <https://support.microsoft.com/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498>,
//! <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>,
//! <https://adaptivecards.io/explorer/RichTextBlock.html>
//!
//! A message may have about 28 KB; ours has at most 24. Every text that is told stands in a `TextRun`, which knows no
//! markdown, so that there is nothing to escape. Card version 1.4 is what workflows show.
//!
//! The older connectors of Office 365 are being retired and are not supported.

use serde_json::{Value, json};

use crate::facts::{Facts, Tone};
use crate::field::{Field, Input};
use crate::judge::{Answer, Verdict, by_status};
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::fit;

pub(crate) const FIELDS: &[Field] = &[Field::new(
    "url",
    "Workflow URL",
    "In Teams: the channel's menu, Workflows, \"Send webhook alerts to a channel\"; the address is shown at the end.",
    Input::Url,
)
.secret()
.required()];

/// Bytes of a message.
const MOST: usize = 24 * 1024;

/// Characters of the summary, how many facts, and characters of one: the first row that fits is taken.
const ROWS: [(usize, usize, usize); 4] = [(4_000, 20, 300), (2_000, 20, 150), (1_000, 10, 100), (400, 5, 60)];

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let facts = Facts::of(attempt.message);
    let mut body = Value::Null;
    for row in ROWS {
        body = message(&facts, row);
        if body.to_string().len() <= MOST {
            break;
        }
    }
    Ok(Prepared::Http(HttpRequest::json(
        "POST",
        given.text("url").to_owned(),
        &body,
    )))
}

fn message(facts: &Facts, (summary, most, longest): (usize, usize, usize)) -> Value {
    let color = match facts.tone {
        Tone::Critical => "Attention",
        Tone::Warning => "Warning",
        Tone::Info => "Accent",
        Tone::Taken => "Default",
        Tone::Over => "Good",
    };
    let heading = json!({
        "type": "TextRun", "text": fit(&facts.heading, 300),
        "size": "Medium", "weight": "Bolder", "color": color,
    });
    let mut body = vec![rich(&[heading])];
    for text in fit(&facts.summary, summary)
        .split('\n')
        .filter(|text| !text.is_empty())
    {
        body.push(rich(&[json!({"type": "TextRun", "text": text})]));
    }
    for (at, (name, value)) in facts.list.iter().take(most).enumerate() {
        let name = format!("{}: ", fit(name, 80));
        let value = fit(value, longest);
        let mut row = rich(&[
            json!({"type": "TextRun", "text": name, "weight": "Bolder"}),
            json!({"type": "TextRun", "text": value}),
        ]);
        if at > 0 {
            row["spacing"] = "Small".into();
        }
        body.push(row);
    }
    let actions: Vec<Value> = facts
        .links
        .iter()
        .map(|(name, url)| json!({"type": "Action.OpenUrl", "title": name, "url": url}))
        .collect();
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": actions,
    });
    // What clients show that cannot show cards.
    card["fallbackText"] = fit(&facts.heading, 300).into();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn rich(inlines: &[Value]) -> Value {
    json!({"type": "RichTextBlock", "inlines": inlines})
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    let body = answer.json();
    let text = |at: &str| body.pointer(at).and_then(Value::as_str);
    let said = text("/error/message");
    // A workflow that was turned off or has lost its trigger, or an address of the old kind.
    let gone = matches!(
        text("/error/code"),
        Some(
            "WorkflowTriggerIsNotEnabled"
                | "WorkflowNotFound"
                | "WorkflowTriggerNotFound"
                | "DirectApiAuthorizationRequired"
                | "TriggerRequestMethodNotValid"
        )
    );
    if gone && (400..500).contains(&answer.status) {
        return Verdict::Gone {
            words: answer.words(&format!("Teams says: {}", said.unwrap_or_default())),
        };
    }
    by_status("Teams", answer, now, said)
}
