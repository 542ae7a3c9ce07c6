//! `POST /api/v1/alerts/{alert}/{do}` and `POST /api/v1/alerts` for many: ack, unack, snooze, unsnooze, assign, comment,
//! resolve.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use domain::alert::{Command, Who};
use engine::Hand;
use protocol::filter::echo;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::people::bad_field;
use super::super::problem::{Problem, sentence};
use super::super::read::scope;
use super::{body, hand, if_match, numbered, problem};
use crate::auth::{self, Access, Whence};
use crate::state::Shared;

/// Alerts that one request may name.
const MOST: usize = 1_000;

/// What a request says about what it does; which of it counts depends on that.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Said {
    /// What is done; only where many are named.
    r#do: Option<String>,
    /// To which; only where many are named.
    ids: Vec<u64>,
    /// For ack and resolve.
    note: String,
    /// For comment.
    text: String,
    /// For ack and snooze, epoch milliseconds.
    until: Option<i64>,
    /// For ack: also when somebody else has it.
    take_over: bool,
    /// For assign: the id of a member; null for nobody.
    to: Option<String>,
}

/// To one.
pub async fn act(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    headers: HeaderMap,
    said: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "alert")?);
    let what = path.last().map_or("", |(_, what)| what.as_str());
    // Before the body is judged: whoever asks about what is not there is told so.
    shared.engine.alert(scope, id).await.map_err(problem)?;
    let said = match said {
        Ok(bytes) if bytes.is_empty() => Said::default(),
        said => body(said)?,
    };
    let hand = hand(&access, &whence);
    let command = command(&shared, &access, what, &said, &hand).await?;
    let command = command.ok_or_else(Problem::not_found)?;
    let done = shared
        .engine
        .handle_alert(scope, id, if_match(&headers)?, command, &hand)
        .await;
    Ok(Json(done.map_err(problem)?).into_response())
}

/// To many: each by itself, and the answer says what became of each.
pub async fn act_on_many(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    said: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let said: Said = body(said)?;
    if said.ids.is_empty() || said.ids.len() > MOST {
        let found = said.ids.len();
        return Err(bad_field(
            "ids",
            format!("ids: must name 1 to {MOST} alerts, got {found}"),
        ));
    }
    let hand = hand(&access, &whence);
    let what = said.r#do.clone().unwrap_or_default();
    let command = command(&shared, &access, &what, &said, &hand).await?;
    let known = "ack, unack, snooze, unsnooze, assign, comment and resolve";
    let command = command.ok_or_else(|| {
        let what = echo(&what);
        bad_field("do", format!("do: `{what}` is none of {known}"))
    })?;
    let done = shared
        .engine
        .handle_alerts(scope(&access)?, &said.ids, &command, &hand)
        .await;
    let told: Vec<Value> = done
        .into_iter()
        .map(|(id, result)| match result {
            Ok(alert) => json!({ "id": id, "alert": alert }),
            Err(error) => json!({ "id": id, "error": sentence(&error.to_string()) }),
        })
        .collect();
    Ok(Json(json!({ "items": told })).into_response())
}

/// What is to happen; `None` when nothing is called so.
async fn command(
    shared: &Shared,
    access: &Access,
    what: &str,
    said: &Said,
    hand: &Hand,
) -> Result<Option<Command>, Problem> {
    let by = hand.who.clone();
    Ok(Some(match what {
        "ack" => Command::Acknowledge {
            by,
            note: said.note.clone(),
            until: said.until,
            take_over: said.take_over,
        },
        "unack" => Command::Unacknowledge { by },
        "snooze" => {
            let until = said.until;
            let until = until.ok_or_else(|| bad_field("until", "until: it is missing"))?;
            Command::Snooze { by, until }
        }
        "unsnooze" => Command::Unsnooze { by },
        "assign" => {
            let to = match &said.to {
                Some(to) => Some(member(shared, access, to).await?),
                None => None,
            };
            Command::Assign { by, to }
        }
        "comment" => Command::Comment {
            by,
            text: said.text.clone(),
        },
        "resolve" => Command::Resolve {
            by: Some(by),
            why: said.note.clone(),
        },
        _ => return Ok(None),
    }))
}

/// A member of the tenant by the account's id.
pub(crate) async fn member(shared: &Shared, access: &Access, id: &str) -> Result<Who, Problem> {
    let members = shared.people.accounts.members(scope(access)?).await;
    let members = members.map_err(|error| {
        tracing::error!(%error, "members cannot be read");
        Problem::unavailable("The database cannot be asked right now.", 2)
    })?;
    let found = members.into_iter().find(|member| member.account.id == id);
    let member = found.ok_or_else(|| bad_field("to", "to: must be the id of a member's account, or null"))?;
    Ok(Who {
        id: auth::actor(&member.account.id),
        name: member.account.name,
    })
}
