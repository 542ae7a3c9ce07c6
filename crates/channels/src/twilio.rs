//! Text messages through Twilio: `POST` of a form with basic authentication, answered 201.
//! <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>,
//! <https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding>,
//! <https://www.twilio.com/docs/api/errors>
//!
//! One segment of 160 septets in the alphabet of GSM 03.38, in which `[ ] { } ^ ~ \ | €` count twice: letters that it
//! does not have lose their accents, other characters are left out. The link stays whole or is left out. That somebody
//! has acknowledged is not told this way, which costs money and wakes people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::form_urlencoded;

use crate::facts::{Facts, mark};
use crate::field::{Field, Input, api_url};
use crate::judge::{Answer, Verdict, by_status};
use crate::message::{Message, Notice, Severity};
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "account_sid",
        "Account SID",
        "In the Twilio console: AC and 32 characters.",
        Input::Text { most: 34 },
    )
    .required(),
    Field::new(
        "key_sid",
        "API key SID",
        "Only with an API key instead of the account's token: SK and 32 characters.",
        Input::Text { most: 34 },
    ),
    Field::new(
        "token",
        "Auth token or API key secret",
        "An API key can be taken back by itself.",
        Input::Text { most: 100 },
    )
    .secret()
    .required(),
    Field::new(
        "from",
        "From",
        "Your number at Twilio (+15005550006), a sender name, or the SID of a messaging service (MG…).",
        Input::Text { most: 34 },
    )
    .required(),
    Field::new(
        "to",
        "To",
        "The phone's number with its country: +4915112345678.",
        Input::Text { most: 16 },
    )
    .required(),
    api_url("https://api.twilio.com"),
];

/// Septets of one segment.
const SEGMENT: usize = 160;
/// A longer link leaves no room to say what it is about.
const LONGEST_LINK: usize = 110;

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    let is_sid = |text: &str, start: &str| {
        text.len() == 34
            && text
                .strip_prefix(start)
                .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let is_number = |text: &str| {
        text.strip_prefix('+').is_some_and(|rest| {
            (7..=15).contains(&rest.len())
                && rest.bytes().all(|b| b.is_ascii_digit())
                && !rest.starts_with('0')
        })
    };
    if !is_sid(given.text("account_sid"), "AC") {
        wrong.push(Wrong::new(
            "account_sid",
            "be AC and 32 characters of 0-9 and a-f",
        ));
    }
    if given.some("key_sid").is_some_and(|sid| !is_sid(sid, "SK")) {
        wrong.push(Wrong::new("key_sid", "be SK and 32 characters of 0-9 and a-f"));
    }
    let from = given.text("from");
    let is_name = (2..=11).contains(&from.len())
        && from.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
        && from.bytes().any(|b| b.is_ascii_alphabetic());
    let is_short_code = (5..=6).contains(&from.len()) && from.bytes().all(|b| b.is_ascii_digit());
    if !(is_number(from) || is_sid(from, "MG") || is_name || is_short_code) {
        wrong.push(Wrong::new(
            "from",
            "be a number such as +15005550006, a name, or MG and 32 characters",
        ));
    }
    if !is_number(given.text("to")) {
        wrong.push(Wrong::new(
            "to",
            "be a number with its country, such as +4915112345678",
        ));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    if attempt.message.notice == Notice::Acknowledged {
        return Ok(Prepared::Skip("acknowledgements are not told by text message"));
    }
    let account = given.text("account_sid");
    let from = given.text("from");
    let sender = if from.len() == 34 {
        "MessagingServiceSid"
    } else {
        "From"
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", given.text("to"))
        .append_pair(sender, from)
        .append_pair("Body", &text(attempt.message))
        .finish();
    let user = given.some("key_sid").unwrap_or(account);
    let basic = STANDARD.encode(format!("{user}:{}", given.text("token")));
    Ok(Prepared::Http(HttpRequest {
        method: "POST",
        url: format!(
            "{}/2010-04-01/Accounts/{account}/Messages.json",
            given.base("api_url")
        ),
        headers: vec![
            ("content-type".into(), "application/x-www-form-urlencoded".into()),
            ("authorization".into(), format!("Basic {basic}")),
        ],
        body: body.into_bytes(),
    }))
}

/// `CRIT: Breaker open: claude-sonnet. 2 of 3 are open https://…`
fn text(message: &Message) -> String {
    let facts = Facts::of(message);
    let state = match (message.notice, message.severity) {
        (Notice::Resolved, _) => "RESOLVED",
        (Notice::Acknowledged, _) => "ACKNOWLEDGED",
        (Notice::Trouble, _) => "TROUBLE",
        (Notice::Test, _) => "TEST",
        (_, Severity::Critical) => "CRIT",
        (_, Severity::Warning) => "WARN",
        (_, Severity::Info) => "INFO",
    };
    let again = if message.notice == Notice::Refired {
        "AGAIN "
    } else {
        ""
    };
    let mut said = format!("{}{again}{state}: {}", mark(message), facts.title);
    if !message.grouped.is_empty() {
        said.push_str(&format!(" (+{} more)", message.grouped.len()));
    }
    let summary = crate::text::line_of(&facts.summary, SEGMENT);
    if !summary.is_empty() {
        said.push_str(&format!(". {summary}"));
    }
    let said = gsm(&said);
    let link = facts
        .link("Open")
        .filter(|link| septets(link).is_some_and(|septets| septets <= LONGEST_LINK))
        .map_or(String::new(), |link| format!(" {link}"));
    let room = SEGMENT - septets(&link).unwrap_or(0);
    format!("{}{link}", cut(&said, room))
}

/// As much as fits, with two dots for the rest: the alphabet has no `…`.
fn cut(text: &str, most: usize) -> String {
    let cost = |c: char| septet(c).unwrap_or(0);
    if text.chars().map(cost).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut used = 2;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += cost(*c);
            used <= most
        })
        .collect();
    format!("{}..", kept.trim_end())
}

