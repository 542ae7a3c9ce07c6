//! `/api/v1/invitations`: letting somebody become a member. The link is told to whoever makes it, who sends it on.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use protocol::view::Invited;

use super::super::problem::Problem;
use super::super::read::scope;
use super::input::Fields;
use super::{above, by, confirmed, given_role, last, not_let, refused, role, url};
use crate::auth::{Access, LINK_COUNTS, Whence};
use crate::edge::Via;
use crate::state::Shared;

/// `POST {"email", "role"}`: makes an invitation; one for the same address is replaced.
pub async fn invite(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    via: Option<Extension<Via>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &["email", "role"])?;
    let whom = (fields.text("email")?, fields.text("role")?);
    let invited = make(&shared, &access, &whence, via.as_deref(), whom).await?;
    Ok((StatusCode::CREATED, Json(invited)).into_response())
}

/// Makes an invitation for an address, as a role by name.
pub(crate) async fn make(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    via: Option<&Via>,
    (email, name): (&str, &str),
) -> Result<Invited, Problem> {
    let given = given_role(name, role(access))?;
    confirmed(shared, access)?;
    let by = by(shared, access, whence);
    let made = shared
        .people
        .invite(scope(access)?, (email, given), &by.actor, whence)
        .await;
    let token = made.map_err(not_let)?;
    let url = url(shared, via);
    Ok(Invited {
        link: format!("{url}/invite#t={token}"),
        expires: by.at + LINK_COUNTS,
    })
}

/// `DELETE /{invitation}`: takes it back.
pub async fn withdraw(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<StatusCode, Problem> {
    take_back(&shared, &access, &whence, last(&path)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an invitation back.
pub(crate) async fn take_back(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    id: &str,
) -> Result<(), Problem> {
    let (scope, accounts) = (scope(access)?, &shared.people.accounts);
    let by = by(shared, access, whence);
    let all = accounts.invitations(scope, by.at).await.map_err(refused)?;
    let link = all.into_iter().find(|link| link.id == id);
    let link = link.ok_or_else(Problem::not_found)?;
    let store::LinkKind::Invite { email, role: given } = link.kind else {
        return Err(Problem::not_found());
    };
    above(given, role(access))?;
    let audit = by.entry("member.uninvite", id, email);
    match accounts.withdraw(scope, id, audit).await.map_err(refused)? {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}
