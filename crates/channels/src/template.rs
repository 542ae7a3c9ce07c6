//! Words of one's own for a channel's messages: text with names in braces, `{severity}: {title} at {service}`.
//!
//! Names stand for what a message says, and for nothing else; what they stand for is put in as text and is not read again.
//! Escaping and limits are those of everything that is told, because what is made here is a heading and a text like any
//! other. `{{` and `}}` are braces. What a message does not have is empty.
//!
//! Deliberately absent: conditions, loops, functions, files, the environment: whoever may change a channel gets no
//! language to run here.

use crate::facts::{lasted, moment};
use crate::message::Message;
use crate::text::{length, line_of, lines_of};

/// The longest template for a heading, and for a text, in characters.
pub const LONGEST_TITLE_TEMPLATE: usize = 200;
/// See [`LONGEST_TITLE_TEMPLATE`].
pub const LONGEST_TEXT_TEMPLATE: usize = 2_000;

/// What can stand in braces, with what it stands for.
pub const PLACEHOLDERS: [(&str, &str); 20] = [
    ("title", "what the alert is called"),
    ("summary", "what was found, with its figures"),
    ("state", "critical, warning, info, acknowledged or resolved"),
    ("severity", "critical, warning or info"),
    ("rule", "the rule's name"),
    ("provider", "the label of this name"),
    ("model", "the label of this name"),
    ("deployment", "the label of this name"),
    ("service", "the label of this name"),
    ("environment", "the label of this name"),
    ("breaker", "the label of this name"),
    ("labels", "all labels: a=1, b=2"),
    ("since", "since when it is bad, in UTC"),
    ("lasted", "how long it has been bad"),
    ("by", "who acknowledged or resolved it"),
    ("note", "what they said"),
    ("link", "the alert's page"),
    ("ack_link", "takes the alert with one press"),
    ("runbook", "the rule's runbook"),
    ("tenant", "the tenant"),
];
/// What begins the name of any other label: `{label.team}`.
pub const LABEL_PLACEHOLDER: &str = "label.";

/// Characters of one value, and of an address.
const LONGEST_VALUE: usize = 300;
const LONGEST_ADDRESS: usize = 2_000;
/// Characters of a summary, and of all that is made. No service takes more.
const LONGEST: usize = 16_000;

/// A template that can be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl Template {
    /// Reads a template of at most `most` characters; `None` for an empty one, which leaves the usual words.
    ///
    /// # Errors
    /// What it must be: shorter, without control characters, with braces in pairs, or with names that there are.
    pub fn parse(text: &str, most: usize) -> Result<Option<Template>, String> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let found = length(text);
        if found > most {
            return Err(format!("have at most {most} characters, got {found}"));
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err("hold no control characters".into());
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = after.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = after.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some((name, after)) =
                after.strip_prefix('{').and_then(|after| after.split_once('}'))
            {
                known(name)?;
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Name(name.to_owned()));
                rest = after;
            } else {
                return Err("have its braces in pairs; {{ and }} are the signs themselves".into());
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Some(Template { parts }))
    }

    /// What it says of a message.
    pub fn fill(&self, message: &Message) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Name(name) => out.push_str(&value(name, message)),
            }
            // A summary can be named often.
            if out.len() > 4 * LONGEST {
                break;
            }
        }
        lines_of(&out, LONGEST)
    }
}

fn known(name: &str) -> Result<(), String> {
    let label = name.strip_prefix(LABEL_PLACEHOLDER);
    if PLACEHOLDERS.iter().any(|(known, _)| *known == name) || label.is_some_and(|label| !label.is_empty()) {
        return Ok(());
    }
    let names: Vec<String> = PLACEHOLDERS
        .iter()
        .map(|(name, _)| format!("{{{name}}}"))
        .collect();
    let name = line_of(name, 40);
    Err(format!(
        "name what there is: {{{name}}} is none of {} and {{label.…}}",
        names.join(", ")
    ))
}

fn value(name: &str, message: &Message) -> String {
    let short = |text: &str| line_of(text, LONGEST_VALUE);
    let said =
        |text: &Option<String>, most| text.as_deref().map_or(String::new(), |text| line_of(text, most));
    let since = if message.since > 0 {
        message.since
    } else {
        message.fired
    };
    match name {
        "title" => short(&message.title),
        "summary" => lines_of(&message.summary, LONGEST),
        "state" => message.state().to_owned(),
        "severity" => message.severity.as_str().to_owned(),
        "rule" => short(&message.rule),
        "labels" => {
            let labels = message
                .labels
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            line_of(&labels.collect::<Vec<_>>().join(", "), LONGEST_ADDRESS)
        }
        "since" => moment(since),
        "lasted" => lasted(message.at.saturating_sub(since)),
        "by" => said(&message.by, LONGEST_VALUE),
        "note" => said(&message.note, LONGEST_VALUE),
        "link" => said(&message.link, LONGEST_ADDRESS),
        "ack_link" if message.notice.calls() => said(&message.ack_link, LONGEST_ADDRESS),
        "runbook" => said(&message.runbook, LONGEST_ADDRESS),
        "tenant" => short(&message.tenant),
        label => {
            let name = label.strip_prefix(LABEL_PLACEHOLDER).unwrap_or(label);
            message
                .labels
                .get(name)
                .map_or(String::new(), |value| short(value))
        }
    }
}
