//! `/am/api/v2/silences` and `/am/api/v2/silence/{id}`: our silences, as `amtool` adds, asks for and expires them.
//!
//! Their ids are UUIDs here (of version 8, with our number at the end), because those who read them may insist. What our
//! silences cannot say is refused; a silence that comes back each week is shown, and changed on our own pages only.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use domain::Millis;
use domain::alert::{Labels, Matcher, Op, RuleError, matchers};
use engine::{Hand, SilenceRequest};
use protocol::alerts::SilenceItem;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::alerts::{hand, problem};
use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use super::api::Asked;
use super::read::{self, moment, written};
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// Silences that ended within this time are told too, as long as an Alertmanager keeps them.
const LISTED: Millis = 5 * 86_400_000;
/// How all ids begin.
const PREFIX: &str = "00000000-0000-8000-8000-";
/// The longest name of an author, in characters.
const MAX_AUTHOR: usize = 120;

/// A silence as it is posted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    /// Of the one whose place it takes.
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<PostedMatcher>,
    starts_at: String,
    ends_at: String,
    created_by: String,
    comment: String,
    #[serde(default)]
    annotations: Option<Labels>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostedMatcher {
    name: String,
    value: String,
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

/// The id of a silence of this number.
pub(super) fn id_of(number: u64) -> String {
    format!("{PREFIX}{number:012x}")
}

/// The number in an id; a bare number is one too.
fn number_of(id: &str) -> Option<u64> {
    match id.strip_prefix(PREFIX) {
        Some(hex) if hex.len() == 12 => u64::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => id.parse().ok(),
    }
}

/// `GET /am/api/v2/silences`: those that hide first, then those to come, then those that are over.
pub(super) async fn all(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri)?;
    let filter = asked.matchers("filter")?;
    let since = shared.engine.clock().now() - LISTED;
    let items = shared.engine.silences(scope(&access)?, Some(since)).await;
    let mut found: Vec<(u8, Millis, Value)> = Vec::new();
    for item in items.map_err(problem)? {
        if !asked.wants(&item.state)? || !has_all(&item, &filter) {
            continue;
        }
        let place = match item.state.as_str() {
            "active" => (1, item.ends),
            "pending" => (2, item.starts),
            _ => (3, -item.ends),
        };
        found.push((place.0, place.1, gettable(&item)));
    }
    found.sort_by_key(|(state, time, _)| (*state, *time));
    let found: Vec<Value> = found.into_iter().map(|(_, _, silence)| silence).collect();
    Ok(Json(found).into_response())
}

/// `GET /am/api/v2/silence/{silence}`
pub(super) async fn one(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let item = find(&shared, &access, &id).await?;
    Ok(Json(gettable(&item)).into_response())
}

/// `DELETE /am/api/v2/silence/{silence}`: ends it now.
pub(super) async fn end(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let number = number_of(&id).ok_or_else(Problem::not_found)?;
    let hand = hand(&access, &whence);
    let ended = shared.engine.end_silence(scope(&access)?, number, &hand).await;
    ended.map_err(problem)?;
    Ok(StatusCode::OK.into_response())
}

/// `POST /am/api/v2/silences`: makes one. With the id of one it takes that one's place: the new one hides before the old
/// one ends, and has an id of its own.
pub(super) async fn make(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let posted: Posted = read::json(&headers, body)?;
    let before = match posted.id.as_deref() {
        None | Some("") => None,
        Some(id) => Some(find(&shared, &access, id).await?),
    };
    if before.as_ref().is_some_and(|before| before.repeat.is_some()) {
        let why = "id: this silence comes back each week, which cannot be said here; change it in Fuseboard";
        return Err(bad_field("id", why));
    }
    let by = author(hand(&access, &whence), &access, &posted.created_by)?;
    let request = request(&posted).map_err(|error| bad_field(&error.field, error.to_string()))?;
    let scope = scope(&access)?;
    let made = shared.engine.create_silence(scope, request, &by).await;
    let made = made.map_err(problem)?;
    if let Some(before) = before.filter(|before| before.state != "expired") {
        let ended = shared.engine.end_silence(scope, before.id, &by).await;
        ended.map_err(problem)?;
    }
    Ok(Json(json!({ "silenceID": id_of(made.id) })).into_response())
}

fn request(posted: &Posted) -> Result<SilenceRequest, RuleError> {
    if posted
        .annotations
        .as_ref()
        .is_some_and(|annotations| !annotations.is_empty())
    {
        let must = "Fuseboard's silences have none; say it in the comment";
        return Err(RuleError::new("annotations", must));
    }
    let matchers: Result<Vec<Matcher>, RuleError> = posted.matchers.iter().map(matcher).collect();
    let ends = moment(Some(&posted.ends_at), "endsAt")?;
    Ok(SilenceRequest {
        matchers: matchers?,
        starts: moment(Some(&posted.starts_at), "startsAt")?,
        ends: ends.ok_or_else(|| RuleError::new("endsAt", "it is missing"))?,
        repeat: None,
        comment: posted.comment.clone(),
    })
}

