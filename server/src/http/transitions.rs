//! `GET /api/v1/transitions` and `GET /api/v1/breakers/{id}/transitions`: what breakers did, newest first.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::{TransitionsError, TransitionsRequest};
use protocol::transitions::{TransitionItem, TransitionList};

use super::breakers::Named;
use super::params::{Params, bad};
use super::problem::Problem;
use super::read::scope;
use super::table::{Csv, Format, ndjson};
use crate::auth::Access;
use crate::state::Shared;

const PARAMETERS: [&str; 6] = ["filter", "from", "to", "limit", "cursor", "format"];
const USUAL: usize = 100;
const MOST: usize = 1_000;
/// Where the next page begins, for forms that have no place for it.
const NEXT: &str = "x-next-cursor";

/// Of all breakers.
pub async fn all(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    list(&shared, &access, &headers, &uri, None).await
}

/// Of one.
pub async fn of_breaker(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(Named { id }): Path<Named>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    list(&shared, &access, &headers, &uri, Some(id)).await
}

async fn list(
    shared: &Shared,
    access: &Access,
    headers: &HeaderMap,
    uri: &Uri,
    breaker: Option<String>,
) -> Result<Response, Problem> {
    let params = Params::read(uri, &PARAMETERS)?;
    let format = Format::negotiate(headers, params.get("format"))?;
    let engine = &shared.engine;
    let limited = params.get("from").is_some() || params.get("to").is_some();
    let request = TransitionsRequest {
        breaker,
        filter: params.get("filter").unwrap_or_default().to_owned(),
        span: match limited {
            true => Some(params.span(engine.clock().now(), engine.utc_offset_min())?),
            false => None,
        },
        limit: params.count("limit", 1, MOST)?.unwrap_or(USUAL),
        cursor: params.get("cursor").map(str::to_owned),
    };
    let list = engine
        .transitions(scope(access)?, &request)
        .await
        .map_err(problem)?;
    let next = list.next.clone();
    let mut response = match format {
        Format::Json => Json(list).into_response(),
        Format::Ndjson => ndjson(list.items)?,
        Format::Csv => csv(&list),
    };
    if let Some(value) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(NEXT, value);
    }
    Ok(response)
}

fn csv(list: &TransitionList) -> Response {
    let mut csv = Csv::new([
        "time",
        "breaker",
        "provider",
        "service",
        "environment",
        "deployment",
        "instance",
        "from",
        "to",
        "cause",
        "lasted_ms",
        "inferred",
        "breaker_id",
        "id",
    ]);
    for item in &list.items {
        row(&mut csv, item);
    }
    csv.into_response("fuseboard-transitions")
}

fn row(csv: &mut Csv, item: &TransitionItem) {
    csv.value(item.time);
    for text in [
        &item.breaker,
        &item.provider,
        &item.service,
        &item.environment,
        &item.deployment,
        &item.instance,
    ] {
        csv.text(text);
    }
    csv.text_or_empty(item.from.map(|state| state.as_str()));
    csv.text(item.to.as_str());
    csv.text(&item.cause);
    csv.value_or_empty(item.lasted_ms);
    csv.value(item.inferred);
    csv.text(&item.breaker_id);
    csv.value(item.id);
    csv.end_row();
}

fn problem(error: TransitionsError) -> Problem {
    match error {
        TransitionsError::NoBreaker(_) => Problem::not_found(),
        TransitionsError::Filter(error) => bad("filter", error.to_string()),
        TransitionsError::Cursor(_) => bad("cursor", error.to_string()),
        TransitionsError::Store(error) => {
            tracing::error!(%error, "transitions could not be read");
            Problem::unavailable("The store cannot be read right now.", 5)
        }
    }
}
