//! Rules as files: all of them as YAML, and back. A rule is known by its name; what a file does not name stays.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Json, Response};
use domain::alert::MAX_RULES;
use engine::AlertError;
use protocol::alerts::{RuleDoc, RuleItem};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use super::{body, hand, problem};
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// A file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Vec<RuleDoc>,
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

/// `GET /api/v1/rules/export`.
pub async fn export(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let items = shared.engine.rules(scope(&access)?).await.map_err(problem)?;
    let file = File {
        rules: items.into_iter().map(|item| item.rule).collect(),
    };
    let text = serde_saphyr::to_string(&file).map_err(|error| {
        tracing::error!(%error, "rules could not be written as YAML");
        Problem::unavailable("The rules could not be written as YAML.", 60)
    })?;
    let headers = [
        (CONTENT_TYPE, "application/yaml; charset=utf-8"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"fuseboard-rules.yaml\"",
        ),
    ];
    Ok((headers, text).into_response())
}

/// `POST /api/v1/rules/import {"yaml": "…"}`: every rule is checked before the first is stored.
pub async fn import(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let sent: Sent = body(sent)?;
    let file: File = serde_saphyr::from_str(&sent.yaml)
        .map_err(|error| bad_field("yaml", format!("yaml: {}", first_line(&error.to_string()))))?;
    if file.rules.len() > MAX_RULES {
        let found = file.rules.len();
        let why = format!("yaml: at most {MAX_RULES} rules, got {found}");
        return Err(bad_field("yaml", why));
    }
    let scope = scope(&access)?;
    for (place, rule) in file.rules.iter().enumerate() {
        let twice = file.rules[..place].iter().any(|other| other.name == rule.name);
        let refused = |why: &str| bad_field("yaml", format!("yaml: rules[{place}].{why}"));
        if twice {
            return Err(refused("name: it is given twice"));
        }
        let checked = shared.engine.check_rule(scope, rule).await;
        checked.map_err(|error| match error {
            AlertError::Store(_) => problem(error),
            error => refused(&error.to_string()),
        })?;
    }
    let known = shared.engine.rules(scope).await.map_err(problem)?;
    let hand = hand(&access, &whence);
    let (mut created, mut changed, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for rule in &file.rules {
        let named = |item: &&RuleItem| item.rule.name == rule.name;
        match known.iter().find(named) {
            Some(item) if item.rule == *rule => unchanged += 1,
            Some(item) => {
                if !sent.dry_run {
                    let done = shared
                        .engine
                        .change_rule(scope, item.id, Some(item.version), rule, &hand);
                    done.await.map_err(problem)?;
                }
                changed.push(&rule.name);
            }
            None => {
                if !sent.dry_run {
                    let done = shared.engine.create_rule(scope, rule, &hand);
                    done.await.map_err(problem)?;
                }
                created.push(&rule.name);
            }
        }
    }
    Ok(Json(
        json!({ "created": created, "changed": changed, "unchanged": unchanged, "dry_run": sent.dry_run }),
    )
    .into_response())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
