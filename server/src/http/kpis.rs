//! `GET /api/v1/kpis`: what the KPI page shows, whole as JSON, or one of its tables as JSON or CSV.
//!
//! Moments in CSV are ISO 8601 in UTC, money is US dollars, lengths of time are milliseconds, shares are 0 to 1.

use app::kpis::TABLES;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Json, Response};
use jiff::Timestamp;
use protocol::view::KpiPage;
use serde_json::{Value, json};

use super::params::{Params, bad, echo};
use super::problem::Problem;
use super::read::scope;
use super::table::{Csv, Format};
use crate::auth::Access;
use crate::kpis::Asking;
use crate::state::Shared;

const PARAMETERS: [&str; 5] = ["period", "filter", "zone", "table", "format"];

/// `GET /api/v1/kpis?period=month&filter=&zone=UTC&table=providers&format=csv`.
pub async fn kpis(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let table = params.get("table");
    if let Some(other) = table.filter(|name| TABLES.iter().all(|(known, _)| known != name)) {
        let known = TABLES.map(|(name, _)| name).join(", ");
        let detail = format!("table: must be one of {known}, got `{}`", echo(other));
        return Err(bad("table", detail));
    }
    // Only one table fits into CSV: without its name a header that asks for CSV is answered with JSON.
    let format = match (table, params.get("format")) {
        (None, None) => Format::Json,
        (_, named) => Format::negotiate(&headers, named)?,
    };
    let asking = Asking::of(|name| params.get(name).unwrap_or_default().to_owned(), &headers)?;
    match (table, format) {
        (_, Format::Ndjson) => Err(bad("format", "format: must be json or csv here")),
        (None, Format::Csv) => Err(bad("table", "table: CSV is of one table; name it")),
        (None, Format::Json) => Ok(Json(asking.page(&shared, scope(&access)?).await?).into_response()),
        (Some(table), format) => {
            let page = asking.page(&shared, scope(&access)?).await?;
            let dates = |count| asking.dates(&page, count);
            match format {
                Format::Csv => Ok(csv(&page, table, dates)),
                _ => Ok(Json(part(&page, table, dates)).into_response()),
            }
        }
    }
}

/// One table as JSON.
fn part(page: &KpiPage, table: &str, dates: impl Fn(usize) -> Vec<String>) -> Value {
    let items = match table {
        "days" => {
            let of = |figure: &protocol::view::Figure| {
                let days = dates(figure.days.len()).into_iter().zip(&figure.days);
                let days: Vec<Value> = days
                    .map(|(day, value)| json!({ "day": day, "value": value }))
                    .collect();
                json!({ "figure": figure.key, "unit": figure.unit, "days": days })
            };
            page.figures.iter().map(of).collect()
        }
        "budget" => json!(page.budget),
        "unreliability" => json!(page.unreliability),
        "breakers" => json!(page.breakers),
        "providers" => json!(page.providers),
        "gaps" => json!(page.completeness.gaps),
        _ => json!(page.figures),
    };
    json!({ "period": page.period, "filter": page.filter, "as_of": page.as_of, "table": table, "items": items })
}

fn iso(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

fn number(csv: &mut Csv, value: Option<f64>) {
    csv.value_or_empty(value.filter(|value| value.is_finite()));
}

/// A unit or a side by its name over JSON.
fn word(csv: &mut Csv, value: impl serde::Serialize) {
    csv.text(json!(value).as_str().unwrap_or_default());
}

/// One table as CSV.
fn csv(page: &KpiPage, table: &str, dates: impl Fn(usize) -> Vec<String>) -> Response {
    match table {
        "days" => {
            let mut csv = Csv::new(["figure", "unit", "day", "value"]);
            for figure in &page.figures {
                for (day, value) in dates(figure.days.len()).into_iter().zip(&figure.days) {
                    csv.text(&figure.key);
                    word(&mut csv, figure.unit);
                    csv.text(&day);
                    number(&mut csv, *value);
                    csv.end_row();
                }
            }
            csv.into_response("fuseboard-kpis-days")
        }
        "budget" => {
            let mut csv = Csv::new(["objective", "until", "left"]);
            if let Some(budget) = &page.budget {
                for (until, left) in &budget.left {
                    csv.text(&budget.title);
                    csv.text(&iso(*until));
                    number(&mut csv, *left);
                    csv.end_row();
                }
            }
            csv.into_response("fuseboard-kpis-budget")
        }
        "unreliability" => {
            let mut csv = Csv::new(["part", "title", "usd"]);
            for part in &page.unreliability.parts {
                csv.text(&part.key);
                csv.text(&part.title);
                number(&mut csv, part.usd);
                csv.end_row();
            }
            csv.into_response("fuseboard-kpis-unreliability")
        }
        "breakers" => {
            let mut csv = Csv::new(["provider", "hour_from", "open_ms"]);
            for row in &page.breakers {
                for (hour, open) in &row.hours {
                    csv.text(&row.provider);
                    csv.text(&iso(page.period.from + i64::from(*hour) * 3_600_000));
                    csv.value(open);
                    csv.end_row();
                }
            }
            csv.into_response("fuseboard-kpis-breakers")
        }
        "providers" => providers(page).into_response("fuseboard-kpis-providers"),
        "gaps" => {
            let mut csv = Csv::new(["from", "to", "why", "marked"]);
            for gap in &page.completeness.gaps {
                csv.text(&iso(gap.from));
                csv.text(&iso(gap.to));
                csv.text(&gap.why);
                csv.value(gap.marked);
                csv.end_row();
            }
            csv.into_response("fuseboard-kpis-gaps")
        }
        _ => figures(page).into_response("fuseboard-kpis-figures"),
    }
}

fn figures(page: &KpiPage) -> Csv {
    let mut csv = Csv::new([
        "figure", "title", "unit", "good", "value", "before", "target", "samples", "owner", "formula",
    ]);
    for figure in &page.figures {
        csv.text(&figure.key);
        csv.text(&figure.title);
        word(&mut csv, figure.unit);
        word(&mut csv, figure.good);
        number(&mut csv, figure.value);
        number(&mut csv, figure.before);
        number(&mut csv, figure.target);
        csv.value(figure.samples);
        csv.text(&figure.owner);
        csv.text(&figure.working.formula);
        csv.end_row();
    }
    csv
}

fn providers(page: &KpiPage) -> Csv {
    let mut csv = Csv::new([
        "id",
        "provider",
        "answers",
        "success",
        "ttft_p95_ms",
        "cost_usd",
        "opened",
        "open_ms",
        "ate_of_budget",
    ]);
    for provider in &page.providers {
        csv.text(&provider.id);
        csv.text(&provider.name);
        csv.value(provider.answers);
        number(&mut csv, provider.success);
        number(&mut csv, provider.ttft_p95);
        number(&mut csv, provider.cost);
        csv.value(provider.opened);
        csv.value(provider.open_ms);
        number(&mut csv, provider.ate);
        csv.end_row();
    }
    csv
}
