//! `/api/v1/members`: who belongs to the tenant, and as what.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use protocol::view::{InvitationRow, MemberRow, Members, PersonRow};
use store::{LinkKind, Member, Role};

use super::super::page::Form;
use super::super::problem::Problem;
use super::super::read::scope;
use super::input::Fields;
use super::{above, by, confirmed, given_role, last, refused, role};
use crate::auth::{Access, Whence};
use crate::state::Shared;

/// `GET`: members and invitations.
pub async fn members(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let form = Form::asked(&shared, &headers, &uri)?;
    form.write(&read(&shared, &access).await?)
}

/// What the answer says.
pub(crate) async fn read(shared: &Shared, access: &Access) -> Result<Members, Problem> {
    let (scope, accounts) = (scope(access)?, &shared.people.accounts);
    let now = shared.engine.clock().now();
    let members = accounts.members(scope).await.map_err(refused)?;
    let invitations = accounts.invitations(scope, now).await.map_err(refused)?;
    let me = match access {
        Access::Person(person) => person.signed_in.account.id.clone(),
        Access::Key { .. } | Access::Anyone => String::new(),
    };
    let own = role(access);
    let invitation = |link: store::Link| match link.kind {
        LinkKind::Invite { email, role } => Some(InvitationRow {
            id: link.id,
            email,
            role: role.as_str().into(),
            by: link.by,
            created: link.created,
            expires: link.expires,
        }),
        LinkKind::Reset { .. } => None,
    };
    let may_give = Role::ALL.into_iter().filter(|role| *role <= own);
    Ok(Members {
        me,
        roles: may_give.map(|role| role.as_str().to_owned()).collect(),
        members: members.into_iter().map(row).collect(),
        invitations: invitations.into_iter().filter_map(invitation).collect(),
    })
}

fn row(member: Member) -> MemberRow {
    MemberRow {
        account: PersonRow {
            id: member.account.id,
            email: member.account.email,
            name: member.account.name,
        },
        role: member.role.as_str().into(),
        since: member.since,
        last_login: member.account.last_login,
    }
}

/// `PATCH /{account} {"role"}`: another role.
pub async fn change_role(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let fields = Fields::read(body, &["role"])?;
    set(
        &shared,
        &access,
        &whence,
        last(&path)?,
        Some(fields.text("role")?),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /{account}`: no longer a member; whatever else they belong to stays.
pub async fn send_away(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    Extension(whence): Extension<Whence>,
    Path(path): Path<Vec<(String, String)>>,
) -> Result<StatusCode, Problem> {
    set(&shared, &access, &whence, last(&path)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a member another role, by its name; without one, sends them away.
pub(crate) async fn set(
    shared: &Shared,
    access: &Access,
    whence: &Whence,
    account: &str,
    new: Option<&str>,
) -> Result<(), Problem> {
    let new = new.map(|name| given_role(name, role(access))).transpose()?;
    confirmed(shared, access)?;
    let (scope, people) = (scope(access)?, &shared.people);
    let members = people.accounts.members(scope).await.map_err(refused)?;
    let member = members.into_iter().find(|member| member.account.id == account);
    let member = member.ok_or_else(Problem::not_found)?;
    above(member.role, role(access))?;
    let (email, old) = (member.account.email, member.role.as_str());
    let by = by(shared, access, whence);
    let audit = match new {
        Some(new) => by.entry(
            "member.role",
            account,
            format!("{email}: {old} to {}", new.as_str()),
        ),
        None => by.entry("member.remove", account, format!("{email}, who was {old}")),
    };
    let changed = people.accounts.set_role(scope, account, new, audit).await;
    people.lookup.forget(account);
    match changed.map_err(refused)? {
        Some(_) => Ok(()),
        None => Err(Problem::not_found()),
    }
}
