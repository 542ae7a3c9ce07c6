//! Reading what the board shows, as JSON.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::ReplayError;
use protocol::Range;
use protocol::limits::Limits;
use store::{StoreError, TenantScope};

use super::page::Form;
use super::params::{Params, bad};
use super::problem::Problem;
use crate::auth::Access;
use crate::state::Shared;

/// `GET /api/v1/board?range=15m&at=`: now, or at a moment that has passed.
pub async fn board(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["range", "at"])?;
    let range = range(uri.query().unwrap_or_default())?;
    let (engine, scope) = (&shared.engine, scope(&access)?);
    let board = match at(&shared, &params)? {
        None => engine.board(scope, range),
        Some(at) => engine.board_at(scope, range, at).await.map_err(no_replay)?,
    };
    Ok(Json(board).into_response())
}

pub(super) fn at(shared: &Shared, params: &Params) -> Result<Option<i64>, Problem> {
    params.moment("at", shared.engine.clock().now(), shared.utc_offset_min)
}

/// Why a moment cannot be shown: 400 for one that has not been, 422 for what is not kept or too much.
pub(super) fn no_replay(error: ReplayError) -> Problem {
    let detail = error.to_string();
    match error {
        ReplayError::InFuture { .. } => bad("at", detail),
        ReplayError::TooEarly { .. } | ReplayError::TooMuch(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no-replay",
            "The moment cannot be shown",
            detail,
        )
        .with("parameter", "at".into()),
        ReplayError::Busy => Problem::unavailable(detail, 5),
        ReplayError::Store(error) => {
            tracing::error!(%error, "a moment could not be shown");
            Problem::unavailable("The store cannot be read right now.", 5)
        }
    }
}

/// `GET /api/v1/limits`: what is capped and how near we are.
pub async fn limits(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let form = Form::asked(&shared, &headers, &uri)?;
    match limits_of(&shared, scope(&access)?).await {
        Ok(limits) => form.write(&limits),
        Err(error) => {
            tracing::error!(%error, "limits could not be read");
            Err(Problem::unavailable("The store cannot be read right now.", 5))
        }
    }
}

/// What is capped for a tenant: by the engine, and by what may be sent and stored.
///
/// # Errors
/// The store cannot be read.
pub async fn limits_of(shared: &Shared, scope: &TenantScope) -> Result<Limits, StoreError> {
    let mut limits = shared.engine.limits(scope).await?;
    shared.quotas.add_to(scope.tenant(), &mut limits.items);
    Ok(limits)
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
