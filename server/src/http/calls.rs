//! Single calls from the journal: `GET /api/v1/calls`.
//!
//! As NDJSON and CSV an answer has no place for what is around its items, so two headers carry it: `x-next-cursor`, left
//! out on the last page, and `x-scanned-to`.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::{CallsError, CallsRequest};
use protocol::calls::{CallItem, CallsAnswer, MAX_CALLS};

use super::params::{Params, bad};
use super::problem::Problem;
use super::read::scope;
use super::table::{Csv, Format, ndjson};
use crate::auth::Access;
use crate::state::Shared;

const PARAMETERS: [&str; 6] = ["filter", "from", "to", "limit", "cursor", "format"];

/// Calls of an answer where no limit is named.
const LIMIT: usize = 100;

const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");
const SCANNED_TO: HeaderName = HeaderName::from_static("x-scanned-to");

/// `GET /api/v1/calls?filter=provider:openai&from=now-1h&limit=100`.
pub async fn calls(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let format = Format::negotiate(&headers, params.get("format"))?;
    let request = CallsRequest {
        filter: params.get("filter").unwrap_or_default().to_owned(),
        span: params.span(shared.engine.clock().now(), shared.engine.utc_offset_min())?,
        limit: params.count("limit", 1, MAX_CALLS)?.unwrap_or(LIMIT),
        cursor: params.get("cursor").map(str::to_owned),
    };
    let answer = shared.engine.calls(scope(&access)?, &request).await;
    let answer = answer.map_err(problem)?;
    Ok(match format {
        Format::Json => Json(answer).into_response(),
        Format::Ndjson => around(&answer, ndjson(&answer.items)?),
        Format::Csv => around(&answer, csv(&answer.items)),
    })
}

/// Puts what is around the items into headers.
fn around(answer: &CallsAnswer, mut response: Response) -> Response {
    let headers = response.headers_mut();
    // A cursor of ours is ASCII.
    let next = answer
        .next
        .as_deref()
        .and_then(|next| HeaderValue::from_str(next).ok());
    if let Some(next) = next {
        headers.insert(NEXT_CURSOR, next);
    }
    headers.insert(SCANNED_TO, HeaderValue::from(answer.scanned_to));
    response
}

/// In the order that [`row`] writes them.
const COLUMNS: [&str; 32] = [
    "time",
    "received",
    "id",
    "provider",
    "model",
    "response_model",
    "outcome",
    "duration_ms",
    "ttft_ms",
    "status",
    "error",
    "service",
    "environment",
    "deployment",
    "instance",
    "operation",
    "breaker",
    "attempt",
    "fallback_from_provider",
    "fallback_from_model",
    "weight",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "cost_estimated",
    "tier",
    "trace_id",
    "request_id",
    "labels",
];

fn csv(items: &[CallItem]) -> Response {
    let mut csv = Csv::new(COLUMNS);
    for item in items {
        row(&mut csv, item);
    }
    csv.into_response("fuseboard-calls")
}

fn row(csv: &mut Csv, item: &CallItem) {
    let from = item.fallback_from.as_ref();
    csv.value(item.time);
    csv.value(item.received);
    csv.text_or_empty(item.id.as_deref());
    csv.text(&item.provider);
    csv.text(&item.model);
    csv.text_or_empty(item.response_model.as_deref());
    csv.value(&item.outcome);
    csv.value_or_empty(item.duration_ms);
    csv.value_or_empty(item.ttft_ms);
    csv.value_or_empty(item.status);
    csv.text_or_empty(item.error.as_deref());
    csv.text_or_empty(item.service.as_deref());
    csv.text_or_empty(item.environment.as_deref());
    csv.text_or_empty(item.deployment.as_deref());
    csv.text_or_empty(item.instance.as_deref());
    csv.value_or_empty(item.operation.as_deref());
    csv.text_or_empty(item.breaker.as_deref());
    csv.value(item.attempt);
    csv.text_or_empty(from.map(|from| from.provider.as_str()));
    csv.text_or_empty(from.and_then(|from| from.model.as_deref()));
    csv.value(item.weight);
    csv.value_or_empty(item.input_tokens);
    csv.value_or_empty(item.cached_tokens);
    csv.value_or_empty(item.cache_write_tokens);
    csv.value_or_empty(item.output_tokens);
    csv.value_or_empty(item.reasoning_tokens);
    csv.value_or_empty(item.cost_usd);
    csv.value(item.cost_estimated);
    csv.value_or_empty(item.tier.as_deref());
    csv.text_or_empty(item.trace_id.as_deref());
    csv.text_or_empty(item.request_id.as_deref());
    // As one JSON object: names are the sender's, so they cannot be columns.
    let labels = serde_json::to_string(&item.labels).unwrap_or_default();
    csv.text_or_empty((!item.labels.is_empty()).then_some(labels.as_str()));
    csv.end_row();
}

fn problem(error: CallsError) -> Problem {
    let detail = error.to_string();
    match error {
        CallsError::Filter(_) => bad("filter", detail),
        CallsError::Limit(_) => bad("limit", detail),
        CallsError::Cursor(_) => bad("cursor", detail),
        CallsError::Store(error) => {
            tracing::error!(%error, "calls could not be read");
            Problem::unavailable("The store cannot be read right now.", 5)
        }
    }
}
