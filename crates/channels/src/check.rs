//! Whether a channel can be set up like this, and for whom its secrets are.

use secrecy::ExposeSecret as _;

use crate::field::{Field, Input};
use crate::kind::Kind;
use crate::settings::{Given, Secrets, Settings, Wrong};
use crate::text::length;
use crate::url_check;
use crate::{discord, email, opsgenie, pagerduty, slack_bot, telegram, twilio, webhook};

/// No value of any field is longer.
const LONGEST: usize = 4_096;

/// All that is wrong with a channel's settings, field by field. Spaces around values do not matter.
pub fn check(kind: Kind, settings: &Settings, secrets: &Secrets) -> Result<(), Vec<Wrong>> {
    let mut wrong = Vec::new();
    let given = Given {
        kind,
        settings,
        secrets,
    };
    for name in settings.keys() {
        match kind.field(name) {
            None => wrong.push(Wrong::new(&named(name), "be left out: there is no such field")),
            Some(field) if field.secret => wrong.push(Wrong::new(name, "be given as a secret")),
            Some(_) => {}
        }
    }
    for name in secrets.keys() {
        match kind.field(name) {
            None => wrong.push(Wrong::new(&named(name), "be left out: there is no such field")),
            Some(field) if !field.secret => {
                wrong.push(Wrong::new(name, "be given as a setting: it is no secret"));
            }
            Some(_) => {}
        }
    }
    for field in kind.fields() {
        if let Some(must) = must(field, given) {
            wrong.push(Wrong::new(field.name, must));
        }
    }
    // What holds between fields, or inside one, is only asked of fields that can be read at all.
    if wrong.is_empty() {
        match kind {
            Kind::Webhook => webhook::check(given, &mut wrong),
            Kind::SlackBot => slack_bot::check(given, &mut wrong),
            Kind::PagerDuty => pagerduty::check(given, &mut wrong),
            Kind::Opsgenie => opsgenie::check(given, &mut wrong),
            Kind::Telegram => telegram::check(given, &mut wrong),
            Kind::Email => email::check(given, &mut wrong),
            Kind::Twilio => twilio::check(given, &mut wrong),
            Kind::Discord => discord::check(given, &mut wrong),
            Kind::Slack | Kind::Teams => {}
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// `scheme://host:port` of whom the secrets are for. When it changes, secrets that are kept must be dropped, else
/// somebody who may change settings could have them sent to a machine of theirs. For mail the scheme says how the
/// connection is protected, so that taking that away is a change as well.
pub fn destination(kind: Kind, settings: &Settings, secrets: &Secrets) -> Option<String> {
    let given = Given {
        kind,
        settings,
        secrets,
    };
    match kind {
        Kind::Webhook | Kind::Slack | Kind::Discord | Kind::Teams => url_check::origin(given.text("url")),
        Kind::SlackBot | Kind::Telegram | Kind::Twilio => url_check::origin(given.text("api_url")),
        Kind::PagerDuty => url_check::origin(&pagerduty::base(given)),
        Kind::Opsgenie => url_check::origin(&opsgenie::base(given)),
        Kind::Email => email::destination(given),
    }
}

/// A name that nobody knows is repeated only as far as names go: it may be a secret in the wrong place.
fn named(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if name.len() <= 30 && name.chars().all(plain) {
        name.to_owned()
    } else {
        "a field".to_owned()
    }
}

fn must(field: &Field, given: Given<'_>) -> Option<String> {
    let whole = if field.secret {
        given.secrets.get(field.name).map(|secret| secret.expose_secret())
    } else {
        given.settings.get(field.name).map(String::as_str)
    };
    if whole.is_some_and(|text| text.len() > LONGEST) {
        return Some(format!("be at most {LONGEST} bytes"));
    }
    if whole.is_some_and(|text| text.trim().chars().any(char::is_control)) {
        return Some("hold no control characters".into());
    }
    let text = given.text(field.name);
    if text.is_empty() {
        return field.required.then(|| "be given".into());
    }
    match field.input {
        Input::Text { most } if length(text) > most => Some(format!("be at most {most} characters")),
        Input::Text { .. } => None,
        Input::Url => url_check::read(text).err().map(str::to_owned),
        Input::Email => email::must_be_address(text),
        Input::Emails => email::must_be_addresses(text),
        Input::Host => email::must_be_host(text),
        Input::Number { least, most } => {
            let digits = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
            let number = text
                .parse::<u64>()
                .ok()
                .filter(|number| digits && (least..=most).contains(number));
            number
                .is_none()
                .then(|| format!("be a number from {least} to {most}"))
        }
        Input::Choice(values) => {
            let names: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
            (!names.contains(&text)).then(|| format!("be one of {}", names.join(", ")))
        }
    }
}
