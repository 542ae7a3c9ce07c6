//! `GET /api/v1/providers`: every provider over a range. JSON for everybody; postcard for our own page, which names its
//! build, because postcard can only be read by the build that wrote it.

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::{PageError, QueryError};

use super::params::{Params, bad};
use super::problem::Problem;
use super::read::scope;
use crate::auth::Access;
use crate::state::Shared;

/// What our own page asks for.
const POSTCARD: &str = "application/vnd.fuseboard.postcard";
/// The range where none is named.
const FROM: &str = "now-24h";
const TO: &str = "now";

/// `GET /api/v1/providers?from=now-24h&to=now`.
pub async fn providers(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to", "build"])?;
    let postcard = wants_postcard(&headers);
    if postcard && params.get("build") != Some(shared.build.as_str()) {
        return Err(other_build());
    }
    let (from, to) = (params.get("from").unwrap_or(FROM), params.get("to").unwrap_or(TO));
    let page = shared
        .engine
        .providers(scope(&access)?, from, to)
        .await
        .map_err(problem)?;
    let mut response = if postcard {
        let bytes = postcard::to_allocvec(&page).map_err(|error| {
            tracing::error!(%error, "a page's figures could not be written");
            Problem::unavailable("The figures could not be written.", 5)
        })?;
        ([(CONTENT_TYPE, POSTCARD)], bytes).into_response()
    } else {
        Json(page).into_response()
    };
    response.headers_mut().append(VARY, ACCEPT.into());
    Ok(response)
}

/// The range that a page's address asks for. What else stands in it is the page's.
pub fn providers_range(uri: &Uri) -> (String, String) {
    let pairs =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map_or_else(|_| Vec::new(), |Query(pairs)| pairs);
    let get = |name: &str, usual: &str| {
        let found = pairs
            .iter()
            .find(|(known, value)| known == name && !value.is_empty());
        found.map_or_else(|| usual.to_owned(), |(_, value)| value.clone())
    };
    (get("from", FROM), get("to", TO))
}

fn wants_postcard(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|text| text.trim() == POSTCARD))
}

/// 409: the page is older or newer than we are; it reloads, or asks for JSON.
fn other_build() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "other-build",
        "The page is of another build",
        "Postcard is for the page of this server's build: reload the page, or ask for application/json.",
    )
}

fn problem(error: PageError) -> Problem {
    match error {
        PageError::Span(error) => {
            let detail = error.to_string();
            let name = if detail.starts_with("to:") { "to" } else { "from" };
            bad(name, detail)
        }
        PageError::Query(QueryError::Store(error)) => {
            tracing::error!(%error, "the providers page could not be filled");
            Problem::unavailable("The store cannot be read right now.", 5)
        }
        // Its questions are our own: what can be wrong with them is their size.
        PageError::Query(error) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-much",
            "The answer would be too large",
            error.to_string(),
        ),
    }
}
