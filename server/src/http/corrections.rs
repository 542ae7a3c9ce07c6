//! `/api/v1/corrections`: the record, corrected. What is hidden, forgotten, not counted or called otherwise, until it is undone;
//! what is erased, for good.
//!
//! An erasure asks for the password again when it was not shown for a while: a browser that somebody left open must not be
//! able to destroy anything.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use protocol::record::{CorrectionDoc, CorrectionItem};
use serde_json::json;

use super::alerts::{body, hand, if_match, number, numbered, problem, versioned};
use super::params::Params;
use super::people::confirmed;
use super::problem::Problem;
use super::read::scope;
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// The most that one answer lists.
const MOST: usize = 200;

/// `GET ?limit=&cursor=`: newest first.
pub async fn corrections(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["limit", "cursor"])?;
    let limit = params.count("limit", 1, MOST)?.unwrap_or(50);
    let before = number(&params, "cursor")?;
    let found = shared.engine.corrections(scope(&access)?, before, limit).await;
    let items = found.map_err(problem)?;
    let last = items.last().filter(|_| items.len() == limit);
    let next = last.map(|item| item.id.to_string());
    Ok(Json(json!({ "items": items, "next": next })).into_response())
}

/// `GET …/{correction}`: one.
pub async fn correction(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "correction")?;
    let item = shared.engine.correction(scope(&access)?, id).await;
    let item = item.map_err(problem)?;
    Ok(versioned(item.version, item))
}

/// `POST`: makes one. 201 when it holds, 202 when it is an erasure, which is on its way.
pub async fn make_correction(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    doc: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: CorrectionDoc = body(doc)?;
    let made = make(&shared, &access, &whence, &doc).await?;
    let status = match made.kind.as_str() {
        "erase" => StatusCode::ACCEPTED,
        _ => StatusCode::CREATED,
    };
    let mut response = versioned(made.version, made);
    *response.status_mut() = status;
    Ok(response)
}

/// Makes one, for the page too.
pub(crate) async fn make(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    doc: &CorrectionDoc,
) -> Result<CorrectionItem, Problem> {
    if doc.kind == "erase" {
        confirmed(shared, access)?;
    }
    let made = shared
        .engine
        .correct(scope(access)?, doc, &hand(access, whence))
        .await;
    made.map_err(problem)
}

/// `POST …/preview`: what an erasure would take now, or what a range that does not count or a renaming would concern.
pub async fn preview_correction(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    doc: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: CorrectionDoc = body(doc)?;
    let (engine, scope) = (&shared.engine, scope(&access)?);
    match doc.kind.as_str() {
        "uncount" | "rename" => {
            let preview = engine.preview_reach(scope, &doc).await;
            Ok(Json(preview.map_err(problem)?).into_response())
        }
        _ => {
            let preview = engine.preview_erasure(scope, &doc).await;
            Ok(Json(preview.map_err(problem)?).into_response())
        }
    }
}

/// `DELETE …/{correction}`: undoes it; `If-Match` names the version that was seen.
pub async fn undo_correction(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = numbered(&path, "correction")?;
    let (hand, version) = (hand(&access, &whence), if_match(&headers)?);
    let undone = shared
        .engine
        .undo_correction(scope(&access)?, id, version, &hand)
        .await;
    let undone = undone.map_err(problem)?;
    Ok(versioned(undone.version, undone))
}
