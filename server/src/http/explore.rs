//! `GET /api/v1/explore`: what the Explore page shows. Programs rather ask `/api/v1/query`, which has the same points.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use protocol::view::ExploreQuestion;

use super::page::{self, Form};
use super::params::{Params, bad, echo};
use super::problem::Problem;
use super::read::scope;
use crate::auth::Access;
use crate::state::Shared;

const PARAMETERS: [&str; 7] = ["metric", "group_by", "filter", "from", "to", "compare", "build"];

/// `GET /api/v1/explore?metric=latency_p95&group_by=provider&from=now-24h`.
pub async fn explore(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let form = Form::negotiate(&shared, &headers, &params)?;
    if let Some(other) = params.get("compare").filter(|text| *text != "1") {
        let detail = format!("compare: must be 1 or left out, got `{}`", echo(other));
        return Err(bad("compare", detail));
    }
    let answer = shared
        .engine
        .explore(scope(&access)?, explore_question(&uri))
        .await;
    form.write(&answer.map_err(page::problem)?)
}

/// What a page's address asks for.
pub fn explore_question(uri: &Uri) -> ExploreQuestion {
    let pairs = page::pairs(uri);
    ExploreQuestion::of(|name| {
        let found = pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    })
}
