//! `GET /api/v1/audit`: who did what, newest first.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Json, Response};
use protocol::Span;
use protocol::view::{AuditPage, AuditRow};
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

/// What is looked for, in words.
#[derive(Debug, Default)]
pub(crate) struct Looked<'a> {
    pub actor: Option<&'a str>,
    pub action: Option<&'a str>,
    pub target: Option<&'a str>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    /// Where a page before said that the next begins.
    pub cursor: Option<&'a str>,
    /// Entries at most.
    pub limit: usize,
}

/// A page of the log.
///
/// # Errors
/// 400 for a moment or cursor that cannot be read, 503.
pub(crate) async fn read(
    shared: &Shared,
    access: &Access,
    looked: &Looked<'_>,
) -> Result<AuditPage, Problem> {
    let (now, zone) = (shared.engine.clock().now(), shared.utc_offset_min);
    let moment = |name, text: Option<&str>| {
        let read = |text| Span::moment(text, now, zone).map_err(|error| bad(name, error.to_string()));
        text.map(read).transpose()
    };
    let text = |text: Option<&str>| text.map(str::to_owned);
    let query = AuditQuery {
        before: looked.cursor.map(cursor).transpose()?,
        from: moment("from", looked.from)?,
        to: moment("to", looked.to)?,
        actor: text(looked.actor),
        action: text(looked.action),
        target: text(looked.target),
        limit: looked.limit + 1,
    };
    let found = shared.audits.audit(scope(access)?, query).await;
    let mut found = found.map_err(|error| {
        tracing::error!(%error, "the audit log could not be read");
        Problem::unavailable("The store cannot be read right now.", 5)
    })?;
    let more = found.len() > looked.limit;
    found.truncate(looked.limit);
    let next = found.last().filter(|_| more).map(|last| last.n.to_string());
    Ok(AuditPage {
        items: found.into_iter().map(row).collect(),
        next,
    })
}

fn row(sealed: SealedEntry) -> AuditRow {
    let entry = sealed.entry;
    AuditRow {
        n: sealed.n,
        time: entry.at,
        actor: entry.actor,
        address: entry.address,
        action: entry.action,
        target: entry.target,
        detail: entry.detail,
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
    let looked = Looked {
        actor: params.get("actor"),
        action: params.get("action"),
        target: params.get("target"),
        from: params.get("from"),
        to: params.get("to"),
        cursor: params.get("cursor"),
        limit: params.count("limit", 1, MOST)?.unwrap_or(USUAL),
    };
    let list = read(&shared, &access, &looked).await?;
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

fn csv(items: &[AuditRow]) -> Response {
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
