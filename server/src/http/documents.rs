//! Documents that people write, over JSON, whatever their kind: lists, one, making, changing with `If-Match`, removing.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use engine::Document;
use protocol::documents::DocumentList;

use super::alerts::{body, hand, if_match, member, numbered, problem, versioned};
use super::people::bad_field;
use super::problem::Problem;
use super::read::scope;
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// `GET`: all of a kind, by number.
pub async fn documents<T: Document>(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let items = shared.engine.documents::<T>(scope(&access)?).await;
    let items = items.map_err(problem)?;
    Ok(Json(DocumentList { items }).into_response())
}

/// `GET …/{id}`: one.
pub async fn document<T: Document>(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, T::KIND.as_str())?;
    let item = shared.engine.document::<T>(scope(&access)?, id).await;
    let item = item.map_err(problem)?;
    Ok(versioned(item.version, item))
}

/// `POST`: makes one.
pub async fn make_document<T: Document>(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: T = body(sent)?;
    check_member(&shared, &access, &doc).await?;
    let hand = hand(&access, &whence);
    let made = shared.engine.create_document(scope(&access)?, &doc, &hand).await;
    let made = made.map_err(problem)?;
    let mut response = versioned(made.version, made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PUT …/{id}`: puts another into its place; `If-Match` names the version that was seen.
pub async fn change_document<T: Document>(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, T::KIND.as_str())?);
    // Before the body is judged: whoever asks about what is not there is told so.
    shared.engine.document::<T>(scope, id).await.map_err(problem)?;
    let doc: T = body(sent)?;
    check_member(&shared, &access, &doc).await?;
    let (hand, version) = (hand(&access, &whence), if_match(&headers)?);
    let changed = shared
        .engine
        .change_document(scope, id, version, &doc, &hand)
        .await;
    let changed = changed.map_err(problem)?;
    Ok(versioned(changed.version, changed))
}

/// Whoever is said to be a member must be one.
pub(crate) async fn check_member<T: Document>(
    shared: &Shared,
    access: &Access,
    doc: &T,
) -> Result<(), Problem> {
    let Some(account) = doc.account() else {
        return Ok(());
    };
    let found = member(shared, access, account).await;
    found
        .map(drop)
        .map_err(|problem| match problem.status().is_server_error() {
            true => problem,
            false => bad_field(
                "account",
                "account: must be the id of a member's account, or null",
            ),
        })
}

/// `DELETE …/{id}`: one that nothing needs.
pub async fn delete_document<T: Document>(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, T::KIND.as_str())?;
    let hand = hand(&access, &whence);
    let deleted = shared
        .engine
        .delete_document::<T>(scope(&access)?, id, &hand)
        .await;
    deleted.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
