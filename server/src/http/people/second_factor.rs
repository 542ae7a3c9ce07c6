//! `/api/v1/me/second-factor`: codes of an app beside one's own password. The seed and the recovery codes are answered
//! once, to whoever shows their password, and never again.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::super::problem::Problem;
use super::input::Fields;
use super::{confirmed, conflict, not_let, person, refused, url};
use crate::auth::{Access, Begun, Whence};
use crate::edge::Via;
use crate::state::Shared;

type Body = Result<Bytes, BytesRejection>;

/// `GET`: since when codes are asked for, and how many recovery codes are left.
pub async fn second_factor(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
) -> Result<Response, Problem> {
    let account = &person(&access)?.signed_in.account;
    let second = shared.people.second_factor(&account.id).await.map_err(refused)?;
    let enabled = second.as_ref().and_then(|second| second.enabled);
    let left = second.map_or(0, |second| second.recovery_codes);
    Ok(Json(json!({ "enabled": enabled, "recovery_codes_left": left })).into_response())
}

/// `POST`: a seed for an app. It counts once a code of it was shown to `…/enable`.
pub async fn begin_second_factor(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    via: Option<Extension<Via>>,
    body: Body,
) -> Result<Response, Problem> {
    Fields::read(body, &[])?;
    let begun = begin(&shared, &access, &whence, via.as_deref()).await?;
    let shown = json!({ "secret": begun.secret, "otpauth": begun.address, "qr_svg": begun.qr });
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// Makes a seed for an app.
pub(crate) async fn begin(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    via: Option<&Via>,
) -> Result<Begun, Problem> {
    let person = person(access)?;
    confirmed(shared, access)?;
    let url = url(shared, via);
    // With the path, which tells two boards of one host apart.
    let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
    let begun = shared.people.begin_second(person, host, whence).await;
    begun.map_err(not_let)?.ok_or_else(there_already)
}

/// `POST {"code"}` to `…/enable`: the first code of the app. Answers the recovery codes; every other session ends.
pub async fn enable_second_factor(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Body,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &["code"])?;
    let codes = enable(&shared, &access, &whence, fields.text("code")?).await?;
    Ok(Json(json!({ "recovery_codes": codes })).into_response())
}

/// Turns it on with a first code; returns the recovery codes.
pub(crate) async fn enable(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    code: &str,
) -> Result<Vec<String>, Problem> {
    let person = person(access)?;
    confirmed(shared, access)?;
    let enabled = shared.people.enable_second(person, code, whence).await;
    enabled.map_err(not_let)
}

/// `POST` to `…/recovery-codes`: new ones in place of all.
pub async fn new_recovery_codes(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Body,
) -> Result<Response, Problem> {
    Fields::read(body, &[])?;
    let codes = new_codes(&shared, &access, &whence).await?;
    Ok(Json(json!({ "recovery_codes": codes })).into_response())
}

/// Makes new recovery codes in place of all.
pub(crate) async fn new_codes(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
) -> Result<Vec<String>, Problem> {
    let person = person(access)?;
    confirmed(shared, access)?;
    let made = shared.people.new_recovery_codes(person, whence).await;
    let codes = made.map_err(not_let)?;
    codes.ok_or_else(|| conflict("there is no second factor"))
}

/// `DELETE`: no codes any more.
pub async fn remove_second_factor(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
) -> Result<StatusCode, Problem> {
    remove(&shared, &access, &whence).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns it off.
pub(crate) async fn remove(shared: &Shared, access: &Access, whence: &Whence) -> Result<(), Problem> {
    let person = person(access)?;
    confirmed(shared, access)?;
    let removed = shared.people.remove_own_second(person, whence).await;
    match removed.map_err(not_let)? {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}

fn there_already() -> Problem {
    conflict("there is a second factor already; remove it first")
}
