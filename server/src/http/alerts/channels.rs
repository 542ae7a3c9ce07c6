//! `/api/v1/channels` and `/api/v1/deliveries`: where people are told, and what came of it. Secrets are written and never
//! read.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::{ChannelError, DeliverySearch, channel_kinds, channel_placeholders};
use protocol::channels::{ChannelRequest, PreviewRequest};
use serde_json::{Value, json};
use store::DeliveryState;

use super::super::params::Params;
use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use super::{body, conflict, hand, if_match, number, numbered, stale, unasked, versioned, words};
use crate::auth::{Access, Whence};
use crate::state::Shared;

const PARAMETERS: [&str; 5] = ["state", "channel", "alert", "limit", "cursor"];
const MOST: usize = 200;
const USUAL: usize = 50;

/// `GET /api/v1/channels`: all of them, with what was last told through each.
pub async fn channels(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let list = shared.engine.channels(scope(&access)?).await;
    Ok(Json(list.map_err(channel_problem)?).into_response())
}

/// `GET /api/v1/channels/kinds`: what each kind must be told to work, and what can stand in braces in a channel's own
/// words.
pub async fn kinds() -> Response {
    Json(json!({ "items": channel_kinds(), "placeholders": channel_placeholders() })).into_response()
}

/// `POST /api/v1/channels/preview {"kind": "slack", "title": "{severity}: {title}"}`: what people would get. Nothing is
/// sent or stored.
pub async fn preview_channel(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let asked: PreviewRequest = body(sent)?;
    let shown = shared.engine.preview_channel(scope(&access)?, &asked).await;
    Ok(Json(shown.map_err(channel_problem)?).into_response())
}

/// `GET …/{channel}`: one.
pub async fn channel(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "channel")?;
    let item = shared.engine.channel(scope(&access)?, id).await;
    let item = item.map_err(channel_problem)?;
    Ok(versioned(item.version, item))
}

/// `POST`: makes one.
pub async fn make_channel(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let request = read(sent)?;
    let hand = hand(&access, &whence);
    let made = shared
        .engine
        .create_channel(scope(&access)?, &request, &hand)
        .await;
    let made = made.map_err(channel_problem)?;
    let mut response = versioned(made.version, made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PUT …/{channel}`: puts another into its place; `If-Match` names the version that was seen.
pub async fn change_channel(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "channel")?);
    shared.engine.channel(scope, id).await.map_err(channel_problem)?;
    let request = read(sent)?;
    let (hand, version) = (hand(&access, &whence), if_match(&headers)?);
    let changed = shared
        .engine
        .change_channel(scope, id, version, &request, &hand)
        .await;
    let changed = changed.map_err(channel_problem)?;
    Ok(versioned(changed.version, changed))
}

/// `DELETE …/{channel}`: with its secrets; what waits for it is dropped.
pub async fn delete_channel(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "channel")?;
    let hand = hand(&access, &whence);
    let deleted = shared.engine.delete_channel(scope(&access)?, id, &hand).await;
    deleted.map_err(channel_problem)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST …/{channel}/test`: sends a message through it; what came of it is in the delivery that is answered.
pub async fn test_channel(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "channel")?;
    let hand = hand(&access, &whence);
    let sent = shared.engine.test_channel(scope(&access)?, id, &hand).await;
    Ok((StatusCode::ACCEPTED, Json(sent.map_err(channel_problem)?)).into_response())
}

/// `GET /api/v1/deliveries?state=dead&channel=3&alert=12`: newest first.
pub async fn deliveries(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let states = words(&params, "state", DeliveryState::parse)?;
    if states.len() > 1 {
        return Err(bad_field(
            "state",
            "state: must be one of waiting, delivered, dead, dropped, gathered",
        ));
    }
    let search = DeliverySearch {
        state: states.first().copied(),
        channel: number(&params, "channel")?,
        alert: number(&params, "alert")?,
        before: number(&params, "cursor")?,
        limit: params.count("limit", 1, MOST)?.unwrap_or(USUAL),
    };
    let list = shared.engine.deliveries(scope(&access)?, &search).await;
    Ok(Json(list.map_err(channel_problem)?).into_response())
}

/// `GET …/{delivery}`: with every attempt, and what people get.
pub async fn delivery(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "delivery")?;
    let detail = shared.engine.delivery(scope(&access)?, id).await;
    Ok(Json(detail.map_err(channel_problem)?).into_response())
}

/// `POST …/{delivery}/replay`: lets a dead one be tried again.
pub async fn replay_delivery(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "delivery")?;
    let hand = hand(&access, &whence);
    let replayed = shared.engine.replay_delivery(scope(&access)?, id, &hand).await;
    Ok((StatusCode::ACCEPTED, Json(replayed.map_err(channel_problem)?)).into_response())
}

fn read(sent: Result<Bytes, BytesRejection>) -> Result<ChannelRequest, Problem> {
    let value: Value = body(sent)?;
    // The words of serde may hold a value, and a value may be a secret in the wrong place.
    ChannelRequest::read(value).map_err(|error| {
        let words = error.to_string();
        let named = words.split('`').nth(1).filter(|_| words.contains("field"));
        match named {
            Some(field) if words.starts_with("missing") => bad_field(field, format!("{field}: must be given")),
            Some(field) => bad_field(
                "",
                format!("{}: there is no such field", protocol::filter::echo(field)),
            ),
            None => bad_field(
                "",
                "a channel has name, kind, settings and secrets (text by name), enabled, acknowledged and resolved \
                 (true or false), least, only, digest_from, title and text",
            ),
        }
    })
}

/// Why something was not done, as an answer.
pub(crate) fn channel_problem(error: ChannelError) -> Problem {
    let words = error.to_string();
    match error {
        ChannelError::Missing => Problem::not_found(),
        ChannelError::Stale { wanted, found } => stale(&words, wanted, found),
        ChannelError::Invalid(wrong) => {
            let field = wrong.first().map_or("", |(field, _)| field.as_str());
            let told: Vec<Value> = wrong
                .iter()
                .map(|(field, must)| json!({ "field": field, "must": must }))
                .collect();
            bad_field(field, words).with("errors", told.into())
        }
        ChannelError::Conflict(_) => conflict("conflict", &words),
        ChannelError::Secrets(why) => {
            tracing::error!(why, "secrets of a channel cannot be kept or opened");
            Problem::unavailable("The secrets of channels cannot be kept or opened right now.", 5)
        }
        ChannelError::Store(error) => unasked(&error, "channels"),
    }
}
