//! `GET /api/v1/kpis`: a period in figures, what the KPI page shows.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Json, Response};
use engine::KpiQuestion;

use super::page;
use super::params::Params;
use super::problem::Problem;
use super::read::scope;
use crate::auth::Access;
use crate::state::Shared;

const PARAMETERS: [&str; 3] = ["period", "filter", "zone"];

/// `GET /api/v1/kpis?period=month&filter=environment:prod&zone=Europe/Berlin`.
pub async fn kpis(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let text = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let question = KpiQuestion {
        period: text("period"),
        filter: text("filter"),
        zone: text("zone"),
    };
    let page = shared.engine.kpi_page(scope(&access)?, &question).await;
    Ok(Json(page.map_err(page::problem)?).into_response())
}
