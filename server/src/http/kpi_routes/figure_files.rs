//! Definitions of figures over JSON, beyond one at a time: what one would give, all of them as a file, and back. A definition
//! is known by its name, a built-in figure by its key; what a file does not name stays.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Json, Response};
use engine::{AlertError, Document, Hand, check_definition};
use protocol::documents::DocumentItem;
use protocol::kpis::kpi::{KpiDoc, KpiFile};
use serde::{Deserialize, Serialize};
use store::TenantScope;
use store::documents::MAX_DOCUMENTS;

use super::super::alerts::{body, hand, problem};
use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// What is sent: a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    definitions: Vec<KpiDoc>,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What was done, by name.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Imported {
    created: Vec<String>,
    changed: Vec<String>,
    unchanged: usize,
    dry_run: bool,
}

/// `POST /api/v1/kpis/preview`: what a definition would give; nothing is stored.
pub async fn preview(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: KpiDoc = body(sent)?;
    let preview = shared.engine.kpi_preview(scope(&access)?, &doc).await;
    Ok(Json(preview.map_err(problem)?).into_response())
}

/// `GET /api/v1/kpi-definitions/export`.
pub async fn export(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let items = shared.engine.documents::<KpiDoc>(scope(&access)?).await;
    let items = items.map_err(problem)?;
    let file = KpiFile {
        definitions: items.into_iter().map(|item| item.doc).collect(),
    };
    let headers = [(
        CONTENT_DISPOSITION,
        "attachment; filename=\"fuseboard-figures.json\"",
    )];
    Ok((headers, Json(file)).into_response())
}

/// `POST /api/v1/kpi-definitions/import {"definitions": […]}`: every definition is checked before the first is stored.
pub async fn import(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let sent: Sent = body(sent)?;
    let hand = hand(&access, &whence);
    let done = take_in(&shared, scope(&access)?, &sent.definitions, sent.dry_run, &hand).await;
    Ok(Json(done?).into_response())
}

/// Takes a file in, all of it or nothing; `dry_run` only says what would be done.
///
/// # Errors
/// A definition is not as it must be, there would be too many, or the store cannot be written.
pub(crate) async fn take_in(
    shared: &Shared,
    scope: &TenantScope,
    definitions: &[KpiDoc],
    dry_run: bool,
    hand: &Hand,
) -> Result<Imported, Problem> {
    let refused = |why: String| bad_field("definitions", format!("definitions{why}"));
    for (place, doc) in definitions.iter().enumerate() {
        if definitions[..place]
            .iter()
            .any(|other| other.name() == doc.name())
        {
            return Err(refused(format!("[{place}].name: it is given twice")));
        }
        check_definition(doc).map_err(|error| match error {
            AlertError::Store(_) => problem(error),
            error => refused(format!("[{place}].{error}")),
        })?;
    }
    let known = shared.engine.documents::<KpiDoc>(scope).await.map_err(problem)?;
    let named = |doc: &KpiDoc| known.iter().find(|item| item.doc.name() == doc.name());
    let new = definitions.iter().filter(|doc| named(doc).is_none()).count();
    let all = known.len() + new;
    if all > MAX_DOCUMENTS {
        let why = format!(": at most {MAX_DOCUMENTS} with those that are there, got {all}");
        return Err(refused(why));
    }
    let mut done = Imported {
        dry_run,
        ..Imported::default()
    };
    for doc in definitions {
        let found: Option<&DocumentItem<KpiDoc>> = named(doc);
        let name = doc.name().to_owned();
        match found {
            Some(item) if item.doc == *doc => done.unchanged += 1,
            Some(item) => {
                if !dry_run {
                    let engine = &shared.engine;
                    let changed = engine.change_document(scope, item.id, Some(item.version), doc, hand);
                    changed.await.map_err(problem)?;
                }
                done.changed.push(name);
            }
            None => {
                if !dry_run {
                    let made = shared.engine.create_document(scope, doc, hand);
                    made.await.map_err(problem)?;
                }
                done.created.push(name);
            }
        }
    }
    Ok(done)
}
