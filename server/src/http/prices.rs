//! `/api/v1/price-lists`: what is larger here than elsewhere (lists and the file that is imported), and the import itself.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use engine::PriceFile;
use protocol::kpis::price_list::PriceListDoc;

use super::alerts::{hand, problem};
use super::documents;
use super::params::{Params, bad};
use super::people::bad_field;
use super::problem::Problem;
use super::read::scope;
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// The largest list.
const LIST: usize = 2 << 20;
/// The largest file. LiteLLM's had 3.2 MB in 2026.
pub const FILE: usize = 8 << 20;

/// The largest body of a list.
pub fn list_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LIST)
}

/// The largest body of a file.
pub fn file_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(FILE)
}

/// What was sent, or how much could have been.
fn within(sent: Result<Bytes, BytesRejection>, most: usize) -> Result<Bytes, Problem> {
    sent.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("Here it has at most {} MiB.", most >> 20),
        ),
        _ => bad_field("", "the body could not be read"),
    })
}

/// `POST /api/v1/price-lists`: makes a list.
pub async fn make(
    state: State<Shared>,
    access: Extension<Access>,
    whence: Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let sent = within(sent, LIST)?;
    documents::make_document::<PriceListDoc>(state, access, whence, Ok(sent)).await
}

/// `PUT /api/v1/price-lists/{price_list}`: puts another into its place.
pub async fn change(
    state: State<Shared>,
    access: Extension<Access>,
    whence: Extension<Whence>,
    path: Path<Vec<(String, String)>>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let sent = within(sent, LIST)?;
    documents::change_document::<PriceListDoc>(state, access, whence, path, headers, Ok(sent)).await
}

/// `POST /api/v1/price-lists/import?name=October&from=2026-10-01`: makes a list of LiteLLM's file, which is the body. With
/// `preview=yes` it only says what would be done, with `providers=openai,anthropic` it takes theirs alone.
pub async fn import(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    uri: Uri,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["name", "from", "source", "providers", "preview"])?;
    let only_looks = match params.get("preview") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(_) => return Err(bad("preview", "preview: must be yes or no")),
    };
    let get = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let text = String::from_utf8(within(sent, FILE)?.into());
    let file = PriceFile {
        name: get("name"),
        from: get("from"),
        source: get("source"),
        providers: get("providers"),
        text: text.map_err(|_| bad_field("file", "file: must be JSON, which is UTF-8"))?,
    };
    let (engine, scope) = (&shared.engine, scope(&access)?);
    if only_looks {
        let (_, told) = engine.preview_prices(scope, file).await.map_err(problem)?;
        return Ok(Json(told).into_response());
    }
    let hand = hand(&access, &whence);
    let told = engine.import_prices(scope, file, &hand).await.map_err(problem)?;
    Ok((StatusCode::CREATED, Json(told)).into_response())
}
