//! `/api/v1/responders`, `/api/v1/schedules`, `/api/v1/escalations`, `/api/v1/oncall`: who can be on call, who is when,
//! and who is told while nobody takes an alert.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Json, Response};
use engine::Take;
use protocol::duty::ScheduleDoc;
use serde::Deserialize;
use serde_json::json;

use super::super::params::{Params, bad};
use super::super::people::bad_field;
use super::super::problem::Problem;
use super::super::read::scope;
use super::{body, hand, numbered, problem, versioned};
use crate::auth::{Access, Person, Whence};
use crate::state::Shared;

const DAY: i64 = 86_400_000;

/// `GET /api/v1/oncall`: who is on call of every schedule, as it is now.
pub async fn on_call(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let items = shared.engine.on_call(scope(&access)?).await;
    let items = items.map_err(problem)?;
    Ok(Json(json!({ "items": items })).into_response())
}

/// `GET /api/v1/schedules/{schedule}/shifts?from=…&to=…`: without a gap; two weeks from now on when nothing is said.
pub async fn shifts(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Path(path): Path<Vec<(String, String)>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "schedule")?);
    let params = Params::read(&uri, &["from", "to"])?;
    let (now, offset) = (shared.engine.clock().now(), shared.utc_offset_min);
    let from = params.moment("from", now, offset)?.unwrap_or(now);
    let to = params
        .moment("to", now, offset)?
        .unwrap_or(from.saturating_add(14 * DAY));
    let items = shared.engine.shifts(scope, id, (from, to)).await;
    let items = items.map_err(problem)?;
    Ok(Json(json!({ "items": items })).into_response())
}

/// A shift that is taken over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    /// By whom; by whoever asks when it is left out.
    #[serde(default)]
    responder: Option<u64>,
    from: i64,
    to: i64,
}

/// `POST …/{schedule}/overrides`: somebody takes a shift over.
pub async fn take_over(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "schedule")?);
    shared
        .engine
        .document::<ScheduleDoc>(scope, id)
        .await
        .map_err(problem)?;
    let taken: Taken = body(sent)?;
    let responder = match taken.responder {
        Some(responder) => responder,
        None => own(&shared, &access).await?,
    };
    let take = Take::Over {
        responder,
        from: taken.from,
        to: taken.to,
    };
    let hand = hand(&access, &whence);
    let changed = shared.engine.take_shift(scope, id, &take, &hand).await;
    let changed = changed.map_err(problem)?;
    Ok(versioned(changed.version, changed))
}

/// `DELETE …/{schedule}/overrides?responder=…&from=…&to=…`: it is given back.
pub async fn give_back(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (scope, id) = (scope(&access)?, numbered(&path, "schedule")?);
    shared
        .engine
        .document::<ScheduleDoc>(scope, id)
        .await
        .map_err(problem)?;
    let params = Params::read(&uri, &["responder", "from", "to"])?;
    let whole = |name: &str| {
        let read = params.get(name).and_then(|text| text.parse::<i64>().ok());
        read.ok_or_else(|| bad(name, format!("{name}: must be given, a whole number")))
    };
    let take = Take::Back {
        responder: u64::try_from(whole("responder")?).map_err(|_| Problem::not_found())?,
        from: whole("from")?,
        to: whole("to")?,
    };
    let hand = hand(&access, &whence);
    let changed = shared.engine.take_shift(scope, id, &take, &hand).await;
    let changed = changed.map_err(problem)?;
    Ok(versioned(changed.version, changed))
}

/// How somebody is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mine {
    channels: Vec<u64>,
}

/// `PUT /api/v1/responders/me {"channels": […]}`: who is signed in says how they are told.
pub async fn tell_me(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let mine: Mine = body(sent)?;
    let person = signed_in(&access)?;
    let account = &person.signed_in.account;
    let hand = hand(&access, &whence);
    let whose = (account.id.as_str(), account.name.as_str());
    let own = shared
        .engine
        .tell_me(&person.scope, whose, mine.channels, &hand)
        .await;
    let own = own.map_err(problem)?;
    Ok(versioned(own.version, own))
}

fn signed_in(access: &Access) -> Result<&Person, Problem> {
    match access {
        Access::Person(person) => Ok(person),
        Access::Key { .. } | Access::Anyone => Err(bad_field(
            "responder",
            "responder: a key is nobody; name somebody",
        )),
    }
}

/// The responder that whoever asks is.
pub(crate) async fn own(shared: &Shared, access: &Access) -> Result<u64, Problem> {
    let person = signed_in(access)?;
    let account = &person.signed_in.account.id;
    let own = shared.engine.own_responder(&person.scope, account).await;
    let own = own.map_err(problem)?;
    own.map(|own| own.id).ok_or_else(|| {
        bad_field(
            "responder",
            "responder: say first through which channels you are told, or name somebody",
        )
    })
}
