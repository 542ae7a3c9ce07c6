//! `/api/v1/me/identities`: who one is at an OpenID Connect provider. To link one needs a browser that goes there, so that
//! begins on the settings page; here it is taken away.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::view::{IdentityProvider, IdentityRow};

use super::super::problem::Problem;
use super::input::Fields;
use super::{confirmed, not_let, person, refused};
use crate::auth::{Access, Purpose, Signed, Whence};
use crate::door;
use crate::edge::Via;
use crate::state::Shared;

/// `DELETE {"issuer"}`: no longer linked; every other session ends.
pub async fn unlink(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let fields = Fields::read(body, &["issuer"])?;
    take_away(&shared, &access, &whence, fields.text("issuer")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an identity of one's own away.
pub(crate) async fn take_away(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    issuer: &str,
) -> Result<(), Problem> {
    let person = person(access)?;
    confirmed(shared, access)?;
    match shared
        .people
        .unlink(person, issuer, whence)
        .await
        .map_err(not_let)?
    {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}

/// The page that leads to the provider, to link whoever signs in there, and then back to this page of the settings.
pub(crate) async fn link(
    shared: &Shared,
    access: &Access,
    (via, whence, headers): (&Via, &Whence, &HeaderMap),
    back: &str,
) -> Result<Response, Problem> {
    let person = person(access)?;
    confirmed(shared, access)?;
    let purpose = Purpose::Link(Signed::of(person, back));
    let led = door::lead(shared, via, whence, headers, purpose).await;
    led.map_err(not_let)
}

/// The page that leads to the provider, to show there that it is still them, and then back to this page of the settings.
pub(crate) async fn confirm_there(
    shared: &Shared,
    access: &Access,
    (via, whence, headers): (&Via, &Whence, &HeaderMap),
    back: &str,
) -> Result<Response, Problem> {
    let purpose = Purpose::Confirm(Signed::of(person(access)?, back));
    let led = door::lead(shared, via, whence, headers, purpose).await;
    led.map_err(not_let)
}

/// The provider, if there is one.
pub(crate) fn provider(shared: &Shared) -> Option<IdentityProvider> {
    shared.people.provider().map(|provider| IdentityProvider {
        name: provider.name().to_owned(),
        issuer: provider.issuer().to_owned(),
        only: provider.only(),
    })
}

/// Whom an account is linked to.
pub(crate) async fn of_account(shared: &Shared, account: &str) -> Result<Vec<IdentityRow>, Problem> {
    let found = shared.people.identities_of(account).await.map_err(refused)?;
    let row = |identity: store::Identity| IdentityRow {
        issuer: identity.issuer,
        shown: identity.shown,
        linked: identity.linked,
    };
    Ok(found.into_iter().map(row).collect())
}
