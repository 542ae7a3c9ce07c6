//! `GET /api/v1/activity`: the last day at a glance, as the replay bar shows it. JSON for everybody, postcard for our own
//! page.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::page::{Form, problem};
use super::problem::Problem;
use super::read::scope;
use crate::auth::Access;
use crate::state::Shared;

/// `GET /api/v1/activity`.
pub async fn activity(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let form = Form::asked(&shared, &headers, &uri)?;
    let activity = shared.engine.activity(scope(&access)?).await.map_err(problem)?;
    form.write(&activity)
}
