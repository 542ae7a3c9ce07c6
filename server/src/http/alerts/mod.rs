//! `/api/v1/alerts`, `/api/v1/rules`, `/api/v1/silences`: what needs somebody, what is watched for, what is hidden.
//!
//! Whoever looks may look; an operator takes alerts and silences them; an admin changes rules. What is answered is stored.

mod act;
mod channels;
mod duties;
mod files;
mod rules;
mod silences;
mod slack;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use domain::alert::{Phase, Refused, Severity, Source, Who, matchers};
use engine::{AlertError, AlertSearch, Hand};
use protocol::filter::echo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::StoreError;

use super::params::{Params, bad};
use super::people::bad_field;
use super::problem::{Problem, sentence};
use super::read::scope;
use crate::auth::{Access, Whence};
use crate::state::Shared;

pub(crate) use act::member;
pub use act::{act, act_on_many};
pub(crate) use channels::channel_problem;
pub use channels::{
    change_channel, channel, channels, delete_channel, deliveries, delivery, kinds, make_channel,
    preview_channel, replay_delivery, test_channel,
};
pub(crate) use duties::own;
pub use duties::{give_back, on_call, shifts, take_over, tell_me};
pub use files::{export, import};
pub use rules::{backtest, change_rule, delete_rule, make_rule, rule, rules};
pub(crate) use silences::repeat;
pub use silences::{end_silence, make_silence, preview_silence, silences};
pub use slack::pressed_in_slack;

const PARAMETERS: [&str; 10] = [
    "phase", "severity", "source", "match", "rule", "incident", "from", "to", "limit", "cursor",
];
/// The largest body of a change here: many rules in one file.
const LARGEST: usize = 1 << 20;
const MOST: usize = 1_000;

/// The largest body.
pub fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGEST)
}

/// `GET /api/v1/alerts?phase=firing,acknowledged&severity=critical&match=provider="openai"`: newest first.
pub async fn alerts(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let (now, offset) = (shared.engine.clock().now(), shared.utc_offset_min);
    let search = AlertSearch {
        phases: words(&params, "phase", |word| {
            Phase::parse(word).filter(|phase| *phase != Phase::Pending)
        })?,
        severities: words(&params, "severity", Severity::parse)?,
        sources: words(&params, "source", Source::parse)?,
        matchers: matchers(params.get("match").unwrap_or_default())
            .map_err(|error| bad("match", error.to_string()))?,
        rule: number(&params, "rule")?,
        incident: number(&params, "incident")?,
        from: params.moment("from", now, offset)?,
        to: params.moment("to", now, offset)?,
        cursor: number(&params, "cursor")?,
        limit: params.count("limit", 1, MOST)?.unwrap_or(0),
    };
    let list = shared.engine.alerts(scope(&access)?, &search).await;
    Ok(Json(list.map_err(problem)?).into_response())
}

/// `GET /api/v1/alerts/{alert}`: with its timeline and its incident.
pub async fn alert(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "alert")?;
    let detail = shared.engine.alert(scope(&access)?, id).await;
    Ok(Json(detail.map_err(problem)?).into_response())
}

/// Words separated by commas.
fn words<T>(params: &Params, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Problem> {
    let text = params.get(name).unwrap_or_default();
    let one = |word: &str| {
        let why = || bad(name, format!("{name}: `{}` is none", echo(word)));
        parse(word.trim()).ok_or_else(why)
    };
    text.split(',').filter(|word| !word.is_empty()).map(one).collect()
}

pub(crate) fn number(params: &Params, name: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let why = || {
        bad(
            name,
            format!("{name}: must be a whole number, got `{}`", echo(text)),
        )
    };
    text.parse().map(Some).map_err(|_| why())
}

/// The number of a thing in the address; what is no number is nothing that is there.
pub(crate) fn numbered(path: &[(String, String)], name: &str) -> Result<u64, Problem> {
    let found = path.iter().find(|(known, _)| known == name);
    found
        .and_then(|(_, value)| value.parse().ok())
        .ok_or_else(Problem::not_found)
}

/// Who does something.
pub(crate) fn hand(access: &Access, whence: &Whence) -> Hand {
    let name = match access {
        Access::Person(person) => person.signed_in.account.name.clone(),
        Access::Key { key, .. } => key.name.clone(),
        Access::Anyone => String::new(),
    };
    Hand {
        who: Who {
            id: access.actor(),
            name,
        },
        address: whence.text(),
    }
}

/// The version that somebody saw, `If-Match: "3"`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    let why = || bad_field("If-Match", "If-Match: must be a version, such as \"3\"");
    text.parse().map(Some).map_err(|_| why())
}

/// A body of JSON, all of whose fields are known.
pub(crate) fn body<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Problem> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("A change like this has at most {LARGEST} bytes."),
        ),
        _ => bad_field("", "the body could not be read"),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| bad_field("", format!("the body cannot be used: {error}")))
}

/// A thing, with its version as the tag that `If-Match` names.
pub(crate) fn versioned(version: u64, item: impl Serialize) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{version}\""));
    let mut response = Json(item).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// 412: somebody else was faster.
fn stale(words: &str, wanted: u64, found: u64) -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "stale",
        "It has changed since you saw it",
        sentence(words),
    )
    .with("wanted", wanted.into())
    .with("found", found.into())
}

/// 409.
fn conflict(code: &'static str, words: &str) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        code,
        "It does not go together with what is there",
        sentence(words),
    )
}

/// 503: the store does not answer.
fn unasked(error: &StoreError, what: &str) -> Problem {
    tracing::error!(%error, "{what} cannot be read or written");
    Problem::unavailable("The database cannot be asked right now.", 2)
}

/// Why something was not done, as an answer.
pub(crate) fn problem(error: AlertError) -> Problem {
    let words = error.to_string();
    match error {
        AlertError::Missing => Problem::not_found(),
        AlertError::Refused(Refused::Invalid { field, .. }) => bad_field(field, words),
        AlertError::Refused(Refused::AlreadyAcknowledged { by, at }) => conflict("already-so", &words)
            .with("by", serde_json::json!({ "id": by.id, "name": by.name }))
            .with("at", at.into()),
        AlertError::Refused(_) => conflict("already-so", &words),
        AlertError::Stale { wanted, found } => stale(&words, wanted, found),
        AlertError::Invalid(error) => bad_field(&error.field, words),
        AlertError::Query(_) => bad_field("condition", words),
        AlertError::Conflict(_) => conflict("conflict", &words),
        AlertError::TooMuch(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-much",
            "It would take too much",
            sentence(&words),
        ),
        AlertError::Store(error) => unasked(&error, "alerts"),
    }
}
