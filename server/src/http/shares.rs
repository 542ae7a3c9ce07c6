//! Links and pages for the public over JSON: making (a link is told once), changing, taking back, incidents. Lists and single
//! ones are [`super::documents`]'.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use engine::Hand;
use protocol::kpis::share::{MadeShare, ShareDoc};
use protocol::kpis::status::{NewIncident, NewUpdate, StatusPageDoc};
use store::TenantScope;

use super::alerts::{body, hand, if_match, numbered, problem, versioned};
use super::problem::Problem;
use super::read::scope;
use crate::auth::{Access, Whence, fresh_share, status_hash};
use crate::edge::Via;
use crate::state::Shared;

type Numbers = Path<Vec<(String, String)>>;

/// Makes a share. The link begins with `origin`, where the browser sees us; without one it is an address below the server's.
pub(crate) async fn share_made(
    shared: &Shared,
    scope: &TenantScope,
    doc: &ShareDoc,
    hand: &Hand,
    origin: &str,
) -> Result<MadeShare, Problem> {
    let (token, hash) = fresh_share().map_err(|error| {
        tracing::error!(%error, "no randomness for a link");
        Problem::unavailable("The system has no randomness to give.", 5)
    })?;
    let made = shared.engine.make_share(scope, doc, hash, hand).await;
    Ok(MadeShare {
        share: made.map_err(problem)?,
        link: [origin, &shared.base.to("/s/"), &token].concat(),
    })
}

/// `POST /api/v1/shares`
pub async fn make_share(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    via: Option<Extension<Via>>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: ShareDoc = body(sent)?;
    let hand = hand(&access, &whence);
    let origin = via.map(|Extension(via)| via.origin).unwrap_or_default();
    let made = share_made(&shared, scope(&access)?, &doc, &hand, &origin).await?;
    let mut response = versioned(made.share.version, made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PUT /api/v1/shares/{share}`: the link stays as it is.
pub async fn change_share(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Numbers,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "share")?);
    let engine = &shared.engine;
    // Before the body is judged: whoever asks about what is not there is told so.
    engine.document::<ShareDoc>(scope, id).await.map_err(problem)?;
    let doc: ShareDoc = body(sent)?;
    let (hand, version) = (hand(&access, &whence), if_match(&headers)?);
    let changed = engine.change_share(scope, id, version, &doc, &hand).await;
    let changed = changed.map_err(problem)?;
    Ok(versioned(changed.version, changed))
}

/// `DELETE /api/v1/shares/{share}`: the link leads nowhere from now on.
pub async fn revoke_share(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Numbers,
) -> Result<Response, Problem> {
    let id = numbered(&path, "share")?;
    let hand = hand(&access, &whence);
    let revoked = shared
        .engine
        .take_back::<ShareDoc>(scope(&access)?, id, &hand)
        .await;
    revoked.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/status-pages`
pub async fn make_status_page(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: StatusPageDoc = body(sent)?;
    let (hand, hash) = (hand(&access, &whence), status_hash(&doc.slug));
    let made = shared
        .engine
        .make_status_page(scope(&access)?, &doc, hash, &hand)
        .await;
    let made = made.map_err(problem)?;
    shared.strangers.forget_pages();
    let mut response = versioned(made.version, made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PUT /api/v1/status-pages/{status_page}`
pub async fn change_status_page(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Numbers,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "status_page")?);
    let engine = &shared.engine;
    engine
        .document::<StatusPageDoc>(scope, id)
        .await
        .map_err(problem)?;
    let doc: StatusPageDoc = body(sent)?;
    let (hand, version) = (hand(&access, &whence), if_match(&headers)?);
    let hash = status_hash(&doc.slug);
    let changed = engine
        .change_status_page(scope, (id, version), &doc, hash, &hand)
        .await;
    let changed = changed.map_err(problem)?;
    shared.strangers.forget_pages();
    Ok(versioned(changed.version, changed))
}

/// `DELETE /api/v1/status-pages/{status_page}`
pub async fn remove_status_page(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Numbers,
) -> Result<Response, Problem> {
    let id = numbered(&path, "status_page")?;
    let hand = hand(&access, &whence);
    let removed = shared
        .engine
        .take_back::<StatusPageDoc>(scope(&access)?, id, &hand)
        .await;
    removed.map_err(problem)?;
    shared.strangers.forget_pages();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/status-pages/{status_page}/incidents`
pub async fn add_incident(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Numbers,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, page) = (scope(&access)?, numbered(&path, "status_page")?);
    let engine = &shared.engine;
    engine
        .document::<StatusPageDoc>(scope, page)
        .await
        .map_err(problem)?;
    let new: NewIncident = body(sent)?;
    let hand = hand(&access, &whence);
    let (id, item) = engine
        .add_incident(scope, page, &new, &hand)
        .await
        .map_err(problem)?;
    shared.strangers.forget_pages();
    let made = item.doc.incidents.iter().find(|incident| incident.id == id);
    let mut response = versioned(item.version, made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `POST /api/v1/status-pages/{status_page}/incidents/{incident}`: says something of it.
pub async fn update_incident(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Numbers,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, page) = (scope(&access)?, numbered(&path, "status_page")?);
    let (incident, engine) = (numbered(&path, "incident")?, &shared.engine);
    let item = engine
        .document::<StatusPageDoc>(scope, page)
        .await
        .map_err(problem)?;
    if item.doc.incidents.iter().all(|known| known.id != incident) {
        return Err(Problem::not_found());
    }
    let new: NewUpdate = body(sent)?;
    let hand = hand(&access, &whence);
    let updated = engine.update_incident(scope, (page, incident), &new, &hand).await;
    let item = updated.map_err(problem)?;
    shared.strangers.forget_pages();
    let told = item.doc.incidents.iter().find(|known| known.id == incident);
    Ok(versioned(item.version, told))
}
