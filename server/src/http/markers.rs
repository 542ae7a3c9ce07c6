//! `GET /api/v1/markers`: what people have marked in a range.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Json, Response};

use super::params::Params;
use super::problem::Problem;
use super::read::scope;
use crate::auth::Access;
use crate::state::Shared;

/// `GET /api/v1/markers?from=now-24h&to=now`.
pub async fn markers(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["from", "to"])?;
    let span = params.span(shared.engine.clock().now(), shared.engine.utc_offset_min())?;
    match shared.engine.markers(scope(&access)?, span).await {
        Ok(markers) => Ok(Json(markers).into_response()),
        Err(error) => {
            tracing::error!(%error, "markers could not be read");
            Err(Problem::unavailable("The store cannot be read right now.", 5))
        }
    }
}
