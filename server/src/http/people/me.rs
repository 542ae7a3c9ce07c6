//! `/api/v1/me`: one's own account and where it is signed in.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::view::{Belongs, Me, PersonRow, SessionRow};

use super::super::page::Form;
use super::super::problem::Problem;
use super::identities;
use super::input::Fields;
use super::{CONFIRMED_FOR, not_let, person, refused};
use crate::auth::{Access, Person, Whence, checked_name};
use crate::edge::Via;
use crate::state::Shared;

type Body = Result<Bytes, BytesRejection>;

/// `GET`: who this is, where they belong, their sessions.
pub async fn me(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let form = Form::asked(&shared, &headers, &uri)?;
    form.write(&read(&shared, person(&access)?).await?)
}

/// What the answer says.
pub(crate) async fn read(shared: &Shared, person: &Person) -> Result<Me, Problem> {
    let (account, current) = (&person.signed_in.account, &person.signed_in.session);
    let people = &shared.people;
    let sessions = people.open_sessions(&account.id).await.map_err(refused)?;
    let known = people.accounts.by_id(&people.system, &account.id).await;
    let known = known.map_err(refused)?.ok_or_else(Problem::not_found)?;
    let second = people.second_factor(&account.id).await.map_err(refused)?;
    let second = second.filter(|second| second.enabled.is_some());
    let belongs = person.signed_in.roles.iter().map(|(tenant, role)| Belongs {
        tenant: tenant.as_str().into(),
        role: role.as_str().into(),
    });
    Ok(Me {
        account: PersonRow {
            id: account.id.clone(),
            email: account.email.clone(),
            name: known.account.name,
        },
        tenant: person.scope.tenant().as_str().into(),
        role: person.role.as_str().into(),
        tenants: belongs.collect(),
        platform_admin: account.platform_admin,
        has_password: known.password.is_some(),
        recovery_codes: second.as_ref().map_or(0, |second| second.recovery_codes),
        second_factor: second.and_then(|second| second.enabled),
        confirmed_until: current.confirmed + CONFIRMED_FOR,
        sessions: sessions
            .into_iter()
            .map(|session| SessionRow {
                current: session.id == current.id,
                id: session.id,
                created: session.created,
                seen: session.seen,
                expires: session.expires,
                address: session.address,
                agent: session.agent,
                via: session.via,
            })
            .collect(),
        provider: identities::provider(shared),
        identities: identities::of_account(shared, &account.id).await?,
    })
}

/// `PATCH {"name"}`: what others see.
pub async fn rename(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let fields = Fields::read(body, &["name"])?;
    name(&shared, person(&access)?, &whence, fields.text("name")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes what others see.
pub(crate) async fn name(
    shared: &Shared,
    person: &Person,
    whence: &Whence,
    name: &str,
) -> Result<(), Problem> {
    let (people, account) = (&shared.people, &person.signed_in.account);
    let name = checked_name(name, &account.email).map_err(not_let)?;
    let tenant = person.scope.tenant();
    let log = people.logged(tenant, "account.rename", &account.id, &account.id, whence, &name);
    let done = people
        .accounts
        .rename(&people.system, &account.id, &name, log)
        .await;
    people.lookup.forget(&account.id);
    found(done.map_err(refused)?)
}

/// `POST {"current", "new"}`: another password; every other session ends.
pub async fn change_password(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let fields = Fields::read(body, &["current", "new"])?;
    let person = person(&access)?;
    let passwords = (fields.text("current")?, fields.text("new")?);
    password(&shared, person, &whence, passwords).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the password of somebody who shows the old one, the first of the two.
pub(crate) async fn password(
    shared: &Shared,
    person: &Person,
    whence: &Whence,
    passwords: (&str, &str),
) -> Result<(), Problem> {
    let signed_in = &person.signed_in;
    let (session, tenant) = (&signed_in.session.id, person.scope.tenant());
    let changed = shared
        .people
        .change_password(&signed_in.account, session, tenant, passwords, whence)
        .await;
    changed.map_err(not_let)
}

/// `POST {"password"}`: shows the password again; the session goes on with another cookie.
pub async fn confirm(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    via: Option<Extension<Via>>,
    body: Body,
) -> Result<Response, Problem> {
    let fields = Fields::read(body, &["password"])?;
    let (person, via) = (person(&access)?, via.ok_or_else(Problem::people_only)?);
    let cookie = show_again(&shared, person, &whence, &via, fields.text("password")?).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// Shows the password again; returns the cookie that the session goes on with.
pub(crate) async fn show_again(
    shared: &Shared,
    person: &Person,
    whence: &Whence,
    via: &Via,
    password: &str,
) -> Result<HeaderValue, Problem> {
    let confirmed = shared.people.confirm(person, password, whence).await;
    let text = confirmed.map_err(not_let)?;
    Ok(via.cookie.set(&text, shared.people.lookup.lifetime()))
}

/// `DELETE /sessions/{session}`: signs out there.
pub async fn end_session(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(session): Path<String>,
) -> Result<StatusCode, Problem> {
    end(&shared, person(&access)?, &whence, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of one's own.
pub(crate) async fn end(
    shared: &Shared,
    person: &Person,
    whence: &Whence,
    session: &str,
) -> Result<(), Problem> {
    let account = &person.signed_in.account;
    let ended = shared
        .people
        .sign_out(account, session, person.scope.tenant(), whence)
        .await;
    found(ended.map_err(not_let)?)
}

/// `DELETE /sessions`: signs out everywhere else.
pub async fn end_others(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
) -> Result<StatusCode, Problem> {
    end_all_others(&shared, person(&access)?, &whence).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of one's own but this.
pub(crate) async fn end_all_others(shared: &Shared, person: &Person, whence: &Whence) -> Result<(), Problem> {
    let (people, signed_in) = (&shared.people, &person.signed_in);
    let id = &signed_in.account.id;
    let tenant = person.scope.tenant();
    let log = people.logged(
        tenant,
        "session.end",
        id,
        "all others",
        whence,
        &signed_in.account.email,
    );
    let ended = people
        .sessions
        .end_others(&people.system, id, Some(&signed_in.session.id), log)
        .await;
    people.lookup.forget(id);
    ended.map_err(refused)?;
    Ok(())
}

fn found(done: bool) -> Result<(), Problem> {
    match done {
        true => Ok(()),
        false => Err(Problem::not_found()),
    }
}
