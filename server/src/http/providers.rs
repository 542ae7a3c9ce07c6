//! `GET /api/v1/providers`: every provider over a range; `GET /api/v1/providers/{id}`: one of them.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use super::page::{self, Form};
use super::params::Params;
use super::problem::Problem;
use super::read::scope;
use crate::auth::Access;
use crate::state::Shared;

/// The beginning of the range where none is named.
pub const USUAL: &str = "now-24h";

/// `GET /api/v1/providers?from=now-24h&to=now`.
pub async fn providers(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to", "build"])?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    let (from, to) = page::ends(&params, USUAL);
    let answer = shared.engine.providers(scope(&access)?, from, to).await;
    form.write(&answer.map_err(page::problem)?)
}

/// Where a provider stands in an address, whatever comes before.
#[derive(Debug, Deserialize)]
pub struct Id {
    id: String,
}

/// `GET /api/v1/providers/{id}?from=now-24h&to=now`.
pub async fn provider(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(Id { id }): Path<Id>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to", "build"])?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    let (from, to) = page::ends(&params, USUAL);
    let answer = shared.engine.provider(scope(&access)?, &id, from, to).await;
    match answer.map_err(page::problem)? {
        Some(provider) => form.write(&provider),
        None => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such provider",
            "No provider has this id: it was never called and no breaker names it. GET /api/v1/providers lists them.",
        )),
    }
}
