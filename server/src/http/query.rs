//! Figures over any range: `GET /api/v1/query`, and what one needs to ask: `/api/v1/metrics`, `/api/v1/series`.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::{QueryError, QueryRequest, Resolution};
use protocol::query::{
    BREAKER_DIMENSIONS, BREAKER_METRICS, CALL_DIMENSIONS, CALL_METRICS, MAX_POINTS, MetricInfo, QueryAnswer,
};
use serde_json::{Value, json};

use super::params::{Params, bad, echo};
use super::problem::Problem;
use super::read::scope;
use super::table::{Csv, Format, ndjson};
use crate::auth::Access;
use crate::state::Shared;

const PARAMETERS: [&str; 10] = [
    "metric",
    "group_by",
    "filter",
    "from",
    "to",
    "step",
    "max_points",
    "compare",
    "counting",
    "format",
];

/// `GET /api/v1/query`.
pub async fn query(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let format = Format::negotiate(&headers, params.get("format"))?;
    let request = request(
        &params,
        shared.engine.clock().now(),
        shared.engine.utc_offset_min(),
    )?;
    let answer = shared
        .engine
        .query(scope(&access)?, &request)
        .await
        .map_err(problem)?;
    Ok(match format {
        Format::Json => Json(answer).into_response(),
        Format::Csv => csv(&answer),
        Format::Ndjson => lines(&answer)?,
    })
}

/// `GET /api/v1/metrics`: what can be asked, with units and how each figure is computed.
pub async fn metrics(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let labels = shared.engine.label_dimensions(scope(&access)?);
    let list = |metrics: &[MetricInfo], dimensions: &[&str]| -> Vec<Value> {
        let entry = |metric: &MetricInfo| {
            json!({
                "name": metric.name,
                "title": metric.title,
                "unit": metric.unit,
                "kind": metric.kind(),
                "adds_up": metric.adds_up(),
                "about": metric.about,
                "group_by": dimensions,
            })
        };
        metrics.iter().map(entry).collect()
    };
    let named = CALL_DIMENSIONS.iter().copied();
    let of_calls: Vec<&str> = named.chain(labels.iter().map(String::as_str)).collect();
    let mut all = list(CALL_METRICS, &of_calls);
    all.extend(list(BREAKER_METRICS, BREAKER_DIMENSIONS));
    Ok(Json(json!({ "items": all })).into_response())
}

/// `GET /api/v1/series`: the values that each dimension has, for pickers.
pub async fn series(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    Ok(Json(shared.engine.series(scope(&access)?)).into_response())
}

fn request(params: &Params, now: i64, utc_offset_min: i32) -> Result<QueryRequest, Problem> {
    let missing = || bad("metric", "metric: it is missing; GET /api/v1/metrics lists them");
    let metric = params.get("metric").ok_or_else(missing)?;
    Ok(QueryRequest {
        metric: metric.to_owned(),
        group_by: list(params.get("group_by")),
        filter: params.get("filter").unwrap_or_default().to_owned(),
        span: params.span(now, utc_offset_min)?,
        resolution: resolution(params)?,
        compare_previous: match params.get("compare") {
            None => false,
            Some("previous") => true,
            Some(other) => {
                let detail = format!("compare: must be previous, got `{}`", echo(other));
                return Err(bad("compare", detail));
            }
        },
        counting: match params.get("counting") {
            None => false,
            Some("1") => true,
            Some(other) => {
                let detail = format!("counting: must be 1 or left out, got `{}`", echo(other));
                return Err(bad("counting", detail));
            }
        },
    })
}

