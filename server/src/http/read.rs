//! Reading what the board shows, as JSON.

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use protocol::Range;
use store::TenantScope;

use super::problem::Problem;
use crate::auth::Access;
use crate::state::Shared;

/// `GET /api/v1/board?range=15m`.
pub async fn board(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let range = range(query.as_deref().unwrap_or_default())?;
    Ok(Json(shared.engine.board(scope(&access)?, range)).into_response())
}

/// `GET /api/v1/breakers/{id}`.
pub async fn breaker(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let detail = shared
        .engine
        .breaker(scope(&access)?, &id)
        .ok_or_else(Problem::not_found)?;
    Ok(Json(detail).into_response())
}

/// `GET /api/v1/limits`: what is capped and how near we are.
pub async fn limits(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    match shared.engine.limits(scope(&access)?).await {
        Ok(limits) => Ok(Json(limits).into_response()),
        Err(error) => {
            tracing::error!(%error, "limits could not be read");
            Err(Problem::unavailable("The store cannot be read right now.", 5))
        }
    }
}

/// Whose data the request may see.
pub fn scope(access: &Access) -> Result<&TenantScope, Problem> {
    access.scope().ok_or_else(Problem::not_found)
}

/// The range in a query string; 15 minutes where none is named.
pub fn range(query: &str) -> Result<Range, Problem> {
    let named = query.split('&').find_map(|pair| pair.strip_prefix("range="));
    let Some(name) = named else {
        return Ok(Range::default());
    };
    Range::parse(name).ok_or_else(|| {
        let detail = "range must be one of 5m, 15m, 1h.";
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-range",
            "There is no such range",
            detail,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(range("").unwrap(), Range::M15);
        assert_eq!(range("at=3&range=1h").unwrap(), Range::H1);
        assert_eq!(range("range=2d").unwrap_err().status(), StatusCode::BAD_REQUEST);
    }
}
