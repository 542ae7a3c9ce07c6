//! What an answer means.
//!
//! Statuses mean the same everywhere unless a service says otherwise: 2xx taken; 408, 425, 429 and 5xx later; 401, 403,
//! 404 and 410 the channel or its credential is gone; a redirect is never followed, and every other status refuses this
//! one message. How long to wait is what `Retry-After` says (RFC 9110 §10.2.3: seconds or a date), or what the services
//! say in other headers and in JSON; the longest of them counts.

use serde_json::Value;

use crate::kind::Kind;
use crate::redact::redact;
use crate::settings::Secrets;
use crate::text::{fit, line};
use crate::{discord, opsgenie, pagerduty, slack, slack_bot, teams, telegram, twilio, webhook};

/// Whoever asks for a longer pause is asked again after this one: people wait.
pub const LONGEST_WAIT_MS: i64 = 60 * 60 * 1_000;

/// Characters of a verdict's words.
const LONGEST_WORDS: usize = 300;

/// An answer over HTTP.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its `Retry-After`, as it stands.
    pub retry_after: Option<&'a str>,
    /// Its body, or as much of it as was read.
    pub body: &'a [u8],
    /// Its other headers, by name in lower case.
    pub headers: &'a dyn Fn(&str) -> Option<String>,
    /// The channel's secrets, so that none of them is repeated.
    pub secrets: &'a Secrets,
}

/// Status and sizes: a body may echo a secret.
impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What an answer means. `words` are one line of at most 300 characters, and hold no secret of the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken.
    Delivered {
        /// What later messages of the topic are prepared with ([`crate::Attempt::handle`]). `None` leaves what was
        /// there.
        handle: Option<String>,
        /// For the log of deliveries.
        words: String,
    },
    /// Not now.
    Retry {
        /// Not before that many milliseconds have passed, if the service says so.
        after_ms: Option<i64>,
        /// Why.
        words: String,
    },
    /// What was to be changed is no longer there: forget the handle and try again at once, which says it anew.
    Lost {
        /// Why.
        words: String,
    },
    /// This message will never be taken; others may be.
    Refused {
        /// Why.
        words: String,
    },
    /// The channel is gone, or its credential is refused: nothing will be taken until somebody changes its settings.
    Gone {
        /// Why.
        words: String,
    },
}

impl Verdict {
    /// In words.
    pub fn words(&self) -> &str {
        match self {
            Verdict::Delivered { words, .. }
            | Verdict::Retry { words, .. }
            | Verdict::Lost { words }
            | Verdict::Refused { words }
            | Verdict::Gone { words } => words,
        }
    }
}

/// What an answer to a request of this kind means. Mail is judged by [`judge_smtp`].
pub fn judge(kind: Kind, answer: &Answer<'_>, now: i64) -> Verdict {
    match kind {
        Kind::Webhook => webhook::judge(answer, now),
        Kind::Slack => slack::judge(answer, now),
        Kind::SlackBot => slack_bot::judge(answer, now),
        Kind::Discord => discord::judge(answer, now),
        Kind::Teams => teams::judge(answer, now),
        Kind::PagerDuty => pagerduty::judge(answer, now),
        Kind::Opsgenie => opsgenie::judge(answer, now),
        Kind::Telegram => telegram::judge(answer, now),
        Kind::Twilio => twilio::judge(answer, now),
        // There is no such answer; whoever gives one gets what the status says.
        Kind::Email => by_status("the mail gateway", answer, now, None),
    }
}

/// What a mail server's last reply means (RFC 5321 §4.2, RFC 3463, RFC 4954 §6): 2xx taken, 4xx later; a refused login,
/// or none where one is asked for, means the channel; every other 5xx means this mail.
pub fn judge_smtp(code: u16, text: &str) -> Verdict {
    let words = short(&format!("the mail server says {code} {text}"));
    let credential = matches!(code, 525 | 530 | 534 | 535 | 538);
    match code {
        200..300 => Verdict::Delivered { handle: None, words },
        _ if credential => Verdict::Gone { words },
        500..600 => Verdict::Refused { words },
        _ => Verdict::Retry {
            after_ms: None,
            words,
        },
    }
}

/// What the status alone says. `said` is the service's own explanation, when the kind found one.
pub(crate) fn by_status(service: &str, answer: &Answer<'_>, now: i64, said: Option<&str>) -> Verdict {
    let text;
    let said = match said {
        Some(said) => said,
        None => {
            text = answer.text();
            text.as_str()
        }
    };
    let status = answer.status;
    let words = |what: &str| {
        let colon = if said.trim().is_empty() { "" } else { ": " };
        answer.words(&format!("{service} {what} ({status}){colon}{said}"))
    };
    match status {
        200..300 => Verdict::Delivered {
            handle: None,
            words: format!("{service} took it ({status})"),
        },
        300..=399 => Verdict::Refused {
            words: format!(
                "{service} sends us elsewhere ({status}), where we do not follow; is the address right?"
            ),
        },
        429 => Verdict::Retry {
            after_ms: answer.wait(now),
            words: words("asks for a pause"),
        },
        408 | 425 | 500.. => Verdict::Retry {
            after_ms: answer.wait(now),
            words: words("cannot take it now"),
        },
        401 | 403 => Verdict::Gone {
            words: words("refuses who we say we are"),
        },
        404 | 410 => Verdict::Gone {
            words: words("says that there is nothing at this address"),
        },
        _ => Verdict::Refused {
            words: words("does not take this message"),
        },
    }
}

impl Answer<'_> {
    /// Its body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }

    /// Its body as JSON, or nothing.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap_or(Value::Null)
    }

    /// Without secrets, on one line, short.
    pub(crate) fn words(&self, text: &str) -> String {
        // Control characters go first: one inside a secret would hide it from the search.
        let clean: String = text
            .chars()
            .filter(|c| !c.is_control() || c.is_whitespace())
            .collect();
        short(&redact(&clean, self.secrets))
    }

    /// Milliseconds to wait, from headers or body.
    pub(crate) fn wait(&self, now: i64) -> Option<i64> {
        let body = self.json();
        let number = |value: Option<&Value>| value.and_then(Value::as_f64);
        let header = |name: &str| (self.headers)(name).and_then(|text| seconds(&text));
        let found = [
            self.retry_after.and_then(|text| wait_of(text, now)),
            header("x-ratelimit-reset-after"),
            header("ratelimit-reset"),
            number(body.get("retry_after")).and_then(milliseconds),
            number(body.pointer("/parameters/retry_after")).and_then(milliseconds),
        ];
        found.into_iter().flatten().max()
    }
}

/// `Retry-After`: seconds, or a date.
fn wait_of(text: &str, now: i64) -> Option<i64> {
    seconds(text).or_else(|| {
        let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
        let wait = at.timestamp().as_millisecond().saturating_sub(now);
        Some(wait.clamp(0, LONGEST_WAIT_MS))
    })
}

fn seconds(text: &str) -> Option<i64> {
    milliseconds(text.trim().parse::<f64>().ok()?)
}

fn milliseconds(seconds: f64) -> Option<i64> {
    let ms = seconds * 1_000.0;
    (ms.is_finite() && ms >= 0.0).then(|| (ms.ceil() as i64).min(LONGEST_WAIT_MS))
}

fn short(text: &str) -> String {
    fit(&line(text), LONGEST_WORDS).into_owned()
}
