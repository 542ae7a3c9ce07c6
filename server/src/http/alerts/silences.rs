//! `/api/v1/silences`: what is hidden, until when, by whom and why.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use domain::alert::{Matcher, Repeat, matchers};
use engine::SilenceRequest;
use protocol::alerts::RepeatDoc;
use serde::Deserialize;
use serde_json::json;

use super::super::params::Params;
use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use super::{body, hand, numbered, problem};
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// A silence to be made, or looked at before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// As amtool writes them: `provider="openai",model=~"gpt-.*"`.
    matchers: String,
    #[serde(default)]
    starts: Option<i64>,
    #[serde(default)]
    ends: Option<i64>,
    #[serde(default)]
    repeat: Option<RepeatDoc>,
    #[serde(default)]
    comment: String,
}

impl Wanted {
    fn matchers(&self) -> Result<Vec<Matcher>, Problem> {
        matchers(&self.matchers).map_err(|error| bad_field("matchers", error.to_string()))
    }
}

/// `GET ?since=now-7d`: those that have not ended, and those that ended after it.
pub async fn silences(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["since"])?;
    let since = params.moment("since", shared.engine.clock().now(), shared.utc_offset_min)?;
    let items = shared.engine.silences(scope(&access)?, since).await;
    Ok(Json(json!({ "items": items.map_err(problem)? })).into_response())
}

/// `POST`: makes one.
pub async fn make_silence(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    wanted: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let wanted: Wanted = body(wanted)?;
    let ends = wanted.ends;
    let request = SilenceRequest {
        matchers: wanted.matchers()?,
        starts: wanted.starts,
        ends: ends.ok_or_else(|| bad_field("ends", "ends: it is missing"))?,
        repeat: wanted.repeat.as_ref().map(repeat).transpose()?,
        comment: wanted.comment,
    };
    let hand = hand(&access, &whence);
    let made = shared
        .engine
        .create_silence(scope(&access)?, request, &hand)
        .await;
    Ok((StatusCode::CREATED, Json(made.map_err(problem)?)).into_response())
}

/// `POST …/preview {"matchers"}`: what they would hide.
pub async fn preview_silence(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    wanted: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let wanted: Wanted = body(wanted)?;
    let shown = shared
        .engine
        .preview_silence(scope(&access)?, &wanted.matchers()?)
        .await;
    let (count, items) = shown.map_err(problem)?;
    Ok(Json(json!({ "hides": count, "items": items })).into_response())
}

/// `DELETE …/{silence}`: ends it now.
pub async fn end_silence(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "silence")?;
    let hand = hand(&access, &whence);
    let ended = shared.engine.end_silence(scope(&access)?, id, &hand).await;
    Ok(Json(ended.map_err(problem)?).into_response())
}

/// A window that comes back.
pub(crate) fn repeat(doc: &RepeatDoc) -> Result<Repeat, Problem> {
    Repeat::new(&doc.days, &doc.from, &doc.to, &doc.zone)
        .map_err(|error| bad_field(&error.field, error.to_string()))
}