fn list(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or_default().split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn resolution(params: &Params) -> Result<Resolution, Problem> {
    let points = params.count("max_points", 1, MAX_POINTS)?;
    match (params.get("step"), points) {
        (Some(_), Some(_)) => Err(bad("step", "step: it excludes max_points")),
        (None, Some(points)) => Ok(Resolution::MaxPoints(points)),
        (Some(step), None) => duration(step).map(Resolution::Step).ok_or_else(|| {
            let detail = format!(
                "step: must be milliseconds or like 10s, 5m, 1h, 1d, got `{}`",
                echo(step)
            );
            bad("step", detail)
        }),
        (None, None) => Ok(Resolution::default()),
    }
}

/// `90s`, `5m`, `1h`, `7d`, or plain milliseconds; up to a year.
fn duration(text: &str) -> Option<i64> {
    const YEAR: i64 = 366 * 86_400_000;
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        _ => return None,
    };
    let number: i64 = digits.parse().ok()?;
    let length = number.checked_mul(unit)?;
    (1..=YEAR).contains(&length).then_some(length)
}

/// A row per point, the period before first: its time, its group, its value.
fn rows(answer: &QueryAnswer) -> impl Iterator<Item = (i64, &BTreeMap<String, String>, Option<f64>)> {
    let previous = answer
        .previous
        .as_ref()
        .map(|previous| previous.series.as_slice());
    let lines = previous.unwrap_or_default().iter().chain(&answer.series);
    lines.flat_map(|series| {
        series
            .points
            .iter()
            .map(|(time, value)| (*time, &series.group, *value))
    })
}

fn csv(answer: &QueryAnswer) -> Response {
    let keys: Vec<&str> = answer.group_by.iter().map(String::as_str).collect();
    let columns = ["time"]
        .into_iter()
        .chain(keys.iter().copied())
        .chain([answer.metric.as_str()]);
    let mut csv = Csv::new(columns);
    for (time, group, value) in rows(answer) {
        csv.value(time);
        for key in &keys {
            csv.text_or_empty(group.get(*key).map(String::as_str));
        }
        csv.value_or_empty(value);
        csv.end_row();
    }
    csv.into_response("fuseboard-query")
}

fn lines(answer: &QueryAnswer) -> Result<Response, Problem> {
    ndjson(rows(answer).map(|(time, group, value)| json!({ "time": time, "group": group, "value": value })))
}

/// Why there is no answer.
pub fn problem(error: QueryError) -> Problem {
    match error {
        QueryError::Store(error) => {
            tracing::error!(%error, "a query could not be answered");
            Problem::unavailable("The store cannot be read right now.", 5)
        }
        QueryError::TooManyPoints { .. } | QueryError::TooManySeries { .. } => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-much",
            "The answer would be too large",
            error.to_string(),
        ),
        other => {
            // The errors of questions begin with the parameter.
            let detail = other.to_string();
            let name = PARAMETERS.into_iter().find(|name| detail.starts_with(name));
            bad(name.unwrap_or_default(), detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        assert_eq!(duration("10s"), Some(10_000));
        assert_eq!(duration("1d"), Some(86_400_000));
        assert_eq!(duration("2500"), Some(2_500));
        for text in ["", "s", "1x", "-1s", "0", "9999999999d", "1.5h", "é"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_request_is_read_from_parameters() {
        let read = |text: &str| {
            let params = Params::read(&format!("/x?{text}").parse().unwrap(), &PARAMETERS)?;
            request(&params, 1_763_640_000_000, 0)
        };
        let good =
            read("metric=requests&group_by=provider,%20model&from=now-6h&step=5m&compare=previous").unwrap();
        assert_eq!(good.group_by, ["provider", "model"]);
        assert_eq!(good.span.millis(), 6 * 3_600_000);
        assert_eq!(good.resolution, Resolution::Step(300_000));
        assert!(good.compare_previous);
        for bad in [
            "from=now-1h",
            "metric=requests&step=1m&max_points=5",
            "metric=requests&step=soon",
            "metric=requests&max_points=0",
            "metric=requests&compare=next",
            "metric=requests&from=now&to=now-1h",
            "metric=requests&colour=red",
        ] {
            assert_eq!(read(bad).unwrap_err().status(), StatusCode::BAD_REQUEST, "{bad}");
        }
    }
}
