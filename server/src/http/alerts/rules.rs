//! `/api/v1/rules`: what is watched for, and what a rule would have done.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use protocol::alerts::RuleDoc;
use serde_json::json;

use super::super::params::Params;
use super::super::problem::Problem;
use super::super::read::scope;
use super::{body, hand, if_match, numbered, problem, versioned};
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// `GET`: all of them.
pub async fn rules(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let items = shared.engine.rules(scope(&access)?).await.map_err(problem)?;
    Ok(Json(json!({ "items": items })).into_response())
}

/// `GET …/{rule}`: one.
pub async fn rule(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "rule")?;
    let item = shared.engine.rule(scope(&access)?, id).await;
    let item = item.map_err(problem)?;
    Ok(versioned(item.version, item))
}

/// `POST`: makes one.
pub async fn make_rule(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    doc: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: RuleDoc = body(doc)?;
    let hand = hand(&access, &whence);
    let made = shared.engine.create_rule(scope(&access)?, &doc, &hand).await;
    let made = made.map_err(problem)?;
    let mut response = versioned(made.version, made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PUT …/{rule}`: puts another into its place; `If-Match` names the version that was seen.
pub async fn change_rule(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    headers: HeaderMap,
    doc: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "rule")?);
    shared.engine.rule(scope, id).await.map_err(problem)?;
    let doc: RuleDoc = body(doc)?;
    let (hand, version) = (hand(&access, &whence), if_match(&headers)?);
    let changed = shared.engine.change_rule(scope, id, version, &doc, &hand).await;
    let changed = changed.map_err(problem)?;
    Ok(versioned(changed.version, changed))
}

/// `DELETE …/{rule}`.
pub async fn delete_rule(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "rule")?;
    let hand = hand(&access, &whence);
    let deleted = shared.engine.delete_rule(scope(&access)?, id, &hand).await;
    deleted.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/rules/backtest?from=now-14d&to=now`: the body is a rule, which need not be stored.
pub async fn backtest(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
    doc: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to"])?;
    let span = params.span(shared.engine.clock().now(), shared.utc_offset_min)?;
    let doc: RuleDoc = body(doc)?;
    let told = shared.engine.backtest(scope(&access)?, &doc, span).await;
    Ok(Json(told.map_err(problem)?).into_response())
}
