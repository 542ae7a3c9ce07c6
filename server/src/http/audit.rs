//! `GET /api/v1/audit`: who did what, newest first.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use store::{AuditQuery, SealedEntry};

use super::params::{Params, bad};
use super::problem::Problem;
use super::read::scope;
use super::table::{Csv, Format, ndjson};
use crate::auth::Access;
use crate::state::Shared;

const PARAMETERS: [&str; 8] = [
    "actor", "action", "target", "from", "to", "limit", "cursor", "format",
];
const USUAL: usize = 100;
const MOST: usize = 1_000;
/// Where the next page begins, for forms that have no place for it.
const NEXT: &str = "x-next-cursor";

/// One entry.
#[derive(Debug, Serialize)]
struct Item {
    /// From 1 without gaps within the tenant.
    n: u64,
    /// Epoch milliseconds.
    time: i64,
    actor: String,
    /// An IP address, or empty.
    address: String,
    action: String,
    target: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Item>,
    next: Option<String>,
}

impl Item {
    fn of(sealed: SealedEntry) -> Item {
        let entry = sealed.entry;
        Item {
            n: sealed.n,
            time: entry.at,
            actor: entry.actor,
            address: entry.address,
            action: entry.action,
            target: entry.target,
            detail: entry.detail,
        }
    }
}

/// Answers it.
pub async fn audit(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let format = Format::negotiate(&headers, params.get("format"))?;
    let (now, zone) = (shared.engine.clock().now(), shared.utc_offset_min);
    let text = |name| params.get(name).map(str::to_owned);
    let limit = params.count("limit", 1, MOST)?.unwrap_or(USUAL);
    let query = AuditQuery {
        before: params.get("cursor").map(cursor).transpose()?,
        from: params.moment("from", now, zone)?,
        to: params.moment("to", now, zone)?,
        actor: text("actor"),
        action: text("action"),
        target: text("target"),
        limit: limit + 1,
    };
    let found = shared.audits.audit(scope(&access)?, query).await;
    let mut found = found.map_err(|error| {
        tracing::error!(%error, "the audit log could not be read");
        Problem::unavailable("The store cannot be read right now.", 5)
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.n.to_string());
    let list = List {
        items: found.into_iter().map(Item::of).collect(),
        next,
    };
    let next = list.next.as_deref().map(HeaderValue::from_str);
    let mut response = match format {
        Format::Json => Json(list).into_response(),
        Format::Ndjson => ndjson(list.items)?,
        Format::Csv => csv(&list.items),
    };
    if let Some(Ok(next)) = next {
        response.headers_mut().insert(NEXT, next);
    }
    Ok(response)
}

/// The number of the last entry of the page before.
fn cursor(text: &str) -> Result<u64, Problem> {
    let number = text.parse().ok().filter(|number| *number <= i64::MAX as u64);
    number.ok_or_else(|| bad("cursor", "cursor: it is not one that an answer gave".to_owned()))
}

fn csv(items: &[Item]) -> Response {
    let mut csv = Csv::new(["n", "time", "actor", "address", "action", "target", "detail"]);
    for item in items {
        csv.value(item.n);
        csv.value(item.time);
        for text in [
            &item.actor,
            &item.address,
            &item.action,
            &item.target,
            &item.detail,
        ] {
            csv.text(text);
        }
        csv.end_row();
    }
    csv.into_response("fuseboard-audit")
}