fn matcher(posted: &PostedMatcher) -> Result<Matcher, RuleError> {
    let op = match (posted.is_regex, posted.is_equal) {
        (false, true) => Op::Is,
        (false, false) => Op::Not,
        (true, true) => Op::Like,
        (true, false) => Op::Unlike,
    };
    Matcher::new(&posted.name, op, &posted.value).map_err(|error| RuleError::new("matchers", error.0))
}

/// Whoever shows a key says who they are; that it is the key's word stays visible.
fn author(mut hand: Hand, access: &Access, created_by: &str) -> Result<Hand, Problem> {
    let length = created_by.chars().count();
    if length > MAX_AUTHOR || created_by.chars().any(char::is_control) {
        let why = format!("createdBy: must have at most {MAX_AUTHOR} printable characters, got {length}");
        return Err(bad_field("createdBy", why));
    }
    if let Access::Key { key, .. } = access
        && !created_by.trim().is_empty()
    {
        hand.who.name = format!("{} (key {})", created_by.trim(), key.name);
    }
    Ok(hand)
}

async fn find(shared: &Shared, access: &Access, id: &str) -> Result<SilenceItem, Problem> {
    let number = number_of(id).ok_or_else(Problem::not_found)?;
    let items = shared.engine.silences(scope(access)?, Some(0)).await;
    let mut items = items.map_err(problem)?.into_iter();
    items
        .find(|item| item.id == number)
        .ok_or_else(Problem::not_found)
}

/// Whether a silence has each of these matchers, word by word.
fn has_all(item: &SilenceItem, filter: &[Matcher]) -> bool {
    let texts = filter.iter().map(ToString::to_string);
    texts.into_iter().all(|text| item.matchers.contains(&text))
}

/// A silence in the Alertmanager's words.
fn gettable(item: &SilenceItem) -> Value {
    let read = item.matchers.iter().filter_map(|text| matchers(text).ok());
    let matchers: Vec<Value> = read
        .flatten()
        .map(|matcher| {
            json!({
                "name": matcher.label(),
                "value": matcher.value(),
                "isRegex": matches!(matcher.op(), Op::Like | Op::Unlike),
                "isEqual": matches!(matcher.op(), Op::Is | Op::Like),
            })
        })
        .collect();
    let comment = match &item.repeat {
        None => item.comment.clone(),
        Some(repeat) => format!(
            "{} ({} {} to {} {})",
            item.comment,
            repeat.days.join(","),
            repeat.from,
            repeat.to,
            repeat.zone
        ),
    };
    json!({
        "id": id_of(item.id),
        "status": { "state": item.state },
        "updatedAt": written(item.created),
        "matchers": matchers,
        "startsAt": written(item.starts),
        "endsAt": written(item.ends),
        "createdBy": said_by(item),
        "comment": comment,
        "annotations": {},
    })
}

/// The name that was given, without the key that gave it.
fn said_by(item: &SilenceItem) -> &str {
    let name = item.by.name.as_str();
    match item.by.id.starts_with("key:").then(|| name.rsplit_once(" (key ")) {
        Some(Some((said, _))) => said,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_come_back() {
        assert_eq!(id_of(41), "00000000-0000-8000-8000-000000000029");
        assert_eq!(number_of(&id_of(41)), Some(41));
        assert_eq!(number_of("41"), Some(41));
        for bad in [
            "",
            "x",
            "00000000-0000-8000-8000-29",
            "00000000-0000-8000-8000-00000000002g",
        ] {
            assert_eq!(number_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn all_four_matchers_are_understood() {
        for (is_regex, is_equal, text) in [
            (false, true, "a=\"b\""),
            (false, false, "a!=\"b\""),
            (true, true, "a=~\"b\""),
            (true, false, "a!~\"b\""),
        ] {
            let posted = json!({ "name": "a", "value": "b", "isRegex": is_regex, "isEqual": is_equal });
            let posted: PostedMatcher = serde_json::from_value(posted).unwrap();
            assert_eq!(matcher(&posted).unwrap().to_string(), text);
        }
        // Before 0.22 there was no `isEqual`.
        let posted = json!({ "name": "a", "value": "(", "isRegex": true });
        let posted: PostedMatcher = serde_json::from_value(posted).unwrap();
        assert!(
            matcher(&posted)
                .unwrap_err()
                .to_string()
                .starts_with("matchers: the pattern `(`")
        );
    }
}