const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§\
                     ¿abcdefghijklmnopqrstuvwxyzäöñüà";
const TWICE: &str = "^{}\\[~]|€";

/// What stands for what the alphabet does not have.
const INSTEAD: [(&str, &str); 33] = [
    ("áâãāăą", "a"),
    ("ÁÂÃÀĀĂĄ", "A"),
    ("çćĉċč", "c"),
    ("ĆĈĊČ", "C"),
    ("ďđ", "d"),
    ("ĎĐ", "D"),
    ("êëēĕėęě", "e"),
    ("ÈÊËĒĔĖĘĚ", "E"),
    ("ğģ", "g"),
    ("ĞĢ", "G"),
    ("íîïīįı", "i"),
    ("ÌÍÎÏĪĮİ", "I"),
    ("ľĺļł", "l"),
    ("ĽĹĻŁ", "L"),
    ("ńňņ", "n"),
    ("ŃŇŅ", "N"),
    ("óôõōő", "o"),
    ("ÒÓÔÕŌŐ", "O"),
    ("ŕř", "r"),
    ("ŔŘ", "R"),
    ("śşšș", "s"),
    ("ŚŞŠȘ", "S"),
    ("ťţț", "t"),
    ("ŤŢȚ", "T"),
    ("úûūůűų", "u"),
    ("ÙÚÛŪŮŰŲ", "U"),
    ("ýÿ", "y"),
    ("źżž", "z"),
    ("ŹŻŽ", "Z"),
    ("‘’`´ˋ", "'"),
    ("“”„«»", "\""),
    ("–—−‐‑·•", "-"),
    ("\u{a0}\u{2009}\u{202f}", " "),
];

/// In the alphabet, or left out.
fn gsm(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if septet(c).is_some() {
            out.push(c);
        } else if let Some((_, instead)) = INSTEAD.iter().find(|(these, _)| these.contains(c)) {
            out.push_str(instead);
        } else {
            match c {
                '…' => out.push_str("..."),
                '→' => out.push_str("->"),
                '≥' => out.push_str(">="),
                '≤' => out.push_str("<="),
                '×' => out.push('x'),
                'œ' => out.push_str("oe"),
                _ => {}
            }
        }
    }
    crate::text::line(&out)
}

fn septet(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else {
        TWICE.contains(c).then_some(2)
    }
}

/// Of a whole text, if the alphabet has all of it.
fn septets(text: &str) -> Option<usize> {
    text.chars().map(septet).sum()
}

pub(crate) fn preview(message: &Message) -> String {
    if message.notice == Notice::Acknowledged {
        return "Nothing: acknowledgements are not told by text message.".into();
    }
    text(message)
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    /// No such receiver or sender, or one that must not be used: it would be the same for every message.
    const GONE: [i64; 12] = [
        20_003, 20_404, 21_211, 21_212, 21_214, 21_408, 21_606, 21_608, 21_610, 21_612, 21_614, 21_659,
    ];
    let body = answer.json();
    let said = body.get("message").and_then(Value::as_str);
    let code = body.get("code").and_then(Value::as_i64);
    if (400..500).contains(&answer.status) && code.is_some_and(|code| GONE.contains(&code)) {
        return Verdict::Gone {
            words: answer.words(&format!("Twilio says: {}", said.unwrap_or_default())),
        };
    }
    by_status("Twilio", answer, now, said)
}
