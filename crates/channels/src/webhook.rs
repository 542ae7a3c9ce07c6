//! Standard Webhooks 1.0: `POST` of JSON, named, timed and signed.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
//!
//! `webhook-id` is the message's id, the same at every attempt, by which a receiver finds out what arrives twice;
//! `webhook-timestamp` is the attempt's second; `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over
//! `{id}.{timestamp}.{body}`, once for each secret, so that a secret can be changed without a gap. A body has at most
//! 20 KB. 410 means that the receiver wants no more; a redirect is a failure.
//!
//! Deliberately absent: asymmetric signatures (`v1a`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::facts::{Facts, iso};
use crate::field::{Field, Input};
use crate::judge::{Answer, Verdict, by_status};
use crate::key::key;
use crate::message::{Message, Notice};
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::fit;

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "url",
        "URL",
        "What is told is sent there. It is kept as a secret, because such addresses often hold one.",
        Input::Url,
    )
    .secret()
    .required(),
    Field::new(
        "secret",
        "Signing secret",
        "whsec_ and base64, by which the receiver knows that it is us. While it changes, give the new and the old one, \
         separated by a space.",
        Input::Text { most: 1_000 },
    )
    .secret()
    .required(),
    Field::new(
        "authorization",
        "Authorization header",
        "Only if the receiver asks for one: Bearer ….",
        Input::Text { most: 1_000 },
    )
    .secret(),
];

/// How far a receiver's clock may be off, in seconds.
pub const TOLERANCE_S: i64 = 5 * 60;

/// Bytes of a body.
const MOST: usize = 20 * 1024;
/// Secrets of one channel.
const MOST_SECRETS: usize = 4;
/// Characters of the summary, and how many labels with how many characters: the first row that fits is taken.
const ROWS: [(usize, usize, usize); 4] = [
    (8_000, 64, 1_024),
    (4_000, 32, 256),
    (1_000, 32, 64),
    (200, 10, 40),
];

/// A new secret of 256 bits, as receivers want it.
pub fn new_signing_secret() -> Result<SecretString, String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(SecretString::from(format!("whsec_{}", STANDARD.encode(bytes))))
}

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    if keys(given.text("secret")).is_none() {
        let must = "be whsec_ and the base64 of 24 to 64 bytes, or up to 4 such, separated by spaces";
        wrong.push(Wrong::new("secret", must));
    }
    if !given
        .text("authorization")
        .chars()
        .all(|c| c == ' ' || c.is_ascii_graphic())
    {
        wrong.push(Wrong::new("authorization", "be visible ASCII"));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let keys = keys(given.text("secret")).ok_or_else(|| Wrong::new("secret", "be whsec_ and base64"))?;
    let id = key(&attempt.message.id, 200);
    let timestamp = attempt.now.div_euclid(1_000).to_string();
    let mut request = HttpRequest::json("POST", given.text("url").to_owned(), &body(attempt.message));
    let signatures: Vec<String> = keys
        .iter()
        .map(|key| {
            format!(
                "v1,{}",
                STANDARD.encode(sign(key, &id, &timestamp, &request.body))
            )
        })
        .collect();
    request = request
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signatures.join(" "));
    if let Some(value) = given.some("authorization") {
        request = request.header("authorization", value);
    }
    Ok(Prepared::Http(request))
}

fn body(message: &Message) -> Value {
    let mut body = Value::Null;
    for row in ROWS {
        body = body_within(message, row);
        if body.to_string().len() <= MOST {
            break;
        }
    }
    body
}

/// Values are as they are: JSON escapes what it must, and a receiver may compare them.
fn body_within(message: &Message, (summary, most, longest): (usize, usize, usize)) -> Value {
    let kind = match message.notice {
        Notice::Trouble => "fuseboard.trouble".to_owned(),
        Notice::Test => "fuseboard.test".to_owned(),
        of_alert => format!("alert.{}", of_alert.as_str()),
    };
    let short = |text: &str, most: usize| Value::from(fit(text, most));
    let time = |ms: i64| if ms > 0 { Value::from(iso(ms)) } else { Value::Null };
    let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, |text| short(text, longest));
    let facts = Facts::of(message);
    let link = |name: &str| facts.link(name).map_or(Value::Null, Value::from);
    let labels: Map<String, Value> = message
        .labels
        .iter()
        .take(most)
        .map(|(name, value)| (fit(name, longest.min(128)).into_owned(), short(value, longest)))
        .collect();
    let grouped: Vec<Value> = message
        .grouped
        .iter()
        .take(most / 2)
        .map(|title| short(title, longest.min(200)))
        .collect();
    let mut body = json!({
        "type": kind,
        "timestamp": iso(message.at),
        "data": {
            "id": short(&message.id, 200),
            "topic": short(&message.topic, 255),
            "tenant": short(&message.tenant, 128),
            "simulated": message.simulated,
            "severity": message.severity.as_str(),
            "heading": fit(&facts.heading, 600),
            "title": short(&message.title, 500),
            "summary": short(&message.summary, summary),
            "rule": short(&message.rule, longest.min(200)),
            "labels": labels,
            "since": time(message.since),
            "fired": time(message.fired),
            "by": text(&message.by),
            "note": text(&message.note),
            "link": link("Open"),
            "acknowledge": link("Acknowledge"),
            "runbook": link("Runbook"),
            "grouped": grouped,
        },
    });
    if let Some(own) = &message.text {
        body["data"]["text"] = short(own, summary);
    }
    body
}

pub(crate) fn preview(message: &Message) -> String {
    serde_json::to_string_pretty(&body(message)).unwrap_or_default()
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    by_status("the receiver", answer, now, None)
}

/// The keys in a field, or none when one of them is none.
fn keys(field: &str) -> Option<Vec<Vec<u8>>> {
    let keys: Option<Vec<Vec<u8>>> = field
        .split([' ', ','])
        .filter(|one| !one.is_empty())
        .map(|one| {
            let bytes = STANDARD.decode(one.strip_prefix("whsec_").unwrap_or(one)).ok()?;
            (24..=64).contains(&bytes.len()).then_some(bytes)
        })
        .collect();
    keys.filter(|keys| (1..=MOST_SECRETS).contains(&keys.len()))
}

fn sign(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC takes keys of every length.
        return Vec::new();
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// The secret is none.
    #[error("the secret is not whsec_ and base64")]
    Secret,
    /// The timestamp is no number.
    #[error("the timestamp is no number of seconds")]
    Timestamp,
    /// It is too old, or from the future.
    #[error("the timestamp is more than five minutes away")]
    Time,
    /// No signature fits.
    #[error("no signature fits")]
    Signature,
}

/// What a receiver does, for whoever receives and for tests: the three headers, the body as it came, and the time in
/// seconds.
pub fn verify(
    secret: &SecretString,
    (id, timestamp, signatures): (&str, &str, &str),
    body: &[u8],
    now_s: i64,
) -> Result<(), Unverified> {
    let keys = keys(secret.expose_secret()).ok_or(Unverified::Secret)?;
    let at: i64 = timestamp.parse().map_err(|_| Unverified::Timestamp)?;
    if at.abs_diff(now_s) > TOLERANCE_S.unsigned_abs() {
        return Err(Unverified::Time);
    }
    let given: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .collect();
    let fits = keys.iter().any(|key| {
        let ours = sign(key, id, timestamp, body);
        !ours.is_empty() && given.iter().any(|theirs| bool::from(theirs.ct_eq(&ours)))
    });
    if fits { Ok(()) } else { Err(Unverified::Signature) }
}
