//! `/status/{page}`: pages that were published, for the public and for programs.

use std::sync::Arc;

use app::kpis::{StatusFrame, public_status};
use app::seed::Theme;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use protocol::kpis::status::{StatusPageDoc, StatusView};
use serde_json::Value;
use store::DocumentKind;

use super::{ROBOTS, feeds, nothing_here, private, v2};
use crate::auth::{self, status_hash};
use crate::edge::Via;
use crate::http::Problem;
use crate::http::alerts::problem;
use crate::pages::plain;
use crate::settings::sent::Sent;
use crate::state::Shared;

type Named = Path<Vec<(String, String)>>;

/// Where the page is, for those who read of it elsewhere: `https://board.example/status/acme`.
pub(super) fn address(shared: &Shared, via: &Via, slug: &str) -> String {
    [via.origin.as_str(), &shared.base.to(&format!("/status/{slug}"))].concat()
}

/// `GET /status/{page}`; `?theme=dark` or `light`.
pub async fn page(State(shared): State<Shared>, Path(path): Named, uri: Uri) -> Result<Response, Problem> {
    let view = match view(&shared, &path).await {
        Ok(view) => view,
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => return Ok(nothing_here(&shared)),
        Err(problem) => return Err(problem),
    };
    let frame = StatusFrame {
        root: shared.base.as_str().to_owned(),
        theme: match Sent::of_query(&uri).get("theme") {
            "dark" => Some(Theme::Dark),
            "light" => Some(Theme::Light),
            _ => None,
        },
        demo: shared.demo,
    };
    Ok(open(plain(StatusCode::OK, public_status(&frame, &view)), None))
}

/// `GET /status/{page}/feed.rss`
pub async fn feed_rss(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Path(path): Named,
) -> Result<Response, Problem> {
    let view = view(&shared, &path).await?;
    let feed = feeds::rss(&view, &address(&shared, &via, &view.slug));
    Ok(open(
        feed.into_response(),
        Some("application/rss+xml; charset=utf-8"),
    ))
}

/// `GET /status/{page}/feed.json`
pub async fn feed_json(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Path(path): Named,
) -> Result<Response, Problem> {
    let view = view(&shared, &path).await?;
    let feed = feeds::json_feed(&view, &address(&shared, &via, &view.slug));
    Ok(open(Json(feed).into_response(), Some("application/feed+json")))
}

/// `GET /status/{page}/api/v2/summary.json`
pub async fn summary(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Path(path): Named,
) -> Result<Response, Problem> {
    told(&shared, &via, &path, v2::summary).await
}

/// `GET /status/{page}/api/v2/status.json`
pub async fn status(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Path(path): Named,
) -> Result<Response, Problem> {
    told(&shared, &via, &path, v2::status).await
}

/// `GET /status/{page}/api/v2/components.json`
pub async fn components(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Path(path): Named,
) -> Result<Response, Problem> {
    told(&shared, &via, &path, v2::components).await
}

/// `GET /status/{page}/api/v2/incidents.json`
pub async fn incidents(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Path(path): Named,
) -> Result<Response, Problem> {
    told(&shared, &via, &path, v2::incidents).await
}

async fn told(
    shared: &Shared,
    via: &Via,
    path: &[(String, String)],
    form: fn(&StatusView, &str) -> Value,
) -> Result<Response, Problem> {
    let view = view(shared, path).await?;
    let json = form(&view, &address(shared, via, &view.slug));
    Ok(open(Json(json).into_response(), None))
}

/// The page of this name, if it is published; at most 15 s old.
async fn view(shared: &Shared, path: &[(String, String)]) -> Result<Arc<StatusView>, Problem> {
    let named = path.iter().find(|(name, _)| name == "page");
    let slug = named.map(|(_, slug)| slug.as_str()).unwrap_or_default();
    let (hash, engine) = (status_hash(slug), &shared.engine);
    let ask = || async {
        let away = || Problem::unavailable("The database cannot be asked right now.", 2);
        let link = engine.share_by_hash(&hash).await.map_err(|error| {
            tracing::warn!(%error, "a page for the public could not be looked up");
            away()
        })?;
        let link = link.filter(|link| link.kind == DocumentKind::StatusPage);
        let link = link.ok_or_else(Problem::not_found)?;
        let scope = auth::by_share(&link);
        let item = engine.document::<StatusPageDoc>(&scope, link.document).await;
        let item = item.map_err(problem)?;
        if !item.doc.published {
            return Err(Problem::not_found());
        }
        engine.status_view(&scope, &item).await.map_err(|error| {
            tracing::warn!(%error, page = item.id, "a page for the public cannot be computed");
            Problem::unavailable("The figures cannot be computed right now.", 5)
        })
    };
    shared.strangers.pages.get(hash, ask).await
}

/// What everybody may keep for as long as we do.
fn open(response: Response, kind: Option<&'static str>) -> Response {
    let mut response = private(response, &[]);
    let headers = response.headers_mut();
    headers.remove(ROBOTS);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=15"));
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
