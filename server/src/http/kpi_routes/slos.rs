//! `/api/v1/slos/…` beyond documents: how one stands, its rule, what would have been, files of OpenSLO.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Json, Response};
use engine::AlertError;
use protocol::documents::DocumentItem;
use protocol::kpis::slo::SloDoc;
use serde::Deserialize;
use serde_json::{Value, json};
use store::MAX_DOCUMENTS;

use super::super::alerts::{body, hand, numbered, problem};
use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use crate::auth::{Access, Whence};
use crate::kpis::openslo;
use crate::state::Shared;

/// `GET …/{slo}/status`: budget, burn rates, the way down and where it leads.
pub(super) async fn status(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "slo")?;
    let found = shared.engine.slo_status(scope(&access)?, id).await;
    let (_, status) = found.map_err(problem)?;
    Ok(Json(status).into_response())
}

/// `POST …/{slo}/rule`: the rule that watches it; 201 when it was made now.
pub(super) async fn rule(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let id = numbered(&path, "slo")?;
    let hand = hand(&access, &whence);
    let ruled = shared.engine.slo_rule(scope(&access)?, id, &hand).await;
    let ruled = ruled.map_err(problem)?;
    let status = if ruled.made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(ruled.rule)).into_response())
}

/// `DELETE …/{slo}`: 204, or 200 with the rule that watched it, which stays.
pub(super) async fn remove(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "slo")?);
    let hand = hand(&access, &whence);
    let rule = shared.engine.rule_of_slo(scope, id).await.map_err(problem)?;
    let deleted = shared.engine.delete_document::<SloDoc>(scope, id, &hand).await;
    deleted.map_err(problem)?;
    Ok(match rule {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(rule) => Json(json!({
            "removed": id,
            "rule": { "id": rule.id, "name": rule.rule.name, "enabled": rule.rule.enabled },
            "words": "Its rule stays; remove it too where nobody needs it.",
        }))
        .into_response(),
    })
}

/// `POST /api/v1/slos/preview`: whether an objective would have held over the last three months.
pub(super) async fn preview(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let doc: SloDoc = body(sent)?;
    let told = shared.engine.slo_preview(scope(&access)?, &doc).await;
    Ok(Json(told.map_err(problem)?).into_response())
}

/// `GET /api/v1/slos/export`.
pub(super) async fn export(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let items = shared.engine.documents::<SloDoc>(scope(&access)?).await;
    let docs: Vec<SloDoc> = items.map_err(problem)?.into_iter().map(|item| item.doc).collect();
    let text = serde_saphyr::to_string_multiple(&openslo::export(&docs)).map_err(|error| {
        tracing::error!(%error, "objectives could not be written as YAML");
        Problem::unavailable("The objectives could not be written as YAML.", 60)
    })?;
    let headers = [
        (CONTENT_TYPE, "application/yaml; charset=utf-8"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"fuseboard-openslo.yaml\"",
        ),
    ];
    Ok((headers, text).into_response())
}

/// What is sent: the text of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    yaml: String,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// `POST /api/v1/slos/import {"yaml": "…"}`: every objective is checked before the first is stored. One is known by its
/// name; what a file does not name stays.
pub(super) async fn import(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let sent: Sent = body(sent)?;
    let refused = |why: String| bad_field("yaml", format!("yaml: {why}"));
    let objects: Vec<Value> = serde_saphyr::from_multiple(&sent.yaml)
        .map_err(|error| refused(error.to_string().lines().next().unwrap_or_default().to_owned()))?;
    let docs = openslo::import(&objects).map_err(refused)?;
    let (engine, scope) = (&shared.engine, scope(&access)?);
    for (nth, doc) in docs.iter().enumerate() {
        let place = nth + 1;
        if docs[..nth].iter().any(|other| other.name == doc.name) {
            let why = format!("document {place}: the name {} is given twice", doc.name);
            return Err(refused(why));
        }
        engine.check_slo(scope, doc).map_err(|error| match error {
            AlertError::Store(_) => problem(error),
            error => refused(format!("document {place} ({}): {error}", doc.name)),
        })?;
    }
    let known = engine.documents::<SloDoc>(scope).await.map_err(problem)?;
    let named = |doc: &SloDoc| {
        known
            .iter()
            .find(|item: &&DocumentItem<SloDoc>| item.doc.name == doc.name)
    };
    let new = docs.iter().filter(|doc| named(doc).is_none()).count();
    if known.len() + new > MAX_DOCUMENTS {
        let why = format!(
            "at most {MAX_DOCUMENTS} objectives; there are {}, and the file has {new} more",
            known.len()
        );
        return Err(refused(why));
    }
    let hand = hand(&access, &whence);
    let (mut created, mut changed, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for doc in &docs {
        match named(doc) {
            Some(item) if item.doc == *doc => unchanged += 1,
            Some(item) => {
                if !sent.dry_run {
                    let done = engine.change_document(scope, item.id, Some(item.version), doc, &hand);
                    done.await.map_err(problem)?;
                }
                changed.push(&doc.name);
            }
            None => {
                if !sent.dry_run {
                    engine.create_document(scope, doc, &hand).await.map_err(problem)?;
                }
                created.push(&doc.name);
            }
        }
    }
    Ok(Json(
        json!({ "created": created, "changed": changed, "unchanged": unchanged, "dry_run": sent.dry_run }),
    )
    .into_response())
}
